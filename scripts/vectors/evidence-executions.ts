/** Evidence of executions: how they may go on after their decision, and how they may not. */
import { entryOf, refused, taken } from "./evidence.ts"
import {
  CLAIMS,
  CONTENT,
  decision,
  type File,
  fileOf,
  type Json,
  LOG_KEY,
  Log,
  OTHER_LOG_KEY,
  OTHER_ORIGIN,
  type Sealed,
  step,
} from "./lineage.ts"
import type { Vector } from "./vector.ts"

export const at = (seconds: string) => `2027-01-15T${seconds}.000Z`
/** The token of CLAIMS ends at 08:00:10 and grants an hour. */
const UNTIL = at("09:00:02")
const DIG = "A".repeat(43)

export const redeemed = (before: Sealed, record: Json = {}, content: Json | null = { redemption: "cd".repeat(32) }) =>
  step(
    before,
    { kind: "redeemed", state: "REDEEMED", time: at("08:00:02"), data: { execute_until: UNTIL }, ...record },
    content,
  )
const refusal = (before: Sealed, state: string, record: Json = {}) =>
  step(
    before,
    { kind: "redeem_refused", state, time: at("08:00:03"), data: { reason: "ALREADY_REDEEMED" }, ...record },
    { redemption: "ce".repeat(32) },
  )
export const completed = (before: Sealed, record: Json = {}) =>
  step(
    before,
    { kind: "completed", state: "COMPLETED", time: at("08:00:04"), data: { succeeded: true }, ...record },
    { details: { exit: 0 } },
  )
export const lost = (before: Sealed, record: Json = {}) =>
  step(before, { kind: "lost", state: "LOST", time: UNTIL, data: { execute_until: UNTIL }, ...record }, null)
export const late = (before: Sealed, record: Json = {}) =>
  completed(before, { kind: "completed_late", state: "LOST", time: at("09:00:05"), ...record })
export const started = (before: Sealed, record: Json = {}) =>
  step(
    before,
    {
      kind: "started",
      state: "REDEEMED",
      time: at("08:00:03"),
      data: { code: "ab".repeat(32), isolation: "PID_NAMESPACE" },
      ...record,
    },
    { details: {}, not_guaranteed: ["other-user"] },
  )
export const terminated = (before: Sealed, record: Json = {}) =>
  step(
    before,
    {
      kind: "terminated",
      state: "FAILED",
      time: at("08:00:07"),
      data: { cause: "LEASE_LOST", duration_ms: 4000, signal: "SIGKILL", succeeded: false },
      ...record,
    },
    { details: {} },
  )
const killed = { state: "REVOKED", data: { cause: "DIRECTIVE", directive: "9", signal: "SIGTERM", succeeded: false } }
const revoked = (before: Sealed, record: Json = {}) =>
  step(before, { kind: "revoked", state: "REVOKED", time: at("08:00:06"), data: {}, ...record }, { reason: "r" })

const PLACES = [3, 5, 6, 8, 9, 11]
export const chain = (...records: readonly Sealed[]): File => {
  const places = records.map((record, i) => ({ record, index: PLACES[i] as number }))
  return fileOf(places, new Log(places, { size: 13 }))
}
/** Each step made from the one before. */
type Step = (before: Sealed) => Sealed
export const follow = (first: Sealed, ...steps: readonly Step[]): File => {
  const records = [first]
  for (const make of steps) records.push(make(records.at(-1) as Sealed))
  return chain(...records)
}
const allow = decision()
const withDig = decision({}, { ...CONTENT, claims: { ...CLAIMS, dig: DIG } })
const run = redeemed(allow)
const done = completed(run)
const whole = chain(allow, run, done)

const elsewhere = { record: run, index: 2 }
const there = new Log([elsewhere], { size: 5, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })
const back = [
  { record: allow, index: 3 },
  { record: done, index: 4 },
]
const here = new Log(back, { size: 7, key: LOG_KEY })
const acrossLogs: File = {
  ...fileOf(back, here),
  checkpoints: [
    { log: here.origin, note: here.checkpoint() },
    { log: OTHER_ORIGIN, note: there.checkpoint() },
  ],
  records: [here.entry(back[0] as never), there.entry(elsewhere), here.entry(back[1] as never)],
}

