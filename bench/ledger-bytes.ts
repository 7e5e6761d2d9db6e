/** What a decision, its redemption and completion, and a beat leave on disk: tables, indexes and write-ahead log of the built daemon's Postgres. */
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { type AuthorizeReply, toWireRequest } from "../src/cli/authorize.ts"
import { connect, type WritClient } from "../src/client/connect.ts"
import type { Role } from "../src/decision/state.ts"
import { Fleet } from "./beating.ts"
import type { Row } from "./compare.ts"
import { Generator } from "./h2-generator.ts"
import { startFleetDaemon } from "./heartbeat.ts"
import { AUTHORIZE_PATH, isAllow, REQUEST, type RunningDaemon, readKey, requestBodies } from "./subjects.ts"

const DECISIONS = 20_000
const EXECUTIONS = 5_000
const RUNTIMES = 1_000
const ROUNDS_OF_BEATS = 10
const IN_FLIGHT = 64

/** Of records, of what is found by them, and of tiles; request ids live ten minutes and are no part of what stays. */
const STAYS = ["entry", "tile", "lookup", "facet", "execution", "checkpoint", "beat_segment"]

interface Sizes {
  readonly wal: number
  readonly bytes: Readonly<Record<string, number>>
}

export async function benchLedgerBytes(say: (line: string) => void): Promise<Row[]> {
  const daemon = await startFleetDaemon()
  const client = new pg.Client({
    host: join(daemon.data, "postgres"),
    port: 5432,
    user: "writ",
    database: "writ",
    password: readFileSync(join(daemon.data, "postgres", "password"), "utf8").trim(),
  })
  await client.connect()
  try {
    /** `work` answers how many there were. */
    const measure = async (name: string, work: () => Promise<number>): Promise<Row[]> => {
      const before = await sizesOf(client)
      const count = await work()
      await settled(client)
      const after = await sizesOf(client)
      const per = (after: number, before: number) => (after - before) / count
      const parts = Object.keys(after.bytes).map(
        (table) => [table, per(after.bytes[table] as number, before.bytes[table] as number)] as const,
      )
      const stays = parts.filter(([table]) => STAYS.includes(table)).reduce((sum, [, bytes]) => sum + bytes, 0)
      say(
        `${name}: ${parts
          .filter(([, bytes]) => bytes >= 1)
          .map(([table, bytes]) => `${table} ${bytes.toFixed(0)}`)
          .join(", ")}`,
      )
      return [row(`${name}-tables`, stays), row(`${name}-wal`, per(after.wal, before.wal))]
    }
    const authorize = async (count: number): Promise<number> => {
      const generator = await Generator.connect({
        host: "127.0.0.1",
        port: daemon.port,
        path: AUTHORIZE_PATH,
        key: daemon.key,
        body: requestBodies(),
        accept: isAllow,
      })
      const { refused } = await generator.closedLoop(IN_FLIGHT, count)
      generator.close()
      return count - refused // a machine that is busy may not commit all in time
    }
    await authorize(2_000) // the first pages of each table
    const rows = await measure("ledger-bytes-decision", () => authorize(DECISIONS))
    rows.push(...(await measure("ledger-bytes-execution", () => execute(daemon, EXECUTIONS))))
    const fleet = await Fleet.start(daemon, readKey(daemon, "runtime"), RUNTIMES)
    const beats = await fleet.connect(daemon.port, readKey(daemon, "runtime"))
    rows.push(
      ...(await measure("ledger-bytes-beat", async () => {
        let taken = 0
        for (let round = 0; round < ROUNDS_OF_BEATS; round++) {
          fleet.prepare(RUNTIMES)
          const { refused } = await beats.closedLoop(IN_FLIGHT, RUNTIMES)
          taken += RUNTIMES - refused
          await sleep(5_000) // as often as a runtime beats
        }
        await sleep(11_000) // they are written every ten seconds
        return taken
      })),
    )
    beats.close()
    return rows
  } finally {
    await client.end()
    await daemon.stop()
  }
}

/** Each authorized, redeemed and completed. */
async function execute(daemon: RunningDaemon, count: number): Promise<number> {
  const as = (role: Role) => connect({ target: daemon.address.grpc, key: readKey(daemon, role), maxTries: 1 })
  const [pep, executor] = [as("pep"), as("executor")]
  let left = count
  const one = async () => {
    const request = toWireRequest({ ...REQUEST, request_id: randomUUID() })
    const { token, execution_id } = await pep.call<AuthorizeReply>("authorization", "Authorize", request)
    await act(executor, "RedeemToken", { token, redemption_id: randomUUID(), parameters_digest: Buffer.alloc(0) })
    await act(executor, "CompleteExecution", { execution_id, succeeded: true, result_digest: Buffer.alloc(32) })
  }
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) await one()
    }),
  )
  pep.close()
  executor.close()
  return count
}

async function act(client: WritClient, method: string, request: object): Promise<void> {
  await client.call("authorization", method, request)
}

async function sizesOf(client: pg.Client): Promise<Sizes> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT coalesce(p.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid)) AS bytes
       FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1`,
  )
  const wal = await client.query<{ bytes: string }>("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes")
  return {
    wal: Number(wal.rows[0]?.bytes),
    bytes: Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)])),
  }
}

/** All lookups are derived. */
async function settled(client: pg.Client): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      "SELECT FROM log_head h JOIN lookup_mark m USING (log_id) WHERE m.size < h.size",
    )
    if (rowCount === 0) return
    await sleep(50)
  }
}

function row(name: string, value: number): Row {
  return {
    name,
    value,
    unit: "bytes each",
    baseline: { name: "1 KiB", value: 1_024 },
    ratio: value / 1_024,
    durable: "fsync=on synchronous_commit=on",
    spread: [value / 1_024, value / 1_024],
    rounds: 1,
    generator: "own HTTP/2 generator, 64 in flight",
  }
}
