/**
 * The log of logs: records of kind heads_observed hold signed heads of other logs, so whoever has a checkpoint of one log
 * holds the others to what it had seen of them (docs/spec/checkpoint.md). Pure, browser-safe.
 */
import { WritError } from "../errors.ts"
import { fromBase64, fromHex, toBase64, toHex } from "../formats/bytes.ts"
import { formatCheckpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import type { JsonObject, JsonValue, Sha256 } from "../formats/ports.ts"
import { formatNote, parseNote, parseVerifierKey, signaturesBy } from "../formats/signed-note.ts"

/** Of one record: they are written together, and the log's appends wait for it. */
export const MAX_HEADS = 16

/** A checkpoint of another log as it was signed, and the key that it was verified under. */
export interface ObservedHead {
  readonly log: string
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
  /** C2SP verifier key. */
  readonly key: string
  /** 64 bytes, over the checkpoint's text. */
  readonly signature: Uint8Array
}

/**
 * What a stored checkpoint says, without what witnesses have signed. Nothing of it is verified: `noteOfHead` gives what is
 * to be. Throws INVALID_REQUEST when it has no signature by this key.
 */
export function headOfNote(note: string, key: string, sha256: Sha256): ObservedHead {
  const parsed = parseNote(note)
  const { origin, size, root } = parseCheckpoint(parsed.text)
  const [signature] = signaturesBy(parsed, parseVerifierKey(sha256, key))
  if (!signature) throw new WritError("INVALID_REQUEST", "The checkpoint has no signature by the log's key.")
  return { log: origin, size: Number(size), root, key, signature }
}

/** The checkpoint that the head was, without other lines. Throws INVALID_REQUEST when the key is none. */
export function noteOfHead({ log, size, root, key, signature }: ObservedHead, sha256: Sha256): string {
  const { keyHash } = parseVerifierKey(sha256, key)
  return formatNote(formatCheckpoint({ origin: log, size: BigInt(size), root }), [{ name: log, keyHash, signature }])
}

/** `data` of a record of kind heads_observed. */
export function toHeadsData(heads: readonly ObservedHead[]): JsonObject {
  return {
    heads: heads.map(({ log, size, root, key, signature }) => ({
      key,
      log,
      root: toHex(root),
      signature: toBase64(signature),
      size: String(size),
    })),
  }
}

/** Throws INVALID_REQUEST when it is of another form. What the heads say is not checked. */
export function parseHeadsData(data: unknown): readonly ObservedHead[] {
  const { heads } = (data ?? {}) as { heads?: readonly JsonValue[] }
  if (!Array.isArray(heads) || heads.length === 0) throw malformed("names no heads")
  const parsed = heads.map(parseHead)
  if (new Set(parsed.map(({ log }) => log)).size < parsed.length) throw malformed("names a log twice")
  return parsed
}

function parseHead(value: JsonValue): ObservedHead {
  const { key, log, root, signature, size } = (value ?? {}) as JsonObject
  if (typeof key !== "string" || typeof log !== "string") throw malformed("has a head without a log or its key")
  if (typeof size !== "string" || !/^[1-9][0-9]{0,15}$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw malformed("has a head without a size")
  if (typeof root !== "string" || !/^[0-9a-f]{64}$/.test(root)) throw malformed("has a head without a root")
  if (typeof signature !== "string") throw malformed("has a head without a signature")
  return { key, log, size: Number(size), root: fromHex(root), signature: fromBase64(signature) }
}

function malformed(what: string): WritError {
  return new WritError("INVALID_REQUEST", `The record ${what}.`)
}

/** A log as auditors see it. */
export interface DescribedLog {
  readonly logId: number
  readonly origin: string
  readonly verifierKey: string
  readonly size: number
  /** The newest; null before the first. */
  readonly checkpoint: { readonly size: number; readonly note: string } | null
  /** Does a daemon hold the lease on it? */
  readonly isLeased: boolean
  /** How it ended: the record in another log that says so. */
  readonly closed: { readonly by: string; readonly index: number } | null
  /** Records in other logs that hold it to a head: each one's newest, the largest first. */
  readonly observed: readonly {
    readonly by: string
    readonly index: number
    readonly size: number
    readonly root: Uint8Array
  }[]
}
