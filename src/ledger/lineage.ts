/** An execution's records, found, put in order and exported as evidence. */
import { WritError } from "../errors.ts"
import { equalBytes, fromUtf8, toBase64, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { JsonValue, Sha256 } from "../formats/ports.ts"
import type { Evidence } from "./evidence.ts"
import { findHeads, orderClosings } from "./heads.ts"
import type { ExecutionState, RecordKind } from "./kinds.ts"
import { buildInclusionProof, type TileReader } from "./proofs.ts"
import { MAX_ANCESTORS, type RecordBody } from "./record.ts"
import type { Bound } from "./store.ts"

/** A row of the log as stored; nothing in it has been checked. */
export interface StoredRecord {
  readonly origin: string
  readonly logId: number
  readonly index: number
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  readonly payload: Uint8Array | null
}

export interface FoundExecution {
  /** The one that allowed it or, where none has, the one that opened it. */
  readonly decision: StoredRecord
  /** The chain's newest record, as the execution's row names it. */
  readonly last: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
  /** All of the execution, read after the row: the decision among them, and possibly one more than the row knows of. */
  readonly records: readonly StoredRecord[]
  /** As recorded (`stateAt` tells how it reads now). Null when the decision allowed nothing and asked for no approval. */
  readonly state: ExecutionState | null
}

export interface LineageStore {
  findExecution(executionId: string): Promise<FoundExecution | null>
  /** In no particular order; complete at every moment. */
  recordsOf(executionId: string): Promise<readonly StoredRecord[]>
  /** For one proof or the proofs of one lineage: what it has read it may keep. */
  tiles(logId: number): TileReader
  /** The oldest stored checkpoint of at least this size, or of exactly `exactly`: of those that have their quorum, where there is one. */
  checkpoint(logId: number, atLeast: number, exactly?: number): Promise<string | null>
  /** How the log ended, and the record in another log that says so; null: it is not closed. */
  closing(logId: number): Promise<{ readonly size: number; readonly record: StoredRecord } | null>
}

export interface ExecutionRow {
  readonly state: ExecutionState
  /** When it must have ended, Unix milliseconds; null before it was redeemed. */
  readonly executeUntilMs: number | null
}

export interface LogRow {
  readonly logId: number
  readonly origin: string
  readonly verifierKey: string
  readonly size: number
}

export interface LedgerReader extends LineageStore {
  logs(): Promise<readonly LogRow[]>
  record(logId: number, index: number): Promise<StoredRecord | null>
  records(logId: number, start: number, limit: number): Promise<readonly StoredRecord[]>
  /** The newest first: records below `before`. */
  recordsBefore(logId: number, before: number, limit: number): Promise<readonly StoredRecord[]>
  /** Rows of executions, as far as there are any. */
  executionRows(ids: readonly string[]): Promise<ReadonlyMap<string, ExecutionRow>>
  /** Has a child been authorized by this consent? */
  hasConsent(consent: Uint8Array): Promise<boolean>
  /** All that descends from an execution and is REDEEMED, or AUTHORIZED since then (Unix milliseconds). */
  liveDescendants(executionId: string, sinceMs: number, limit: number): Promise<readonly string[]>
  /** What is so although something that it descends from is REVOKED or LOST: `ancestor`. */
  orphans(
    sinceMs: number,
    limit: number,
  ): Promise<readonly { readonly executionId: string; readonly ancestor: string }[]>
  /** Leases that REDEEMED executions live by. */
  boundLeases(): Promise<readonly Bound[]>
  /** REDEEMED executions that live by this lease. */
  boundTo(bound: Bound, limit: number): Promise<readonly string[]>
  /** REDEEMED executions after this one, in the order of their ids. */
  redeemed(after: string | null, limit: number): Promise<readonly string[]>
  /** Redeemed executions whose time to execute has ended by then (Unix milliseconds), the longest ended first. */
  overdue(nowMs: number, limit: number): Promise<readonly string[]>
  latestCheckpoint(logId: number): Promise<string | null>
  putCheckpoint(logId: number, size: number, note: string): Promise<void>
  /** One that has its quorum; nothing happens where one of this size or a larger one is stored. */
  putCosigned(logId: number, size: number, note: string): Promise<void>
}

/** What a body says, as far as it can be read; verification reads it strictly. */
export function readBody(body: Uint8Array): Partial<RecordBody> {
  try {
    return JSON.parse(fromUtf8(body)) as Partial<RecordBody>
  } catch {
    return {}
  }
}

/** What a change to this execution must find unchanged: `previous` of its effect. */
export function versionOf(found: FoundExecution): Uint8Array | null {
  const { last } = found
  return equalBytes(openingOf(found).leafHash, last.leafHash) ? null : last.leafHash
}

/** The decision that the chain begins with: the one that allowed it, or that asked for an approval. */
export function openingOf({ decision, records }: Pick<FoundExecution, "decision" | "records">): StoredRecord {
  return records.find(({ body }) => isOpening(readBody(body))) ?? decision
}

function isOpening({ kind, previous }: Partial<RecordBody>): boolean {
  return kind === "decision" && previous === undefined
}

/** The record of this kind in its lineage; the newest record's place where that one is not found. */
export function receiptOf({ records, last }: FoundExecution, kind: RecordKind): FoundExecution["last"] {
  return records.find(({ body }) => readBody(body).kind === kind) ?? last
}

/** The decision that opens it first, then each record after the one that it links to; what links to nothing comes last, by place. */
export function orderLineage(records: readonly StoredRecord[]): StoredRecord[] {
  const rest = [...records].sort((a, b) => (a.origin === b.origin ? a.index - b.index : a.origin < b.origin ? -1 : 1))
  const ordered: StoredRecord[] = []
  let next = rest.findIndex((record) => isOpening(readBody(record.body)))
  while (next >= 0) {
    const [record] = rest.splice(next, 1) as [StoredRecord]
    ordered.push(record)
    const hash = toHex(record.leafHash)
    next = rest.findIndex((candidate) => readBody(candidate.body).previous === hash)
  }
  return [...ordered, ...rest]
}

export interface Lineage {
  readonly executionId: string
  /** In the order of the chain. */
  readonly records: readonly StoredRecord[]
}
/** An execution's, then its parent's and so on. */
export type Lineages = readonly [Lineage, ...Lineage[]]

/** An execution's lineage, then its parent's and so on, as its records name them. Throws NOT_FOUND when it has none. */
export async function readLineages(store: Pick<LineageStore, "recordsOf">, executionId: string): Promise<Lineages> {
  const read = async (id: string) => ({ executionId: id, records: orderLineage(await store.recordsOf(id)) })
  const own = await read(executionId)
  if (own.records.length === 0) throw new WritError("NOT_FOUND", "There is no execution with this id.")
  const lineages: [Lineage, ...Lineage[]] = [own]
  for (let last: Lineage = own; lineages.length <= MAX_ANCESTORS; ) {
    const parent = last.records.map(({ body }) => readBody(body).parent).find((link) => link !== undefined)
    if (typeof parent?.execution_id !== "string") break
    last = await read(parent.execution_id)
    lineages.push(last)
  }
  return lineages
}

/**
 * Evidence of the lineages that `readLineages` read, and of nothing that was recorded after: a checkpoint signed since then
 * covers them. The same lineage at the same checkpoints is always the same bytes. Throws NOT_SIGNED_YET when no checkpoint
 * covers the records yet, and NOT_FOUND when none ever will, or not the one that was asked for.
 */
export async function buildEvidence(
  store: Pick<LineageStore, "checkpoint" | "closing" | "tiles">,
  sha256: Sha256,
  [own, ...ancestors]: Lineages,
  exactSize?: number,
): Promise<Uint8Array> {
  const records = [own, ...ancestors].flatMap((lineage) => lineage.records)
  const heads = await findHeads(store, records, exactSize)
  const readers = new Map<number, TileReader>()
  const tilesOf = (logId: number): TileReader => {
    const reader = readers.get(logId) ?? store.tiles(logId)
    readers.set(logId, reader)
    return reader
  }
  return await assembleEvidence(
    [own, ...ancestors],
    [...heads].flatMap(([log, { note }]) => (note === null ? [] : [{ log, note }])),
    ({ origin, logId, index }) => buildInclusionProof(tilesOf(logId), sha256, index, heads.get(origin)?.size as number),
    orderClosings(heads),
  )
}

/** `proofOf`: its inclusion proof in the checkpoint of its log; `closings`: of logs that have none, in the file's order. */
export async function assembleEvidence(
  [own, ...ancestors]: readonly [Lineage, ...Lineage[]],
  checkpoints: Evidence["checkpoints"],
  proofOf: (record: StoredRecord) => Promise<readonly Uint8Array[]>,
  closings: ReturnType<typeof orderClosings> = [],
): Promise<Uint8Array> {
  const toEntry = async (record: StoredRecord) => ({
    log: record.origin,
    index: String(record.index),
    body: toBase64(record.body),
    payload: record.payload && toBase64(record.payload),
    proof: (await proofOf(record)).map(toBase64),
  })
  const entriesOf = (lineage: Lineage) => Promise.all(lineage.records.map(toEntry))
  const closed = await Promise.all(closings.map(async ({ log, record }) => ({ log, record: await toEntry(record) })))
  const evidence: Evidence = {
    v: 1,
    type: "writ-evidence",
    execution_id: own.executionId,
    checkpoints: [...checkpoints].sort((a, b) => (a.log < b.log ? -1 : 1)),
    ...(closed.length > 0 && { closings: closed }),
    records: await entriesOf(own),
    ...(ancestors.length > 0 && {
      ancestors: await Promise.all(
        ancestors.map(async (ancestor) => ({
          execution_id: ancestor.executionId,
          records: await entriesOf(ancestor),
        })),
      ),
    }),
  }
  return utf8(encodeCanonicalJson(evidence as unknown as JsonValue))
}

/** Does the stored leaf hash belong to the stored body? */
export function isIntact(record: StoredRecord, sha256: Sha256): boolean {
  return toHex(hashLeaf(sha256, record.body)) === toHex(record.leafHash)
}
