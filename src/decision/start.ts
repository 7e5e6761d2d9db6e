/** StartExecution: who redeemed the token says, once, what was started, and what holds it. */
import { WritError } from "../errors.ts"
import { toBase64Url, toHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import { findDifference } from "../verify/executed.ts"
import type { Call } from "./authorize.ts"
import { readContent } from "./executions.ts"
import { assertDetails, assertDigest, createReport, type ReportDependencies, type Reported } from "./report.ts"

const MAX_NOT_GUARANTEED = 16
const CODE = /^[a-z0-9-]{1,64}$/

export const ISOLATIONS = ["NONE", "PROCESS_GROUP", "PID_NAMESPACE"] as const
export type Isolation = (typeof ISOLATIONS)[number]

export interface StartRequest {
  readonly executionId: string
  /** SHA-256, 32 bytes; empty: not measured. */
  readonly codeDigest: Uint8Array
  /** SHA-256, 32 bytes; empty: not told. */
  readonly parametersDigest: Uint8Array
  /** Null: not told. */
  readonly isolation: Isolation | null
  readonly notGuaranteed: readonly string[]
  readonly details: JsonObject
}

/**
 * Only while it is REDEEMED and not over, so that whoever reports before the start learns here that it must not be. Throws
 * FORBIDDEN for other code than the runtime was authorized as, or other parameters than the token's.
 */
export function createStart(deps: ReportDependencies): (request: StartRequest, call: Call) => Promise<Reported> {
  const report = createReport(deps)
  return async ({ executionId, codeDigest, parametersDigest, isolation, notGuaranteed, details }, call) => {
    assertDigest("code_digest", codeDigest)
    assertDigest("parameters_digest", parametersDigest)
    assertDetails(details)
    if (notGuaranteed.length > MAX_NOT_GUARANTEED || !notGuaranteed.every((code) => CODE.test(code)))
      throw new WritError(
        "INVALID_REQUEST",
        `not_guaranteed must be at most ${MAX_NOT_GUARANTEED} codes of 1 to 64 characters of a-z, 0-9 and "-".`,
      )
    const code = codeDigest.length > 0 ? toHex(codeDigest) : undefined
    const dig = parametersDigest.length > 0 ? toBase64Url(parametersDigest) : undefined
    return await report(
      {
        executionId,
        kinds: ["started"],
        data: { ...(code !== undefined && { code }), ...(isolation && { isolation }) },
        content: { details, ...(dig !== undefined && { dig }), not_guaranteed: notGuaranteed },
        assertAuthorized({ decision }) {
          const authorized = readContent(decision)
          const difference = authorized && findDifference(authorized, code, dig)
          if (difference) throw new WritError("FORBIDDEN", `This was not authorized: ${difference}.`)
        },
        step: (state, isOver) => (state === "REDEEMED" && !isOver ? { kind: "started", state } : null),
      },
      call,
    )
  }
}
