/** The first line of a script, read as the Linux kernel reads it (fs/binfmt_script.c), and what `env` in it stands for. */
import { WritError } from "../errors.ts"

/** Bytes of a file that the kernel looks at; a longer first line may be cut, so it is refused. */
export const HEAD_BYTES = 256

export interface Shebang {
  /** A path; or, with `search`, a name that is looked up in PATH. */
  readonly interpreter: string
  readonly search: boolean
  readonly arguments: readonly string[]
}

/** Null: not a script. COMMAND_NOT_EXECUTABLE when it is one that would not run, or would run what cannot be told. */
export function parseShebang(head: Uint8Array): Shebang | null {
  const text = Buffer.from(head.subarray(0, HEAD_BYTES)).toString("latin1")
  if (!text.startsWith("#!")) return null
  const end = text.indexOf("\n")
  if (end < 0 && head.length >= HEAD_BYTES) throw refuse(`its first line is longer than ${HEAD_BYTES - 1} bytes`)
  const line = Buffer.from(end < 0 ? text : text.slice(0, end), "latin1").toString("utf8")
  // The kernel passes everything after the interpreter as one argument, whatever spaces it holds.
  const [, interpreter, argument] = /^#![ \t]*([^ \t]*)[ \t]*(.*?)[ \t]*$/s.exec(line) as unknown as [
    string,
    string,
    string,
  ]
  if (interpreter === "" || line.includes("\0")) throw refuse("its first line names no interpreter")
  if (interpreter === "/usr/bin/env" || interpreter === "/bin/env") return throughEnv(argument)
  return { interpreter, search: false, arguments: argument === "" ? [] : [argument] }
}

/** `env NAME` and `env -S NAME ARGUMENTS` are looked through, so that what really runs is measured. */
function throughEnv(argument: string): Shebang {
  const split = /^(?:-S|--split-string=)[ \t]*(.*)$/s.exec(argument)
  const words = split ? (split[1] as string).split(/[ \t]+/) : [argument]
  const [name = "", ...rest] = words
  // What env would read in its own way: options, assignments, quotes, escapes, variables, comments.
  if (name === "" || /^-|[= \t]/.test(name) || words.some((word) => /["'\\$#]/.test(word)))
    throw refuse(`"env ${argument}" cannot be read; use "env NAME" or "env -S NAME ARGUMENTS" without quotes`)
  return { interpreter: name, search: !name.includes("/"), arguments: rest }
}

function refuse(why: string): WritError {
  return new WritError("COMMAND_NOT_EXECUTABLE", `The script cannot be executed: ${why}.`)
}
