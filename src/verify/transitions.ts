/** Each record leads from the state before it to its own, by the table of `ledger/kinds.ts`, and at a time at which it may. */
import type { JsonValue } from "../formats/ports.ts"
import { isRepeatable, isTransition, type RecordKind } from "../ledger/kinds.ts"
import type { RecordBody } from "../ledger/record.ts"
import { checkApproval } from "./approval.ts"
import { type Case, type Chain, Fault, type Item, type Outcome } from "./case.ts"
import { isTime } from "./shape.ts"

export function checkTransitions({ chains }: Case): Outcome {
  const [state] = chains.map(checkChain)
  return { result: "ok", detail: `ends in the state ${state ?? "none (nothing was allowed)"}` }
}

function checkChain({ items }: Chain): string | null {
  let state: string | null = null
  const seen = new Set<RecordKind>()
  for (const { record, index } of items) {
    const { kind, data } = record
    const wrong = (text: string) => new Fault("TRANSITION_WRONG", text, index)
    const next = record.state ?? null
    if (seen.has(kind) && !isRepeatable(kind)) throw wrong(`a second record of kind ${kind}`)
    seen.add(kind)
    const opens = data["decision"] === "ALLOW" ? "AUTHORIZED" : isAsking(record) ? "APPROVAL_PENDING" : null
    if (kind === "decision" && opens === null) {
      if (next !== null) throw wrong(`record ${index} names the state ${next}, and nothing was allowed`)
    } else if (kind === "decision" && next !== opens) {
      throw wrong(`record ${index} decides the one, its state says the other`)
    } else if (!isTransition(kind, state, next))
      throw wrong(`a record of kind ${kind} cannot lead from the state ${state ?? "none"} to ${next ?? "none"}`)
    state = next
  }
  checkTimes(items)
  checkApproval(items)
  return state
}

/** One that names no state tells only that another request waits for it already. */
function isAsking({ data, state }: RecordBody): boolean {
  return data["decision"] === "REQUIRE_APPROVAL" && state !== undefined
}

/** What a redemption grants ends: a start and an end in time come before that, a loss and a late report after it. */
function checkTimes(items: readonly Item[]): void {
  const redeemed = items.find(({ record }) => record.kind === "redeemed")
  if (!redeemed) return
  const until: JsonValue | undefined = redeemed.record.data["execute_until"]
  const wrong = (text: string, { index }: Item) => new Fault("TRANSITION_WRONG", text, index)
  if (!isTime(until)) throw wrong("the redemption does not say until when", redeemed)
  let before: string | undefined
  for (const item of items) {
    const { kind, time, state, data } = item.record
    const isInTime = time < until
    if (kind === "started" && !isInTime) throw wrong("the start is later than the execution had to have ended", item)
    if ((kind === "completed" || (kind === "terminated" && state === "FAILED")) && !isInTime)
      throw wrong("the completion is later than the execution had to have ended", item)
    // once it is lost, a report is late by whatever clock: that of another replica may be behind
    if (before === "REDEEMED" && state === "LOST" && isInTime && !isLostWithLease(item, redeemed))
      throw wrong("the execution is called lost before it had to have ended", item)
    if (kind === "completed" && data["succeeded"] !== (state === "COMPLETED"))
      throw wrong("the completion says the one, its state the other", item)
    if (kind === "terminated" && data["succeeded"] !== false)
      throw wrong("what was terminated is said to have succeeded", item)
    before = state
  }
}

/** The lease that the redemption says it lives by was over. */
function isLostWithLease({ record: { kind, data } }: Item, { record }: Item): boolean {
  const { lease_id, runtime } = record.data
  return (
    kind === "lost" &&
    data["cause"] === "LEASE_OVER" &&
    typeof runtime === "string" &&
    typeof lease_id === "string" &&
    data["runtime"] === runtime &&
    data["lease_id"] === lease_id
  )
}
