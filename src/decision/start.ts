/** StartExecution: who redeemed the token says, once, what was started, and what holds it. */
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Call } from "./authorize.ts"
import { assertDetails, assertDigest, createReport, type ReportDependencies, type Reported } from "./report.ts"

const MAX_NOT_GUARANTEED = 16
const CODE = /^[a-z0-9-]{1,64}$/

export const ISOLATIONS = ["NONE", "PROCESS_GROUP", "PID_NAMESPACE"] as const
export type Isolation = (typeof ISOLATIONS)[number]

export interface StartRequest {
  readonly executionId: string
  /** SHA-256, 32 bytes; empty: not measured. */
  readonly codeDigest: Uint8Array
  /** Null: not told. */
  readonly isolation: Isolation | null
  readonly notGuaranteed: readonly string[]
  readonly details: JsonObject
}

/** Only while it is REDEEMED and not over, so that whoever reports before the start learns here that it must not be. */
export function createStart(deps: ReportDependencies): (request: StartRequest, call: Call) => Promise<Reported> {
  const report = createReport(deps)
  return async ({ executionId, codeDigest, isolation, notGuaranteed, details }, call) => {
    assertDigest("code_digest", codeDigest)
    assertDetails(details)
    if (notGuaranteed.length > MAX_NOT_GUARANTEED || !notGuaranteed.every((code) => CODE.test(code)))
      throw new WritError(
        "INVALID_REQUEST",
        `not_guaranteed must be at most ${MAX_NOT_GUARANTEED} codes of 1 to 64 characters of a-z, 0-9 and "-".`,
      )
    return await report(
      {
        executionId,
        kinds: ["started"],
        data: {
          ...(codeDigest.length > 0 && { code: toHex(codeDigest) }),
          ...(isolation && { isolation }),
        },
        content: { details, not_guaranteed: notGuaranteed },
        step: (state, isOver) => (state === "REDEEMED" && !isOver ? { kind: "started", state } : null),
      },
      call,
    )
  }
}
