/** Executions as they stand: one, a page of them, and those that nobody said the end of. */
import { WritError } from "../errors.ts"
import { fromUtf8, toBase64Url, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import { type Clock, toRecordTime } from "../ledger/clock.ts"
import { type ExecutionState, isTransition, stateAt } from "../ledger/kinds.ts"
import { type FoundExecution, type LedgerReader, readBody, type StoredRecord, versionOf } from "../ledger/lineage.ts"
import { type Actor, type DecisionData, PAYLOAD_SALT_BYTES } from "../ledger/record.ts"
import type { Bound } from "../ledger/store.ts"
import { MAX_TTL_MS } from "../token/token.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export const MAX_PAGE = 500
const DEFAULT_PAGE = 50
/** Records looked at for one page, of whatever kind. */
const MAX_SCAN = 5_000
const READ_AHEAD = 250
const MAX_LOST_AT_ONCE = 100

export interface Execution {
  readonly executionId: string
  readonly state: ExecutionState
  /** Unix milliseconds. */
  readonly authorizedAtMs: number
  /** When its token ends or, once redeemed, when it must have ended. Unix milliseconds. */
  readonly untilMs: number
  /** Empty: none, or erased. */
  readonly runtimeId: string
  readonly parentExecutionId: string
}

export interface Page {
  readonly executions: readonly Execution[]
  /** Empty on the last page. */
  readonly nextPageToken: string
}

export interface ExecutionsDependencies {
  readonly clock: Clock
  readonly reader: Pick<LedgerReader, "findExecution" | "logs" | "recordsBefore" | "executionRows" | "overdue">
  /** Who writes what nobody reported. */
  readonly actor: Actor
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export function createExecutions(deps: ExecutionsDependencies) {
  const { clock, reader } = deps

  /** Records of all logs, the newest first; `next` holds the index below which each log is still to be read. */
  async function* newestFirst(next: Map<number, number>): AsyncGenerator<StoredRecord> {
    const ahead = new Map<number, StoredRecord[]>()
    for (;;) {
      let newest: StoredRecord | undefined
      for (const [logId, before] of next) {
        let records = ahead.get(logId) ?? []
        if (records.length === 0 && before > 0) {
          records = [...(await reader.recordsBefore(logId, before, READ_AHEAD))]
          ahead.set(logId, records)
        }
        const [head] = records
        if (!head) next.set(logId, 0)
        else if (!newest || timeOf(head) > timeOf(newest)) newest = head
      }
      if (!newest) return
      ahead.get(newest.logId)?.shift()
      next.set(newest.logId, newest.index)
      yield newest
    }
  }

  return {
    /** Throws NOT_FOUND, also for a decision that allowed nothing. */
    async get(executionId: string): Promise<Execution> {
      const found = await reader.findExecution(executionId)
      if (found?.state == null) throw new WritError("NOT_FOUND", "There is no execution with this id.")
      const row = { state: found.state, executeUntilMs: readRedemption(found)?.executeUntilMs ?? null }
      return describe(found.decision, row, clock.now().wallMs)
    },

    /**
     * Newest first. A page may hold fewer than asked for, or none, although more follow: what is looked at for one page
     * is bounded.
     */
    async list(pageSize: number, pageToken: string, state: ExecutionState | null): Promise<Page> {
      if (pageSize < 0 || pageSize > MAX_PAGE)
        throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
      const next = pageToken === "" ? await heads() : parsePageToken(pageToken)
      const limit = pageSize || DEFAULT_PAGE
      const nowMs = clock.now().wallMs
      const executions: Execution[] = []
      const records = newestFirst(next)
      let scanned = 0
      let isMore = true
      while (isMore && executions.length < limit && scanned < MAX_SCAN) {
        const opened: StoredRecord[] = []
        while (opened.length < limit - executions.length && scanned < MAX_SCAN) {
          const { value, done } = await records.next().catch((error: unknown) => {
            if (scanned === 0 || WritError.from(error).code !== "RECORD_ARCHIVED") throw error
            scanned = MAX_SCAN // the next page says so
            return { value: undefined, done: false as const }
          })
          isMore = done !== true
          if (!value) break
          scanned++
          if (readBody(value.body).kind === "decision" && readBody(value.body).state) opened.push(value)
        }
        const rows = await reader.executionRows(opened.map(idOf))
        for (const decision of opened) {
          const { state: opening } = readBody(decision.body)
          const row = rows.get(idOf(decision)) ?? { state: opening as ExecutionState, executeUntilMs: null }
          // One that was approved is found by the decision that allowed it.
          if (opening === "APPROVAL_PENDING" && row.state !== opening && row.state !== "REJECTED") continue
          const execution = describe(decision, row, nowMs)
          if (state === null || execution.state === state) executions.push(execution)
        }
      }
      const left = [...next].filter(([, before]) => before > 0)
      const nextPageToken = isMore && left.length > 0 ? toBase64Url(utf8(JSON.stringify(left))) : ""
      return { executions, nextPageToken }
    },

    /** Records the loss of executions that had to have ended. Answers how many; another replica may be first. */
    async recordLost(): Promise<number> {
      let recorded = 0
      // The row is only where to look: what counts is what the record of the redemption says.
      for (const executionId of await reader.overdue(clock.now().wallMs, MAX_LOST_AT_ONCE))
        if (await lose(executionId, deps.control().epoch, ({ executeUntilMs }, nowMs) => nowMs >= executeUntilMs && {}))
          recorded++ // else somebody was first, or the next sweep finds it again
      return recorded
    },

    /** Records the loss of an execution whose lease is over, as was seen at this epoch. */
    async loseLease(executionId: string, epoch: bigint): Promise<boolean> {
      return await lose(
        executionId,
        epoch,
        ({ bound }) => bound && { cause: "LEASE_OVER", lease_id: bound.leaseId, runtime: bound.runtime },
      )
    },
  }

  async function lose(
    executionId: string,
    epoch: bigint,
    judge: (redemption: Redemption, nowMs: number) => JsonObject | false | null,
  ): Promise<boolean> {
    const found = await reader.findExecution(executionId)
    const redemption = found && readRedemption(found)
    const { wallMs } = clock.now()
    const why = redemption && isTransition("lost", found.state, "LOST") && judge(redemption, wallMs)
    if (!why) return false
    const record = seal(
      {
        kind: "lost",
        actor: deps.actor,
        execution_id: executionId,
        state: "LOST",
        previous: toHex(found.last.leafHash),
        epoch: String(epoch),
        data: { ...why, execute_until: toRecordTime(redemption.executeUntilMs) },
      },
      null,
      wallMs,
    )
    const effects = [{ kind: "execution", executionId, previous: versionOf(found), to: "LOST" } as const]
    return (await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: false } })).kind === "written"
  }

  async function heads(): Promise<Map<number, number>> {
    return new Map((await reader.logs()).map(({ logId, size }) => [logId, size]))
  }
}

