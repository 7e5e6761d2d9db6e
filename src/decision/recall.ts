/** A repeated request: the recorded verdict, and its token again only while that is still worth something. */
import { WritError } from "../errors.ts"
import { equalBytes, fromUtf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import type { ExecutionState } from "../ledger/kinds.ts"
import { type DecisionData, PAYLOAD_SALT_BYTES } from "../ledger/record.ts"
import type { RequestClaim } from "../ledger/store.ts"
import type { TokenClaims, TokenSigners } from "../token/token.ts"
import type { Verdict } from "./seal.ts"
import type { Reason } from "./state.ts"

/** Above what a request and its trace can hold: these are our own bytes. */
const LIMITS = { maxDepth: 40, maxNodes: 1_000_000 }

/** A recorded decision as the store finds it. */
export interface RecordedRequest {
  readonly digest: Uint8Array
  readonly expired: boolean
  readonly origin: string
  readonly index: number
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  readonly payload: Uint8Array | null
  /** State of the execution now; null when nothing has happened to it since. */
  readonly state: ExecutionState | null
}

export interface RequestStore {
  /** Reads the database, not a cache: what was revoked on another replica before this call is seen. */
  find(key: string): Promise<RecordedRequest | null>
  /** Forgets an expired claim, so that the id may be used again. */
  forget(key: string): Promise<void>
}

export interface Recalled {
  readonly verdict: Verdict
  readonly origin: string
  readonly index: number
  readonly leafHash: Uint8Array
  readonly token: string | null
  readonly withheld: { readonly code: "TOKEN_WITHHELD"; readonly text: string } | null
}

/** Null when the id is free again. Throws REQUEST_ID_REUSED for other content, NOT_FOUND when the payload was erased. */
export async function recall(
  store: RequestStore,
  claim: RequestClaim,
  signers: TokenSigners,
  compromised: (decision: { readonly origin: string; readonly index: number }) => boolean,
  nowMs: number,
): Promise<Recalled | null> {
  const found = await store.find(claim.key)
  if (!found) return null
  if (found.expired) {
    await store.forget(claim.key)
    return null
  }
  if (!equalBytes(found.digest, claim.digest)) throw new WritError("REQUEST_ID_REUSED")
  if (!found.payload)
    throw new WritError(
      "NOT_FOUND",
      "The decision on this request_id was recorded, and its payload has been erased since.",
    )
  const verdict = readVerdict(found.body, found.payload)
  const { origin, index, leafHash } = found
  const { claims } = verdict
  const withheld = !claims
    ? null
    : compromised(found)
      ? "The key that signed it was compromised since."
      : whyWithheld(claims, found.state, nowMs)
  const token = claims && !withheld ? signers.at(claims.iat).sign(encodeCanonicalJson(claims), leafHash) : null
  return {
    verdict,
    origin,
    index,
    leafHash,
    token,
    withheld: withheld === null ? null : { code: "TOKEN_WITHHELD", text: withheld },
  }
}

function whyWithheld(claims: TokenClaims, state: ExecutionState | null, nowMs: number): string | null {
  if (state !== null && state !== "AUTHORIZED") return `The execution is ${state}.`
  if (nowMs >= claims.exp * 1000) return "The token has expired."
  return null
}

/** The inverse of sealDecision. The bytes are our own: a failure is a defect or tampering, never the caller's. */
export function readVerdict(body: Uint8Array, payload: Uint8Array): Verdict {
  const record = parseStrictJson(fromUtf8(body), LIMITS) as JsonObject
  const content = parseStrictJson(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES)), LIMITS) as JsonObject
  const data = record["data"] as unknown as DecisionData
  const reasons = content["reasons"] as unknown as readonly (readonly Reason[])[]
  return {
    executionId: record["execution_id"] as string,
    decision: data.decision,
    checks: data.checks.map((check, i) => ({ ...check, reasons: reasons[i] ?? [] })),
    matchedRules: data.matched_rules,
    obligations: content["obligations"] as unknown as Verdict["obligations"],
    risk: content["risk"] as unknown as Verdict["risk"],
    trace: content["trace"] as unknown as Verdict["trace"],
    bundleDigest: data.bundle_digest,
    bundleVersion: data.bundle_version,
    approval: data.approval ?? null,
    claims: (content["claims"] as unknown as TokenClaims | undefined) ?? null,
  }
}
