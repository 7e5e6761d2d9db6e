/** The appender on a real embedded Postgres, 600 B body and 600 B payload: batches of 512, single records, single changes, versioned rows. */
import { randomBytes, randomUUID } from "node:crypto"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { sha256 } from "../src/crypto.ts"
import { emptyRoot, hashLeaf } from "../src/formats/merkle.ts"
import { TreeTail } from "../src/formats/tiles.ts"
import { Appender, type Entry } from "../src/ledger/appender.ts"
import { Consumables, type RowName, type RowVersion } from "../src/ledger/consumables.ts"
import type { Effect, Head } from "../src/ledger/store.ts"
import { connectWriter } from "../src/store/connect.ts"
import { createRowStore } from "../src/store/consumables.ts"
import { describeDurability } from "../src/store/durability.ts"
import { startEmbedded } from "../src/store/embedded.ts"
import { createLedgerWriter } from "../src/store/ledger-writer.ts"
import { migrate } from "../src/store/migrate.ts"
import { compare, median, type Row } from "./compare.ts"

const RECORDS = 20_000
const SINGLES = 1_000
/** Whose rows are used in turn. */
const SUBJECTS = 1_000
const FAMILY = randomUUID()
const ROOT = join(import.meta.dirname, "..")

export async function benchLedgerAppend(names: ReadonlySet<string>): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-"))
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  const embedded = await startEmbedded({ dataFolder: folder })
  const client = new pg.Client(embedded.connection)
  await client.connect()
  const pool = new pg.Pool(embedded.connection)
  try {
    await migrate(client, join(ROOT, "migrations"))
    await client.query("CREATE TABLE bare (body bytea, payload bytea)")
    const writer = createLedgerWriter({ connect: () => connectWriter(embedded.connection), appendTimeoutMs: 10_000 })
    const head = (await writer.open("bench/log", "bench", emptyRoot(sha256))) as Head
    await client.query("SELECT writ_ensure_partition($1::smallint, 0)", [head.logId])
    const consumables = new Consumables(createRowStore(pool))
    const subjects = Array.from({ length: SUBJECTS }, (): RowName => ({ key: randomUUID(), family: FAMILY }))
    await consumables.load(subjects)
    const appender = new Appender({
      consumables,
      writer,
      head,
      tree: TreeTail.empty(sha256),
      epoch: () => 0n,
      refresh: async () => {},
      wallMs: () => Date.now(),
    })
    const body = randomBytes(600)
    const payload = randomBytes(600)
    const digest = randomBytes(32)
    /** `use`: what else each record takes. */
    const append = async (use: (n: number) => Pick<Entry, "request" | "uses">): Promise<number> => {
      const started = performance.now()
      const open: Promise<unknown>[] = []
      for (let i = 0; i < RECORDS; i++) {
        while (appender.queueDepth >= 2_048)
          await Promise.race([open[i - 2_048], new Promise((resolve) => setImmediate(resolve))])
        open.push(
          appender.append({
            record: { leafHash: hashLeaf(sha256, body), body, payload },
            epoch: 0n,
            ...use(i),
          }),
        )
      }
      await Promise.all(open)
      return RECORDS / ((performance.now() - started) / 1000)
    }
    const withId = () => ({ request: { key: randomUUID(), digest } })
    /** As a transfer does: a budget's row, one of many, moves on by a version. */
    const withRow = (n: number) => {
      const read = consumables.newest((subjects[n % SUBJECTS] as RowName).key) as RowVersion
      const next = { ...read, version: read.version + 1, content: { reserved: [["0", 1_795_000_000_000, 1_000_000]] } }
      return { ...withId(), uses: [{ read, next }] }
    }
    const bare = async (): Promise<number> => {
      const started = performance.now()
      for (let at = 0; at < RECORDS; at += 512) {
        const many = Array.from({ length: Math.min(512, RECORDS - at) }, () => body)
        await client.query("INSERT INTO bare SELECT b, b FROM unnest($1::bytea[]) AS t (b)", [many])
      }
      return RECORDS / ((performance.now() - started) / 1000)
    }
    const p50 = async (once: () => Promise<unknown>): Promise<number> => {
      const times: number[] = []
      for (let i = 0; i < SINGLES; i++) {
        const started = performance.now()
        await once()
        times.push(performance.now() - started)
      }
      return median(times)
    }
    const record = () => ({ leafHash: hashLeaf(sha256, body), body, payload })
    const single = () => appender.append({ record: record(), epoch: 0n })
    const singleWithId = () => appender.append({ record: record(), epoch: 0n, ...withId() })
    const redemption = () => {
      const effect: Effect = { kind: "execution", executionId: randomUUID(), previous: null, to: "REDEEMED" }
      return appender.append({ record: record(), epoch: 0n, change: { effects: [effect], raisesEpoch: false } })
    }
    const bareSingle = () =>
      client.query({ name: "bare", text: "INSERT INTO bare VALUES ($1, $2)", values: [body, payload] })
    const common = { durable: await describeDurability(client), generator: "in process" }
    const batches = { ...common, unit: "records/s", against: "bare INSERT … SELECT FROM unnest, no index" }
    const singles = { ...common, unit: "ms p50", against: "bare INSERT of one row, no index" }
    const rows: Row[] = []
    if (names.has("ledger-append"))
      rows.push(
        await compare({ ...batches, name: "ledger-append" }, () => append(() => ({})), bare),
        await compare({ ...batches, name: "ledger-append-with-ids" }, () => append(withId), bare),
        await compare({ ...batches, name: "ledger-append-with-consumables" }, () => append(withRow), bare),
      )
    for (const [suffix, once] of [
      ["", single],
      ["-with-id", singleWithId],
      ["-change", redemption],
    ] as const)
      if (names.has("ledger-commit-latency"))
        rows.push(
          await compare(
            { ...singles, name: `ledger-commit-latency${suffix}` },
            () => p50(once),
            () => p50(bareSingle),
          ),
        )
    await appender.close()
    return rows
  } finally {
    await pool.end()
    await client.end()
    await embedded.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
