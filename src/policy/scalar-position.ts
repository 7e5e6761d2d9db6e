/** Where a character of a YAML scalar's value stands in the file: errors in a condition name a place in the source. */

/** Backslash included. */
const ESCAPE_LENGTH: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 }

/** `start` is the scalar's first character in `text`, quote or block header included; `offset` counts in its value. */
export function positionInScalar(text: string, start: number, offset: number): number {
  const style = text[start]
  if (style === "|" || style === ">") return inBlock(text, start, offset, style === ">")
  let at = style === '"' || style === "'" ? start + 1 : start
  for (let made = 0; at < text.length; ) {
    const joined = style === '"' && matchAt(/\\\r?\n[ \t]*/y, text, at)
    if (joined) {
      at += joined.length
      continue
    }
    if (made >= offset) break
    const fold = matchAt(/[ \t]*(?:\r?\n[ \t]*)+/y, text, at)
    if (fold) {
      at += fold.length
      made += Math.max(1, countLines(fold) - 1) // one line end is a space, each further one a line
    } else if (style === '"' && text[at] === "\\") {
      const escaped = text.slice(at, at + (ESCAPE_LENGTH[text[at + 1] as string] ?? 2))
      at += escaped.length
      made += escaped.startsWith("\\U") && Number.parseInt(escaped.slice(2), 16) > 0xffff ? 2 : 1
    } else {
      at += style === "'" && text[at] === "'" ? 2 : 1
      made++
    }
  }
  return Math.min(at, text.length)
}

/** Literal (`|`) blocks keep line ends, folded (`>`) ones make spaces of them; both drop the indentation. */
function inBlock(text: string, start: number, offset: number, isFolded: boolean): number {
  const header = matchAt(/[^\n]*\n/y, text, start) ?? ""
  const blanks = matchAt(/(?: *\r?\n)*/y, text, start + header.length) ?? ""
  const first = start + header.length + blanks.length
  const indent = matchAt(/ */y, text, first)?.length ?? 0
  const lineEnd = new RegExp(`(?:\\r?\\n *(?=\\r?\\n))*\\r?\\n {${indent}}`, "y")
  let at = first + indent
  for (let made = countLines(blanks); made < offset && at < text.length; ) {
    const end = matchAt(lineEnd, text, at)
    at += end?.length ?? 1
    made += end ? (isFolded ? Math.max(1, countLines(end) - 1) : countLines(end)) : 1
  }
  return Math.min(at, text.length)
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function countLines(text: string): number {
  return text.split("\n").length - 1
}
