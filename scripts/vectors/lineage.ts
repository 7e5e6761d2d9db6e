/** Logs, checkpoints and evidence files put together from their specification, without asking src/ for anything. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { naiveInclusion, naiveRoot } from "../../test/support/naive-merkle.ts"
import { sha256, type VectorKey, vectorKey } from "./keys.ts"
import { noteBy, verifierKey } from "./notes.ts"

export const ORIGIN = "log.example/evidence"
export const OTHER_ORIGIN = "log.example/evidence-2"
export const LOG_KEY = vectorKey("log")
export const OTHER_LOG_KEY = vectorKey("log 2")
export const STRANGER = vectorKey("stranger")
export const TRUST = {
  logs: [
    { origin: ORIGIN, vkey: verifierKey(ORIGIN, LOG_KEY.publicKey) },
    { origin: OTHER_ORIGIN, vkey: verifierKey(OTHER_ORIGIN, OTHER_LOG_KEY.publicKey) },
  ],
  tokens: { keys: [] },
}
export const EXECUTION = "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c"
const BUNDLE = "ab".repeat(32)
const NOW = 1_800_000_000

export type Json = { [key: string]: unknown }

/** A record as a log holds it. */
export interface Sealed {
  readonly body: Buffer
  /** salt ‖ content */
  readonly payload: Buffer | null
}
export const leafHash = (body: Uint8Array) => sha256(Buffer.concat([Buffer.of(0), body]))

export const commit = (payload: Uint8Array) =>
  sha256(Buffer.concat([Buffer.from("writ/payload/v1\n"), payload])).toString("hex")

/** Members that are undefined are left out; content that is a text is taken as it is, null is no payload. */
export function seal(record: Json, content: Json | string | null): Sealed {
  const salt = sha256(`salt of ${record["kind"]}`)
  const text = typeof content === "string" ? content : naiveCanonicalJson(defined(content ?? {}))
  const payload = content === null ? null : Buffer.concat([salt, Buffer.from(text)])
  const commitment = payload === null ? null : commit(payload)
  return { body: Buffer.from(naiveCanonicalJson(defined({ payload: commitment, ...record }))), payload }
}
const defined = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

export const CLAIMS: Json = {
  action: "payments.transfer",
  aud: "runner",
  bundle: BUNDLE,
  exp: NOW + 10,
  execution_id: EXECUTION,
  iat: NOW,
  iss: "https://writ.example",
  jti: EXECUTION,
  log: ORIGIN,
  max_duration: 3600,
  nbf: NOW,
  resource: { id: "42", type: "account" },
  sub: "agent-7",
  sub_type: "agent",
  use: "redeem",
}
const CHECKS = [
  "identity",
  "context",
  "policy_validity",
  "environment_trust",
  "authorization_state",
  "execution_eligibility",
].map((name) => ({ name, reasons: [], status: "PASS" }))
export const DECISION_DATA: Json = {
  bundle_digest: BUNDLE,
  bundle_version: "1",
  checks: CHECKS,
  decision: "ALLOW",
  matched_rules: ["transfers"],
}
/** 2^68 is among the content: RFC 8785 writes it out, and a reader must take it. */
export const CONTENT: Json = {
  claims: CLAIMS,
  cost: 3,
  idempotency: { digest: "ef".repeat(32), key: "0b0f4c1e-0000-4000-8000-000000000000" },
  obligations: [],
  reasons: [[], [], [], [], [], []],
  request: { action: { name: "payments.transfer" }, context: { limit: 2 ** 68 }, subject: { id: "agent-7" } },
  risk: { points: 0, signals: [], tier: "low" },
  trace: [],
}

/** An ALLOW as Writ records it; `record` and `content` replace members. */
export function decision(record: Json = {}, content: Json | string | null = CONTENT): Sealed {
  return seal(
    {
      actor: { id: "key:pep", proof: "api-key" },
      data: DECISION_DATA,
      engine: "writ/0.1.0",
      epoch: "1",
      execution_id: EXECUTION,
      kind: "decision",
      state: "AUTHORIZED",
      time: "2027-01-15T08:00:00.000Z",
      v: 1,
      ...record,
    },
    content,
  )
}
export const denied = (record: Json = {}, content: Json = { ...CONTENT, claims: undefined }): Sealed =>
  decision({ state: undefined, data: { ...DECISION_DATA, decision: "DENY" }, ...record }, content)

/** A record that follows `before`; members replace those of an executor's record. */
export function step(before: Sealed, record: Json, content: Json | null): Sealed {
  return seal(
    {
      actor: { id: "key:executor", proof: "api-key" },
      data: {},
      engine: "writ/0.1.0",
      epoch: "1",
      execution_id: EXECUTION,
      previous: leafHash(before.body).toString("hex"),
      v: 1,
      ...record,
    },
    content,
  )
}

/** The revocation that follows `before`. */
export function revoked(before: Sealed, record: Json = {}): Sealed {
  return seal(
    {
      actor: { id: "key:operator", proof: "api-key" },
      data: {},
      engine: "writ/0.1.0",
      epoch: "2",
      execution_id: EXECUTION,
      kind: "revoked",
      previous: leafHash(before.body).toString("hex"),
      state: "REVOKED",
      time: "2027-01-15T08:00:01.000Z",
      v: 1,
      ...record,
    },
    { reason: "the order was withdrawn" },
  )
}

export interface Place {
  readonly record: Sealed
  readonly index: number
}

/** A log of `size` leaves with these records among them. */
export class Log {
  readonly leaves: Uint8Array[]
  readonly origin: string
  readonly key: VectorKey
  constructor(places: readonly Place[], { size = 7, origin = ORIGIN, key = LOG_KEY } = {}) {
    this.leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`{"other":${i}}`)))
    for (const { record, index } of places) this.leaves[index] = leafHash(record.body)
    this.origin = origin
    this.key = key
  }
  checkpoint(size = this.leaves.length, text = ""): string {
    const root = Buffer.from(naiveRoot(this.leaves.slice(0, size))).toString("base64")
    return noteBy(this.key, this.origin, `${this.origin}\n${size}\n${root}\n${text}`)
  }
  entry({ record, index }: Place, size = this.leaves.length): Entry {
    return {
      log: this.origin,
      index: String(index),
      body: record.body.toString("base64"),
      payload: record.payload?.toString("base64") ?? null,
      proof: naiveInclusion(index, this.leaves.slice(0, size)).map((hash) => Buffer.from(hash).toString("base64")),
    }
  }
}

export interface Entry {
  log: string
  index: string
  body: string
  payload: string | null
  proof: string[]
}
export interface File {
  v: number
  type: string
  execution_id: string
  checkpoints: { log: string; note: string }[]
  records: Entry[]
}

/** Evidence of these records in one log. */
export function fileOf(places: readonly Place[], log = new Log(places)): File {
  return {
    v: 1,
    type: "writ-evidence",
    execution_id: EXECUTION,
    checkpoints: [{ log: log.origin, note: log.checkpoint() }],
    records: places.map((place) => log.entry(place)),
  }
}

/** The records of one execution at indexes 3, 5, 6 of a log of 7. */
export const places = (...records: readonly Sealed[]): Place[] =>
  records.map((record, i) => ({ record, index: [3, 5, 6][i] as number }))