const valid: readonly Vector[] = [
  taken("redeemed", "a token that was redeemed", follow(allow, redeemed), { state: "REDEEMED" }),
  taken("completed", "an execution that ended well", whole, { state: "COMPLETED" }),
  taken(
    "failed",
    "an execution that ended badly",
    follow(allow, redeemed, (before) => completed(before, { state: "FAILED", data: { succeeded: false } })),
    { state: "FAILED" },
  ),
  taken("lost", "nobody said how it ended", follow(allow, redeemed, lost), { state: "LOST" }),
  taken("completed-late", "reported too late, before anybody recorded the loss", follow(allow, redeemed, late), {
    state: "LOST",
  }),
  taken("lost-then-reported", "reported after the loss was recorded", follow(allow, redeemed, lost, late), {
    state: "LOST",
  }),
  taken(
    "lost-then-reported-by-slow-clock",
    "the loss was recorded by one clock, the report by another that is behind",
    follow(allow, redeemed, lost, (before) => late(before, { time: at("09:00:01") })),
    { state: "LOST" },
  ),
  taken(
    "refused-then-redeemed",
    "a redemption that was refused, then one that was not",
    follow(allow, (before) => refusal(before, "AUTHORIZED", { time: at("08:00:01") }), redeemed, completed),
    { state: "COMPLETED" },
  ),
  taken(
    "redeemed-then-refused",
    "a second redemption that was refused",
    follow(allow, redeemed, (before) => refusal(before, "REDEEMED"), completed),
    { state: "COMPLETED" },
  ),
  taken(
    "refused-after-the-end",
    "a token that was shown again afterwards",
    follow(allow, redeemed, completed, (before) => refusal(before, "COMPLETED")),
    { state: "COMPLETED" },
  ),
  taken("redeemed-then-revoked", "stopped while it ran", follow(allow, redeemed, revoked), { state: "REVOKED" }),
  taken(
    "redeemed-with-parameters",
    "the parameters that were redeemed are those that were authorized",
    follow(withDig, (before) => redeemed(before, {}, { dig: DIG, redemption: "cd".repeat(32) })),
    { state: "REDEEMED" },
  ),
  taken(
    "redemption-erased",
    "what the redemption's payload said is not compared when it was erased",
    { ...whole, records: whole.records.map((entry, i) => (i === 1 ? { ...entry, payload: null } : entry)) },
    { state: "COMPLETED", steps: { payload: "erased", executed: "erased" } },
  ),
  taken("started", "what was started is said before it ends", follow(allow, redeemed, started, completed), {
    state: "COMPLETED",
  }),
  taken("terminated", "ended from outside, in time", follow(allow, redeemed, started, terminated), { state: "FAILED" }),
  taken(
    "revoked-then-terminated",
    "stopped while it ran, and it is shown that it died",
    follow(allow, redeemed, started, revoked, (before) => terminated(before, killed)),
    { state: "REVOKED" },
  ),
  taken(
    "revoked-then-reported",
    "it ended by itself while it was revoked, and stays revoked",
    follow(allow, redeemed, revoked, (before) => late(before, { state: "REVOKED", time: at("08:00:07") })),
    { state: "REVOKED" },
  ),
  taken(
    "terminated-late",
    "ended at its limit: reported after it had to have ended",
    follow(allow, redeemed, (before) => terminated(before, { state: "LOST", time: at("09:00:03") })),
    { state: "LOST" },
  ),
  taken(
    "lost-then-terminated",
    "reported as ended after the loss was recorded",
    follow(allow, redeemed, lost, (before) => terminated(before, { state: "LOST", time: at("09:00:03") })),
    { state: "LOST" },
  ),
  taken("completed-across-logs", "redeemed in another log than decided and completed", acrossLogs, {
    state: "COMPLETED",
  }),
]