export interface Redemption {
  readonly record: StoredRecord
  /** Who redeemed, as records name callers. */
  readonly callerId: string
  readonly atMs: number
  readonly executeUntilMs: number
  /** Hash of caller and redemption id; null when erased. */
  readonly key: string | null
  /** Whose lease the execution lives by; null: nobody's. */
  readonly bound: Bound | null
}

/** How the state of an execution reads now; null when the decision allowed nothing. */
export function readState(found: FoundExecution, nowMs: number): ExecutionState | null {
  if (found.state === null) return null
  return stateAt(found.state, readRedemption(found)?.executeUntilMs ?? tokenEndOf(found.decision), nowMs)
}

/** The record that redeemed the execution's token, if there is one. */
export function readRedemption({ records }: Pick<FoundExecution, "records">): Redemption | null {
  const record = records.find(({ body }) => readBody(body).kind === "redeemed")
  if (!record) return null
  const { actor, time, data } = readBody(record.body)
  return {
    record,
    callerId: actor?.id ?? "",
    atMs: Date.parse(time ?? ""),
    executeUntilMs: Date.parse(String(data?.["execute_until"])),
    key: (readContent(record)?.["redemption"] as string | undefined) ?? null,
    bound:
      typeof data?.["runtime"] === "string" ? { runtime: data["runtime"], leaseId: String(data["lease_id"]) } : null,
  }
}

/**
 * When the token of an execution ends, Unix milliseconds: as its claims say or, once these are erased, at the latest. While
 * it waits for an approval: when that lapses.
 */
export function tokenEndOf(decision: StoredRecord): number {
  const { state, data } = readBody(decision.body)
  if (state === "APPROVAL_PENDING") return Date.parse((data as unknown as DecisionData).approval?.expires_at ?? "")
  const claims = readContent(decision)?.["claims"] as { readonly exp?: number } | undefined
  return claims?.exp === undefined ? Date.parse(timeOf(decision)) + MAX_TTL_MS : claims.exp * 1000
}

/** Null when there is no payload, or not one that can be read. */
export function readContent({ payload }: Pick<StoredRecord, "payload">): JsonObject | null {
  try {
    return payload && (JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as JsonObject)
  } catch {
    return null
  }
}

/** So whoever has stolen a token key can make no token that is worth more than the one that was granted. */
export function saysWhatWasGranted({ leaf: _, ...claims }: JsonObject, { decision }: FoundExecution): boolean {
  const content = readContent(decision)
  const granted = content?.["claims"] as JsonObject | undefined
  return !content || (granted !== undefined && encodeCanonicalJson(claims) === encodeCanonicalJson(granted))
}

export function isExecutionId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
}

/** Throws INVALID_REQUEST. */
export function assertExecutionId(id: string): void {
  if (!isExecutionId(id)) throw new WritError("INVALID_REQUEST", "execution_id is not an execution id.")
}

function describe(
  decision: StoredRecord,
  row: { readonly state: ExecutionState; readonly executeUntilMs: number | null },
  nowMs: number,
): Execution {
  const request = readContent(decision)?.["request"] as JsonObject | undefined
  const untilMs = row.executeUntilMs ?? tokenEndOf(decision)
  return {
    executionId: idOf(decision),
    state: stateAt(row.state, untilMs, nowMs),
    authorizedAtMs: Date.parse(timeOf(decision)),
    untilMs,
    runtimeId: (request?.["runtime_id"] as string | undefined) ?? "",
    parentExecutionId: (request?.["parent_execution_id"] as string | undefined) ?? "",
  }
}

function idOf(record: StoredRecord): string {
  return readBody(record.body).execution_id ?? ""
}

function timeOf(record: StoredRecord): string {
  return readBody(record.body).time ?? ""
}

function parsePageToken(token: string): Map<number, number> {
  try {
    const bytes = Buffer.from(token.slice(0, 10_000), "base64url")
    const entries = JSON.parse(bytes.toString("utf8")) as [number, number][]
    if (entries.every((entry) => entry.length === 2 && entry.every((n) => Number.isSafeInteger(n) && n >= 0)))
      return new Map(entries.filter(([logId]) => logId < 2 ** 15))
  } catch {} // of another shape: said below
  throw new WritError("INVALID_REQUEST", "page_token is not one that a page gave.")
}

/** For comparing what is asked with what was recorded. */
export function sameContent(record: StoredRecord, content: JsonObject): boolean {
  const known = readContent(record)
  return known === null || encodeCanonicalJson(known) === encodeCanonicalJson(content)
}
