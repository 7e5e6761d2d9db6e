/** LineageService: what was recorded, with proofs. Reads only. */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { assertExecutionId, readState } from "../decision/executions.ts"
import type { Find } from "../decision/found-decisions.ts"
import type { LineageReport } from "../decision/verify-lineage.ts"
import { WritError } from "../errors.ts"
import { parseCheckpoint } from "../formats/checkpoint.ts"
import { parseNote } from "../formats/signed-note.ts"
import {
  buildEvidence,
  type LedgerReader,
  type LogRow,
  readBody,
  readLineages,
  type StoredRecord,
} from "../ledger/lineage.ts"
import type { DescribedLog } from "../ledger/observed-heads.ts"
import { buildConsistencyProof, buildInclusionProof } from "../ledger/proofs.ts"
import { toReceipt, toState } from "./authorization.ts"
import { answerFind, type WireFindRequest } from "./find.ts"
import { fromGraph, type ReadGraph } from "./graph.ts"
import { loadService, SERVICES } from "./load.ts"
import type { Service } from "./server.ts"

const MAX_PAGE = 1_000
const MAX_LOGS = 500
const DEFAULT_PAGE = 100
/** Records looked at for one page, matching or not. */
const MAX_SCAN = 20_000

export interface LineagePorts {
  readonly reader: LedgerReader
  readonly origin: string
  /** Signs a checkpoint of this daemon's log as it is now, so that what is committed can be proved. */
  checkpointNow(): Promise<void>
  /** Logs after this one, in the order in which they were begun. */
  listLogs(after: number, limit: number): Promise<readonly DescribedLog[]>
  find: Find
  readGraph: ReadGraph
  /** Beats as stored, by their SHA-256 (hex). */
  segment(sha256: string): Promise<Uint8Array | null>
  verifyLineage(executionId: string): Promise<LineageReport>
  wallMs(): number
}

interface ListRequest {
  readonly log: string
  readonly start_index: string
  readonly page_size: number
  readonly kind: string
}

