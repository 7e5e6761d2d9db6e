/** A lineage from a file: eight steps in a fixed order; the first that fails is named, with the record to blame. */
import { equalBytes, fromBase64, fromHex, fromUtf8, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { type Checkpoint, parseCheckpoint } from "../formats/checkpoint.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { Crypto, JsonObject, JsonValue } from "../formats/ports.ts"
import { parseNote } from "../formats/signed-note.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { isRepeatable, isTransition, KINDS, type RecordKind } from "../ledger/kinds.ts"
import {
  commitPayload,
  MAX_RECORD_BYTES,
  PAYLOAD_SALT_BYTES,
  RECORD_VERSION,
  type RecordBody,
} from "../ledger/record.ts"
import { checkAncestry, checkDescent } from "./ancestry.ts"
import { checkApproval, checkApproved } from "./approval.ts"
import { type Case, type Chain, decisionOf, Fault, type Item, isTime, type Outcome } from "./case.ts"
import { verifyCheckpoint } from "./checkpoint.ts"
import { verifyInclusion } from "./merkle.ts"
import { portableCrypto } from "./portable-crypto.ts"
import {
  EVIDENCE_STEPS,
  type EvidenceReport,
  type EvidenceStep,
  type ReasonCode,
  type StepResult,
  type Trust,
} from "./types.ts"

export const MAX_EVIDENCE_CHARS = 64 * 1024 * 1024
const MAX_RECORDS = 100_000
const LIMITS = { maxDepth: 40, maxNodes: 2_000_000 }

const STEPS: Readonly<Record<Exclude<EvidenceStep, "format">, (file: Case) => Outcome>> = {
  checkpoint: checkCheckpoints,
  record: checkRecords,
  inclusion: checkInclusion,
  payload: checkPayloads,
  lineage: checkLineage,
  transitions: checkTransitions,
  claims: checkClaims,
}

/** `evidence` is the file's text (or bytes); trust comes from outside, never from the file. Never throws. */
export function verifyEvidence(
  evidence: string | Uint8Array,
  trust: Trust | undefined,
  crypto: Crypto = portableCrypto,
): EvidenceReport {
  const steps: StepResult[] = []
  let step: EvidenceStep = "format"
  try {
    const file = parseEvidence(evidence, trust, crypto)
    const [{ executionId, items }, ...ancestors] = file.chains
    const more = ancestors.length > 0 ? `, which descends from ${ancestors.length}` : ""
    steps.push({ step, result: "ok", detail: `${items.length} records of execution ${executionId}${more}` })
    for (step of EVIDENCE_STEPS.slice(1)) steps.push({ step, ...STEPS[step as Exclude<EvidenceStep, "format">](file) })
    const describe = (chain: Chain) => ({
      id: chain.executionId,
      decision: decisionOf(chain).record.data["decision"] as string,
      state: chain.items.at(-1)?.record.state ?? null,
    })
    return {
      valid: true,
      reason: "",
      anchored: trust !== undefined,
      steps,
      execution: describe(file.chains[0]),
      ...(ancestors.length > 0 && { ancestors: ancestors.map(describe) }),
    }
  } catch (error) {
    const fault = error instanceof Fault ? error : new Fault("MALFORMED", (error as Error).message)
    steps.push({ step, result: "failed", detail: fault.message })
    return {
      valid: false,
      reason: `${fault.code}: ${fault.message}`,
      anchored: false,
      steps,
      failedStep: step,
      ...(fault.index !== null && { failedIndex: String(fault.index) }),
    }
  }
}

function parseEvidence(evidence: string | Uint8Array, trust: Trust | undefined, crypto: Crypto): Case {
  if (evidence.length > MAX_EVIDENCE_CHARS)
    throw new Fault("TOO_LARGE", `the file is larger than ${MAX_EVIDENCE_CHARS} characters`)
  const root = asObject(parseStrictJson(typeof evidence === "string" ? evidence : fromUtf8(evidence), LIMITS))
  if (root["v"] !== 1 || root["type"] !== "writ-evidence")
    throw new Fault("MALFORMED", "the file is not Writ evidence of version 1")
  const lineages = [root, ...(root["ancestors"] === undefined ? [] : asList(root["ancestors"]).map(asObject))]
  const notes = new Map<string, string>()
  for (const entry of asList(root["checkpoints"])) {
    const { log, note } = asObject(entry)
    if (notes.has(asText(log))) throw new Fault("MALFORMED", "two checkpoints of one log")
    notes.set(asText(log), asText(note))
  }
  let count = 0
  const chains = lineages.map((lineage): Chain => {
    const records = asList(lineage["records"])
    if (records.length === 0) throw new Fault("MALFORMED", "the file holds no record")
    count += records.length
    if (count > MAX_RECORDS) throw new Fault("TOO_LARGE", `the file holds more than ${MAX_RECORDS} records`)
    return { executionId: asText(lineage["execution_id"]), items: records.map((entry) => parseItem(entry, crypto)) }
  }) as [Chain, ...Chain[]]
  return { chains, notes, checkpoints: new Map(), items: chains.flatMap(({ items }) => items), trust, crypto }
}

function parseItem(entry: JsonValue, crypto: Crypto): Item {
  const { log, index, body, payload, proof } = asObject(entry)
  if (!/^(0|[1-9][0-9]{0,18})$/.test(asText(index))) throw new Fault("MALFORMED", "an index is not a decimal number")
  const bytes = fromBase64(asText(body))
  return {
    log: asText(log),
    index: BigInt(asText(index)),
    body: bytes,
    payload: payload === null ? null : fromBase64(asText(payload)),
    proof: asList(proof).map((hash) => fromBase64(asText(hash))),
    leafHash: hashLeaf(crypto.sha256, bytes),
    record: undefined as never,
    content: null,
  }
}

function checkCheckpoints({ notes, checkpoints, items, trust, crypto }: Case): Outcome {
  for (const [log, note] of notes) {
    if (trust) {
      const key = trust.logs.find(({ origin }) => origin === log)
      if (!key) throw new Fault("UNKNOWN_KEY", `the trust file has no key for the log ${log}`)
      const verdict = verifyCheckpoint({ note, origin: log, vkey: key.vkey }, crypto)
      if (!verdict.checkpoint)
        throw new Fault(
          verdict.reason.split(":")[0] as ReasonCode,
          verdict.reason.slice(verdict.reason.indexOf(":") + 2),
        )
      checkpoints.set(log, verdict.checkpoint)
    } else {
      const checkpoint = parseCheckpoint(parseNote(note).text)
      if (checkpoint.origin !== log) throw new Fault("WRONG_ORIGIN", "the checkpoint is of another log")
      checkpoints.set(log, checkpoint)
    }
  }
  for (const { log, index } of items)
    if (!checkpoints.has(log)) throw new Fault("MALFORMED", `there is no checkpoint of the log ${log}`, index)
  const sizes = [...checkpoints.values()].map(({ origin, size }) => `${origin} at size ${size}`).join(", ")
  return trust
    ? { result: "ok", detail: `signed by the trusted key: ${sizes}` }
    : { result: "not_anchored", detail: `no trust file was given; the signature was not checked: ${sizes}` }
}

function checkRecords({ items }: Case): Outcome {
  for (const item of items) {
    if (item.body.length > MAX_RECORD_BYTES)
      throw new Fault("TOO_LARGE", `a record is larger than ${MAX_RECORD_BYTES} bytes`, item.index)
    try {
      const text = fromUtf8(item.body)
      const value = asObject(parseStrictJson(text, LIMITS))
      if (encodeCanonicalJson(value) !== text)
        throw new Fault("MALFORMED", "the record is not canonical JSON (RFC 8785)")
      item.record = asRecord(value)
    } catch (error) {
      throw new Fault("MALFORMED", (error as Error).message, item.index)
    }
  }
  return { result: "ok", detail: `${items.length} canonical records of version ${RECORD_VERSION}` }
}

function asRecord(value: JsonObject): RecordBody {
  if (value["v"] !== RECORD_VERSION) throw new Fault("MALFORMED", "the record has another version")
  if (!Object.hasOwn(KINDS, asText(value["kind"]))) throw new Fault("MALFORMED", "the record is of an unknown kind")
  if (value["payload"] !== null && !/^[0-9a-f]{64}$/.test(asText(value["payload"])))
    throw new Fault("MALFORMED", "the payload commitment is not a hash")
  const data = asObject(value["data"])
  if (value["kind"] === "decision" && !["ALLOW", "DENY", "REQUIRE_APPROVAL"].includes(asText(data["decision"])))
    throw new Fault("MALFORMED", "the decision is none of ALLOW, DENY and REQUIRE_APPROVAL")
  asObject(value["actor"])
  return value as unknown as RecordBody
}

function checkInclusion({ items, checkpoints, crypto }: Case): Outcome {
  for (const { index, proof, leafHash, log } of items) {
    const { size, root } = checkpoints.get(log) as Checkpoint
    const verdict = verifyInclusion({ leafIndex: index, treeSize: size, leafHash, proof, rootHash: root }, crypto)
    if (!verdict.valid)
      throw new Fault("PROOF_WRONG", `record ${index} is not in the checkpoint's tree: ${verdict.reason}`, index)
  }
  return { result: "ok", detail: "every record is in the tree that the checkpoint signs" }
}

function checkPayloads({ items, crypto }: Case): Outcome {
  const erased: string[] = []
  for (const item of items) {
    const { record, payload, index } = item
    if (record.payload === null) {
      if (payload !== null)
        throw new Fault("PAYLOAD_DIFFERS", `record ${index} commits to no payload, but one is given`, index)
      continue
    }
    if (payload === null) {
      erased.push(String(index))
      continue
    }
    if (
      payload.length < PAYLOAD_SALT_BYTES ||
      !equalBytes(commitPayload(crypto.sha256, payload), fromHex(record.payload))
    ) {
      throw new Fault("PAYLOAD_DIFFERS", `the payload of record ${index} is not the one that it commits to`, index)
    }
    try {
      item.content = asObject(parseStrictJson(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES)), LIMITS))
    } catch (error) {
      throw new Fault("MALFORMED", (error as Error).message, index)
    }
  }
  if (erased.length > 0)
    return { result: "erased", detail: `erased: ${erased.join(", ")}; the rest is what the records commit to` }
  return { result: "ok", detail: "every payload is what its record commits to" }
}

