/** What was executed beside what was authorized: who reports is who redeemed, and what was started is what was measured and asked for. */
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { type Case, type Chain, decisionOf, Fault, type Item, type Outcome } from "./case.ts"
import { isHexHash } from "./shape.ts"

/** Only who redeemed an execution's token reports on it. */
const REPORTS = ["started", "completed", "completed_late", "terminated"]
const ENDS = ["completed", "completed_late", "terminated"]

export function checkExecuted({ chains }: Case): Outcome {
  let isErased = false
  for (const chain of chains) {
    checkReporters(chain)
    checkStart(chain)
    isErased ||= [decisionOf(chain), find(chain, ["redeemed"]), find(chain, ["started"])].some(hasLost)
  }
  return { result: isErased ? "erased" : "ok", detail: tell(chains[0]) }
}

function checkReporters(chain: Chain): void {
  const redeemer = find(chain, ["redeemed"])?.record.actor.id
  for (const { index, record } of chain.items) {
    const { actor, kind } = record
    if (REPORTS.includes(kind) && actor.id !== redeemer)
      throw differs(`record ${index} (${kind}) is by ${actor.id}, and ${redeemer} redeemed the token`, index)
  }
}

function checkStart(chain: Chain): void {
  const started = find(chain, ["started"])
  if (!started) return
  const { index, record, content } = started
  const { code } = record.data
  if (code !== undefined && !isHexHash(code)) throw differs("the start names code by no digest", index)
  const { content: authorized } = decisionOf(chain)
  const difference = authorized && findDifference(authorized, code, content?.["dig"])
  if (difference) throw differs(difference, index)
}

/**
 * What was started, as told, beside the content of the decision that allowed it; undefined: not told. A runtime is authorized
 * as what it registered, and parameters are those of the token. Null: no difference.
 */
export function findDifference(
  authorized: JsonObject,
  code: string | undefined,
  dig: JsonValue | undefined,
): string | null {
  const registered = registeredCode(authorized)
  if (code !== undefined && registered !== null && code !== registered)
    return `code ${code} was started, and the runtime was authorized as ${registered}`
  if (dig !== undefined && dig !== claimsOf(authorized)["dig"])
    return "it was started with other parameters than those that were authorized"
  return null
}

/** Of the runtime that the decision allowed, as it was measured at its registration; null: it has none. */
function registeredCode(authorized: JsonObject): string | null {
  return asText(asMembers(asMembers(authorized["facts"])["runtime"])["code"])
}

function tell(chain: Chain): string {
  const { record, content } = decisionOf(chain)
  if (record.state !== "AUTHORIZED") return "nothing was authorized"
  const authorized = content ? `authorized: ${tellClaims(claimsOf(content))}` : "what was authorized is erased"
  const redeemed = find(chain, ["redeemed"])
  if (!redeemed) return `${authorized}; never redeemed`
  const parameters =
    !content || hasLost(redeemed)
      ? "parameters erased"
      : redeemed.content?.["dig"] === undefined
        ? "without parameters"
        : "with the same parameters"
  const after = seconds(record.time, redeemed.record.time)
  const redemption = `redeemed ${after} later by ${redeemed.record.actor.id}, ${parameters}`
  return [authorized, redemption, tellStart(chain, content), tellEnd(chain, redeemed)].join("; ")
}

function tellClaims({ action, resource }: JsonObject): string {
  const { id, type } = asMembers(resource)
  const named = asText(type) === null || asText(id) === null ? null : `${type}:${id}`
  return `${asText(action) ?? "nothing that has a name"} on ${named ?? "nothing that has a name"}`
}

/** What a start was held against and, as plainly, what nothing was there for. */
function tellStart(chain: Chain, authorized: JsonObject | null): string {
  const started = find(chain, ["started"])
  if (!started) return "its start was not reported, so nothing shows what ran"
  const isolation = asText(started.record.data["isolation"])
  const code = asText(started.record.data["code"])
  const dig = hasLost(started) ? null : started.content?.["dig"]
  const registered = authorized && registeredCode(authorized)
  return `started (${[
    code === null
      ? "its code was not measured"
      : `code ${code}, ${registered ? "as the runtime registered that was authorized" : authorized ? "which no registration was there to be held against" : "held against nothing, as the registration is erased"}`,
    dig === null
      ? "parameters erased"
      : dig === undefined
        ? "parameters not told"
        : authorized
          ? "with the parameters of the token"
          : "parameters held against nothing, as the token is erased",
    ...(isolation === null ? [] : [`held by ${isolation}`]),
  ].join(", ")})`
}

function tellEnd(chain: Chain, redeemed: Item): string {
  const until = redeemed.record.data["execute_until"] as string
  const end = (find(chain, ENDS) ?? find(chain, ["lost", "revoked"]))?.record
  if (!end) return `its end is not recorded; it had to end before ${until}`
  const distance = end.time < until ? `${seconds(end.time, until)} before` : `${seconds(until, end.time)} after`
  return `${end.kind} after ${seconds(redeemed.record.time, end.time)}, ${distance} it had to end`
}

function find({ items }: Chain, kinds: readonly string[]): Item | null {
  return items.find(({ record }) => kinds.includes(record.kind)) ?? null
}

/** Its payload was erased. */
function hasLost(item: Item | null): boolean {
  return item !== null && item.record.payload !== null && item.content === null
}

function claimsOf(authorized: JsonObject): JsonObject {
  return asMembers(authorized["claims"])
}

/** Of what a payload holds, which nobody has checked: none where it is no object. */
function asMembers(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

function asText(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null
}

function differs(text: string, index: bigint): Fault {
  return new Fault("EXECUTED_DIFFERS", text, index)
}

function seconds(from: string, to: string): string {
  return `${((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(1)} s`
}
