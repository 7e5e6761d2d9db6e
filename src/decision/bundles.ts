/** Published bundles: what is known of them, and what makes one trusted. */
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes, fromHex, toHex } from "../formats/bytes.ts"
import { type DsseEnvelope, encodeDsseEnvelope, parseDsseEnvelope } from "../formats/dsse.ts"
import type { JsonObject } from "../formats/ports.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"
import type { RecordBody } from "../ledger/record.ts"
import { verifySignature } from "../verify/signature.ts"
import { BUNDLE_PAYLOAD_TYPE, type BundleSignature, bundleSigningInput } from "./control.ts"
import type { ShadowReport } from "./shadow.ts"
import { readShadow, type ShadowSetting } from "./shadow-setting.ts"

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
  /** Before it is published; the same again changes nothing. */
  putContent(digest: Uint8Array, content: Uint8Array): Promise<void>
  /** Newest first: those published before `before`. */
  list(before: BundlePosition | null, limit: number): Promise<readonly StoredBundle[]>
  /** The active one, and the record of its activation. */
  active(): Promise<ActiveBundle | null>
  /** Null: there is none of this id. */
  activation(id: string): Promise<StoredActivation | null>
  /** Activations that nobody has decided and that have not lapsed by then (Unix milliseconds). */
  pending(nowMs: number): Promise<readonly StoredActivation[]>
  /** What the replicas that are alive say of themselves, by log. */
  replicas(): Promise<readonly ReplicaRow[]>
  /** The record that says which bundle is the shadow; null: none was set since the last was ended. */
  shadow(): Promise<StoredRecord | null>
  /** What the replicas that are alive say of the shadow, by log. */
  shadowRows(): Promise<readonly ShadowRow[]>
}

export interface ActiveBundle {
  readonly digest: Uint8Array
  readonly record: StoredRecord
}

export interface StoredActivation {
  readonly id: string
  readonly digest: Uint8Array
  /** The bundle that was active when it was asked for. */
  readonly previous: Uint8Array
  /** Id of the caller's key. */
  readonly requestedBy: string
  /** Unix milliseconds. */
  readonly expiresAtMs: number
  /** Of the request. */
  readonly record: StoredRecord
  readonly decision: {
    readonly outcome: "granted" | "refused"
    /** Id of the caller's key. */
    readonly by: string
    readonly record: StoredRecord
  } | null
}

export interface ReplicaRow {
  readonly origin: string
  readonly epoch: bigint
  readonly digest: Uint8Array | null
  /** Reason code; empty when it decides. */
  readonly problem: string
  /** Unix milliseconds, by the database's clock. */
  readonly seenAtMs: number
}

export interface ShadowRow {
  readonly origin: string
  /** Null: it has none. */
  readonly report: ShadowReport | null
  /** Unix milliseconds, by the database's clock. */
  readonly seenAtMs: number
}

/** What a bundle's view needs of the others. */
export interface BundleSurroundings {
  readonly active: ActiveBundle | null
  readonly pending: readonly StoredActivation[]
  readonly replicas: readonly ReplicaRow[]
  readonly shadow: ShadowSetting | null
}

export async function readSurroundings(store: BundleStore, nowMs: number): Promise<BundleSurroundings> {
  const [active, pending, replicas, shadow] = await Promise.all([
    store.active(),
    store.pending(nowMs),
    store.replicas(),
    store.shadow(),
  ])
  return { active, pending, replicas, shadow: readShadow(shadow, nowMs) }
}

/** A bundle as the API shows it. */
export interface BundleView {
  readonly digest: Uint8Array
  readonly version: string
  readonly ruleCount: number
  readonly state: "published" | "shadow" | "pending" | "active"
  /** Unix milliseconds; null: always, for ever. */
  readonly notBeforeMs: number | null
  readonly notAfterMs: number | null
  readonly publishedAtMs: number
  readonly signedBy: readonly Uint8Array[]
  readonly engine: string
  /** Of the active one, else empty. */
  readonly replicas: readonly (ReplicaRow & { readonly acknowledged: boolean })[]
  /** Of the active one: which was active before it. */
  readonly previous: Uint8Array | null
  readonly pending: StoredActivation | null
}

export function toBundleView(
  bundle: Omit<StoredBundle, "record"> & { readonly record: Pick<StoredRecord, "body"> },
  { active, pending, replicas, shadow }: BundleSurroundings,
): BundleView {
  const { data = {}, engine = "" } = readBody(bundle.record.body)
  const activation = active && equalBytes(active.digest, bundle.digest) ? readBody(active.record.body) : null
  const waiting = pending.find(({ digest }) => equalBytes(digest, bundle.digest)) ?? null
  const previous = activation?.data?.["previous"]
  const digest = toHex(bundle.digest)
  return {
    digest: bundle.digest,
    version: String(data["version"]),
    ruleCount: Number(data["rules"]),
    state: activation ? "active" : waiting ? "pending" : shadow?.digest === digest ? "shadow" : "published",
    notBeforeMs: toMs(data["not_before"]),
    notAfterMs: toMs(data["not_after"]),
    publishedAtMs: bundle.publishedAtMs,
    signedBy: bundle.signatures.map(({ publicKey }) => publicKey),
    engine,
    replicas: activation
      ? replicas.map((row) => ({ ...row, acknowledged: hasAcknowledged(row, bundle.digest, activation) }))
      : [],
    previous: typeof previous === "string" ? fromHex(previous) : null,
    pending: activation ? null : waiting,
  }
}

/** Does it decide by this bundle, since this activation of it? */
function hasAcknowledged(row: ReplicaRow, digest: Uint8Array, { epoch = "0" }: Partial<RecordBody>): boolean {
  return row.digest !== null && equalBytes(row.digest, digest) && row.problem === "" && row.epoch >= BigInt(epoch)
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
