/** The log's single writer on Postgres. Implements the port `ledger/store.ts`. */
import type pg from "pg"
import { WritError } from "../errors.ts"
import type { RowVersion } from "../ledger/consumables.ts"
import type { AppendBatch, AppendOutcome, Change, Head, LedgerWriter } from "../ledger/store.ts"
import { encodeRows, findRows } from "./consumables.ts"
import { encodeBatch } from "./encode-batch.ts"
import { toStatement } from "./ledger-effects.ts"
import { createPipeline, type Pipeline, type Statement } from "./pipeline.ts"
import { APPEND, UNIQUE_VIOLATION, WRONG_EPOCH } from "./sql/append.ts"
import { CONSUME, MOVED } from "./sql/consume.ts"
import { ANNOUNCE_EPOCH, RAISE_EPOCH } from "./sql/epoch.ts"
import { MAKE_HEAD, MAKE_MARK, OPEN_LOG, TAKE_OVER, TAKE_OVER_FROM } from "./sql/head.ts"
import { CONFLICT } from "./sql/require-one.ts"

/** Constraints that say: somebody else was first. */
const CONSUMED: readonly string[] = [
  "execution_pkey",
  "execution_parent_consent_key",
  "bundle_pkey",
  "bundle_signature_pkey",
]

const OPEN_LOCK_KEY = 0x5752_544f // "WRTO"

export interface LedgerWriterOptions {
  /** A new, checked connection (durability.ts). */
  connect(): Promise<pg.Client>
  /** An append that takes longer is given up: its outcome is unknown. Milliseconds. */
  readonly appendTimeoutMs: number
}

export interface LogOpener {
  /** Opens the log of this origin, making it if it is new, and takes it over. Null: it is closed. Throws CONFIG_INVALID where another key signs it. */
  open(origin: string, verifierKey: string, emptyRoot: Uint8Array): Promise<Head | null>
}

