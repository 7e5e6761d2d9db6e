/**
 * Reference Values: measurements that are held to be good, by name, for bundles that say `@NAME` where a digest would stand.
 * An operator puts a set, or a document that a trusted policy key has signed vouches for it; replaced as a whole.
 */
import { nativeCrypto, sha256, sha256Hex } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromUtf8, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { type DsseEnvelope, dsseSigningInput, parseDsseEnvelope } from "../formats/dsse.ts"
import type { JsonObject } from "../formats/ports.ts"
import { MEASURED, type Measured } from "../formats/runtime-messages.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { References } from "../policy/types.ts"
import { verifySignature } from "../verify/signature.ts"
import type { Call } from "./authorize.ts"
import { assertUsable } from "./caller.ts"
import { limitOf } from "./limits.ts"
import type { Receipt } from "./runtime-changes.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export const MAX_SETS = 10_000
const MAX_DIGESTS = 256
const MAX_PROVENANCE_BYTES = 1_024
const MAX_ENVELOPE_BYTES = 64 * 1024
const MAX_ATTEMPTS = 16
const NAME = /^[a-z0-9_.-]{1,128}$/
const PAYLOAD_TYPE = "application/vnd.writ.reference-values+json"

/** Its RFC 8785 JSON is the row, the payload of its record, and what an envelope signs. */
export type ReferenceSet = {
  readonly claim: Measured
  /** SHA-256, lower-case hex, sorted. */
  readonly digests: readonly string[]
  /** Unix milliseconds; absent: never. */
  readonly expires_at?: number
  readonly name: string
  readonly provenance: string
}

export interface ReferenceValuesDependencies {
  readonly clock: Clock
  readonly origin: string
  /** 32-byte public keys. */
  readonly trustedPolicyKeys: readonly Uint8Array[]
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** Names a set in rows and leaves: UUID text of 16 bytes of SHA-256. */
export function referenceKey(name: string): string {
  const hex = sha256Hex(`writ/reference-values/v1\n${name}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** What `@NAME` in a bundle stands for at this moment. */
export function referencesAt({ references }: ControlState, nowMs: number): References {
  return (name, claim) => {
    const set = references.get(name)
    return set?.claim === claim && (set.expires_at === undefined || nowMs < set.expires_at) ? set.digests : []
  }
}

/** What a signature of a set is over. */
export function referenceSigningInput(content: Uint8Array): Uint8Array {
  return dsseSigningInput(PAYLOAD_TYPE, content)
}

/** Throws INVALID_REQUEST. */
export function checkReferenceSet(set: ReferenceSet): ReferenceSet {
  const invalid = (field: string, what: string) =>
    new WritError("INVALID_REQUEST", `${field} ${what}.`, { details: { field } })
  if (!NAME.test(set.name)) throw invalid("name", "must be 1 to 128 characters of a-z 0-9 _ . -")
  if (!MEASURED.includes(set.claim)) throw invalid("claim", `must be one of ${MEASURED.join(", ")}`)
  if (set.digests.length > MAX_DIGESTS) throw invalid("digests", `are more than ${MAX_DIGESTS}`)
  if (set.digests.some((digest) => digest.length !== 64)) throw invalid("digests", "must be 32 bytes each")
  if (Buffer.byteLength(set.provenance) > MAX_PROVENANCE_BYTES)
    throw invalid("provenance", `is larger than ${MAX_PROVENANCE_BYTES} bytes`)
  if (!set.provenance.isWellFormed()) throw invalid("provenance", "is not valid text")
  return { ...set, digests: [...new Set(set.digests)].sort() }
}

export function createReferenceValues(deps: ReferenceValuesDependencies) {
  /** Who vouches: the caller, or the key whose signature over this very set the envelope holds. */
  function vouchedBy(content: string, envelope: Uint8Array): string {
    if (envelope.length === 0) return "caller"
    if (envelope.length > MAX_ENVELOPE_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `envelope is larger than ${MAX_ENVELOPE_BYTES} bytes.`)
    const { payloadType, payload, signatures } = readEnvelope(envelope)
    if (payloadType !== PAYLOAD_TYPE || fromUtf8(payload) !== content)
      throw invalidEnvelope("is not over these values in RFC 8785 JSON")
    for (const { signature } of signatures)
      for (const key of deps.trustedPolicyKeys)
        if (verifySignature(nativeCrypto, key, referenceSigningInput(payload), signature)) return toHex(key)
    throw invalidEnvelope("is not signed by a trusted policy key")
  }

  return {
    /** Throws INVALID_REQUEST, REQUEST_TOO_LARGE. When it resolves, every replica appraises by the new set. */
    async put(given: ReferenceSet, envelope: Uint8Array, call: Call): Promise<Receipt> {
      const { caller } = call
      const limit = limitOf(call, deps.clock.now().monotonicMs)
      const set = checkReferenceSet(given)
      const content = encodeCanonicalJson(set as unknown as JsonObject)
      const vouched = vouchedBy(content, envelope)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const state = deps.control()
        const { wallMs: nowMs, monotonicMs } = deps.clock.now()
        if (monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
        assertUsable(state, caller, nowMs)
        if (!state.references.has(set.name) && state.references.size >= MAX_SETS)
          throw new WritError("REQUEST_TOO_LARGE", `There are ${MAX_SETS} sets of Reference Values already.`)
        const epoch = state.epoch + 1n
        const key = referenceKey(set.name)
        const record = seal(
          {
            kind: "reference_values_changed",
            actor: { id: caller.id, proof: caller.proof },
            epoch: String(epoch),
            data: {
              claim: set.claim,
              content_sha256: toHex(sha256(utf8(content))),
              count: set.digests.length,
              reference_values: key,
              vouched_by: vouched,
            },
          },
          encodeCanonicalJson({
            content: set as unknown as JsonObject,
            ...(envelope.length > 0 && { envelope: Buffer.from(envelope).toString("base64") }),
          }),
          nowMs,
        )
        const result = await deps.ledger.append({
          record,
          epoch: state.epoch,
          ...limit,
          change: { effects: [{ kind: "reference_values", key, epoch, content: utf8(content) }], raisesEpoch: true },
        })
        if (result.kind === "written") return { origin: deps.origin, index: result.index, leafHash: record.leafHash }
      }
      throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
    },

    /** By name, after one. */
    list(after: string, limit: number): { readonly page: readonly ReferenceSet[]; readonly next: string } {
      const names = [...deps.control().references.keys()].filter((name) => name > after).sort()
      const page = names.slice(0, limit).map((name) => deps.control().references.get(name) as ReferenceSet)
      return { page, next: names.length > limit ? (names[limit - 1] as string) : "" }
    },
  }
}

function readEnvelope(envelope: Uint8Array): DsseEnvelope {
  try {
    return parseDsseEnvelope(envelope)
  } catch (cause) {
    throw invalidEnvelope("is not a DSSE envelope", cause)
  }
}

function invalidEnvelope(what: string, cause?: unknown): WritError {
  return new WritError("INVALID_REQUEST", `envelope ${what}.`, { details: { field: "envelope" }, cause })
}
