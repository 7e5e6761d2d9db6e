/** Decide, record, sign, reply. A token leaves this file only after its record is durable. */
import { sha256OfText, uuidOfText } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock, Instant } from "../ledger/clock.ts"
import type { Consumables } from "../ledger/consumables.ts"
import type { RequestClaim, SealedRecord } from "../ledger/store.ts"
import type { Policy, PolicyRequest } from "../policy/types.ts"
import type { TokenSigners } from "../token/token.ts"
import { type Approval, type ApprovalStore, findApproval, findQueue, type Queue } from "./approval.ts"
import { assertMaySpeak } from "./caller.ts"
import { determine } from "./determine.ts"
import { factsOf } from "./facts.ts"
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "./limits.ts"
import { effectsOf, linksOf } from "./links.ts"
import { findParent, type Parent, type ParentStore } from "./parent.ts"
import { areKnown, loadRows, PastView, stepsOf } from "./past.ts"
import type { Rate } from "./rate.ts"
import { type RequestStore, recall } from "./recall.ts"
import { InFlight, RecentKeys } from "./request-keys.ts"
import type { Asked } from "./scope.ts"
import { buildVerdict, type Issuer, sealDecision, type Verdict } from "./seal.ts"
import { type RawRequest, type Snapshot, snapshot, toPolicyRequest } from "./snapshot.ts"
import { assertLoaded, type Caller, type ControlState } from "./state.ts"
import { isCompromised } from "./token-key.ts"

const MAX_ATTEMPTS = 8

export interface Call {
  readonly caller: Caller
  /** On every log line of the call. */
  readonly requestId: string
  /** Milliseconds from now; null when the caller set none. */
  readonly timeoutMs: number | null
  /** Has the caller gone? Asked at the cut. */
  readonly signal?: { readonly aborted: boolean }
}

export interface Authorized {
  readonly verdict: Verdict
  readonly token: string | null
  readonly withheld: { readonly code: "TOKEN_WITHHELD"; readonly text: string } | null
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
  readonly repeated: boolean
  readonly explain: boolean
  /** Microseconds. */
  readonly times: { readonly evaluate: number; readonly append: number; readonly sign: number }
}

export interface AuthorizeDependencies {
  readonly clock: Clock
  readonly issuer: Issuer
  readonly signers: TokenSigners
  readonly requests: RequestStore
  readonly parents: ParentStore
  readonly approvals: ApprovalStore
  readonly rate: Rate
  /** Histories and budgets. */
  readonly consumables: Consumables
  control(): ControlState
  /** Milliseconds that a lease still has at this monotonic instant; null when nothing was heard of it since the start. */
  leaseLeftMs?(leaseId: string, monotonicMs: number): number | null
  readonly ledger: { assertOpen(): void; append(entry: Entry): Promise<AppendResult> }
  /** Told of every decision that became durable, with its record. */
  observe?(authorized: Authorized, call: Call, record: SealedRecord): void
}

interface Running {
  readonly digest: Uint8Array
  /** Set before anyone else can see it. */
  done: Promise<Authorized> | null
}