export function lineageService(ports: LineagePorts): Service {
  const { reader, origin, checkpointNow, listLogs, find, readGraph, segment, verifyLineage, wallMs } = ports

  async function findLog(name: string): Promise<LogRow> {
    const log = (await reader.logs()).find((row) => row.origin === (name || origin))
    if (!log) throw new WritError("NOT_FOUND", "There is no log of this origin.")
    return log
  }

  async function newest(
    logId: number,
  ): Promise<{ readonly note: string; readonly size: number; readonly root: Uint8Array }> {
    const note = await reader.latestCheckpoint(logId)
    if (note === null) throw new WritError("NOT_SIGNED_YET", "No checkpoint of this log has been signed yet. Retry.")
    const { size, root } = parseCheckpoint(parseNote(note).text)
    return { note, size: Number(size), root }
  }

  return {
    definition: loadService(SERVICES.lineage),
    unary: {
      async GetRecord(request: {
        log: string
        by?: string
        leaf_index?: string
        leaf_hash?: Buffer
        execution_id: string
      }) {
        if (request.leaf_index !== undefined && request.leaf_hash !== undefined)
          throw new WritError("INVALID_REQUEST", "leaf_index and leaf_hash must not both be set.")
        if (request.leaf_hash !== undefined) {
          const hash = request.leaf_hash
          const record = (await reader.recordsOf(toExecutionId(request.execution_id))).find((candidate) =>
            hash.equals(candidate.leafHash),
          )
          return { record: toRecord(found(record)) }
        }
        if (request.leaf_index === undefined)
          throw new WritError("INVALID_REQUEST", "leaf_index or leaf_hash must say which record.")
        const log = await findLog(request.log)
        return { record: toRecord(found(await reader.record(log.logId, toIndex(request.leaf_index)))) }
      },

      async ListRecords(request: ListRequest) {
        const log = await findLog(request.log)
        if (request.page_size < 0 || request.page_size > MAX_PAGE)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
        const limit = request.page_size || DEFAULT_PAGE
        const records: StoredRecord[] = []
        let next = toIndex(request.start_index)
        const end = Math.min(log.size, next + MAX_SCAN)
        while (next < end && records.length < limit) {
          const page = await reader.records(log.logId, next, Math.min(MAX_PAGE, end - next)).catch((error: unknown) => {
            if (records.length > 0 && WritError.from(error).code === "RECORD_ARCHIVED") return [] // the next page says so
            throw error
          })
          if (page.length === 0) break
          for (const record of page) {
            next = record.index + 1
            if (request.kind === "" || readBody(record.body).kind === request.kind) records.push(record)
            if (records.length === limit) break
          }
        }
        return { records: records.map(toRecord), next_index: String(next), tree_size: String(log.size) }
      },

      FindDecisions: (request: WireFindRequest) => answerFind(find, request),

      async GetLineageGraph(request: { execution_id: string; max_executions: number; page_token: string }) {
        const { execution_id, max_executions, page_token } = request
        return fromGraph(await readGraph(toExecutionId(execution_id), max_executions, page_token))
      },

      async GetBeats(request: { log: string; leaf_index: string }) {
        const log = await findLog(request.log)
        const record = found(await reader.record(log.logId, toIndex(request.leaf_index)))
        const { kind, data } = readBody(record.body)
        if (kind !== "beats")
          throw new WritError("INVALID_REQUEST", `The record at leaf_index is of kind ${kind}, not beats.`)
        const stored = await segment(String(data?.["segment_sha256"]))
        if (!stored) throw new WritError("NOT_FOUND", "The beats of this record are not in the database.")
        return { record: toRecord(record), segment: stored }
      },

      async GetLineage({ execution_id }: { execution_id: string }) {
        const [own, ...ancestors] = await Promise.all(
          (await readLineages(reader, toExecutionId(execution_id))).map(async ({ executionId, records }) => {
            const execution = await reader.findExecution(executionId)
            const state = toState(execution && readState(execution, wallMs()))
            return { execution_id: executionId, records: records.map(toRecord), state }
          }),
        )
        return { ...own, ancestors }
      },

      async VerifyLineage({ execution_id }: { execution_id: string }) {
        const report = await verifyLineage(toExecutionId(execution_id))
        return {
          valid: report.valid,
          reason: report.reason,
          steps: report.steps,
          failed_step: report.failedStep ?? "",
          ...(report.failedIndex !== undefined && { failed_index: report.failedIndex }),
          checkpoint: report.checkpoint,
          confirmed_count: report.confirmed,
          outside_count: report.outside,
        }
      },

      async ListLogs({ page_size, page_token }: { page_size: number; page_token: string }) {
        if (page_size < 0 || page_size > MAX_LOGS)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_LOGS}.`)
        if (!/^[0-9]{0,5}$/.test(page_token))
          throw new WritError("INVALID_REQUEST", "page_token is not one that a page of logs has given.")
        const limit = page_size || DEFAULT_PAGE
        const logs = await listLogs(Number(page_token), limit + 1)
        const next = logs.length > limit ? String(logs[limit - 1]?.logId) : ""
        return { logs: logs.slice(0, limit).map(toLog), next_page_token: next }
      },

      async GetCheckpoint({ log }: { log: string }) {
        const row = await findLog(log)
        if (row.origin === origin) await checkpointNow()
        const { note, size, root } = await newest(row.logId)
        return { checkpoint: note, tree_size: String(size), root_hash: root }
      },

      async GetInclusionProof(request: { log: string; leaf_index: string; tree_size: string }) {
        const log = await findLog(request.log)
        const index = toIndex(request.leaf_index)
        const size = toIndex(request.tree_size) || (await newest(log.logId)).size
        if (size > log.size)
          throw new WritError("INVALID_REQUEST", `The log has ${log.size} records; tree_size must not be more.`)
        if (index >= size) throw new WritError("INVALID_REQUEST", `leaf_index must be below the tree size of ${size}.`)
        const tiles = reader.tiles(log.logId)
        const [[leafHash], proof, checkpoint] = await Promise.all([
          tiles.hashes(0, index, 1), // of an archived record, too
          buildInclusionProof(tiles, sha256, index, size),
          reader.checkpoint(log.logId, size, size),
        ])
        return {
          tree_size: String(size),
          leaf_hash: found(leafHash),
          proof,
          checkpoint: checkpoint ?? "",
        }
      },

      async GetConsistencyProof(request: { log: string; size1: string; size2: string }) {
        const log = await findLog(request.log)
        const size1 = toIndex(request.size1)
        const size2 = toIndex(request.size2) || (await newest(log.logId)).size
        if (size1 < 1 || size1 > size2) throw new WritError("INVALID_REQUEST", `size1 must be 1 to ${size2}.`)
        if (size2 > log.size)
          throw new WritError("INVALID_REQUEST", `The log has ${log.size} records; size2 must not be more.`)
        return {
          size2: String(size2),
          proof: await buildConsistencyProof(reader.tiles(log.logId), sha256, size1, size2),
        }
      },

      async ExportEvidence({ execution_id, checkpoint_size }: { execution_id: string; checkpoint_size: string }) {
        const id = toExecutionId(execution_id)
        const exact = toIndex(checkpoint_size) || undefined
        const lineages = await readLineages(reader, id)
        if (exact === undefined) await checkpointNow()
        return { evidence: await buildEvidence(reader, nativeCrypto.sha256, lineages, exact) }
      },
    },
  }
}

function toLog({ origin, verifierKey, size, checkpoint, isLeased, closed, observed }: DescribedLog): object {
  return {
    origin,
    verifier_key: verifierKey,
    tree_size: String(size),
    checkpoint: checkpoint?.note ?? "",
    checkpoint_size: String(checkpoint?.size ?? 0),
    state: closed ? "LOG_STATE_CLOSED" : isLeased ? "LOG_STATE_LEASED" : "LOG_STATE_RELEASED",
    ...(closed && { closed_by: { log: closed.by, leaf_index: String(closed.index) } }),
    observations: observed.map(({ by, index, size, root }) => ({
      by: { log: by, leaf_index: String(index) },
      tree_size: String(size),
      root_hash: root,
    })),
  }
}

function toRecord(record: StoredRecord): object {
  const commits = readBody(record.body).payload
  return {
    receipt: toReceipt(record),
    body: record.body,
    payload: record.payload ?? Buffer.alloc(0),
    payload_erased: record.payload === null && typeof commits === "string",
  }
}

function toExecutionId(id: string): string {
  assertExecutionId(id)
  return id
}

export function toIndex(text: string): number {
  const index = Number(text)
  if (!Number.isSafeInteger(index)) throw new WritError("INVALID_REQUEST", "An index is beyond 2^53.")
  return index
}

function found<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new WritError("NOT_FOUND")
  return value
}