const unlinked = (index: string) => refused("lineage", "LINK_WRONG", index)
const links: readonly Vector[] = [
  unlinked("6")("completed-first", "the completion before the redemption", {
    ...whole,
    records: [entryOf(whole, 0), entryOf(whole, 2), entryOf(whole, 1)],
  }),
  unlinked("6")("redemption-left-out", "the redemption is missing", {
    ...whole,
    records: [entryOf(whole, 0), entryOf(whole, 2)],
  }),
  unlinked("6")(
    "redemption-skipped",
    "a completion that is linked to the decision",
    chain(allow, run, completed(allow)),
  ),
  unlinked("8")("forked", "completed and revoked, both after the redemption", chain(allow, run, done, revoked(run))),
  unlinked("5")(
    "redemption-of-other-decision",
    "the redemption of another decision's token",
    chain(allow, redeemed(decision({ epoch: "9" }))),
  ),
  unlinked("6")(
    "completion-of-other-execution",
    "the completion of another execution",
    chain(allow, run, completed(run, { execution_id: "00000000-0000-4000-8000-000000000000" })),
  ),
]

const impossible = (index: string) => refused("transitions", "TRANSITION_WRONG", index)
const transitions: readonly Vector[] = [
  impossible("5")("completed-unredeemed", "what was never started cannot end", follow(allow, completed)),
  impossible("5")("lost-unredeemed", "what was never started cannot be lost", follow(allow, lost)),
  impossible("5")("late-unredeemed", "what was never started cannot be reported late", follow(allow, late)),
  impossible("6")("redeemed-twice", "a token is redeemed once", follow(allow, redeemed, redeemed)),
  impossible("6")("redeemed-after-revoked", "a revoked token", follow(allow, revoked, redeemed)),
  impossible("8")("completed-after-revoked", "revoked is an end", follow(allow, redeemed, revoked, completed)),
  impossible("8")("revoked-after-completed", "completed is an end", follow(allow, redeemed, completed, revoked)),
  impossible("8")("revoked-after-lost", "lost is an end", follow(allow, redeemed, lost, revoked)),
  impossible("8")("completed-after-lost", "lost is an end", follow(allow, redeemed, lost, completed)),
  impossible("8")("lost-after-completed", "completed is an end", follow(allow, redeemed, completed, lost)),
  impossible("8")("completed-twice", "completed is an end", follow(allow, redeemed, completed, completed)),
  impossible("9")("reported-late-twice", "one report", follow(allow, redeemed, lost, late, late)),
  impossible("6")(
    "refused-twice",
    "the second refusal is no record",
    follow(
      allow,
      (before) => refusal(before, "AUTHORIZED"),
      (before) => refusal(before, "AUTHORIZED"),
    ),
  ),
  impossible("5")(
    "refused-but-redeemed",
    "a refusal that leads to the right",
    follow(allow, (before) => refusal(before, "REDEEMED")),
  ),
  impossible("5")(
    "redeemed-but-authorized",
    "a redemption after which the token could be redeemed again",
    follow(allow, (before) => redeemed(before, { state: "AUTHORIZED" })),
  ),
  impossible("5")(
    "redeemed-without-state",
    "a redemption that leads to no state",
    follow(allow, (before) => redeemed(before, { state: undefined })),
  ),
  impossible("5")(
    "expired-recorded",
    "EXPIRED is how a state reads, never what a record says",
    follow(allow, (before) => refusal(before, "EXPIRED")),
  ),
  impossible("6")(
    "failure-as-success",
    "it failed, and its state says that it succeeded",
    follow(allow, redeemed, (before) => completed(before, { data: { succeeded: false } })),
  ),
  impossible("6")(
    "success-as-failure",
    "it succeeded, and its state says that it failed",
    follow(allow, redeemed, (before) => completed(before, { state: "FAILED" })),
  ),
  impossible("6")(
    "late-as-in-time",
    "completed at the moment at which it had to have ended",
    follow(allow, redeemed, (before) => completed(before, { time: UNTIL })),
  ),
  refused("record", "MALFORMED", "6")(
    "completed-at-no-time",
    "a completion without a time",
    follow(allow, redeemed, (before) => completed(before, { time: "08:00:04" })),
  ),
  impossible("6")(
    "lost-too-early",
    "called lost while it could still run",
    follow(allow, redeemed, (before) => lost(before, { time: at("09:00:01") })),
  ),
  refused("record", "MALFORMED", "6")(
    "lost-at-no-time",
    "a loss without a time",
    follow(allow, redeemed, (before) => lost(before, { time: 0 })),
  ),
  impossible("6")(
    "in-time-as-late",
    "a report in time, recorded as late",
    follow(allow, redeemed, (before) => late(before, { time: at("09:00:01") })),
  ),
  impossible("5")("started-unredeemed", "what was not redeemed is not started", follow(allow, started)),
  impossible("8")("started-twice", "a start is reported once", follow(allow, redeemed, started, started)),
  impossible("8")(
    "started-after-revoked",
    "what was revoked is not started",
    follow(allow, redeemed, revoked, (before) => started(before, { state: "REVOKED", time: at("08:00:07") })),
  ),
  impossible("6")(
    "started-late",
    "started when it had to have ended",
    follow(allow, redeemed, (before) => started(before, { time: UNTIL })),
  ),
  impossible("8")(
    "terminated-after-completed",
    "completed is an end",
    follow(allow, redeemed, completed, (before) => terminated(before, { state: "COMPLETED" })),
  ),
  impossible("5")("terminated-unredeemed", "what was never started is not ended", follow(allow, terminated)),
  impossible("6")(
    "terminated-and-succeeded",
    "ended from outside, and said to have done what it was meant to",
    follow(allow, redeemed, (before) => terminated(before, { data: { cause: "DIRECTIVE", succeeded: true } })),
  ),
  impossible("6")(
    "terminated-late-as-in-time",
    "ended when it had to have ended, called failed",
    follow(allow, redeemed, (before) => terminated(before, { time: UNTIL })),
  ),
  impossible("6")(
    "terminated-in-time-as-late",
    "ended in time, called lost",
    follow(allow, redeemed, (before) => terminated(before, { state: "LOST" })),
  ),
  impossible("5")(
    "redeemed-without-end",
    "a redemption that does not say until when",
    follow(allow, (before) => redeemed(before, { data: {} })),
  ),
  impossible("5")(
    "end-of-other-form",
    "an end whose text has another order",
    follow(allow, (before) => redeemed(before, { data: { execute_until: "2027-01-15T10:00:02+01:00" } })),
  ),
]