export function createLedgerWriter(options: LedgerWriterOptions): LedgerWriter & LogOpener {
  let client: pg.Client | null = null
  let send: Pipeline
  let headAt: string | null = null
  let logId = 0
  let warned: unknown

  async function connect(): Promise<pg.Client> {
    const fresh = await options.connect()
    warned = undefined
    // Any warning during an append means not durable: a cancelled wait for a standby reports success with only that.
    fresh.on("notice", (notice: { severity?: string | undefined }) => {
      if (notice.severity !== "NOTICE" && notice.severity !== "INFO" && notice.severity !== "DEBUG") warned = notice
    })
    fresh.on("error", () => discard(fresh))
    client = fresh
    send = createPipeline(fresh)
    headAt = null
    return fresh
  }

  /** Destroyed, never cancelled. */
  function discard(which: pg.Client | null): void {
    if (!which) return
    if (client === which) client = null
    const stream = (which as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream
    stream?.destroy()
  }

  /** Rejects past the limit, with the connection destroyed. */
  async function within<T>(which: pg.Client, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        discard(which)
        reject(new Error(`the append took longer than ${options.appendTimeoutMs} ms`))
      }, options.appendTimeoutMs)
    })
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async function takenKeys(which: pg.Client, batch: AppendBatch): Promise<ReadonlySet<string>> {
    const keys = batch.records.flatMap(({ request }) => (request ? [request.key] : []))
    const found = await which.query<{ key: string }>("SELECT key FROM request WHERE key = ANY ($1::uuid[])", [keys])
    const taken = new Set(found.rows.map((row) => row.key))
    const seen = new Set<string>()
    for (const key of keys) {
      if (seen.has(key)) taken.add(key) // twice in this very batch
      seen.add(key)
    }
    return taken
  }

  /** Those in another version than the batch assumed; all, should that have passed meanwhile. */
  async function movedRows(which: pg.Client, { rows = [] }: AppendBatch): Promise<readonly RowVersion[]> {
    const now = await findRows(which, rows)
    const moved = now.filter(({ version }, i) => version !== rows[i]?.read)
    return moved.length > 0 ? moved : now
  }

  return {
    async open(origin, verifierKey, emptyRoot) {
      const fresh = await connect()
      await fresh.query("BEGIN")
      await fresh.query("SELECT pg_advisory_xact_lock($1)", [OPEN_LOCK_KEY]) // two new logs must not get one number
      const { rows } = await fresh.query<{ log_id: number; verifier_key: string }>(OPEN_LOG, [origin, verifierKey])
      const log = rows[0] as (typeof rows)[0]
      if (log.verifier_key !== verifierKey)
        throw new WritError(
          "CONFIG_INVALID",
          `The log ${origin} is signed by another key than this data folder's: ${log.verifier_key}. A log keeps its key. Start with the data folder that holds it, or name another origin.`,
        )
      logId = log.log_id
      await fresh.query(MAKE_HEAD, [logId, emptyRoot])
      await fresh.query(MAKE_MARK, [logId])
      const head = await fresh.query<HeadRow>(TAKE_OVER, [logId])
      await fresh.query("COMMIT")
      if (head.rows[0]) return toHead(logId, head.rows[0])
      client = null
      await fresh.end()
      return null
    },

    async append(batch, change): Promise<AppendOutcome> {
      const which = client
      if (!which) throw new Error("there is no connection to the database")
      try {
        headAt = await within(which, sendAppend(send, batch, headAt, change))
      } catch (cause) {
        const code = (cause as { code?: unknown }).code
        if (client !== which || typeof code !== "string") {
          discard(which)
          throw cause
        }
        try {
          if (code === WRONG_EPOCH) return { kind: "stale" }
          if (code === CONFLICT) return { kind: "conflict" }
          const constraint = (cause as { constraint?: string }).constraint
          if (code === MOVED || (code === UNIQUE_VIOLATION && constraint === "consumable_pkey"))
            return { kind: "moved", rows: await movedRows(which, batch) }
          if (code === UNIQUE_VIOLATION && constraint === "request_pkey")
            return { kind: "taken", keys: await takenKeys(which, batch) }
          if (code === UNIQUE_VIOLATION && CONSUMED.includes(constraint ?? "")) return { kind: "conflict" }
        } catch {
          // the connection is lost as well: what matters is the first cause
        }
        discard(which)
        // Class 22 and 23: the bytes themselves are refused. That is a defect of this program, never a caller's doing.
        if (/^2[23]/.test(code)) throw new WritError("LEDGER_FROZEN", undefined, { cause })
        throw cause
      }
      if (warned !== undefined) {
        discard(which)
        throw new Error("Postgres warned during an append: not known to be durable", { cause: warned })
      }
      return { kind: "written" }
    },

    async reopen(knownFence) {
      discard(client)
      const fresh = await connect()
      await fresh.query(`SET lock_timeout = '${options.appendTimeoutMs}ms'`)
      const head = await within(fresh, fresh.query<HeadRow>(TAKE_OVER_FROM, [logId, knownFence]))
      await fresh.query("SET lock_timeout = 0")
      return head.rows[0] ? toHead(logId, head.rows[0]) : null
    },

    async close() {
      const which = client
      client = null
      await which?.end()
    },
  }
}

interface HeadRow {
  readonly size: bigint | string
  readonly root: Buffer
  readonly fence: bigint | string
}

function toHead(logId: number, row: HeadRow): Head {
  return { logId, size: Number(row.size), root: new Uint8Array(row.root), fence: BigInt(row.fence) }
}

/** One transaction, all or nothing: committed when this resolves. Answers where the row of the head now is. */
async function sendAppend(
  send: Pipeline,
  batch: AppendBatch,
  headAt: string | null,
  change: Change | undefined,
): Promise<string | null> {
  const statements: Statement[] = [{ ...APPEND, values: encodeBatch(batch, headAt) }]
  // Locks are taken in one order by all: head, control epoch, consumables by key, what the effects change.
  const rows = batch.rows && { ...CONSUME, values: encodeRows(batch.before, batch.rows) }
  if (rows && !change?.raisesEpoch) statements.push(rows)
  if (change) {
    const { logId, size } = batch.before
    // Before its effects: of two replicas that raise it at once one waits here and is stale, whatever rows they touch.
    if (change.raisesEpoch)
      statements.push({ ...RAISE_EPOCH, values: [batch.epoch.toString()] }, { ...ANNOUNCE_EPOCH, values: [] })
    if (rows && change.raisesEpoch) statements.push(rows)
    change.effects.forEach((effect, i) => {
      const at = change.at?.[i] ?? 0
      const { leafHash } = (batch.records[at] as AppendBatch["records"][number]).record
      statements.push(toStatement(effect, { logId, index: size + at, leafHash }))
    })
  }
  const [head] = await send(statements)
  return head ?? null
}
