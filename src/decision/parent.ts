/** The execution on whose behalf another one is requested: read when it is named, and judged like everything else. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { fromBase64Url, fromHex, toHex } from "../formats/bytes.ts"
import { CONSENT_SIGNATURE_BYTES, consentBytes, consentId } from "../formats/parent-proof.ts"
import type { ExecutionState } from "../ledger/kinds.ts"
import { type LineageStore, readBody } from "../ledger/lineage.ts"
import { MAX_ANCESTORS, type ParentLink } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import type { Runtime } from "../runtime/runtime.ts"
import { MIN_TTL_MS } from "../token/token.ts"
import { verifySignature } from "../verify/signature.ts"
import { type Redemption, readRedemption } from "./executions.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Reason } from "./state.ts"

export interface Parent {
  readonly executionId: string
  /** As recorded. */
  readonly state: ExecutionState | null
  readonly redemption: Redemption | null
  /** How many it descends from. */
  readonly depth: number
  /** Of the proof; null when it is no signature. */
  readonly consent: Uint8Array | null
  /** Another child has this consent. */
  readonly isUsed: boolean
}

export interface ParentStore {
  findExecution: LineageStore["findExecution"]
  hasConsent(consent: Uint8Array): Promise<boolean>
}

/** Reads the database, not a cache; the append checks again that the parent is alive and the consent unused. */
export async function findParent(store: ParentStore, request: Snapshot): Promise<Parent | null> {
  const signature = signatureOf(request)
  const consent = signature && consentId(sha256, signature)
  const [found, isUsed] = await Promise.all([
    store.findExecution(request.parentExecutionId),
    consent ? store.hasConsent(consent) : false,
  ])
  if (!found) return null
  return {
    executionId: request.parentExecutionId,
    state: found.state,
    redemption: readRedemption(found),
    depth: readBody(found.decision.body).parent?.depth ?? 0,
    consent,
    isUsed,
  }
}

/** `trusted`: the runtime of this key with this lease, if it is trusted and alive. */
export function checkParent(
  request: Snapshot,
  parent: Parent | null,
  nowMs: number,
  trusted: (key: string, leaseId: string) => Runtime | null,
): readonly Reason[] {
  const fail = (code: Reason["code"], text: string, pointer = "/parent_execution_id"): Reason[] => [
    { code, text, pointer },
  ]
  if (!parent) return fail("PARENT_UNKNOWN", "There is no such execution.")
  const { redemption, state } = parent
  if (state !== "REDEEMED" || !redemption || redemption.executeUntilMs - nowMs < MIN_TTL_MS)
    return fail("PARENT_NOT_ALIVE", "The parent is not running: it has to be redeemed and not to have ended.")
  const runtime = redemption.bound && trusted(redemption.bound.runtime, redemption.bound.leaseId)
  if (!runtime) return fail("PARENT_NOT_ATTESTED", "The parent does not run in a runtime that is trusted and alive.")
  if (parent.depth >= MAX_ANCESTORS)
    return fail("PARENT_TOO_DEEP", `The parent descends from ${MAX_ANCESTORS} executions, which is the limit.`)
  const signature = signatureOf(request)
  if (
    !signature ||
    !verifySignature(nativeCrypto, fromHex(runtime.public_key), consentBytes(consentTo(request)), signature)
  )
    return fail(
      "PARENT_PROOF_WRONG",
      "The proof is not a signature of this request by the parent's runtime.",
      "/parent_proof",
    )
  if (parent.isUsed)
    return fail("PARENT_PROOF_USED", "Another execution was authorized by this proof.", "/parent_proof")
  return []
}

export function toParentLink({ consent, depth, executionId, redemption }: Parent): ParentLink {
  if (!consent || !redemption) throw new Error("a child of what it cannot descend from")
  return {
    consent: toHex(consent),
    depth: depth + 1,
    execution_id: executionId,
    leaf: toHex(redemption.record.leafHash),
  }
}

/** A row of the child, which is written only while the parent is REDEEMED. */
export function toChild(parent: Parent, executionId: string, nowMs: number): Effect {
  return {
    kind: "child",
    executionId,
    parentId: parent.executionId,
    consent: parent.consent as Uint8Array,
    depth: parent.depth + 1,
    authorizedAtMs: nowMs,
  }
}

function consentTo(request: Snapshot) {
  return {
    action: request.action.name,
    audience: request.audience,
    parameters_digest: request.parametersDigest === null ? "" : toHex(fromBase64Url(request.parametersDigest)),
    parent_execution_id: request.parentExecutionId,
    request_id: request.requestId,
    resource: { id: request.resource.id, type: request.resource.type },
    runtime_id: request.runtimeId,
    subject: { id: request.subject.id, type: request.subject.type },
  }
}

function signatureOf({ parentProof }: Snapshot): Uint8Array | null {
  try {
    const signature = fromBase64Url(parentProof)
    return signature.length === CONSENT_SIGNATURE_BYTES ? signature : null
  } catch {
    return null
  }
}
