/**
 * A recorded decision, decided again from its record and a bundle alone: no clock, no I/O. By the bundle that decided it the
 * same engine must come to the same, bit for bit; by another one, this tells what would have been decided.
 */
import { sha256OfText } from "../crypto.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import type { DecisionPayload } from "../ledger/record.ts"
import { type Past, type Reading, recordedPast } from "../policy/past.ts"
import { NOT_RECORDED, type Policy, type PolicyRequest } from "../policy/types.ts"
import type { TokenClaims } from "../token/token.ts"
import { ENGINE } from "../version.ts"
import { approvalDigest } from "./approval.ts"
import { type Determination, determine } from "./determine.ts"
import { type Facts, restore } from "./facts.ts"
import {
  type DecisionContent,
  type DecisionLeaf,
  type DecisionRecord,
  readDecisionContent,
  readDecisionLeaf,
} from "./recorded-decision.ts"
import { ask, buildClaims, NO_RISK } from "./seal.ts"
import { type Snapshot, toPolicyRequest } from "./snapshot.ts"
import type { ActivePolicy, Reason, ReasonCode } from "./state.ts"

/** Why there is nothing to compare. */
export type NotReplayable =
  | "ERASED" // the payload is gone, and with it the request
  | "NOT_RECORDED" // the bundle declares a part of this request `record: never`
  | "BUNDLE_UNKNOWN" // the bundle that decided is not stored as it was
  | "MALFORMED" // not a decision as this engine records them

/** What can differ, in the order in which it is told. */
const DIFFERENCES = [
  "engine", // another version decided: told beside what else differs
  "request", // what is recorded is not what was asked
  "decision",
  "checks",
  "reasons",
  "matched_rules",
  "obligations",
  "risk",
  "cost",
  "trace",
  "approval", // what is asked for
  "token",
  "bundle_version",
] as const
export type Difference = (typeof DIFFERENCES)[number]

export interface NoReplay {
  readonly outcome: "not_replayable"
  readonly code: NotReplayable
  readonly text: string
  readonly leaf: DecisionLeaf | null
}
export interface Replayed {
  /** same: nothing differs. */
  readonly outcome: "same" | "different"
  readonly leaf: DecisionLeaf
  readonly differences: readonly Difference[]
  readonly determination: Determination
  /** As recorded, of all checks. */
  readonly recordedReasons: readonly Reason[]
  readonly policyRequest: PolicyRequest
  /** What was asked, as recorded: RFC 8785 JSON. */
  readonly input: string
}
export type Replay = NoReplay | Replayed

const NOT_REPLAYABLE: Readonly<Record<NotReplayable, string>> = {
  ERASED: "The payload was erased, and with it the request.",
  NOT_RECORDED: "The bundle that decided declares a part of this request `record: never`.",
  BUNDLE_UNKNOWN: "The bundle that decided is not stored as it was.",
  MALFORMED: "It is not a decision as this engine records them.",
}

/**
 * `deciding`: the bundle that decided; null when it is not known. `candidate`: the one to decide by instead. What only the
 * daemon knew (a runtime's state and how its measurements were judged, a parent's state, who signed the bundle) is taken as
 * it was read.
 */
export function replayDecision(record: DecisionRecord, deciding: Policy | null, candidate?: Policy): Replay {
  const leaf = readDecisionLeaf(record.body)
  const not = (code: NotReplayable): NoReplay => ({
    outcome: "not_replayable",
    code,
    text: NOT_REPLAYABLE[code],
    leaf,
  })
  if (!leaf) return not("MALFORMED")
  if (!record.payload) return not("ERASED")
  const found = readDecisionContent(record.payload)
  if (!found) return not("MALFORMED")
  if (!deciding && leaf.data.bundle_digest !== "") return not("BUNDLE_UNKNOWN")
  const { content, request } = found
  const policyRequest = toPolicyRequest(request, leaf.timeMs)
  const isAll = isWhole(found)
  if (!isAll && deciding && isMasked(request, policyRequest, deciding)) return not("NOT_RECORDED")

  const policy = candidate ?? deciding
  const recordedReasons = reasonsOf(content)
  const problems = candidate ? [] : recordedReasons.filter(({ code }) => FOUND_PROBLEMS.includes(code))
  const determination = decideAgain(leaf, found, policy && { policy, problems })
  const differences = new Set<Difference>(candidate ? [] : compareRest(leaf, content, request, determination, policy))
  if (!isAll) differences.add("request")
  for (const difference of compareOutcome(leaf, content, determination)) differences.add(difference)
  if (differences.size > 0 && leaf.engine !== ENGINE) differences.add("engine")
  return {
    outcome: differences.size === 0 ? "same" : "different",
    leaf,
    differences: DIFFERENCES.filter((difference) => differences.has(difference)),
    determination,
    recordedReasons,
    policyRequest,
    input: request.canonical,
  }
}
/**
 * What is recorded, decided by this bundle. `active`: null: none decided. What it asks of the past and the record does not
 * hold cannot be told; `onUnread` hears of it.
 */
