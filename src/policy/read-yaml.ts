/** YAML to plain JSON, each value with its place. Anchors, aliases, tags and duplicate keys are refused. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from "yaml"
import type { JsonValue } from "../formats/ports.ts"
import { KEY } from "./reader.ts"
import type { PolicyProblem } from "./types.ts"

/** Characters counted from 0. */
export interface Place {
  readonly file: string
  readonly offset: number
}

export interface YamlFile {
  readonly value: JsonValue
  /** Where the value at this path was written; keys joined by "/". With KEY at the end: where its key was. */
  readonly places: ReadonlyMap<string, Place>
}

export function readYaml(file: string, text: string): YamlFile | { readonly problems: readonly PolicyProblem[] } {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
    version: "1.2",
    schema: "core",
    prettyErrors: false,
  })
  const problems: PolicyProblem[] = []
  const report = (offset: number, message: string, suggestion?: string) =>
    problems.push(problemAt({ file, offset }, text, message, suggestion))
  if (!Array.isArray(documents) || documents.length === 0) return { value: {}, places: new Map() }
  const [document] = documents
  if (documents.length > 1)
    report(
      documents[1]?.range[0] ?? 0,
      "A policy file holds one YAML document.",
      "Put the second one into a file of its own.",
    )
  for (const error of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) report(error.pos[0], error.message)
  if (!document || problems.length > 0) return { problems }
  visit(document, {
    Alias: (_, node) =>
      void report(
        node.range?.[0] ?? 0,
        "Aliases are not allowed in a policy.",
        "Write the value out, or use `constants:`.",
      ),
    Node: (_, node) => {
      if ("anchor" in node && node.anchor) report(node.range?.[0] ?? 0, "Anchors are not allowed in a policy.")
      if (node.tag) report(node.range?.[0] ?? 0, "Tags are not allowed in a policy.")
    },
  })
  if (problems.length > 0) return { problems }
  const places = new Map<string, Place>()
  const value = convert(document.contents as Node | null, "")
  return problems.length > 0 ? { problems } : { value, places }

  function convert(node: Node | null, path: string): JsonValue {
    places.set(path, { file, offset: node?.range?.[0] ?? 0 })
    if (node === null) return null
    if (isMap(node)) {
      const object: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
      for (const { key, value } of node.items) {
        if (!isScalar(key) || typeof key.value !== "string") {
          report((key as Node | null)?.range?.[0] ?? 0, "A key must be a string.", "Quote it.")
          continue
        }
        places.set(`${path}/${key.value}${KEY}`, { file, offset: key.range?.[0] ?? 0 })
        object[key.value] = convert(value as Node | null, `${path}/${key.value}`)
      }
      return object
    }
    if (isSeq(node)) return node.items.map((item, i) => convert(item as Node, `${path}/${i}`))
    if (isScalar(node)) {
      const scalar = node.value
      if (typeof scalar === "number" && !Number.isFinite(scalar))
        report(node.range?.[0] ?? 0, "A number must be finite.")
      if (typeof scalar === "number" && Number.isInteger(scalar) && !Number.isSafeInteger(scalar))
        report(node.range?.[0] ?? 0, "An integer beyond 2^53 must be quoted.")
      if (scalar === null || typeof scalar === "string" || typeof scalar === "number" || typeof scalar === "boolean")
        return scalar
    }
    report(node.range?.[0] ?? 0, "This kind of value is not allowed in a policy.")
    return null
  }
}

/** The problem with its line, column and a caret. `starts`: of the text's lines, where many places of it are shown. */
export function problemAt(
  place: Place,
  text: string,
  message: string,
  suggestion?: string,
  starts = lineStarts(text),
): PolicyProblem {
  let line = 1
  for (let above = starts.length; line < above; ) {
    const middle = (line + above + 1) >> 1
    if ((starts[middle - 1] as number) <= place.offset) line = middle
    else above = middle - 1
  }
  const start = starts[line - 1] as number
  const end = starts[line] === undefined ? text.length : (starts[line] as number) - 1
  const source = text.slice(start, end).replace(/\r$/, "")
  return {
    file: place.file,
    line,
    column: countCharacters(text, start, place.offset) + 1,
    message,
    excerpt: excerptOf(source, place.offset - start),
    ...(suggestion && { suggestion }),
  }
}

/** Of a line in an excerpt: of a longer one, which JSON may be, what stands around the place is shown. UTF-16 units. */
export const MAX_EXCERPT_CHARS = 400

function excerptOf(source: string, at: number): string {
  if (source.length <= MAX_EXCERPT_CHARS) return `${source}\n${" ".repeat(countCharacters(source, 0, at))}^`
  const start = Math.max(0, Math.min(at - MAX_EXCERPT_CHARS / 2, source.length - MAX_EXCERPT_CHARS))
  // toWellFormed: where it is cut, half of a character may be left
  const shown = (from: number, to: number) => source.slice(from, to).toWellFormed()
  const before = `${start > 0 ? "…" : ""}${shown(start, at)}`
  const after = shown(at, start + MAX_EXCERPT_CHARS)
  const more = start + MAX_EXCERPT_CHARS < source.length ? "…" : ""
  return `${before}${after}${more}\n${" ".repeat(countCharacters(before, 0, before.length))}^`
}

/** Code points: a line of a file may have millions, so none is made an item of a list. */
function countCharacters(text: string, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; count++) at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1
  return count
}

export function lineStarts(text: string): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return starts
}
