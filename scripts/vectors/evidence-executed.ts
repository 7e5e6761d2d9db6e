/** Evidence of what was executed, beside what was authorized: by whom, as what, with which parameters. */
import { refused, taken } from "./evidence.ts"
import { at, completed, follow, late, lost, redeemed, started, terminated } from "./evidence-executions.ts"
import { CLAIMS, CONTENT, decision, type File, type Json, type Sealed, step } from "./lineage.ts"
import type { Vector } from "./vector.ts"

const CODE = "ab".repeat(32)
const OTHER_CODE = "cd".repeat(32)
const DIG = "A".repeat(43)
const OTHER_DIG = `B${DIG.slice(1)}`
const RUNTIME: Json = { lease_id: "l", lease_left_ms: 9000, measured: true, public_key: "aa", state: "TRUSTED" }

/** Of a runtime that registered this code. */
const as = (code: unknown, claims: Json = CLAIMS) =>
  decision({}, { ...CONTENT, claims, facts: { runtime: { ...RUNTIME, ...(code !== undefined && { code }) } } })
const measured = as(CODE)
const withDig = as(CODE, { ...CLAIMS, dig: DIG })
const redeemedWith = (dig: string) => (before: Sealed) => redeemed(before, {}, { dig, redemption: "cd".repeat(32) })
const startedWith =
  (content: Json | null, data: Json = { code: CODE }) =>
  (before: Sealed) =>
    step(before, { kind: "started", state: "REDEEMED", time: at("08:00:03"), data }, content)
const running =
  (code: unknown) =>
  (before: Sealed): Sealed =>
    started(before, { data: { code } })
const told = (dig: unknown) => startedWith({ details: {}, dig, not_guaranteed: [] })
const STRANGER = { actor: { id: "key:stranger", proof: "api-key" } }
const erase = (file: File, ...erased: readonly number[]): File => ({
  ...file,
  records: file.records.map((entry, i) => (erased.includes(i) ? { ...entry, payload: null } : entry)),
})

const ended = { state: "COMPLETED" }
const valid: readonly Vector[] = [
  taken(
    "executed-as-measured",
    "what was started is the code that the runtime registered",
    follow(measured, redeemed, started, completed),
    ended,
  ),
  taken(
    "executed-unmeasured",
    "nobody measured what was started, so it is held against nothing",
    follow(measured, redeemed, (before) => started(before, { data: {} }), completed),
    ended,
  ),
  taken(
    "executed-unregistered",
    "the runtime registered no code, so what was started is held against nothing",
    follow(as(undefined), redeemed, started, completed),
    ended,
  ),
  taken(
    "executed-registered-as-no-text",
    "what is no text is no registered code",
    follow(as(7), redeemed, started, completed),
    ended,
  ),
  taken(
    "executed-with-facts-of-no-form",
    "facts that are no object name no runtime",
    follow(decision({}, { ...CONTENT, facts: [{ runtime: { code: OTHER_CODE } }] }), redeemed, started, completed),
    ended,
  ),
  taken(
    "executed-with-its-parameters",
    "started with the parameters of the token",
    follow(withDig, redeemedWith(DIG), told(DIG), completed),
    ended,
  ),
  taken(
    "executed-with-parameters-untold",
    "with which parameters it was started is not told",
    follow(withDig, redeemedWith(DIG), started, completed),
    ended,
  ),
  taken(
    "executed-start-without-payload",
    "a start whose record has no payload has lost none",
    follow(withDig, redeemedWith(DIG), startedWith(null), completed),
    ended,
  ),
  taken(
    "executed-start-erased",
    "with which parameters it was started is erased",
    erase(follow(withDig, redeemedWith(DIG), told(OTHER_DIG), completed), 2),
    { ...ended, steps: { payload: "erased", executed: "erased" } },
  ),
  taken(
    "executed-decision-erased",
    "what was authorized is erased: who reports is still who redeemed",
    erase(follow(withDig, redeemedWith(DIG), running(OTHER_CODE), completed), 0),
    { ...ended, steps: { payload: "erased", claims: "erased", executed: "erased" } },
  ),
  taken(
    "executed-all-erased",
    "every payload is erased",
    erase(follow(withDig, redeemedWith(DIG), told(OTHER_DIG), completed), 0, 1, 2, 3),
    { ...ended, steps: { payload: "erased", claims: "erased", executed: "erased" } },
  ),
  taken(
    "executed-refused-by-another",
    "whose redemption was refused need not be who redeemed",
    follow(
      measured,
      redeemed,
      (before) =>
        step(
          before,
          { kind: "redeem_refused", state: "REDEEMED", time: at("08:00:03"), data: { reason: "x" }, ...STRANGER },
          null,
        ),
      completed,
    ),
    ended,
  ),
]

