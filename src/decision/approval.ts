/** The approval that a request names, or has to wait for: read when it is needed, and judged like everything else. */
import { sha256Hex, uuidOfText } from "../crypto.ts"
import { fromHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type ExecutionState, stateAt } from "../ledger/kinds.ts"
import { type FoundExecution, type LineageStore, openingOf, readBody, versionOf } from "../ledger/lineage.ts"
import type { ApprovalLink, DecisionData } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { approvalFault } from "../policy/assess.ts"
import type { ApprovalRequirement } from "../policy/types.ts"
import { isExecutionId, readContent } from "./executions.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Reason } from "./state.ts"

/** Approvals that one caller may wait for at a time. */
export const MAX_WAITING = 64

/** An execution that waits, or has waited, for an approval, as its records tell. Its id is the approval's. */
export interface Approval {
  readonly link: ApprovalLink
  readonly expiresAtMs: number
  /** Who asked, as records name callers. */
  readonly requester: string
  readonly bundleDigest: string
  /** Of what was asked for, and the rules that required it; null when that was erased. */
  readonly asked: { readonly digest: string; readonly rules: readonly string[] } | null
  readonly decisions: readonly { readonly by: string; readonly approve: boolean }[]
  /** As recorded. */
  readonly state: ExecutionState
  readonly last: Uint8Array
  /** `previous` of the effect that uses it. */
  readonly version: Uint8Array | null
}

/** What stands where a request would wait. */
export interface Queue {
  readonly bundleDigest: string
  readonly key: string
  readonly caller: string
  /** The approval that this very request waits for already. */
  readonly waiting: Approval | null
  /** The one that stood there before, and is not waited for any more. */
  readonly previous: string | null
  /** How many of this caller wait. */
  readonly count: number
}

/** What a decision has to know of approvals. */
export interface Approvals {
  readonly caller: string
  /** The one that the request names. */
  readonly named: Approval | null
  /** Null until it is known that one is required. */
  readonly queue: Queue | null
}
export const NO_APPROVALS: Approvals = { caller: "", named: null, queue: null }

export interface ApprovalStore {
  findExecution: LineageStore["findExecution"]
  /** The approval under this key, whatever became of it, and how many of this caller wait. */
  queue(key: string, caller: string, nowMs: number): Promise<{ approvalId: string | null; count: number }>
}

/** SHA-256 (hex) of what is approved: the request, less what a repeat has another of. Its parent has to consent to each anew. */
export function approvalDigest({ json }: Snapshot): string {
  return sha256Hex(encodeCanonicalJson(withoutIds(json)))
}

export function withoutIds(request: JsonObject): JsonObject {
  const { request_id: _, approval_id: __, parent_proof: ___, ...asked } = request
  return asked
}

/** Reads the database, not a cache; the append checks again that it was not used or refused meanwhile. */
export async function findApproval(store: ApprovalStore, approvalId: string): Promise<Approval | null> {
  const found = isExecutionId(approvalId) ? await store.findExecution(approvalId) : null
  return found && readApproval(found)
}

export async function findQueue(
  store: ApprovalStore,
  request: Snapshot,
  caller: string,
  bundleDigest: string,
  nowMs: number,
): Promise<Queue> {
  const place = {
    bundleDigest,
    key: queueKey(caller, approvalDigest(request), bundleDigest),
    caller: uuidOfText(caller),
  }
  const { approvalId, count } = await store.queue(place.key, place.caller, nowMs)
  const approval = approvalId === null ? null : await findApproval(store, approvalId)
  const isWaiting = approval && stateAt(approval.state, approval.expiresAtMs, nowMs) === "APPROVAL_PENDING"
  return { ...place, waiting: isWaiting ? approval : null, previous: approvalId, count }
}

/** Who asks the same under the same bundle finds the same place. */
export function queueKey(caller: string, digest: string, bundleDigest: string): string {
  return uuidOfText(`${caller}\0${digest}\0${bundleDigest}`)
}

/** Null for an execution that waited for no approval. */
export function readApproval(found: FoundExecution): Approval | null {
  const opening = openingOf(found)
  const { actor, data, state } = readBody(opening.body)
  const { approval: link, bundle_digest: bundleDigest } = (data ?? {}) as Partial<DecisionData>
  if (!link || state !== "APPROVAL_PENDING" || found.state === null) return null
  const decisions = found.records.flatMap(({ body }) => {
    const record = readBody(body)
    return record.kind === "approval_decided"
      ? [{ by: record.actor?.id ?? "", approve: record.data?.["approve"] === true }]
      : []
  })
  return {
    link,
    expiresAtMs: Date.parse(link.expires_at),
    requester: actor?.id ?? "",
    bundleDigest: bundleDigest ?? "",
    asked: (readContent(opening)?.["approval"] as unknown as Approval["asked"] | undefined) ?? null,
    decisions,
    state: found.state,
    last: found.last.leafHash,
    version: versionOf(found),
  }
}

export function isGranted({ decisions, link }: Approval): boolean {
  return decisions.filter(({ approve }) => approve).length >= link.needed
}

/** Why the approval that is named is not one for this request now; nothing: it is. `required`: by the rules that match now. */
export function checkApproval(
  request: Snapshot,
  { caller, named }: Approvals,
  required: ApprovalRequirement | null,
  bundleDigest: string,
  nowMs: number,
): readonly Reason[] {
  const fail = (code: Reason["code"], text: string): Reason[] => [{ code, text, pointer: "/approval_id" }]
  if (!named?.asked || named.requester !== caller) return fail("APPROVAL_UNKNOWN", "There is no such approval.")
  const { digest, rules } = named.asked
  if (digest !== approvalDigest(request)) return fail("APPROVAL_OTHER_REQUEST", "The approval is for another request.")
  if (named.state === "REJECTED") return approvalFault("APPROVAL_REJECTED")
  if (named.state !== "APPROVAL_PENDING") return fail("APPROVAL_USED", "The approval has been used.")
  if (nowMs >= named.expiresAtMs) return approvalFault("APPROVAL_EXPIRED")
  if (named.bundleDigest !== bundleDigest || required?.rules.some((rule) => !rules.includes(rule)))
    return fail(
      "APPROVAL_OTHER_POLICY",
      "The approval was asked for under another policy, or not for all rules that require one now. Ask again.",
    )
  if (!isGranted(named)) return approvalFault("APPROVAL_PENDING")
  return []
}

/** Null unless this caller waits for as many as it may, and would wait for one more. */
export function checkQueue({ queue }: Approvals): readonly Reason[] | null {
  if (!queue || queue.waiting || queue.count < MAX_WAITING) return null
  return [{ code: "APPROVAL_LIMIT", text: `This caller waits for ${MAX_WAITING} approvals, which is the limit.` }]
}

/** Waits there from now on. */
export function toWaiting(queue: Queue, link: ApprovalLink, nowMs: number): Effect {
  return {
    kind: "approval",
    key: queue.key,
    approvalId: link.id,
    caller: queue.caller,
    bundle: fromHex(queue.bundleDigest),
    needed: link.needed,
    requestedAtMs: nowMs,
    expiresAtMs: Date.parse(link.expires_at),
    previous: queue.previous,
    maxWaiting: MAX_WAITING,
  }
}
