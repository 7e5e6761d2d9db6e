/**
 * One guarded run, from measurement to completion. Each step needs the one before: what is not measured does not register, an
 * untrusted runtime is not authorized, what is not redeemed does not start, and what runs ends with its lease.
 */
import type { WritClient } from "../client/connect.ts"
import type { HeartbeatAgent } from "../client/heartbeat-agent.ts"
import { GUARD_EXITS, toExitCode } from "../guard/exit-codes.ts"
import { type Isolation, probeIsolation, toDefaultUser } from "../guard/isolation.ts"
import { type Measured, measure } from "../guard/measure.ts"
import type { Shortfall } from "../guard/shortfalls.ts"
import { findShortfalls, type Started, start } from "../guard/start.ts"
import { type Outcome, supervise } from "../guard/supervise.ts"
import { announceStart, reportEnd, reportNoStart } from "./executions.ts"
import type { Interrupts } from "./interrupts.ts"
import { toNothingRan } from "./nothing-ran.ts"
import type { Order } from "./order.ts"
import { authorize, redeem } from "./permit.ts"
import { awaitTrust, greet, register, toEnvironment } from "./register.ts"
import type { Story } from "./story.ts"
import { type Ending, Watch } from "./watch.ts"

/** Answers the exit code. Throws when nothing ran: WritError, CallError, LeaseLostError, NothingRan, Interrupted. */
export async function runGuarded(
  order: Order,
  client: WritClient,
  story: Story,
  interrupts: Interrupts,
): Promise<number> {
  const isolation = probeIsolation()
  const { command, workingFolder, environment, image } = order
  const user = order.user ?? toDefaultUser(isolation)
  const measured = measure({ command, workingFolder, environment, user, ...(image !== null && { image }) })
  try {
    story.measured(measured)
    const notGuaranteed = findShortfalls(measured, isolation)
    const where = toEnvironment(notGuaranteed)
    const watch = new Watch(measured, story)
    await interrupts.orInterrupted(greet(client))
    const agent = await interrupts.orInterrupted(register(client, order, measured, where, watch.options))
    try {
      return await runRegistered({
        order,
        client,
        story,
        interrupts,
        isolation,
        notGuaranteed,
        measured,
        watch,
        agent,
      })
    } finally {
      watch.over()
      await agent.close()
    }
  } finally {
    measured.close()
  }
}

interface Run {
  readonly order: Order
  readonly client: WritClient
  readonly story: Story
  readonly interrupts: Interrupts
  readonly isolation: Isolation
  readonly notGuaranteed: readonly Shortfall[]
  readonly measured: Measured
  readonly watch: Watch
  readonly agent: HeartbeatAgent
}

async function runRegistered(run: Run): Promise<number> {
  const { order, client, story, interrupts, isolation, notGuaranteed, measured, watch, agent } = run
  const before = <T>(work: Promise<T>) => interrupts.orInterrupted(watch.orEnded(work))
  await before(awaitTrust(agent))
  story.registered(agent.session.runtime.id)
  const granted = await before(authorize(client, order, measured, agent.session.runtime.id))
  watch.concerns(granted.executionId)
  const { untilMs } = await before(redeem(client, order, granted))
  const { executionId } = granted
  let started: Started
  try {
    await before(announceStart(client, executionId, measured, isolation, notGuaranteed))
    await story.allowed(granted, isolation, notGuaranteed)
    started = await start(measured, isolation)
  } catch (error) {
    await reportNoStart(client, executionId, toNothingRan(error).code)
    throw error
  }
  // Something runs: from here on it is held to its end, whatever happens.
  const { outcome, ending } = await hold(run, started, untilMs)
  agent.count(ending || outcome.code !== 0 ? "executions_failed" : "executions_completed")
  const unrecorded = await reportEnd(client, { executionId, outcome, ending, watch })
  story.ended(granted, outcome, ending, watch, unrecorded)
  return toExit(outcome, ending)
}

/** Holds what runs to its end, or ends it; whatever fails here ends it too. */
async function hold(
  { order, story, interrupts, watch, agent }: Run,
  started: Started,
  untilMs: number,
): Promise<{ readonly outcome: Outcome; readonly ending: Ending | null }> {
  const supervisor = supervise(started)
  interrupts.release()
  if (interrupts.signal) started.signal(interrupts.signal) // came while it started
  const unbound = watch.bound(agent, untilMs)
  try {
    watch.follows(started)
    agent.count("executions_started")
    agent.beatNow()
    story.started(started)
    const ending = await Promise.race([supervisor.outcome.then(() => null), watch.ending])
    if (ending) {
      story.stopping(ending)
      await supervisor.stop("graceMs" in ending ? ending.graceMs : order.graceMs)
    }
    return { outcome: await supervisor.outcome, ending }
  } finally {
    unbound()
    await supervisor.stop(0)
    watch.over()
  }
}

function toExit(outcome: Outcome, ending: Ending | null): number {
  if (!ending) return toExitCode(outcome)
  if (ending.cause === "time") return GUARD_EXITS.MAX_DURATION
  return ending.cause === "lease" ? GUARD_EXITS.LEASE_LOST : GUARD_EXITS.REVOKED
}