export function createAuthorize(deps: AuthorizeDependencies): (raw: RawRequest, call: Call) => Promise<Authorized> {
  const { clock, ledger, signers, leaseLeftMs = () => null } = deps
  const inFlight = new InFlight<Running>()
  const compromised = (decision: { readonly origin: string; readonly index: number }) =>
    isCompromised(deps.control().tokenKeys, decision)
  /** Answered lately: a repeat asks the database instead of failing a batch. */
  const recent = new RecentKeys()

  /** Idempotency comes first: a repeat joins the call in flight, and later gets what was recorded. */
  return function authorize(raw, call) {
    try {
      ledger.assertOpen()
      const now = clock.now()
      const request = snapshot(raw) // copied once, limited, typed; INVALID_REQUEST
      assertMaySpeak(deps.control(), call.caller, askedOf(request), now.wallMs) // also for a repeat
      const claim = claimRequest(call.caller, request)
      const deadlineMs = now.monotonicMs + Math.min(call.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS)
      return inFlight.get(claim.key)
        ? join(request, claim, call, deadlineMs)
        : begin(request, claim, call, now, deadlineMs)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async function join(request: Snapshot, claim: RequestClaim, call: Call, deadlineMs: number): Promise<Authorized> {
    let now = clock.now()
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const earlier = inFlight.get(claim.key)
      if (!earlier?.done) break
      if (!equalBytes(earlier.digest, claim.digest)) throw new WritError("REQUEST_ID_REUSED")
      const joined = await earlier.done.catch((error: unknown) => WritError.from(error))
      if (!(joined instanceof WritError)) return { ...joined, repeated: true, explain: request.explain }
      if (joined.code !== "CANCELLED" && joined.code !== "DEADLINE_EXCEEDED") throw joined
      // the first caller gave up before anything was recorded; this one has not
      now = clock.now() // a log's records stand in the order of their times
      if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
    }
    return await begin(request, claim, call, now, deadlineMs)
  }

  function begin(
    request: Snapshot,
    claim: RequestClaim,
    call: Call,
    now: Instant,
    deadlineMs: number,
  ): Promise<Authorized> {
    const running: Running = { digest: claim.digest, done: null }
    inFlight.set(claim.key, running)
    running.done = decide(request, claim, call, now, deadlineMs)
    return running.done
  }

  async function decide(
    request: Snapshot,
    claim: RequestClaim,
    call: Call,
    started: Instant,
    deadlineMs: number,
  ): Promise<Authorized> {
    try {
      let mayBeRecorded = recent.has(claim.key)
      let now = started
      let queue: Queue | null = null
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        if (mayBeRecorded) {
          const recalled = await recall(deps.requests, claim, signers, compromised, now.wallMs)
          if (recalled) {
            recent.add(claim.key)
            return toAuthorized(recalled, request)
          }
          now = clock.now()
        }
        const state = deps.control() // one immutable snapshot; its epoch is proved by the append
        assertLoaded(state)
        let parent: Parent | null = null
        let named: Approval | null = null
        if (request.parentExecutionId !== "" || request.approvalId !== "") {
          // That the one is alive still, and the other unused, is proved by the append.
          if (request.parentExecutionId !== "") parent = await findParent(deps.parents, request)
          if (request.approvalId !== "") named = await findApproval(deps.approvals, request.approvalId)
          now = clock.now()
          if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
        }
        assertMaySpeak(state, call.caller, askedOf(request), now.wallMs) // it may have changed since the call began
        let policyRequest = toPolicyRequest(request, now.wallMs)
        let rows = state.active?.policy.rows(policyRequest) ?? [] // of most requests none
        while (!areKnown(deps.consumables, rows)) {
          await loadRows(deps.consumables, rows) // that they are still so is proved by the append
          now = clock.now()
          if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
          policyRequest = toPolicyRequest(request, now.wallMs)
          rows = state.active?.policy.rows(policyRequest) ?? []
        }
        const past = rows.length > 0 ? new PastView(deps.consumables, now.wallMs) : null
        const { monotonicMs } = now
        const determination = determine(
          state,
          request,
          policyRequest,
          (leaseId) => leaseLeftMs(leaseId, monotonicMs),
          parent,
          { caller: call.caller.id, named, queue },
          past?.read,
        ) // pure and total: a failure inside is a DENY
        const bundle = state.active?.policy.digest ?? ""
        if (determination.decision === "REQUIRE_APPROVAL" && !named && queue?.bundleDigest !== bundle) {
          queue = await findQueue(deps.approvals, request, call.caller.id, bundle, now.wallMs)
          now = clock.now()
          if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
          continue // with what is known now
        }
        const verdict = buildVerdict(determination, request, state, deps.issuer, now.wallMs)
        const recorded = recordedRequest(request, policyRequest, state.active?.policy)
        const claims = verdict.claims && encodeCanonicalJson(verdict.claims)
        const signer = verdict.claims && signers.at(verdict.claims.iat)
        const consumption = past?.consume(stepsOf(determination.outcome, verdict.decision, verdict.claims))
        if (consumption === null) throw new Error("a decision whose rows are known cannot be counted")
        const record = sealDecision(
          verdict,
          claims,
          recorded,
          claim,
          determination.outcome?.cost ?? 0,
          state.epoch,
          call.caller,
          now.wallMs,
          linksOf(verdict, determination, request),
          factsOf(determination, state),
          consumption?.record,
        )
        deps.rate.take(call.caller.keyId, record.body.length + (record.payload?.length ?? 0), now.monotonicMs)
        const evaluatedMs = performance.now()

        const effects = effectsOf(determination, verdict, now.wallMs)
        const appended = ledger.append({
          record,
          epoch: state.epoch,
          request: claim,
          deadlineMs,
          ...(consumption && consumption.uses.length > 0 && { uses: consumption.uses }),
          ...(call.signal && { signal: call.signal }),
          ...(effects.length > 0 && { change: { effects, raisesEpoch: false } }),
        })
        // While Postgres commits.
        const signingMs = performance.now()
        const signing = claims !== null && signer ? signer.signSoon(claims, record.leafHash) : null
        let signedMs = performance.now()
        const result = await appended
        if (result.kind === "written") {
          const appendedMs = performance.now()
          let token: string | null
          if (signing instanceof Promise) {
            token = await signing
            signedMs = performance.now()
          } else token = signing
          const authorized: Authorized = {
            verdict,
            token,
            withheld: null,
            receipt: { origin: deps.issuer.origin, index: result.index, leafHash: record.leafHash },
            repeated: false,
            explain: request.explain,
            times: {
              evaluate: micros(evaluatedMs - now.monotonicMs),
              append: micros(appendedMs - evaluatedMs),
              sign: claims === null ? 0 : micros(signedMs - signingMs),
            },
          }
          recent.add(claim.key)
          deps.observe?.(authorized, call, record)
          return authorized
        }
        mayBeRecorded = result.kind === "taken"
        queue = null
        if (result.kind === "moved") attempt-- // others were counted first: with each try some are, so the deadline is the limit
        now = clock.now()
        if (now.monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      }
      throw new WritError(
        "LEDGER_UNAVAILABLE",
        "The control state kept changing while this was decided. Retry with the same request_id.",
      )
    } finally {
      inFlight.delete(claim.key)
    }
  }

  function toAuthorized(recalled: NonNullable<Awaited<ReturnType<typeof recall>>>, request: Snapshot): Authorized {
    const { verdict, token, withheld, origin, index, leafHash } = recalled
    const receipt = { origin, index, leafHash }
    return {
      verdict,
      token,
      withheld,
      receipt,
      repeated: true,
      explain: request.explain,
      times: { evaluate: 0, append: 0, sign: 0 },
    }
  }
}

/** The request as recorded: as it came, unless the policy declares parts of it `record: never`. */
function recordedRequest(request: Snapshot, policyRequest: PolicyRequest, policy: Policy | undefined): string {
  if (!policy || policy.recordsAllOf(policyRequest)) return request.canonical
  const { parameters, ...rest } = request.json
  const digestOnly =
    typeof parameters === "object" &&
    parameters !== null &&
    "bytes" in parameters &&
    !policy.recordsParameters(request.action.name)
  const kept = digestOnly
    ? { digest: parameters["digest"] as string, content_type: parameters["content_type"] as string }
    : parameters
  return encodeCanonicalJson({
    ...rest,
    ...(kept !== undefined && { parameters: kept }),
    ...policy.recordable(policyRequest),
  })
}

/** What a caller's scope has to cover. */
function askedOf({ subject, resource, runtimeId, audience }: Snapshot): Asked {
  return {
    subjects: `${subject.type}:${subject.id}`,
    resources: `${resource.type}:${resource.id}`,
    ...(runtimeId !== "" && { runtimes: runtimeId }),
    audiences: audience,
  }
}

/** Scoped to the authenticated caller; lengths cannot be confused, since a caller's id holds no NUL. */
export function claimRequest(caller: Caller, request: Snapshot): RequestClaim {
  const key = uuidOfText(`${caller.id}\0${request.requestId}`)
  return { key, digest: sha256OfText(request.canonical) }
}

function micros(ms: number): number {
  return Math.max(0, Math.round(ms * 1000))
}
