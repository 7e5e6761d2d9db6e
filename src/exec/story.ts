/** A run as it is told to people, in a few lines, and to programs, as events. */
import type { CallError } from "../client/call-error.ts"
import { type Isolation, inUserNamespace } from "../guard/isolation.ts"
import { mayEnter } from "../guard/may-enter.ts"
import type { Measured } from "../guard/measure.ts"
import type { Change } from "../guard/measure-running.ts"
import { toMeasurementDigest } from "../guard/measurement.ts"
import { SHORTFALLS, type Shortfall } from "../guard/shortfalls.ts"
import type { Started } from "../guard/start.ts"
import type { Outcome } from "../guard/supervise.ts"
import type { NothingRan } from "./nothing-ran.ts"
import type { Granted } from "./permit.ts"
import type { Report } from "./report.ts"
import type { Ending, Watch, WatchObserver } from "./watch.ts"

const SHORT_DIGEST = 12
const HINTS: Partial<Record<Change["kind"], string>> = {
  "image-replaced": "; run that program itself, rather than through one that hands over to it, as a shell's exec does",
}

export interface Story extends WatchObserver {
  measured(measured: Measured): void
  registered(runtimeId: string): void
  /** The start is next. Resolves when that is written, so that it stands before what the program writes. */
  allowed(granted: Granted, isolation: Isolation, notGuaranteed: readonly Shortfall[]): Promise<void>
  started(started: Started): void
  stopping(ending: Ending): void
  /** `unrecorded`: why the end is not in the ledger. */
  ended(granted: Granted, outcome: Outcome, ending: Ending | null, watch: Watch, unrecorded: CallError | null): void
  nothingRan(error: NothingRan): void
}

/** `verify`: the commands by which who watches can check the lineage himself, given an execution id. */
export function createStory(
  { say, warn, event, flush }: Report,
  verify: (executionId: string) => readonly string[],
): Story {
  let program = ""
  let user = ""
  let advice = ""
  let isFailing = false
  return {
    measured({ files, measurement, ...measured }) {
      const { uid } = measured.user
      if (!mayEnter(measured.workingFolder, measured.user))
        advice = `user ${uid} may not enter ${measured.workingFolder}, in which it starts: --user chooses another, who may`
      program = `${files[0]?.path} (sha256 ${measurement.code.slice(0, SHORT_DIGEST)}…)`
      user = `as user ${uid}`
      event("measured", { measurement, digest: toMeasurementDigest(measurement) })
    },

    registered(runtimeId) {
      event("registered", { runtime_id: runtimeId })
    },

    async allowed({ executionId, rules, receipt }, isolation, notGuaranteed) {
      say(`allowed by rule ${rules.join(", ")}: execution ${executionId}, record ${receipt.leaf_index} of the ledger`)
      say(`${program} runs in ${toPlace(isolation)}, ${user}, and is measured again at every beat`)
      if (advice) say(advice)
      for (const code of notGuaranteed) say(`not guaranteed here: ${code}. ${SHORTFALLS[code]}`)
      const data = { rules, isolation: toPlace(isolation), not_guaranteed: notGuaranteed }
      event("allowed", { execution_id: executionId, leaf_index: receipt.leaf_index, ...data })
      await flush()
    },

    started({ pid }) {
      event("started", { pid })
    },

    changed(change: Change) {
      if (change.kind === "image-replaced" || change.kind === "file-rewritten")
        warn(`${change.path} is not what was measured and allowed (${change.kind})${HINTS[change.kind] ?? ""}`)
      event("changed", { ...change })
    },

    failed(error) {
      if (!isFailing) event("unanswered", { message: error.message })
      isFailing = true
    },

    stopping(ending) {
      warn(`ending it: ${toWhy(ending)}`)
      event("stopping", { cause: ending.cause, ...(ending.cause === "directive" && { directive: ending.directive }) })
    },

    ended({ executionId }, outcome, ending, watch, unrecorded) {
      const how = outcome.signal ? `by ${outcome.signal}` : `with exit code ${outcome.code}`
      say(`ended ${how} after ${(outcome.durationMs / 1000).toFixed(1)} s; ${toWatched(watch)}`)
      if (unrecorded) warn(`its end is not recorded: ${unrecorded.message}`)
      if (outcome.survivors > 0) warn(`${outcome.survivors} of its processes hang in the kernel and could not be ended`)
      say("check it yourself:")
      for (const command of verify(executionId)) say(`  ${command}`)
      event("ended", {
        execution_id: executionId,
        outcome,
        cause: ending?.cause ?? null,
        measured: watch.measurements,
        image: watch.image,
        recorded: unrecorded === null,
      })
    },

    nothingRan({ code, message, exitCode, cause }) {
      warn(`nothing ran: ${message.startsWith(code) ? message : `${code}: ${message}`}`)
      const { execution_id: id } = (cause ?? {}) as { readonly execution_id?: string }
      event("nothing_ran", { code, message, exit_code: exitCode, ...(id && { execution_id: id }) })
    },
  }
}

function toPlace(isolation: Isolation): string {
  if (!isolation.namespace) return "a process group"
  return inUserNamespace(isolation) ? "a PID namespace within a user namespace" : "a PID namespace"
}

function toWatched({ measurements, image }: Watch): string {
  if (image === "changed") return "while it ran it became something else than what was measured"
  if (measurements === 0) return "too short to be measured again while it ran"
  return `measured again ${measurements === 1 ? "once" : `${measurements} times`} while it ran, always the same`
}

function toWhy(ending: Ending): string {
  if (ending.cause === "time") return "the time that was granted is over"
  if (ending.cause === "lease") return `its lease ends and Writ did not extend it (${ending.code})`
  if (ending.cause === "state") return `Writ says that its runtime is ${ending.state}`
  const { kind, reason } = ending.directive
  return `Writ says ${kind}${reason ? `, ${reason.code}: ${reason.text}` : ""}`
}
