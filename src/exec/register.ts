/** The runtime of one run: registered under an id that is free, and trusted. */
import { setTimeout as sleep } from "node:timers/promises"
import { CallError } from "../client/call-error.ts"
import type { WritClient } from "../client/connect.ts"
import { type HeartbeatAgent, type HeartbeatAgentOptions, startHeartbeatAgent } from "../client/heartbeat-agent.ts"
import type { Environment, Measurements } from "../formats/runtime-messages.ts"
import type { Measured } from "../guard/measure.ts"
import { toConfigDigest } from "../guard/measurement.ts"
import type { Shortfall } from "../guard/shortfalls.ts"
import { toReason } from "./nothing-ran.ts"
import type { Order } from "./order.ts"

/** Of one program, under ids of the guard's choice. */
const MOST_AT_ONCE = 64
/** A run that was killed holds its id until its lease lapses, and its key is doubted as long: 15 s. */
const TAKEN_LIMIT_MS = 20_000
const TRUST_LIMIT_MS = 25_000
const GREET_LIMIT_MS = 3_000
const AGAIN_MS = 1_000

export function toMeasurements({ measurement }: Measured): Measurements {
  const { code, image } = measurement
  return { code, config: toConfigDigest(measurement), ...(image !== null && { image }) }
}

export function toEnvironment(notGuaranteed: readonly Shortfall[]): Environment {
  return {
    arch: process.arch,
    ...(notGuaranteed.length > 0 && { not_guaranteed: [...notGuaranteed] }),
    os: process.platform,
  }
}

/** Finds out soon, not after many tries of what follows, that nobody is there. Rejects with CallError. */
export async function greet(client: WritClient): Promise<void> {
  await client.call("admin", "GetServerInfo", {}, GREET_LIMIT_MS)
}

/** Resolves when its first beat was answered. Rejects with CallError or LeaseLostError. */
export async function register(
  client: WritClient,
  order: Order,
  measured: Measured,
  environment: Environment,
  options: HeartbeatAgentOptions,
): Promise<HeartbeatAgent> {
  const base = order.runtimeId ?? `exec:${measured.files[0]?.path}`
  const giveUpMs = performance.now() + TAKEN_LIMIT_MS
  for (let run = 1; ; ) {
    const id = run === 1 ? base : `${base}#${run}`
    const description = { id, key: order.runtimeKey, measurements: toMeasurements(measured), environment }
    try {
      return await startHeartbeatAgent(client, { ...description, agentVersion: order.version }, options)
    } catch (error) {
      const reason = error instanceof CallError ? toReason(error.code, error.message) : null
      const isTaken = reason === "ID_IN_USE"
      // Another run of the program registered and ended since this one began: its nonce is the newer one.
      const isOvertaken = reason === "NONCE_UNKNOWN"
      if (!(isTaken || isOvertaken) || performance.now() > giveUpMs) throw error
      if (isOvertaken) continue
      if (order.runtimeId === null && run < MOST_AT_ONCE) run += 1
      else await sleep(AGAIN_MS)
    }
  }
}

/** Rejects when it is not trusted in time: CallError, LeaseLostError. */
export async function awaitTrust(agent: HeartbeatAgent): Promise<void> {
  const again = setInterval(() => agent.beatNow(), AGAIN_MS)
  try {
    await agent.trusted(TRUST_LIMIT_MS)
  } finally {
    clearInterval(again)
  }
}