function checkLineage(file: Case): Outcome {
  for (const { executionId, items } of file.chains)
    items.forEach(({ record, index }, i) => {
      if (record.execution_id !== executionId)
        throw new Fault("LINK_WRONG", `record ${index} is of another execution`, index)
      const isApproved = items[0]?.record.state === "APPROVAL_PENDING" && record.state === "AUTHORIZED"
      if (i === 0 ? record.kind !== "decision" : record.kind === "decision" && !isApproved)
        throw new Fault(
          "LINK_WRONG",
          "a lineage begins with its one decision, or with the one that asks for an approval",
          index,
        )
      const previous = i === 0 ? undefined : toHex((items[i - 1] as Item).leafHash)
      if (record.previous !== previous)
        throw new Fault("LINK_WRONG", `record ${index} does not link to the record before it`, index)
    })
  checkAncestry(file)
  const more = file.chains.length > 1 ? ", and each execution to the redemption of its parent" : ""
  return { result: "ok", detail: `each record links to the one before by its leaf hash${more}` }
}

function checkTransitions({ chains }: Case): Outcome {
  const [state] = chains.map(checkChain)
  return { result: "ok", detail: `ends in the state ${state ?? "none (nothing was allowed)"}` }
}

function checkChain({ items }: Chain): string | null {
  let state: string | null = null
  const seen = new Set<RecordKind>()
  for (const { record, index } of items) {
    const { kind, data } = record
    const wrong = (text: string) => new Fault("TRANSITION_WRONG", text, index)
    const next = record.state ?? null
    if (seen.has(kind) && !isRepeatable(kind)) throw wrong(`a second record of kind ${kind}`)
    seen.add(kind)
    const opens = data["decision"] === "ALLOW" ? "AUTHORIZED" : isAsking(record) ? "APPROVAL_PENDING" : null
    if (kind === "decision" && opens === null) {
      if (next !== null) throw wrong(`record ${index} names the state ${next}, and nothing was allowed`)
    } else if (kind === "decision" && next !== opens) {
      throw wrong(`record ${index} decides the one, its state says the other`)
    } else if (!isTransition(kind, state, next))
      throw wrong(`a record of kind ${kind} cannot lead from the state ${state ?? "none"} to ${next ?? "none"}`)
    state = next
  }
  checkTimes(items)
  checkApproval(items)
  return state
}

