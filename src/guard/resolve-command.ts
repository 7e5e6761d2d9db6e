/** Finds what a name means, as execvp(3) does, and opens it: from here on the descriptor is the file. */
import { accessSync, closeSync, constants, fstatSync, openSync } from "node:fs"
import { isAbsolute, join, resolve } from "node:path"
import { WritError } from "../errors.ts"

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"

export interface OpenFile {
  /** Absolute, as it was found; symbolic links are not resolved. */
  readonly path: string
  readonly fd: number
}

/** COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE. The caller closes the descriptor. */
export function openCommand(name: string, workingFolder: string, path = DEFAULT_PATH): OpenFile {
  if (name === "" || name.includes("\0"))
    throw new WritError("COMMAND_NOT_FOUND", "The command is empty or holds a NUL.")
  if (name.includes("/")) return openExecutable(isAbsolute(name) ? name : resolve(workingFolder, name))
  let refused: unknown = null
  for (const folder of path.split(":")) {
    try {
      return openExecutable(join(resolve(workingFolder, folder), name)) // an empty entry is the working folder
    } catch (error) {
      if ((error as WritError).code !== "COMMAND_NOT_FOUND") refused ??= error
    }
  }
  throw refused ?? new WritError("COMMAND_NOT_FOUND", `There is no command "${name}" in PATH.`)
}

function openExecutable(path: string): OpenFile {
  let fd = -1
  try {
    accessSync(path, constants.X_OK)
    fd = openSync(path, "r")
    if (!fstatSync(fd).isFile()) throw new Error("it is not a regular file")
    return { path, fd }
  } catch (cause) {
    if (fd >= 0) closeSync(fd)
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new WritError("COMMAND_NOT_FOUND", `There is no file ${path}.`, { cause })
    const why = code === "EACCES" ? "it may not be read and executed by this user" : message
    throw new WritError("COMMAND_NOT_EXECUTABLE", `${path} cannot be measured: ${why}.`, { cause })
  }
}
