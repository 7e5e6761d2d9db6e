/** C2SP signed-note: text, a blank line, signature lines. Ed25519 only: of notes themselves, and of cosignatures. */
import { WritError } from "../errors.ts"
import { concatBytes, equalBytes, fromBase64, toBase64, toHex, utf8 } from "./bytes.ts"
import type { Sha256 } from "./ports.ts"

/** Room for the 16 signatures of up to 5 kB that the specification wants accepted. */
export const MAX_NOTE_CHARS = 128 * 1024
const MAX_SIGNATURES = 64
/** What a key signs: a note's text, or what `cosignature.ts` makes of it. */
export const ED25519 = 1
export const ED25519_COSIGNATURE = 4
export type NoteAlgorithm = typeof ED25519 | typeof ED25519_COSIGNATURE
const NAME = /^[^\s+\p{Cc}]{1,255}$/u

export interface NoteSignature {
  readonly name: string
  /** 4 bytes. */
  readonly keyHash: Uint8Array
  readonly signature: Uint8Array
}

export interface SignedNote {
  /** What is signed, ending in a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export interface VerifierKey {
  readonly name: string
  readonly keyHash: Uint8Array
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** First four bytes of SHA-256(name ‖ 0x0A ‖ algorithm ‖ key). */
export function noteKeyHash(
  sha256: Sha256,
  name: string,
  publicKey: Uint8Array,
  algorithm: NoteAlgorithm = ED25519,
): Uint8Array {
  return sha256(concatBytes(utf8(name), Uint8Array.of(0x0a, algorithm), publicKey)).slice(0, 4)
}

/** `NAME+HASH+KEY`. */
export function formatVerifierKey(
  sha256: Sha256,
  name: string,
  publicKey: Uint8Array,
  algorithm: NoteAlgorithm = ED25519,
): string {
  if (!NAME.test(name)) throw new WritError("INVALID_REQUEST", "A note key's name must not hold spaces or a plus sign.")
  const bytes = concatBytes(Uint8Array.of(algorithm), publicKey)
  return `${name}+${toHex(noteKeyHash(sha256, name, publicKey, algorithm))}+${toBase64(bytes)}`
}

/** Throws INVALID_REQUEST. */
export function parseVerifierKey(sha256: Sha256, text: string, algorithm: NoteAlgorithm = ED25519): VerifierKey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text)
  const [, name = "", hash = "", key = ""] = match ?? []
  if (!match || !NAME.test(name)) throw new WritError("INVALID_REQUEST", "A verifier key has the form NAME+HASH+KEY.")
  const bytes = fromBase64(key)
  if (bytes.length !== 33 || bytes[0] !== algorithm)
    throw new WritError(
      "INVALID_REQUEST",
      algorithm === ED25519
        ? "The verifier key is not an Ed25519 key."
        : "The verifier key is not an Ed25519 key for cosignatures (algorithm 0x04).",
    )
  const publicKey = bytes.slice(1)
  const keyHash = noteKeyHash(sha256, name, publicKey, algorithm)
  if (toHex(keyHash) !== hash)
    throw new WritError("INVALID_REQUEST", "The verifier key's hash does not fit its name and key.")
  return { name, keyHash, publicKey }
}

export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  return `${text}\n${formatSignatureLines(signatures)}`
}

export function formatSignatureLines(signatures: readonly NoteSignature[]): string {
  return signatures
    .map(({ name, keyHash, signature }) => `— ${name} ${toBase64(concatBytes(keyHash, signature))}\n`)
    .join("")
}

/** Throws INVALID_REQUEST on anything but a well-formed note. Signatures are not checked. */
export function parseNote(note: string): SignedNote {
  if (note.length > MAX_NOTE_CHARS) throw malformed("is too long")
  if (!note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(note))
    throw malformed("holds characters that are not allowed")
  const split = note.lastIndexOf("\n\n")
  if (split < 0 || !note.endsWith("\n")) throw malformed("has no blank line before its signatures")
  return { text: note.slice(0, split + 1), signatures: parseSignatureLines(note.slice(split + 2)) }
}

/** Lines as they stand below a note, each with its newline. Throws INVALID_REQUEST. */
export function parseSignatureLines(text: string): NoteSignature[] {
  const lines = text.replace(/\n$/, "").split("\n")
  if (lines.length > MAX_SIGNATURES) throw malformed("has too many signatures")
  return lines.map((line): NoteSignature => {
    const match = /^— ([^ ]+) ([^ ]+)$/.exec(line)
    const [, name = "", encoded = ""] = match ?? []
    if (!match || !NAME.test(name)) throw malformed("has a signature line of another form")
    const bytes = fromBase64(encoded)
    if (bytes.length < 5) throw malformed("has a signature that is too short")
    return { name, keyHash: bytes.slice(0, 4), signature: bytes.slice(4) }
  })
}

/** The note's signatures that claim to be by this key: it vouches for the note when there is one and all verify. */
export function signaturesBy(note: SignedNote, key: VerifierKey): Uint8Array[] {
  return note.signatures
    .filter(({ name, keyHash }) => name === key.name && equalBytes(keyHash, key.keyHash))
    .map(({ signature }) => signature)
}

function malformed(what: string): WritError {
  return new WritError("INVALID_REQUEST", `The signed note ${what}.`)
}
