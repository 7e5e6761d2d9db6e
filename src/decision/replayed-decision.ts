/** One replayed decision as it is told: what was recorded, what came, and what the second opinion is on each condition. */
import type { DecisionData } from "../ledger/record.ts"
import type { Condition } from "../policy/condition.ts"
import type { OpinionOn } from "../policy/opinion-on.ts"
import type { LoadResult, Policy, PolicyRequest } from "../policy/types.ts"
import type { DecisionRecord, Named } from "./recorded-decision.ts"
import { type Difference, type NotReplayable, type Replay, type Replayed, replayDecision } from "./replay.ts"
import type { Compared } from "./rule-changes.ts"
import type { Reason } from "./state.ts"

/** A bundle with its conditions, by the ids of their rules and signals. */
export interface LoadedBundle {
  readonly policy: Policy
  readonly rules: ReadonlyMap<string, Condition>
  readonly signals: ReadonlyMap<string, Condition>
}

export function toLoadedBundle({ policy, conditions }: Extract<LoadResult, { ok: true }>): LoadedBundle {
  const byId = conditions.map(({ id, condition }) => [id, condition] as const)
  return {
    policy,
    rules: new Map(byId.slice(0, policy.ruleCount)), // rules come first
    signals: new Map(byId.slice(policy.ruleCount)),
  }
}

export type AskOpinion = (condition: Condition, request: PolicyRequest, mine: boolean) => OpinionOn

export interface ReplayedDecision {
  readonly outcome: Replay["outcome"]
  /** Empty when not even the leaf can be read. */
  readonly executionId: string
  readonly bundleDigest: string
  readonly recorded: DecisionData["decision"] | null
  readonly replayed: DecisionData["decision"] | null
  /** As they come now. */
  readonly reasons: readonly Reason[]
  readonly differences: readonly Difference[]
  readonly notReplayable: { readonly code: NotReplayable; readonly text: string } | null
  readonly compared: Compared | null
  /** The request as recorded, RFC 8785 JSON; empty when it cannot be read. */
  readonly input: string
  /** Conditions on which cel-js came to the same, and those that are outside its subset. */
  readonly confirmed: number
  readonly outside: number
  /** Rules and signals on whose conditions the two engines come to different values. */
  readonly disagreements: readonly string[]
}

/** `deciding` and `candidate` as for `replayDecision`. */
export function tellReplay(
  record: DecisionRecord,
  deciding: LoadedBundle | null,
  candidate: LoadedBundle | undefined,
  ask: AskOpinion,
): ReplayedDecision {
  const replay = replayDecision(record, deciding?.policy ?? null, candidate?.policy)
  const { leaf } = replay
  const recorded = {
    executionId: leaf?.executionId ?? "",
    bundleDigest: leaf?.data.bundle_digest ?? "",
    recorded: leaf?.data.decision ?? null,
  }
  if (replay.outcome === "not_replayable") {
    const { outcome, code, text } = replay
    return {
      ...recorded,
      outcome,
      replayed: null,
      reasons: [],
      differences: [],
      notReplayable: { code, text },
      compared: null,
      input: "",
      confirmed: 0,
      outside: 0,
      disagreements: [],
    }
  }
  const { outcome, differences, determination, policyRequest, recordedReasons } = replay
  const reasons = determination.checks.flatMap((check) => check.reasons)
  const { subject, action, resource } = policyRequest
  return {
    ...recorded,
    outcome,
    replayed: determination.decision,
    reasons,
    differences,
    notReplayable: null,
    input: replay.input,
    compared: {
      executionId: replay.leaf.executionId,
      subject: nameOf(subject),
      action: action.name,
      resource: nameOf(resource),
      before: {
        decision: replay.leaf.data.decision,
        reasons: recordedReasons,
        matchedRules: replay.leaf.data.matched_rules,
      },
      after: {
        decision: determination.decision,
        reasons,
        matchedRules: determination.outcome?.matchedRules ?? [],
      },
    },
    ...opinions(replay, candidate ?? deciding, ask),
  }
}

function nameOf({ type, id }: Named): Named {
  return { type, id }
}

/** On each condition that was evaluated to true or false. */
function opinions(
  { determination: { outcome }, policyRequest }: Replayed,
  bundle: LoadedBundle | null,
  ask: AskOpinion,
): Pick<ReplayedDecision, "confirmed" | "outside" | "disagreements"> {
  const found = { confirmed: 0, outside: 0, disagreements: [] as string[] }
  if (!outcome || !bundle) return found
  const judge = (id: string, condition: Condition | undefined, mine: boolean | null) => {
    const opinion = condition && mine !== null ? ask(condition, policyRequest, mine) : "outside"
    if (opinion === "disagrees") found.disagreements.push(id)
    else found[opinion]++
  }
  for (const { rule, outcome: met, detail } of outcome.trace)
    if (detail !== "PARAMETERS_OPAQUE") judge(rule, bundle.rules.get(rule), met === "error" ? null : met === "matched")
  for (const [id, condition] of bundle.signals) {
    const erred = outcome.reasons.some(({ code, rule }) => rule === id && code !== "DENIED_BY_RULE")
    judge(id, condition, erred ? null : outcome.risk.signals.includes(id))
  }
  return found
}
