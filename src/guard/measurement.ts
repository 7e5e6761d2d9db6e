/**
 * What is measured before a process starts, in one canonical form. docs/guard.md has the same for other languages.
 *
 * - `code`: of a program that the kernel loads itself, the SHA-256 of its file, as `sha256sum` prints it. Of a script, SHA-256 over
 *   "writ/code/v1\n" and the 32-byte digests of the script, its interpreter, that one's interpreter and so on. (No program's
 *   file can begin like that: it would be neither an executable format nor a script.)
 * - `arguments`: SHA-256 of the RFC 8785 JSON `{"argv": [the command, its arguments]}` as given: the bytes that are sent as `parameters`.
 * - `config`: SHA-256 over "writ/config/v1\n" and the RFC 8785 JSON of `{arguments, environment, user, workingFolder}`.
 * - `digest`: SHA-256 over "writ/measurement/v1\n" and the RFC 8785 JSON of the whole Measurement.
 *
 * All digests are lower-case hex. Values of environment variables are not in it: they may be secrets.
 */
import { createHash } from "node:crypto"
import { canonicalBytes, encodeCanonicalJson } from "../formats/canonical-json.ts"

export interface User {
  readonly uid: number
  readonly gid: number
}

export interface Measurement {
  readonly v: 1
  readonly code: string
  /** The script first, what the kernel loads last; one file when it is no script. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
  readonly arguments: string
  readonly workingFolder: string
  /** Names of the variables that the process is given, sorted by UTF-16 code units. */
  readonly environment: readonly string[]
  readonly user: User
  /** Digest of the container image, as the caller was told; null: not told. */
  readonly image: string | null
}

export interface MeasurementInput {
  readonly files: Measurement["files"]
  readonly command: readonly string[]
  readonly workingFolder: string
  readonly environment: Readonly<Record<string, string>>
  readonly user: User
  readonly image: string | null
}

/** INVALID_REQUEST when an argument, name or path holds a lone surrogate. */
export function toMeasurement(input: MeasurementInput): Measurement {
  return {
    v: 1,
    code: toCodeDigest(input.files.map(({ sha256 }) => sha256)),
    files: input.files.map(({ path, sha256 }) => ({ path, sha256 })),
    arguments: sha256Hex(encodeCommand(input.command)),
    workingFolder: input.workingFolder,
    environment: Object.keys(input.environment).sort(),
    user: { uid: input.user.uid, gid: input.user.gid },
    image: input.image,
  }
}

/** The command as `parameters` of Authorize: an object, so that a policy can declare it and judge it. */
export function encodeCommand(command: readonly string[]): Uint8Array {
  return canonicalBytes({ argv: [...command] })
}

export function toCodeDigest(files: readonly string[]): string {
  if (files.length === 1) return files[0] as string
  return sha256Hex("writ/code/v1\n", ...files.map((digest) => Buffer.from(digest, "hex")))
}

export function toConfigDigest({ arguments: args, environment, user, workingFolder }: Measurement): string {
  const config = { arguments: args, environment: [...environment], user: { ...user }, workingFolder }
  return sha256Hex("writ/config/v1\n", encodeCanonicalJson(config))
}

export function toMeasurementDigest(measurement: Measurement): string {
  const { files, environment, user } = measurement
  const json = {
    ...measurement,
    files: files.map((file) => ({ ...file })),
    environment: [...environment],
    user: { ...user },
  }
  return sha256Hex("writ/measurement/v1\n", encodeCanonicalJson(json))
}

function sha256Hex(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest("hex")
}
