/** RedeemToken: a token is traded, once, for the right to start. The right leaves only after its record is durable. */
import { nativeCrypto, sha256, sha256Hex } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes, fromBase64Url, fromHex, toBase64Url, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import { redeemProofInput } from "../formats/redeem-proof.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import { type Clock, type Instant, toRecordTime } from "../ledger/clock.ts"
import type { Consumables } from "../ledger/consumables.ts"
import type { ExecutionState, RecordKind } from "../ledger/kinds.ts"
import { type FoundExecution, type LineageStore, readBody, versionOf } from "../ledger/lineage.ts"
import type { DecisionData } from "../ledger/record.ts"
import { type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { toJwk } from "../token/token.ts"
import { verifySignature } from "../verify/signature.ts"
import { MAX_SKEW_SECONDS, readToken } from "../verify/token.ts"
import type { TokenJwk } from "../verify/types.ts"
import type { Call } from "./authorize.ts"
import { assertMaySpeak } from "./caller.ts"
import { checkRuntime } from "./determine.ts"
import { type Redemption, readContent, readRedemption, readState, saysWhatWasGranted } from "./executions.ts"
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./limits.ts"
import { areKnown, loadRows, PastView, rowsOfSteps, stepsAfter } from "./past.ts"
import type { Rate } from "./rate.ts"
import { seal } from "./seal.ts"
import { assertLoaded, bundleProblems, type ControlState, type ReasonCode } from "./state.ts"
import { isCompromised, isInForce } from "./token-key.ts"

/** How long the same redemption id gets the same answer: a lost reply must not cost the execution. */
export const REPEAT_MS = 60_000
const MAX_ATTEMPTS = 16
const MAX_TOKEN_BYTES = 8 * 1024
const MAX_REDEMPTION_ID_BYTES = 128
const DIGEST_BYTES = 32

export interface RedeemRequest {
  readonly token: string
  readonly redemptionId: string
  /** SHA-256, 32 bytes; empty when the token has no `dig`. */
  readonly parametersDigest: Uint8Array
  /** base64url; empty when the token has no `cnf`. */
  readonly proof: string
}

export interface Redeemed {
  readonly executionId: string
  /** Unix milliseconds. */
  readonly executeUntilMs: number
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

export type RefusalCode =
  | "WRONG_ISSUER"
  | "PARAMETERS_DIFFER"
  | "PROOF_MISSING"
  | "PROOF_UNEXPECTED"
  | "PROOF_WRONG"
  | "NOT_YET_VALID"
  | "EXPIRED"
  | "EXECUTION_REVOKED"
  | "ALREADY_REDEEMED"
  | "BUNDLE_INVALID"
  | "BUNDLE_CHANGED"
  | "BUDGET_ERASED"
  | ReasonCode
type Refusal = readonly [code: RefusalCode, text: string]

export interface RedeemDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly issuer: string
  readonly lineage: Pick<LineageStore, "findExecution">
  readonly rate: Rate
  /** Budgets, of which redemptions spend. */
  readonly consumables: Consumables
  /** Milliseconds that a runtime's lease still has; null when nothing was heard of it since the start. */
  leaseLeftMs(leaseId: string, monotonicMs: number): number | null
  control(): ControlState
  /** Loads what changed of the control state. */
  refresh(): Promise<void>
  readonly ledger: { assertOpen(): void; append(entry: Entry): Promise<AppendResult> }
  /** Told of every execution that was redeemed under a lease. */
  redeemedUnder(leaseId: string): void
  /** Told of every refusal, recorded or not; "TOKEN_INVALID" where no token of ours was shown. */
  observeRefusal?(code: RefusalCode | "TOKEN_INVALID"): void
}

/**
 * Throws TOKEN_REFUSED (the message says why), ALREADY_REDEEMED, INVALID_REQUEST. The first refusal of an execution whose
 * token was shown is recorded, and only that one: whoever holds a token cannot fill the ledger with refusals.
 */
export function createRedeem(deps: RedeemDependencies): (request: RedeemRequest, call: Call) => Promise<Redeemed> {
  const { clock, ledger } = deps

  return async function redeem(request, call) {
    ledger.assertOpen()
    assertShape(request)
    const deadlineMs = clock.now().monotonicMs + Math.min(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
    const key = sha256Hex(`${call.caller.id}\0${request.redemptionId}`)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control() // its epoch is proved by the append, the execution's newest record by its effect
      assertLoaded(state)
      const { claims, reason } = readToken(request.token, keysOf(state, clock.now().wallMs), nativeCrypto)
      if (!claims && attempt === 0) {
        await deps.refresh() // it may be by a key that was published a moment ago
        continue
      }
      if (!claims) throw invalidToken(reason)
      const executionId = claims["execution_id"] as string
      const found = await deps.lineage.findExecution(executionId)
      const parentId = found && readBody(found.decision.body).parent?.execution_id
      const parent = parentId ? await deps.lineage.findExecution(parentId) : null
      const spending = found ? stepsAfter("spend", found.decision) : []
      while (!areKnown(deps.consumables, rowsOfSteps(spending))) await loadRows(deps.consumables, rowsOfSteps(spending))
      const now = clock.now() // after the last wait before the append: a log's records stand in the order of their times
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      assertMaySpeak(state, call.caller, { audiences: String(claims["aud"]) }, now.wallMs)
      if (!found || toHex(found.decision.leafHash) !== claims["leaf"])
        throw invalidToken("NOT_RECORDED: there is no record of the decision that the token names")
      const earlier = readRedemption(found)
      if (earlier && found.state === "AUTHORIZED") continue // redeemed between two reads
      if (!saysWhatWasGranted(claims, found))
        throw invalidToken("NOT_RECORDED: the token says something else than the record of its decision")
      const runtime = runtimeOf(claims, found, state)
      const refusal =
        refuseForm(claims, request, deps.issuer) ??
        refuseState(found, earlier, key, now) ??
        refuseCompromised(found, state) ??
        refuseRuntime(claims, runtime, state, now) ??
        (parentId ? refuseParent(parent, state, now) : null)
      if (!refusal && earlier) return { executionId, executeUntilMs: earlier.executeUntilMs, receipt: earlier.record } // the same answer again
      let refused = refusal ?? refuseMoment(claims, state, now) ?? refuseErased(found)
      const spent = new PastView(deps.consumables, now.wallMs).consume(refused ? [] : spending)
      if (!spent) refused = ["EXPIRED", "what a budget held back for the execution is free again"]
      const to = refused ? found.state : "REDEEMED"
      if (refused && (to === null || hasKind(found, "redeem_refused"))) throw refuse(refused)
      const executeUntilMs = Math.min(
        now.wallMs + (claims["max_duration"] as number) * 1000,
        ((claims["execute_before"] as number | undefined) ?? Number.MAX_SAFE_INTEGER / 1000) * 1000,
      )
      const bound = runtime && { runtime: runtimeKey(runtime.id), leaseId: runtime.lease_id }
      const record = seal(
        {
          ...(refused
            ? { kind: "redeem_refused", data: { reason: refused[0] } }
            : {
                kind: "redeemed",
                data: {
                  execute_until: toRecordTime(executeUntilMs),
                  ...(bound && { lease_id: bound.leaseId, runtime: bound.runtime }),
                },
              }),
          state: to as ExecutionState,
          actor: { id: call.caller.id, proof: call.caller.proof },
          execution_id: executionId,
          previous: toHex(found.last.leafHash),
          epoch: String(state.epoch),
        },
        encodeCanonicalJson({ ...payloadOf(request, key), ...(spent?.record as JsonObject | undefined) }),
        now.wallMs,
      )
      const effect = {
        kind: "execution",
        executionId,
        previous: versionOf(found),
        to: to as ExecutionState,
        ...(!refused && { executeUntilMs }),
        ...(!refused && bound && { bound }),
      } as const
      const change = { effects: [effect], raisesEpoch: false }
      const uses = spent?.uses ?? []
      const entry = { record, epoch: state.epoch, deadlineMs, change, ...(uses.length > 0 && { uses }) }
      if (refused) {
        const recorded = await append(entry, call, now).catch(() => null) // the refusal stands, recorded or not
        if (recorded === null || recorded.kind === "written") throw refuse(refused)
      } else {
        const result = await append(entry, call, now)
        if (result.kind === "written") {
          if (bound) deps.redeemedUnder(bound.leaseId)
          return {
            executionId,
            executeUntilMs,
            receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
          }
        }
        if (result.kind === "moved") attempt-- // others drew on the budget first: the deadline is the limit
      }
      // stale or conflict: somebody else changed something first; look again
    }
    throw new WritError(
      "LEDGER_UNAVAILABLE",
      "The state kept changing while this was redeemed. Retry with the same redemption_id.",
    )
  }

  async function append(entry: Entry, { caller, signal }: Call, now: Instant): Promise<AppendResult> {
    const { body, payload } = entry.record
    deps.rate.take(caller.keyId, body.length + (payload?.length ?? 0), now.monotonicMs)
    return await ledger.append({ ...entry, ...(signal && { signal }) })
  }

  /** A token that is bound to a key is worth what its runtime is now: trusted, alive, and still having that key. */
  function refuseRuntime(
    { cnf }: JsonObject,
    runtime: Runtime | null,
    state: ControlState,
    now: Instant,
  ): Refusal | null {
    if (cnf === undefined) return null
    const [reason] = checkRuntime(
      state,
      runtime,
      runtime && deps.leaseLeftMs(runtime.lease_id, now.monotonicMs),
      now.wallMs,
    )
    return reason ? [reason.code, reason.text] : null
  }

  /** A child starts only while its parent runs. A revocation that comes after this was read has the child's row to change. */
  function refuseParent(parent: FoundExecution | null, state: ControlState, now: Instant): Refusal | null {
    const bound = parent && readState(parent, now.wallMs) === "REDEEMED" ? readRedemption(parent)?.bound : null
    if (!bound) return ["PARENT_NOT_ALIVE", "the execution on whose behalf this one was authorized has ended"]
    const runtime = state.runtimes.get(bound.runtime)
    const leaseLeftMs = deps.leaseLeftMs(bound.leaseId, now.monotonicMs)
    if (runtime?.lease_id === bound.leaseId && checkRuntime(state, runtime, leaseLeftMs, now.wallMs).length === 0)
      return null
    return ["PARENT_NOT_ATTESTED", "the parent does not run in a runtime that is trusted and alive"]
  }

  function refuse([code, text]: Refusal): WritError {
    deps.observeRefusal?.(code)
    if (code === "ALREADY_REDEEMED") return new WritError("ALREADY_REDEEMED", text)
    return new WritError("TOKEN_REFUSED", `${code}: ${text}`, { details: { refusal: code } })
  }

  function invalidToken(reason: string): WritError {
    deps.observeRefusal?.("TOKEN_INVALID")
    return new WritError("TOKEN_REFUSED", reason, { details: { refusal: reason.split(":")[0] as string } })
  }
}

/** Of every replica. */
function keysOf({ tokenKeys }: ControlState, nowMs: number): readonly TokenJwk[] {
  return tokenKeys.filter((key) => isInForce(key, nowMs)).map(({ publicKey, kid }) => toJwk(publicKey, kid))
}

/** Also where another replica, whose key is good, has signed for it: on a repeat of the request. */
function refuseCompromised({ decision }: FoundExecution, { tokenKeys }: ControlState): Refusal | null {
  if (!isCompromised(tokenKeys, decision)) return null
  return ["EXECUTION_REVOKED", "the key that signed for its log was compromised since: authorize again"]
}

/** The runtime that a token is bound to, if it still has that key. */
function runtimeOf({ cnf }: JsonObject, found: FoundExecution, state: ControlState): Runtime | null {
  if (cnf === undefined) return null
  const request = readContent(found.decision)?.["request"] as { readonly runtime_id?: string } | undefined
  const known = state.runtimes.get(runtimeKey(request?.runtime_id ?? "")) ?? null
  const x = (cnf as { readonly jwk?: { readonly x?: string } } | null)?.jwk?.x
  return known && toBase64Url(fromHex(known.public_key)) === x ? known : null
}

function hasKind({ records }: FoundExecution, kind: RecordKind): boolean {
  return records.some(({ body }) => readBody(body).kind === kind)
}

/** The leaf says that budgets hold something back for it, and nobody can tell any more how much. */
function refuseErased({ decision }: FoundExecution): Refusal | null {
  const { budgets } = (readBody(decision.body).data ?? {}) as Partial<DecisionData>
  if (!budgets || readContent(decision)) return null
  return ["BUDGET_ERASED", "what the execution draws on budgets has been erased"]
}

function assertShape({ token, redemptionId, parametersDigest }: RedeemRequest): void {
  const invalid = (text: string) => new WritError("INVALID_REQUEST", text)
  if (token.length > MAX_TOKEN_BYTES)
    throw new WritError("REQUEST_TOO_LARGE", `token is larger than ${MAX_TOKEN_BYTES} bytes.`)
  if (redemptionId === "" || Buffer.byteLength(redemptionId) > MAX_REDEMPTION_ID_BYTES)
    throw invalid(`redemption_id must be 1 to ${MAX_REDEMPTION_ID_BYTES} bytes.`)
  if (!redemptionId.isWellFormed() || /[\u0000-\u001f\u007f-\u009f\ufffd]/.test(redemptionId))
    throw invalid("redemption_id must be text without control characters.")
  if (parametersDigest.length !== 0 && parametersDigest.length !== DIGEST_BYTES)
    throw invalid(`parameters_digest must be ${DIGEST_BYTES} bytes, or empty when the token has no dig.`)
}

function payloadOf({ parametersDigest, proof }: RedeemRequest, redemption: string): JsonObject {
  return {
    redemption,
    ...(parametersDigest.length > 0 && { dig: toBase64Url(parametersDigest) }),
    ...(proof !== "" && { proof }),
  }
}

/** What does not depend on the moment, so that a repeat has to pass it too. */
function refuseForm(claims: JsonObject, request: RedeemRequest, issuer: string): Refusal | null {
  const { token, redemptionId, parametersDigest, proof } = request
  if (claims["iss"] !== issuer) return ["WRONG_ISSUER", "the token is by another issuer"]
  const digest = parametersDigest.length > 0 ? parametersDigest : null
  if ((claims["dig"] ?? null) !== (digest && toBase64Url(digest)))
    return ["PARAMETERS_DIFFER", "the parameters are not those that were authorized"]
  const { cnf } = claims
  if (cnf === undefined)
    return proof === "" ? null : ["PROOF_UNEXPECTED", "the token is bound to no key, so nothing can be proved by one"]
  if (proof === "") return ["PROOF_MISSING", "the token is bound to a key, and its holder must prove to have it"]
  try {
    const { kty, crv, x } = (cnf as { jwk: { kty: string; crv: string; x: string } }).jwk
    const message = redeemProofInput(sha256, token, redemptionId, digest)
    if (
      kty === "OKP" &&
      crv === "Ed25519" &&
      verifySignature(nativeCrypto, fromBase64Url(x), message, fromBase64Url(proof))
    )
      return null
  } catch {} // not base64url, or no such key: it proves nothing
  return ["PROOF_WRONG", "the proof is not a signature by the key that the token is bound to"]
}

/** Null when it may be redeemed, or was by this very redemption a moment ago. */
function refuseState(found: FoundExecution, earlier: Redemption | null, key: string, now: Instant): Refusal | null {
  if (found.state === "AUTHORIZED") return null
  if (found.state === "REVOKED") return ["EXECUTION_REVOKED", "the execution was revoked"]
  const isSame = earlier !== null && earlier.key !== null && equalBytes(Buffer.from(earlier.key), Buffer.from(key))
  if (isSame && found.state === "REDEEMED" && now.wallMs < Math.min(earlier.atMs + REPEAT_MS, earlier.executeUntilMs))
    return null
  return ["ALREADY_REDEEMED", `The token has been redeemed already; the execution is ${found.state}.`]
}

/** Everything that was true when the token was made is checked again. */
function refuseMoment({ nbf, exp, bundle }: JsonObject, state: ControlState, now: Instant): Refusal | null {
  if (now.wallMs < ((nbf as number) - MAX_SKEW_SECONDS) * 1000) return ["NOT_YET_VALID", "the token is not valid yet"]
  if (now.wallMs >= (exp as number) * 1000) return ["EXPIRED", "the token has expired"]
  if (bundleProblems(state, now.wallMs).length > 0) return ["BUNDLE_INVALID", "there is no valid policy bundle"]
  if (state.active?.policy.digest !== bundle)
    return ["BUNDLE_CHANGED", "another policy bundle is active than the one that authorized this: authorize again"]
  return null
}