const badClaims = (index: string) => refused("claims", "CLAIMS_WRONG", index)
const claims: readonly Vector[] = [
  badClaims("5")(
    "redeemed-expired",
    "redeemed at the moment at which the token ended",
    follow(allow, (before) => redeemed(before, { time: at("08:00:10"), data: { execute_until: at("09:00:10") } })),
  ),
  refused("record", "MALFORMED", "5")(
    "redeemed-at-no-time",
    "a redemption without a time",
    follow(allow, (before) => redeemed(before, { time: "soon" })),
  ),
  badClaims("5")(
    "longer-than-granted",
    "an hour and a second",
    follow(allow, (before) => redeemed(before, { data: { execute_until: at("09:00:03") } })),
  ),
  badClaims("5")(
    "other-parameters-redeemed",
    "other parameters than those authorized",
    follow(withDig, (before) => redeemed(before, {}, { dig: `B${DIG.slice(1)}`, redemption: "cd".repeat(32) })),
  ),
  badClaims("5")("parameters-not-redeemed", "none in place of those authorized", follow(withDig, redeemed)),
  badClaims("5")(
    "parameters-added",
    "some where none were authorized",
    follow(allow, (before) => redeemed(before, {}, { dig: DIG, redemption: "cd".repeat(32) })),
  ),
]

export const evidenceExecutionVectors: readonly Vector[] = [...valid, ...links, ...transitions, ...claims]