const differs = (index: string) => refused("executed", "EXECUTED_DIFFERS", index)
const hostile: readonly Vector[] = [
  differs("6")(
    "started-by-another",
    "a start by another than who redeemed",
    follow(measured, redeemed, (before) => started(before, STRANGER)),
  ),
  differs("6")(
    "completed-by-another",
    "an end by another than who redeemed",
    follow(measured, redeemed, (before) => completed(before, STRANGER)),
  ),
  differs("6")(
    "terminated-by-another",
    "a termination by another than who redeemed",
    follow(measured, redeemed, (before) => terminated(before, STRANGER)),
  ),
  differs("8")(
    "completed-late-by-another",
    "a late end by another than who redeemed",
    follow(measured, redeemed, lost, (before) => late(before, STRANGER)),
  ),
  differs("6")(
    "reported-by-another-before-other-code",
    "who reports is looked at first",
    follow(measured, redeemed, (before) => started(before, { ...STRANGER, data: { code: OTHER_CODE } }), completed),
  ),
  differs("8")(
    "completed-by-another-and-other-code",
    "of every record, before what was started is",
    follow(measured, redeemed, running(OTHER_CODE), (before) => completed(before, STRANGER)),
  ),
  differs("6")(
    "started-by-another-erased",
    "who redeemed is in the record: an erasure hides nothing of it",
    erase(
      follow(measured, redeemed, (before) => started(before, STRANGER)),
      0,
      1,
      2,
    ),
  ),
  differs("6")(
    "started-other-code",
    "other code was started than the runtime was authorized as",
    follow(measured, redeemed, running(OTHER_CODE), completed),
  ),
  differs("6")(
    "started-no-digest",
    "the code that was started is no digest",
    follow(measured, redeemed, running("ab"), completed),
  ),
  differs("6")(
    "started-code-in-capitals",
    "the digest in capitals is another text",
    follow(as(CODE.toUpperCase()), redeemed, running(CODE.toUpperCase()), completed),
  ),
  differs("6")(
    "started-code-null",
    "code that is named and is none",
    follow(measured, redeemed, running(null), completed),
  ),
  differs("6")(
    "started-no-digest-erased",
    "the code is in the record: an erasure of what was authorized hides nothing of it",
    erase(follow(measured, redeemed, running("ab"), completed), 0),
  ),
  differs("6")(
    "started-other-parameters",
    "redeemed with the parameters that were authorized, started with others",
    follow(withDig, redeemedWith(DIG), told(OTHER_DIG), completed),
  ),
  differs("6")(
    "started-added-parameters",
    "started with parameters where none were authorized",
    follow(measured, redeemed, told(DIG), completed),
  ),
  differs("6")(
    "started-parameters-null",
    "parameters that are named and are none",
    follow(measured, redeemed, told(null), completed),
  ),
  differs("6")(
    "started-parameters-of-other-form",
    "a digest that is no text",
    follow(withDig, redeemedWith(DIG), told([DIG]), completed),
  ),
  differs("6")(
    "started-other-parameters-redemption-erased",
    "what was redeemed is erased; what was started is not what was authorized",
    erase(follow(withDig, redeemedWith(DIG), told(OTHER_DIG), completed), 1),
  ),
  refused("transitions", "TRANSITION_WRONG", "5")(
    "completed-never-started",
    "an end of what was never redeemed, by who was never asked",
    follow(measured, (before) => completed(before, STRANGER)),
  ),
  refused("lineage", "LINK_WRONG", "6")(
    "started-of-other-execution",
    "a start whose record names another execution",
    follow(measured, redeemed, (before) =>
      started(before, { execution_id: "00000000-0000-4000-8000-000000000000", data: { code: OTHER_CODE } }),
    ),
  ),
  refused("claims", "CLAIMS_WRONG", "5")(
    "redeemed-and-started-other-parameters",
    "redeemed with other parameters, which comes before what was started",
    follow(withDig, redeemedWith(OTHER_DIG), told(OTHER_DIG), completed),
  ),
]

export const evidenceExecutedVectors: readonly Vector[] = [...valid, ...hostile]