export function decideAgain(
  leaf: DecisionLeaf,
  { content, request }: DecisionContent,
  active: ActivePolicy | null,
  onUnread: () => void = () => {},
): Determination {
  // Asked under the bundle that decided, an approval counts as asked under the one to decide by.
  const asBundle = (digest: string) => (digest === leaf.data.bundle_digest ? (active?.policy.digest ?? "") : digest)
  const facts = (content.facts ?? {}) as unknown as Facts
  const { state, leaseLeft, parent, approvals } = restore(facts, active, request, asBundle)
  const recorded = recordedPast((content.readings ?? []) as unknown as readonly Reading[])
  const past: Past = (question) => {
    const reading = recorded(question)
    if (!reading) onUnread()
    return reading
  }
  return determine(state, request, toPolicyRequest(request, leaf.timeMs), leaseLeft, parent, approvals, past)
}

/** Is the recorded request all that was asked? */
export function isWhole({ content, request }: DecisionContent): boolean {
  return toHex(sha256OfText(request.canonical)) === content.idempotency.digest
}

/** As recorded, of all checks. */
export function reasonsOf({ reasons }: DecisionPayload): readonly Reason[] {
  return (reasons as unknown as readonly (readonly Reason[])[]).flat()
}

/** Does it lack what this bundle says is never recorded? */
function isMasked(request: Snapshot, policyRequest: PolicyRequest, policy: Policy): boolean {
  if (policy.recordsAllOf(policyRequest)) return false
  const lacksParameters = policyRequest.parameters.kind === "opaque" && !policy.recordsParameters(request.action.name)
  return lacksParameters || request.canonical.includes(JSON.stringify(NOT_RECORDED))
}

/** Of a bundle: what the daemon's keys and the stored bytes tell, not the bundle itself. */
const FOUND_PROBLEMS: readonly ReasonCode[] = ["BUNDLE_ALTERED", "BUNDLE_UNTRUSTED"]

/** What matters to who asked. */
export function* compareOutcome(
  { data }: DecisionLeaf,
  content: DecisionPayload,
  { decision, checks, outcome }: Determination,
): Generator<Difference> {
  if (decision !== data.decision) yield "decision"
  if (!same(toReasons(checks), content.reasons)) yield "reasons"
  if (!same(outcome?.matchedRules ?? [], data.matched_rules)) yield "matched_rules"
  if (!same(outcome?.obligations ?? [], content.obligations)) yield "obligations"
  if (!same(outcome?.risk ?? NO_RISK, content.risk)) yield "risk"
}

/** What else the same bundle must come to. */
function* compareRest(
  { data, executionId, timeMs }: DecisionLeaf,
  content: DecisionPayload,
  request: Snapshot,
  determination: Determination,
  policy: Policy | null,
): Generator<Difference> {
  const { decision, checks, outcome } = determination
  const codes = checks.map(({ name, status, reasons }) => ({ name, reasons: reasons.map(({ code }) => code), status }))
  if (!same(codes, data.checks)) yield "checks"
  if ((outcome?.cost ?? 0) !== content.cost) yield "cost"
  if (!same(outcome?.trace ?? [], content.trace)) yield "trace"
  if ((policy?.version ?? "") !== data.bundle_version) yield "bundle_version"
  const rules = outcome?.approval?.rules
  const link = data.approval
  if (decision === "REQUIRE_APPROVAL" && outcome?.approval && link?.id === executionId) {
    if (!same(link, ask(executionId, outcome.approval, timeMs))) yield "approval"
    if (!same(content.approval, { digest: approvalDigest(request), rules })) yield "approval"
  }
  const claims = (content.claims as unknown as TokenClaims | undefined) ?? null
  if ((claims !== null) !== (decision === "ALLOW")) yield "token"
  else if (claims) {
    // The daemon's own settings are read off the token. Its life is its default's, and at most what the rules allow.
    const issuer = {
      issuer: claims.iss,
      origin: claims.log,
      development: claims.env === "dev",
      defaultTtlMs: (claims.exp - claims.iat) * 1000,
    }
    const again = buildClaims(executionId, request, determination, data.bundle_digest, issuer, timeMs)
    if (!same(again, claims)) yield "token"
  }
}

function toReasons(checks: Determination["checks"]): unknown {
  return checks.map(({ reasons }) => reasons)
}

function same(again: unknown, recorded: JsonValue | JsonObject | unknown): boolean {
  try {
    return encodeCanonicalJson(again as JsonValue) === encodeCanonicalJson(recorded as JsonValue)
  } catch {
    return false // recorded is what was read: it may lack what a decision has
  }
}
