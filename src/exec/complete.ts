/** CompleteExecution: how it ended, for the record. */
import { CallError } from "../client/call-error.ts"
import type { WritClient } from "../client/connect.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Outcome } from "../guard/supervise.ts"
import { jsonToStruct } from "../rpc/struct.ts"
import { untilAnswered } from "./retry.ts"
import type { Ending, Watch } from "./watch.ts"

const LIMIT_MS = 8_000
/** Of a daemon that has been silent for a lease. */
const LOST_LIMIT_MS = 1_000

export interface Ended {
  readonly executionId: string
  readonly outcome: Outcome
  readonly ending: Ending | null
  readonly watch: Watch
}

/** Null: recorded. Else why it is not; then the execution will read LOST, or is REVOKED already. */
export async function complete(
  client: WritClient,
  { executionId, outcome, ending, watch }: Ended,
): Promise<CallError | null> {
  const details = {
    duration_ms: Math.round(outcome.durationMs),
    ...(outcome.code !== null && { exit_status: outcome.code }),
    ...(outcome.signal && { signal: outcome.signal }),
    ...(ending && { ended_by: ending.cause }),
    ...(outcome.survivors > 0 && { survivors: outcome.survivors }),
    image: watch.image,
    measured: watch.measurements,
  }
  const succeeded = ending === null && outcome.code === 0
  return await send(client, executionId, succeeded, details, ending?.cause === "lease" ? LOST_LIMIT_MS : LIMIT_MS)
}

/** The token was redeemed, and then nothing could be started. */
export async function completeUnstarted(client: WritClient, executionId: string, code: string): Promise<void> {
  await send(client, executionId, false, { not_started: code }, LIMIT_MS)
}

async function send(
  client: WritClient,
  executionId: string,
  succeeded: boolean,
  details: JsonObject,
  limitMs: number,
): Promise<CallError | null> {
  const request = { execution_id: executionId, succeeded, details: jsonToStruct(details) }
  try {
    await untilAnswered((timeoutMs) => client.call("authorization", "CompleteExecution", request, timeoutMs), limitMs)
    return null
  } catch (error) {
    if (error instanceof CallError) return error
    throw error
  }
}
