/** StartExecution and CompleteExecution: what is about to run, and how it ended, for the record. */
import { CallError } from "../client/call-error.ts"
import type { WritClient } from "../client/connect.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Isolation } from "../guard/isolation.ts"
import type { Measured } from "../guard/measure.ts"
import { toMeasurementDigest } from "../guard/measurement.ts"
import type { Shortfall } from "../guard/shortfalls.ts"
import type { Outcome } from "../guard/supervise.ts"
import { jsonToStruct } from "../rpc/struct.ts"
import type { Ending, Watch } from "./watch.ts"

const LIMIT_MS = 8_000
/** Of a daemon that has been silent for a lease, and where nothing ran. */
const SHORT_LIMIT_MS = 1_000

/** The last thing before the start: refused when the execution was revoked meanwhile. Throws CallError. */
export async function announceStart(
  client: WritClient,
  executionId: string,
  { measurement, files }: Measured,
  isolation: Isolation,
  notGuaranteed: readonly Shortfall[],
): Promise<void> {
  const request = {
    execution_id: executionId,
    code_digest: Buffer.from(measurement.code, "hex"),
    parameters_digest: Buffer.from(measurement.arguments, "hex"),
    isolation: isolation.namespace ? "ISOLATION_PID_NAMESPACE" : "ISOLATION_PROCESS_GROUP",
    not_guaranteed: notGuaranteed,
    details: jsonToStruct({ measurement: toMeasurementDigest(measurement), program: files[0]?.path ?? "" }),
  }
  await client.call("authorization", "StartExecution", request, LIMIT_MS)
}

export interface Ended {
  readonly executionId: string
  readonly outcome: Outcome
  readonly ending: Ending | null
  readonly watch: Watch
}

/** Null: recorded. Else why it is not; then the execution will read LOST. */
export async function reportEnd(client: WritClient, ended: Ended): Promise<CallError | null> {
  const { executionId, outcome, ending, watch } = ended
  const durationMs = Math.round(outcome.durationMs)
  const request = {
    execution_id: executionId,
    succeeded: ending === null && outcome.code === 0,
    details: jsonToStruct({
      image: watch.image,
      measured: watch.measurements,
      ...(outcome.survivors > 0 && { survivors: outcome.survivors }),
    }),
    ...(outcome.code !== null && { exit_status: outcome.code }),
    ...(outcome.signal && { signal: outcome.signal }),
    duration: { seconds: String(Math.floor(durationMs / 1_000)), nanos: (durationMs % 1_000) * 1_000_000 },
    ...(ending && { termination: toTermination(ending, watch) }),
  }
  return await complete(client, request, ending?.cause === "lease" ? SHORT_LIMIT_MS : LIMIT_MS)
}

/** The token was redeemed, and then nothing could be started. */
export async function reportNoStart(client: WritClient, executionId: string, code: string): Promise<void> {
  const details: JsonObject = { not_started: code }
  await complete(
    client,
    { execution_id: executionId, succeeded: false, details: jsonToStruct(details) },
    SHORT_LIMIT_MS,
  )
}

async function complete(client: WritClient, request: object, limitMs: number): Promise<CallError | null> {
  try {
    await client.call("authorization", "CompleteExecution", request, limitMs)
    return null
  } catch (error) {
    if (error instanceof CallError) return error
    throw error
  }
}

function toTermination(ending: Ending, { image }: Watch): object {
  if (image === "changed" && ending.cause !== "time") return { cause: "TERMINATION_CAUSE_IMAGE_CHANGED" }
  switch (ending.cause) {
    case "directive":
      return { cause: "TERMINATION_CAUSE_DIRECTIVE", directive_number: ending.directive.number }
    case "time":
      return { cause: "TERMINATION_CAUSE_TIME_LIMIT" }
    default:
      return { cause: "TERMINATION_CAUSE_LEASE_LOST" } // of a runtime that is not trusted any more, too
  }
}
