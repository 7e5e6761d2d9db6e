/** Published bundles: what is known of them, and what makes one trusted. */
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes, toHex } from "../formats/bytes.ts"
import { type DsseEnvelope, encodeDsseEnvelope, parseDsseEnvelope } from "../formats/dsse.ts"
import type { JsonObject } from "../formats/ports.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"
import { verifySignature } from "../verify/signature.ts"
import { BUNDLE_PAYLOAD_TYPE, type BundleSignature, bundleSigningInput } from "./control.ts"

/** With its payload; that of a larger bundle is left out. */
export const MAX_BUNDLE_ENVELOPE_BYTES = 1024 * 1024

/** As stored; nothing in it has been checked. */
export interface StoredBundle {
  readonly digest: Uint8Array
  readonly signatures: readonly BundleSignature[]
  /** Of its publication. */
  readonly record: StoredRecord
  /** Unix milliseconds. */
  readonly publishedAtMs: number
}

export interface BundlePosition {
  readonly publishedAtMs: number
  readonly digest: Uint8Array
}

export interface BundleStore {
  find(digest: Uint8Array): Promise<StoredBundle | null>
  /** Its canonical bytes; null when it is not stored. */
  content(digest: Uint8Array): Promise<Uint8Array | null>
  /** Newest first: those published before `before`. */
  list(before: BundlePosition | null, limit: number): Promise<readonly StoredBundle[]>
  /** Digest of the active one. */
  activeDigest(): Promise<Uint8Array | null>
}

/** A bundle as the API shows it. */
export interface BundleView {
  readonly digest: Uint8Array
  readonly version: string
  readonly ruleCount: number
  readonly state: "published" | "active"
  /** Unix milliseconds; null: always, for ever. */
  readonly notBeforeMs: number | null
  readonly notAfterMs: number | null
  readonly publishedAtMs: number
  readonly signedBy: readonly Uint8Array[]
  readonly engine: string
}

export function toBundleView(
  bundle: Omit<StoredBundle, "record"> & { readonly record: Pick<StoredRecord, "body"> },
  active: Uint8Array | null,
): BundleView {
  const { data = {}, engine = "" } = readBody(bundle.record.body)
  return {
    digest: bundle.digest,
    version: String(data["version"]),
    ruleCount: Number(data["rules"]),
    state: active && equalBytes(active, bundle.digest) ? "active" : "published",
    notBeforeMs: toMs(data["not_before"]),
    notAfterMs: toMs(data["not_after"]),
    publishedAtMs: bundle.publishedAtMs,
    signedBy: bundle.signatures.map(({ publicKey }) => publicKey),
    engine,
  }
}

function toMs(time: JsonObject[string] | undefined): number | null {
  return typeof time === "string" ? Date.parse(time) : null
}

/** Those of the signatures that a trusted key has made over this bundle. */
export function trustedSignatures(
  content: Uint8Array,
  signatures: readonly Uint8Array[],
  trustedKeys: readonly Uint8Array[],
): BundleSignature[] {
  const message = bundleSigningInput(content)
  return trustedKeys.flatMap((publicKey) => {
    const signature = signatures.find((candidate) => verifySignature(nativeCrypto, publicKey, message, candidate))
    return signature ? [{ publicKey, signature }] : []
  })
}

/**
 * The signatures in an envelope over this bundle. Its payload may be left out, since the bundle is what the files make.
 * Throws INVALID_REQUEST.
 */
export function readBundleEnvelope(bytes: Uint8Array, content: Uint8Array): Uint8Array[] {
  let envelope: DsseEnvelope
  try {
    envelope = parseDsseEnvelope(bytes)
  } catch (cause) {
    throw invalidEnvelope("is not a DSSE envelope", cause)
  }
  const { payloadType, payload, signatures } = envelope
  if (payloadType !== BUNDLE_PAYLOAD_TYPE) throw invalidEnvelope(`must have the payloadType ${BUNDLE_PAYLOAD_TYPE}`)
  if (payload.length > 0 && !equalBytes(payload, content))
    throw invalidEnvelope("is over another bundle than the files make")
  return signatures.map(({ signature }) => signature)
}

/** One envelope for each key, without its payload: that is the bundle's content. */
export function toBundleEnvelopes(signatures: readonly BundleSignature[]): Uint8Array[] {
  return signatures.map(({ publicKey, signature }) =>
    encodeDsseEnvelope({
      payloadType: BUNDLE_PAYLOAD_TYPE,
      payload: new Uint8Array(),
      signatures: [{ keyid: toHex(publicKey), signature }],
    }),
  )
}

/** The digest in a request. Throws INVALID_REQUEST. */
export function toBundleDigest(field: string, digest: Uint8Array): Uint8Array {
  if (digest.length === 32) return digest
  throw new WritError("INVALID_REQUEST", `${field} must be 32 bytes.`, { details: { field } })
}

export function bundleNotFound(digest: Uint8Array): WritError {
  return new WritError("NOT_FOUND", `There is no bundle with the digest ${toHex(digest)}. Publish it first.`)
}

export function invalidEnvelope(what: string, cause?: unknown): WritError {
  return new WritError("INVALID_REQUEST", `envelope ${what}.`, { details: { field: "envelope" }, cause })
}