/** One that names no state tells only that another request waits for it already. */
function isAsking({ data, state }: RecordBody): boolean {
  return data["decision"] === "REQUIRE_APPROVAL" && state !== undefined
}

/** What a redemption grants ends: a start and an end in time come before that, a loss and a late report after it. */
function checkTimes(items: readonly Item[]): void {
  const redeemed = items.find(({ record }) => record.kind === "redeemed")
  if (!redeemed) return
  const until = redeemed.record.data["execute_until"]
  const wrong = (text: string, { index }: Item) => new Fault("TRANSITION_WRONG", text, index)
  if (!isTime(until)) throw wrong("the redemption does not say until when", redeemed)
  let before: string | undefined
  for (const item of items) {
    const { kind, time, state, data } = item.record
    const isInTime = isTime(time) && time < until
    if (kind === "started" && !isInTime) throw wrong("the start is later than the execution had to have ended", item)
    if ((kind === "completed" || (kind === "terminated" && state === "FAILED")) && !isInTime)
      throw wrong("the completion is later than the execution had to have ended", item)
    // once it is lost, a report is late by whatever clock: that of another replica may be behind
    if (
      before === "REDEEMED" &&
      state === "LOST" &&
      !isLostWithLease(item, redeemed) &&
      (!isTime(time) || time < until)
    )
      throw wrong("the execution is called lost before it had to have ended", item)
    if (kind === "completed" && data["succeeded"] !== (state === "COMPLETED"))
      throw wrong("the completion says the one, its state the other", item)
    if (kind === "terminated" && data["succeeded"] !== false)
      throw wrong("what was terminated is said to have succeeded", item)
    before = state
  }
}
/** The lease that the redemption says it lives by was over. */
function isLostWithLease({ record: { kind, data } }: Item, { record }: Item): boolean {
  const { lease_id, runtime } = record.data
  return (
    kind === "lost" &&
    data["cause"] === "LEASE_OVER" &&
    typeof runtime === "string" &&
    data["runtime"] === runtime &&
    data["lease_id"] === lease_id
  )
}

