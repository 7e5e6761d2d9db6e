/**
 * From a determination to the leaf: claims, payload, record bytes, leaf hash. The leaf hash goes into the token, the
 * claims (without it) go into the payload, so that token and record vouch for each other without a circle.
 */
import { randomFillSync, randomUUID } from "node:crypto"
import { asBuffer, sha256 } from "../crypto.ts"
import { fromHex, toBase64Url, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import { toRecordTime } from "../ledger/clock.ts"
import {
  type Actor,
  type ApprovalLink,
  CHECK_NAMES,
  commitPayload,
  type DecisionPayload,
  MAX_RECORD_BYTES,
  PAYLOAD_SALT_BYTES,
  type ParentLink,
  RECORD_VERSION,
  type RecordBody,
} from "../ledger/record.ts"
import type { RequestClaim, SealedRecord } from "../ledger/store.ts"
import type { ApprovalRequirement } from "../policy/types.ts"
import { DEFAULT_TTL_MS, MAX_TTL_MS, MAX_TTL_WITHOUT_RUNTIME_MS, MIN_TTL_MS, type TokenClaims } from "../token/token.ts"
import { ENGINE } from "../version.ts"
import type { Determination } from "./determine.ts"
import type { Facts } from "./facts.ts"
import { DEFAULT_MAX_DURATION_MS } from "./limits.ts"
import type { PastOfRecord } from "./past.ts"
import type { Snapshot } from "./snapshot.ts"
import type { Caller, ControlState, Reason } from "./state.ts"

export interface Issuer {
  /** `iss` of tokens. */
  readonly issuer: string
  /** Origin of the log that records go to. */
  readonly origin: string
  /** True on loopback without TLS: tokens say `env: dev`. */
  readonly development: boolean
  readonly defaultTtlMs: number
}

/** A decision as it was recorded; what a repeat of the request gets again. */
export interface Verdict {
  readonly executionId: string
  readonly decision: Determination["decision"]
  readonly checks: readonly { readonly name: string; readonly status: string; readonly reasons: readonly Reason[] }[]
  readonly matchedRules: readonly string[]
  readonly obligations: readonly JsonObject[]
  readonly risk: { readonly tier: string; readonly points: number; readonly signals: readonly string[] }
  readonly trace: readonly JsonObject[]
  readonly bundleDigest: string
  readonly bundleVersion: string
  /** Without `leaf`; null unless allowed. */
  readonly claims: TokenClaims | null
  /** That is asked for with this, waits already, or is used by it; null: none. */
  readonly approval: ApprovalLink | null
}

export const NO_RISK = { points: 0, signals: [], tier: "low" } as const
const salts = Buffer.alloc(PAYLOAD_SALT_BYTES * 256)
let saltAt = salts.length

export function buildVerdict(
  determination: Determination,
  request: Snapshot,
  state: ControlState,
  issuer: Issuer,
  nowMs: number,
): Verdict {
  const { decision, checks, outcome, approvals } = determination
  const { named, queue } = approvals
  // What was approved is the execution that has waited for it.
  const executionId = decision === "ALLOW" && named ? named.link.id : randomUUID()
  const bundleDigest = state.active?.policy.digest ?? ""
  return {
    executionId,
    decision,
    checks,
    matchedRules: outcome?.matchedRules ?? [],
    obligations: (outcome?.obligations ?? []) as readonly unknown[] as readonly JsonObject[],
    risk: outcome?.risk ?? NO_RISK,
    trace: (outcome?.trace ?? []) as readonly unknown[] as readonly JsonObject[],
    bundleDigest,
    bundleVersion: state.active?.policy.version ?? "",
    claims:
      decision === "ALLOW" && outcome
        ? buildClaims(executionId, request, determination, bundleDigest, issuer, nowMs)
        : null,
    approval:
      decision === "DENY"
        ? null
        : (named?.link ??
          (outcome?.approval ? (queue?.waiting?.link ?? ask(executionId, outcome.approval, nowMs)) : null)),
  }
}

export function ask(id: string, { lifeMs, needed }: ApprovalRequirement, nowMs: number): ApprovalLink {
  return { expires_at: toRecordTime(nowMs + lifeMs), id, needed }
}

/** Does it open an execution that waits for an approval? */
export function isAsking({ approval, decision, executionId }: Verdict): boolean {
  return decision === "REQUIRE_APPROVAL" && approval?.id === executionId
}

export function buildClaims(
  executionId: string,
  request: Snapshot,
  { outcome, runtime, leaseLeftMs, parent }: Determination,
  bundle: string,
  issuer: Issuer,
  nowMs: number,
): TokenClaims {
  const constraints = outcome?.constraints ?? {}
  const iat = Math.floor(nowMs / 1000)
  const executeBefore = parent?.redemption && Math.floor(parent.redemption.executeUntilMs / 1000)
  const longest = Math.min(
    constraints.ttlMs ?? MAX_TTL_MS,
    runtime ? Math.min(MAX_TTL_MS, leaseLeftMs ?? 0) : MAX_TTL_WITHOUT_RUNTIME_MS,
    executeBefore ? (executeBefore - iat) * 1000 : MAX_TTL_MS,
  )
  const wished = request.requestedTtlMs ?? Math.min(issuer.defaultTtlMs ?? DEFAULT_TTL_MS, longest)
  const ttlSeconds = Math.floor(Math.max(MIN_TTL_MS, Math.min(wished, longest)) / 1000)
  return {
    // in RFC 8785 order, so that encoding need not sort
    action: request.action.name,
    aud: request.audience,
    bundle,
    ...(runtime && {
      cnf: { jwk: { crv: "Ed25519", kty: "OKP", x: toBase64Url(fromHex(runtime.public_key)) } } as const,
    }),
    ...(request.parametersDigest !== null && { dig: request.parametersDigest }),
    ...(issuer.development && { env: "dev" as const }),
    ...(executeBefore && { execute_before: executeBefore }),
    execution_id: executionId,
    exp: iat + ttlSeconds,
    iat,
    iss: issuer.issuer,
    jti: executionId,
    log: issuer.origin,
    max_duration: Math.floor((constraints.maxDurationMs ?? DEFAULT_MAX_DURATION_MS) / 1000),
    nbf: iat,
    ...(parent && { parent: parent.executionId }),
    resource: { id: request.resource.id, type: request.resource.type },
    sub: request.subject.id,
    sub_type: request.subject.type,
    use: constraints.use ?? "redeem",
  }
}

/** What a decision's record holds beside the verdict and the request. */
export interface DecisionLinks {
  readonly parent?: ParentLink
  /** Of what was approved: the newest record before it. */
  readonly previous?: Uint8Array
  /** Of what asks for an approval. */
  readonly asked?: NonNullable<DecisionPayload["approval"]>
}

/** Record and payload of a decision. `claims` and `recordedRequest` are RFC 8785 texts; `recordedRequest` is the request's canonical JSON, less what must not be recorded. */
export function sealDecision(
  verdict: Verdict,
  claims: string | null,
  recordedRequest: string,
  claim: RequestClaim,
  cost: number,
  epoch: bigint,
  caller: Caller,
  nowMs: number,
  { parent, previous, asked }: DecisionLinks = {},
  facts: Facts | null = null,
  past: PastOfRecord = {},
): SealedRecord {
  // RFC 8785 by construction: members in order, each part canonical; nothing is encoded twice.
  const { checks } = verdict
  const isPlain = checks.length === CHECK_NAMES.length && checks.every(isPassed)
  const reasons = isPlain
    ? NO_REASONS
    : encodeCanonicalJson(checks.map((check) => check.reasons) as unknown as JsonObject[])
  const payload = withSalt(
    (asked === undefined ? "{" : `{"approval":${encodeCanonicalJson(asked)},`) +
      (claims === null ? "" : `"claims":${claims},`) +
      member("consumed", past.consumed) +
      `"cost":${cost},${facts === null ? "" : `"facts":${encodeCanonicalJson(facts)},`}"idempotency":{"digest":"${asBuffer(claim.digest).toString("hex")}","key":"${claim.key}"},` +
      `"obligations":${encodeList(verdict.obligations)},${member("readings", past.readings)}"reasons":${reasons},"request":${recordedRequest},"risk":${encodeCanonicalJson(verdict.risk as unknown as JsonObject)},` +
      `"trace":${encodeList(verdict.trace)}}`,
  )
  const body =
    `{"actor":{"id":${JSON.stringify(caller.id)},"proof":"${caller.proof}"},"data":{` +
    (verdict.approval === null ? "" : `"approval":${encodeCanonicalJson(verdict.approval)},`) +
    member("budgets", reservedBudgets(past)) +
    `"bundle_digest":"${verdict.bundleDigest}",` +
    `"bundle_version":${JSON.stringify(verdict.bundleVersion)},"checks":${isPlain ? ALL_PASSED : encodeChecks(checks)},` +
    `"decision":"${verdict.decision}","matched_rules":${encodeList(verdict.matchedRules)}},"engine":${JSON.stringify(ENGINE)},` +
    `"epoch":"${epoch}","execution_id":"${verdict.executionId}","kind":"decision",` +
    (parent ? `"parent":${encodeCanonicalJson(parent as unknown as JsonObject)},` : "") +
    `"payload":"${asBuffer(commitPayload(sha256, payload)).toString("hex")}",` +
    (previous ? `"previous":"${asBuffer(previous).toString("hex")}",` : "") +
    `${verdict.decision === "ALLOW" ? '"state":"AUTHORIZED",' : isAsking(verdict) ? '"state":"APPROVAL_PENDING",' : ""}` +
    `"time":"${toRecordTime(nowMs)}","v":${RECORD_VERSION}}`
  return toSealed(body, payload)
}

/** `"name":[…],` or, without items, nothing. */
function member(name: string, items: readonly unknown[] | undefined): string {
  return items === undefined || items.length === 0 ? "" : `"${name}":${encodeCanonicalJson(items as JsonValue[])},`
}
function reservedBudgets({ consumed }: PastOfRecord): readonly string[] | undefined {
  return consumed?.flatMap((step) => (step.op === "reserve" ? [step.name] : []))
}

type Checks = Verdict["checks"]
const isPassed = ({ name, status, reasons }: Checks[number], i: number) =>
  name === CHECK_NAMES[i] && status === "PASS" && reasons.length === 0
/** What nearly every allow says. */
const ALL_PASSED = encodeChecks(CHECK_NAMES.map((name) => ({ name, status: "PASS", reasons: [] })))
const NO_REASONS = encodeCanonicalJson(CHECK_NAMES.map(() => []))

/** `checks` of DecisionData: the codes only. */
function encodeChecks(checks: Checks): string {
  return encodeCanonicalJson(
    checks.map(({ name, reasons, status }) => ({ name, reasons: reasons.map((reason) => reason.code), status })),
  )
}

function encodeList(items: readonly JsonValue[]): string {
  return items.length === 0 ? "[]" : encodeCanonicalJson(items)
}

export interface RecordContent {
  readonly kind: RecordBody["kind"]
  readonly actor: Actor
  readonly execution_id?: string
  readonly state?: NonNullable<RecordBody["state"]>
  readonly previous?: string
  readonly parent?: ParentLink
  readonly epoch?: string
  readonly data: JsonObject
}

/** Any record: `payload` is canonical JSON, or null for a record that needs none. Throws when the leaf is too large. */
export function seal(content: RecordContent, payload: string | null, nowMs: number): SealedRecord {
  const salted = payload === null ? null : withSalt(payload)
  const { kind, actor, execution_id, state, previous, parent, epoch, data } = content
  const record: RecordBody = {
    actor,
    data,
    engine: ENGINE,
    ...(epoch !== undefined && { epoch }),
    ...(execution_id !== undefined && { execution_id }),
    kind,
    ...(parent !== undefined && { parent }),
    payload: salted === null ? null : toHex(commitPayload(sha256, salted)),
    ...(previous !== undefined && { previous }),
    ...(state !== undefined && { state }),
    time: toRecordTime(nowMs),
    v: RECORD_VERSION,
  }
  return toSealed(encodeCanonicalJson(record as unknown as JsonObject), salted)
}

function toSealed(record: string, payload: Uint8Array | null): SealedRecord {
  const body = Buffer.from(record)
  if (body.length > MAX_RECORD_BYTES)
    throw new Error(`a record of ${body.length} bytes is larger than ${MAX_RECORD_BYTES}`)
  return { leafHash: hashLeaf(sha256, body), body, payload }
}

function withSalt(payload: string): Uint8Array {
  if (saltAt === salts.length) {
    randomFillSync(salts)
    saltAt = 0
  }
  const salted = Buffer.allocUnsafe(PAYLOAD_SALT_BYTES + Buffer.byteLength(payload))
  salts.copy(salted, 0, saltAt, saltAt + PAYLOAD_SALT_BYTES)
  saltAt += PAYLOAD_SALT_BYTES
  salted.write(payload, PAYLOAD_SALT_BYTES)
  return salted
}
