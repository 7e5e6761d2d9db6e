/** Opens what will be executed, hashes the open files, and keeps them open: start() executes these descriptors, not paths. */
import { closeSync, readSync } from "node:fs"
import { resolve } from "node:path"
import { WritError } from "../errors.ts"
import { DescriptorHasher } from "./hash-descriptor.ts"
import { type Measurement, toMeasurement, type User } from "./measurement.ts"
import { type OpenFile, openCommand } from "./resolve-command.ts"
import { HEAD_BYTES, parseShebang } from "./shebang.ts"

/** The kernel gives up after five; a script whose interpreter is a script is rare already. */
const MOST_INTERPRETERS = 4
/** ELF; Mach-O for 64 bits and universal. Anything else execvp would hand to a shell, unmeasured. */
const MAGICS = ["7f454c46", "cffaedfe", "cafebabe"]

export interface Command {
  /** The command and its arguments; the first is looked up in the PATH of `environment`. */
  readonly command: readonly string[]
  readonly workingFolder: string
  /** As the process will get it: scrubEnvironment(process.env). */
  readonly environment: Readonly<Record<string, string>>
  readonly user: User
  /** SHA-256 of the container image, lower-case hex, where the caller was told one. */
  readonly image?: string
}

export interface MeasuredFile extends OpenFile {
  readonly sha256: string
}

/** One word of the command line that is executed: a text, or the file of that index by its descriptor. */
export type Word = string | { readonly file: number }

export interface Measured {
  readonly measurement: Measurement
  /** The script first, what the kernel loads last. */
  readonly files: readonly MeasuredFile[]
  /** Begins with the last of `files`. */
  readonly words: readonly Word[]
  readonly workingFolder: string
  readonly environment: Readonly<Record<string, string>>
  readonly user: User
  /** Knows the digests of `files`. */
  readonly hasher: DescriptorHasher
  close(): void
}

/** COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, INVALID_REQUEST. The caller closes what it returns. */
export function measure(input: Command): Measured {
  const [name = "", ...rest] = input.command
  const workingFolder = resolve(input.workingFolder)
  const path = input.environment["PATH"]
  const files: MeasuredFile[] = []
  const hasher = new DescriptorHasher()
  const close = () => {
    for (const { fd } of files.splice(0)) closeSync(fd)
  }
  const open = (wanted: string): Uint8Array => {
    const file = openCommand(wanted, workingFolder, path)
    files.push({ ...file, sha256: "" }) // in the list before anything can throw, so that close() finds it
    files[files.length - 1] = { ...file, sha256: hasher.hash(file.fd) }
    return readHead(file.fd)
  }
  try {
    let words: Word[] = rest
    let head = open(name)
    for (;;) {
      const index = files.length - 1
      words = [{ file: index }, ...words]
      const shebang = parseShebang(head)
      if (!shebang) break
      if (files.length > MOST_INTERPRETERS)
        throw new WritError("COMMAND_NOT_EXECUTABLE", `More than ${MOST_INTERPRETERS} interpreters are nested.`)
      words = [...shebang.arguments, ...words]
      head = open(shebang.search ? shebang.interpreter : resolve(workingFolder, shebang.interpreter))
    }
    if (!MAGICS.includes(Buffer.from(head.subarray(0, 4)).toString("hex")))
      throw new WritError(
        "COMMAND_NOT_EXECUTABLE",
        `${files.at(-1)?.path} is neither a program nor a script with a #! line.`,
      )
    const measurement = toMeasurement({ ...input, files, workingFolder, image: input.image ?? null })
    const { environment, user } = input
    return { measurement, files, words, workingFolder, environment, user, hasher, close }
  } catch (error) {
    close()
    throw error
  }
}

function readHead(fd: number): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES)
  return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0))
}
