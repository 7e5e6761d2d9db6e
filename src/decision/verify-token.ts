/** VerifyToken: the offline checks, then what only the daemon knows: the record and the execution's state now. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toBase64Url, toHex } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type ExecutionState, stateAt } from "../ledger/kinds.ts"
import type { LineageStore } from "../ledger/lineage.ts"
import { verifyToken } from "../verify/token.ts"
import type { TokenJwk } from "../verify/types.ts"
import { readRedemption, saysWhatWasGranted } from "./executions.ts"
import { MAX_AUDIENCE_BYTES, MAX_PARAMETERS_BYTES } from "./limits.ts"
import type { ControlState } from "./state.ts"
import { isCompromised } from "./token-key.ts"

export interface TokenVerdict {
  readonly valid: boolean
  readonly reason: string
  readonly sufficient: boolean
  readonly claims: JsonObject | null
  readonly state: ExecutionState | null
}

export interface TokenQuestion {
  readonly token: string
  readonly audience: string
  readonly parameters: Uint8Array | null
  readonly parametersDigest: Uint8Array | null
}

export interface VerifyTokenDependencies {
  readonly lineage: LineageStore
  /** Keys of every replica. */
  keys(): Promise<readonly TokenJwk[]>
  control(): Pick<ControlState, "tokenKeys">
  readonly issuer: string
  wallMs(): number
}

export function createVerifyToken(deps: VerifyTokenDependencies): (question: TokenQuestion) => Promise<TokenVerdict> {
  return async ({ token, audience, parameters, parametersDigest }) => {
    if (audience === "" || Buffer.byteLength(audience) > MAX_AUDIENCE_BYTES)
      throw new WritError("INVALID_REQUEST", "audience must say who verifies: 1 to 256 bytes.")
    if (parameters && parametersDigest)
      throw new WritError("INVALID_REQUEST", "parameters and parameters_digest must not both be set.")
    if (parameters && parameters.length > MAX_PARAMETERS_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `parameters are larger than ${MAX_PARAMETERS_BYTES} bytes.`)
    const digest = parameters ? sha256(parameters) : parametersDigest
    const report = verifyToken(
      token,
      {
        keys: await deps.keys(),
        audience,
        issuer: deps.issuer,
        nowMs: deps.wallMs(),
        ...(digest && { parametersDigest: toBase64Url(digest) }),
      },
      nativeCrypto,
    )
    const claims = report.claims ?? null
    const refuse = (reason: string, state: ExecutionState | null = null): TokenVerdict => ({
      valid: false,
      reason,
      sufficient: false,
      claims,
      state,
    })
    // What became of an execution is told even when its token has ended: that is what is asked for then.
    if (!claims || (!report.valid && !report.reason.startsWith("EXPIRED"))) return refuse(report.reason)
    const found = await deps.lineage.findExecution(claims["execution_id"] as string)
    if (!found) return refuse("NOT_RECORDED: no record of this execution exists")
    if (toHex(found.decision.leafHash) !== claims["leaf"])
      return refuse("NOT_RECORDED: the token names another record than the one of this execution")
    if (!saysWhatWasGranted(claims, found))
      return refuse("NOT_RECORDED: the token says something else than the record of its decision")
    const untilMs = readRedemption(found)?.executeUntilMs ?? (claims["exp"] as number) * 1000
    const state = found.state && stateAt(found.state, untilMs, deps.wallMs())
    if (!report.valid) return refuse(report.reason, state)
    if (state === "EXPIRED") return refuse("EXPIRED: the token has expired", state)
    if (state !== "AUTHORIZED")
      return refuse(`EXECUTION_${state ?? "NOT_ALLOWED"}: the execution is not waiting to start`, state)
    if (isCompromised(deps.control().tokenKeys, found.decision))
      return refuse("EXECUTION_REVOKED: the key that signed for its log was compromised since", state)
    return { valid: true, reason: "", sufficient: report.sufficient, claims, state }
  }
}
