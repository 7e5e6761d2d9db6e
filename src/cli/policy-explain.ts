/** `writ policy explain`: what would be decided and why, by a daemon's active bundle or, without a daemon, by a folder. */
import { sha256 } from "../crypto.ts"
import type { Evaluated } from "../decision/evaluate.ts"
import { snapshot, toPolicyRequest } from "../decision/snapshot.ts"
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { CHECK_NAMES, type CheckName } from "../ledger/record.ts"
import { assess } from "../policy/assess.ts"
import { type Explanation, explain } from "../policy/explain.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { loadPolicy } from "../policy/load.ts"
import type { PolicyReason } from "../policy/types.ts"
import { decodeAuthorizeRequest } from "../rpc/authorize-codec.ts"
import { toEvaluateResponse } from "../rpc/evaluate-codec.ts"
import { Malformed, messageType } from "../rpc/load.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import { type AuthorizeReply, buildRequest, describeChecks, toWireRequest } from "./authorize.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

interface WirePart {
  readonly text: string
  readonly name: string
  readonly values: readonly string[]
  readonly evaluation_count: number
  readonly parts: readonly WirePart[]
}
interface WireCondition {
  readonly id: string
  readonly condition: string
  readonly part: WirePart | null
}
interface EvaluateReply {
  readonly response: AuthorizeReply & {
    readonly trace: readonly {
      readonly rule: string
      readonly effect: string
      readonly outcome: string
      readonly detail?: string
    }[]
    readonly risk: { readonly tier: string; readonly signals: readonly string[] }
  }
  readonly rules: readonly WireCondition[]
  readonly signals: readonly WireCondition[]
}

export async function policyExplainCommand(file: string | undefined, flags: Flags): Promise<number> {
  const request = buildRequest(file, flags)
  const folder = flags["bundle"] as string | undefined
  if (folder === undefined && flags["now"] !== undefined)
    throw new WritError("INVALID_REQUEST", "--now goes with --bundle: a daemon decides by its own clock.")
  const reply =
    folder === undefined ? await ask(request, flags) : explainHere(request, folder, toMs(flags["now"] as string))
  if (flags["json"]) printJson(reply)
  else describe(reply, folder !== undefined)
  return 0
}

function ask(request: JsonObject, flags: Flags): Promise<EvaluateReply> {
  return withClient(flags, "author", (client) =>
    client.call<EvaluateReply>("authorization", "Evaluate", { request: toWireRequest(request) }),
  )
}

function toMs(text: string | undefined): number {
  const ms = text === undefined ? Date.now() : Date.parse(text)
  if (Number.isNaN(ms)) throw new WritError("INVALID_REQUEST", `--now takes a time of RFC 3339, not "${text}".`)
  return ms
}

/** As the daemon reads it. What only a daemon knows is not reached; a runtime that is named is taken to be trusted. */
function explainHere(request: JsonObject, folder: string, nowMs: number): EvaluateReply {
  const raw = decodeAuthorizeRequest(messageType("writ.v1.AuthorizeRequest").encode(toWireRequest(request)))
  if (raw instanceof Malformed) throw raw.error
  const asked = snapshot(raw)
  const policyRequest = toPolicyRequest(asked, nowMs)
  const loaded = loadPolicy(readPolicyFolder(folder), sha256)
  if (!loaded.ok) throw new WritError("POLICY_INVALID", loaded.problems.map(formatProblem).join("\n"))
  const { policy } = loaded
  let explanation: Explanation | null = null
  const { decision, checks, outcome } = assess(
    policy,
    policyRequest,
    asked.runtimeId === "" ? "none" : "trusted",
    () => {
      explanation = explain(policy, policyRequest, asked.supportedObligations)
      return explanation.outcome
    },
  )
  const found: { readonly [name in CheckName]?: readonly PolicyReason[] | undefined } = checks
  const evaluated: Evaluated = {
    determination: {
      decision,
      outcome,
      checks: CHECK_NAMES.map((name) => {
        const reasons = found[name]
        if (!reasons) return { name, status: "NOT_REACHED", reasons: [] }
        return { name, status: reasons.length === 0 ? "PASS" : "FAIL", reasons }
      }),
    },
    bundleDigest: policy.digest,
    bundleVersion: policy.version,
    explanation,
  }
  return toEvaluateResponse(evaluated) as EvaluateReply
}

const OUTCOMES: Readonly<Record<string, string>> = { matched: "✓", not_matched: "✗", error: "!" }

function describe({ response, rules, signals }: EvaluateReply, isOffline: boolean): void {
  const { decision, checks, trace, obligations, risk } = response
  print(decision.slice("DECISION_".length))
  describeChecks(checks)
  if (isOffline) print("  Without a daemon policy_validity and authorization_state are not checked.")
  print(`\nRisk: ${risk.tier}`)
  for (const condition of signals) {
    print(`  ${risk.signals.includes(condition.id) ? "✓" : "✗"} signal ${condition.id}`)
    describeCondition(condition)
  }
  print(`\nCandidate rules: ${trace.length}`)
  const conditions = new Map(rules.map((condition) => [condition.id, condition]))
  for (const { rule, effect, outcome, detail } of trace) {
    print(`  ${OUTCOMES[outcome] ?? "·"} ${effect} ${rule}${detail ? `: ${detail}` : ""}`)
    describeCondition(conditions.get(rule))
  }
  if (obligations.length > 0) print(`\nObligations: ${obligations.map(({ id, type }) => `${id} (${type})`).join(", ")}`)
}

function describeCondition(condition: WireCondition | undefined): void {
  if (!condition || condition.condition === "true") return
  if (condition.part) describePart(condition.part, "      ", condition.condition.trim().replace(/\s+/g, " "))
  else print(`      ${condition.condition}   (not explained: the conditions before it have too many parts)`)
}

function describePart({ text, name, values, evaluation_count, parts }: WirePart, indent: string, whole = text): void {
  const more = evaluation_count > values.length ? `, … (${evaluation_count} times)` : ""
  print(`${indent}${name || whole} → ${values.length === 0 ? "not evaluated" : `${values.join(", ")}${more}`}`)
  if (values.length > 0) for (const part of parts) describePart(part, `${indent}  `)
}