function checkClaims({ chains, crypto }: Case): Outcome {
  const outcomes = chains.map((chain, i) => {
    const outcome = checkToken(chain)
    checkApproved(chain.items)
    checkDescent(chain, chains[i + 1], crypto)
    return outcome
  })
  return outcomes.find(({ result }) => result === "erased") ?? (outcomes[0] as Outcome)
}

function checkToken(chain: Chain): Outcome {
  const { items } = chain
  const { record, content, index, log } = decisionOf(chain)
  if (content === null) return { result: "erased", detail: "the decision's payload was erased, its claims with it" }
  const claims = content["claims"]
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  if (record.data["decision"] !== "ALLOW") {
    if (claims !== undefined) throw wrong("claims of a token for a decision that allowed nothing")
    return { result: "ok", detail: "no token was made" }
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims))
    throw wrong("an ALLOW without the claims of its token")
  const { execution_id, jti, log: origin, bundle, exp, iat } = claims as JsonObject
  if (execution_id !== record.execution_id || jti !== record.execution_id)
    throw wrong("the token was made for another execution")
  if (origin !== log) throw wrong("the token names another log")
  if (bundle !== record.data["bundle_digest"]) throw wrong("the token names another policy bundle")
  if (typeof exp !== "number" || typeof iat !== "number" || exp <= iat)
    throw wrong("the token's times are not in order")
  const redemption = items.find((item) => item.record.kind === "redeemed")
  if (redemption) checkRedemption(redemption, claims as JsonObject)
  return {
    result: "ok",
    detail: `the token's claims agree with the record${redemption ? " and with its redemption" : ""}`,
  }
}

/** The token was alive, its parameters were those to be executed, and the time given is what it grants. */
function checkRedemption({ record, content, index }: Item, claims: JsonObject): void {
  const { exp, max_duration, dig, execute_before = Number.MAX_SAFE_INTEGER / 1000 } = claims
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  const at = Date.parse(record.time)
  if (!(at < (exp as number) * 1000)) throw wrong("the token had expired when it was redeemed")
  const until = Math.min(at + (max_duration as number) * 1000, (execute_before as number) * 1000)
  if (Date.parse(record.data["execute_until"] as string) !== until)
    throw wrong("the time to execute is not what the token grants")
  if (content !== null && (content["dig"] ?? null) !== (dig ?? null))
    throw wrong("the parameters that were redeemed are not those that were authorized")
}

function asObject(value: JsonValue | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault("MALFORMED", "something is not an object that must be one")
  return value as JsonObject
}
function asList(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new Fault("MALFORMED", "something is not a list that must be one")
  return value as readonly JsonValue[]
}
function asText(value: JsonValue | undefined): string {
  if (typeof value !== "string") throw new Fault("MALFORMED", "something is not a text that must be one")
  return value
}
