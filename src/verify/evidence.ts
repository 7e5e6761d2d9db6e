/** A lineage from a file: nine steps in a fixed order; the first that fails is named, with the record to blame. */
import { equalBytes, fromBase64, fromHex, fromUtf8, toHex } from "../formats/bytes.ts"
import { parseCheckpoint } from "../formats/checkpoint.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { Crypto, JsonValue } from "../formats/ports.ts"
import { parseNote } from "../formats/signed-note.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import { commitPayload, PAYLOAD_SALT_BYTES, RECORD_VERSION } from "../ledger/record.ts"
import { checkAncestry } from "./ancestry.ts"
import { type Case, type Chain, decisionOf, Fault, type Item, LIMITS, type Outcome, type Vouched } from "./case.ts"
import { verifyCheckpoint } from "./checkpoint.ts"
import { checkClaims } from "./claims.ts"
import { checkClosings } from "./closings.ts"
import { checkExecuted } from "./executed.ts"
import { checkGrant } from "./grant.ts"
import { verifyInclusion } from "./merkle.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { parseRecord } from "./record.ts"
import { asList, asObject, asText, isDecimal } from "./shape.ts"
import { checkTransitions } from "./transitions.ts"
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

type Later = Exclude<(typeof EVIDENCE_STEPS)[number], "format">
const STEPS: Readonly<Record<Later, (file: Case) => Outcome>> = {
  checkpoint: checkCheckpoints,
  record: checkRecords,
  inclusion: checkInclusion,
  payload: checkPayloads,
  lineage: checkLineage,
  transitions: checkTransitions,
  claims: checkClaims,
  executed: checkExecuted,
}

/** `evidence` is the file's text (or bytes); trust comes from outside, never from the file. Never throws. */
export function verifyEvidence(
  evidence: string | Uint8Array,
  trust: Trust | undefined,
  crypto: Crypto = portableCrypto,
): EvidenceReport {
  return verify(evidence, trust, crypto, null)
}

/** The same, and that this token was granted by the execution's decision: a tenth step. Never throws. */
export function verifyGrant(
  token: string,
  evidence: string | Uint8Array,
  trust: Trust | undefined,
  crypto: Crypto = portableCrypto,
): EvidenceReport {
  return verify(evidence, trust, crypto, token)
}

function verify(
  evidence: string | Uint8Array,
  trust: Trust | undefined,
  crypto: Crypto,
  token: string | null,
): EvidenceReport {
  const steps: StepResult[] = []
  let step: EvidenceStep = "format"
  try {
    const file = parseEvidence(evidence, trust, crypto)
    const [{ executionId, items }, ...ancestors] = file.chains
    const more = ancestors.length > 0 ? `, which descends from ${ancestors.length}` : ""
    steps.push({ step, result: "ok", detail: `${items.length} records of execution ${executionId}${more}` })
    for (step of EVIDENCE_STEPS.slice(1)) steps.push({ step, ...STEPS[step as Later](file) })
    if (token !== null) {
      step = "grant"
      steps.push({ step, ...checkGrant(file, token) })
    }
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
      checkpoints: [...file.checkpoints.values()].map(({ checkpoint: { origin, size }, cosignatures }) => ({
        log: origin,
        size: String(size),
        cosignatures,
      })),
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
  const closings = (root["closings"] === undefined ? [] : asList(root["closings"])).map((entry) => {
    const { log, record } = asObject(entry)
    return { log: asText(log), item: parseItem(asObject(record), crypto) }
  })
  let count = 0
  const chains = lineages.map((lineage): Chain => {
    const records = asList(lineage["records"])
    if (records.length === 0) throw new Fault("MALFORMED", "the file holds no record")
    count += records.length
    if (count > MAX_RECORDS) throw new Fault("TOO_LARGE", `the file holds more than ${MAX_RECORDS} records`)
    return { executionId: asText(lineage["execution_id"]), items: records.map((entry) => parseItem(entry, crypto)) }
  }) as [Chain, ...Chain[]]
  return { chains, notes, closings, checkpoints: new Map(), items: chains.flatMap(({ items }) => items), trust, crypto }
}

function parseItem(entry: JsonValue, crypto: Crypto): Item {
  const { log, index, body, payload, proof } = asObject(entry)
  if (!isDecimal(index)) throw new Fault("MALFORMED", "an index is not a decimal number")
  const bytes = fromBase64(asText(body))
  return {
    log: asText(log),
    index: BigInt(index),
    body: bytes,
    payload: payload === null ? null : fromBase64(asText(payload)),
    proof: asList(proof).map((hash) => fromBase64(asText(hash))),
    leafHash: hashLeaf(crypto.sha256, bytes),
    record: undefined as never,
    content: null,
  }
}

function checkCheckpoints(file: Case): Outcome {
  const { notes, checkpoints, items, trust, crypto } = file
  for (const [log, note] of notes) {
    if (trust) {
      const key = trust.logs.find(({ origin }) => origin === log)
      if (!key) throw new Fault("UNKNOWN_KEY", `the trust file has no key for the log ${log}`)
      const verdict = verifyCheckpoint({ witnesses: trust.witnesses, ...key, note }, crypto)
      const { checkpoint, cosignatures = null } = verdict
      if (!checkpoint)
        throw new Fault(
          verdict.reason.split(":")[0] as ReasonCode,
          verdict.reason.slice(verdict.reason.indexOf(":") + 2),
        )
      checkpoints.set(log, { checkpoint, cosignatures, note })
    } else {
      const checkpoint = parseCheckpoint(parseNote(note).text)
      if (checkpoint.origin !== log) throw new Fault("WRONG_ORIGIN", "the checkpoint is of another log")
      checkpoints.set(log, { checkpoint, cosignatures: null, note })
    }
  }
  checkClosings(file)
  for (const { log, index } of items)
    if (!checkpoints.has(log)) throw new Fault("MALFORMED", `there is no checkpoint of the log ${log}`, index)
  const told = [...checkpoints.values()].map(({ checkpoint: { origin, size }, cosignatures }) => {
    const at = `${origin} at size ${size}`
    if (!trust) return at
    if (cosignatures === null) return `${at}, which rests on the operator: no witnesses are named`
    return `${at}, cosigned by ${cosignatures} of the trusted witnesses${cosignatures === 0 ? ": it rests on the operator" : ""}`
  })
  return trust
    ? { result: "ok", detail: `signed by the trusted key: ${told.join("; ")}` }
    : { result: "not_anchored", detail: `no trust file was given; the signature was not checked: ${told.join("; ")}` }
}

function checkRecords({ items }: Case): Outcome {
  for (const item of items) {
    try {
      item.record = parseRecord(item.body)
    } catch (error) {
      throw new Fault(error instanceof Fault ? error.code : "MALFORMED", (error as Error).message, item.index)
    }
  }
  return { result: "ok", detail: `${items.length} canonical records of version ${RECORD_VERSION}` }
}

function checkInclusion({ items, checkpoints, crypto }: Case): Outcome {
  for (const { index, proof, leafHash, log } of items) {
    const { size, root } = (checkpoints.get(log) as Vouched).checkpoint
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
