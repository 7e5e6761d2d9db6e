/** `writ policy explain`: what would be decided and why, by a daemon's active bundle or, without a daemon, by a folder. */
import { WritError } from "../errors.ts"
import type { JsonObject } from "../formats/ports.ts"
import { KEYS } from "../policy/keys.ts"
import { toEvaluateResponse } from "../rpc/evaluate-codec.ts"
import { type AuthorizeReply, buildRequest, describeChecks, readRequestFile, toWireRequest } from "./authorize.ts"
import type { Flags } from "./cli.ts"
import { explainOffline } from "./explain-offline.ts"
import { print, printJson } from "./output.ts"
import { findDigest } from "./policy-show.ts"
import { withClient } from "./remote.ts"

/** What is not active may have to be compiled first. */
const COMPILE_TIMEOUT_MS = 30_000

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
  const text = readRequestFile(file)
  const request = buildRequest(text, flags)
  const folder = flags["bundle"] as string | undefined
  if (folder !== undefined && flags["digest"] !== undefined)
    throw new WritError(
      "INVALID_REQUEST",
      "--digest is of a bundle that a daemon has, --bundle needs no daemon: give one.",
    )
  const said = KEYS.past.find((key) => request[key] !== undefined)
  if (folder === undefined && said !== undefined)
    throw new WritError(
      "INVALID_REQUEST",
      `\`${said}\` in a request goes with --bundle: a daemon knows the past itself.`,
    )
  if (folder === undefined && flags["now"] !== undefined)
    throw new WritError("INVALID_REQUEST", "--now goes with --bundle: a daemon decides by its own clock.")
  const reply =
    folder === undefined
      ? await ask(request, flags)
      : (toEvaluateResponse(
          explainOffline(request, { name: file ?? "request", text }, folder, toMs(flags["now"] as string)),
        ) as EvaluateReply)
  if (flags["json"]) printJson(reply)
  else describe(reply, folder !== undefined)
  return 0
}

function ask(request: JsonObject, flags: Flags): Promise<EvaluateReply> {
  const given = flags["digest"] as string | undefined
  return withClient(flags, "author", async (client) =>
    client.call<EvaluateReply>(
      "authorization",
      "Evaluate",
      {
        request: toWireRequest(request),
        ...(given !== undefined && { bundle_digest: await findDigest(client, given) }),
      },
      given === undefined ? undefined : COMPILE_TIMEOUT_MS,
    ),
  )
}

function toMs(text: string | undefined): number {
  const ms = text === undefined ? Date.now() : Date.parse(text)
  if (Number.isNaN(ms)) throw new WritError("INVALID_REQUEST", `--now takes a time of RFC 3339, not "${text}".`)
  return ms
}

const OUTCOMES: Readonly<Record<string, string>> = { matched: "✓", not_matched: "✗", error: "!" }

function describe({ response, rules, signals }: EvaluateReply, isOffline: boolean): void {
  const { decision, checks, trace, obligations, risk } = response
  print(decision.slice("DECISION_".length))
  describeChecks(checks)
  if (isOffline)
    print("  Without a daemon policy_validity is not checked, and the past is what the request says of it.")
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
