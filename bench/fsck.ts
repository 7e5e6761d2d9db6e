/** `writ ledger fsck` of a log of 200,000 decisions: records a second against reading them alone, and its memory. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { sha256 } from "../src/crypto.ts"
import { restoreTree } from "../src/ledger/restore.ts"
import { describeDurability } from "../src/store/durability.ts"
import { tileReader } from "../src/store/tile-reader.ts"
import { compare, type Row } from "./compare.ts"
import { Generator } from "./h2-generator.ts"
import { growLog, ID_IN_TEMPLATE } from "./large-log.ts"
import {
  AUTHORIZE_PATH,
  databaseOf,
  isAllow,
  type RunningDaemon,
  requestBodies,
  startDaemonProcess,
} from "./subjects.ts"

const SIZES = [50_000, 200_000] as const
const PAGE = 2_000
const ROUNDS = 3

interface Run {
  readonly records: number
  readonly seconds: number
  readonly peakMib: number
}

/** The command as an operator runs it, its peak of memory read while it runs. */
async function fsck(daemon: RunningDaemon): Promise<Run> {
  const started = performance.now()
  const main = join(import.meta.dirname, "..", "dist", "main.js")
  const child = spawn(process.execPath, [main, "ledger", "fsck", "--data", daemon.data, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let text = ""
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part))
  const ended = once(child, "close")
  let peakMib = 0
  while (child.exitCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8")
      peakMib = Math.max(peakMib, Number(/VmHWM:\s+([0-9]+) kB/.exec(status)?.[1] ?? 0) / 1024)
    } catch {} // it has ended
    await sleep(50)
  }
  await ended
  const report = JSON.parse(text) as { clean: boolean; records: number; findings: { text: string }[] }
  if (!report.clean) throw new Error(`fsck found something: ${report.findings[0]?.text}`)
  return { records: report.records, seconds: (performance.now() - started) / 1000, peakMib }
}

export async function benchFsck(): Promise<Row[]> {
  const daemon = await startDaemonProcess()
  const client = new pg.Client(databaseOf(daemon))
  await client.connect()
  try {
    const durable = await describeDurability(client)
    await decideOnce(daemon) // the daemon itself is idle from here on: its log grows without it
    await grow(client, SIZES[0])
    const few = await fsck(daemon)
    await grow(client, SIZES[1])
    const runs: Run[] = []
    const rate = async () => {
      const run = await fsck(daemon)
      runs.push(run)
      return run.records / run.seconds
    }
    const read = async () => {
      const started = performance.now()
      let count = 0
      for (let rows = 1; rows > 0; count += rows)
        rows = (
          await client.query(
            "SELECT idx, leaf_hash, body, payload FROM entry WHERE log_id = 1 AND idx >= $1 AND idx < $2 ORDER BY idx",
            [count, count + PAGE],
          )
        ).rows.length
      return count / ((performance.now() - started) / 1000)
    }
    const common = { durable, generator: "decisions alike but for their execution, without lookup rows" }
    const speed = await compare(
      { ...common, name: "fsck", unit: "records/s", against: "reading the records by pg, a page at a time" },
      rate,
      read,
      ROUNDS,
    )
    const peaks = runs.map(({ peakMib }) => peakMib)
    const memory: Row = {
      ...common,
      name: "fsck-memory",
      value: Math.max(...peaks),
      unit: "MiB",
      baseline: { name: `the same of ${SIZES[0]} records`, value: few.peakMib },
      ratio: Math.max(...peaks) / few.peakMib,
      spread: [Math.min(...peaks) / few.peakMib, Math.max(...peaks) / few.peakMib],
      rounds: ROUNDS,
    }
    return [speed, memory]
  } finally {
    await client.end()
    await daemon.stop()
  }
}

async function decideOnce({ port, key }: RunningDaemon): Promise<void> {
  const generator = await Generator.connect({
    host: "127.0.0.1",
    port,
    path: AUTHORIZE_PATH,
    key,
    body: requestBodies(),
    accept: isAllow,
  })
  const { refused } = await generator.closedLoop(1, 1)
  generator.close()
  if (refused > 0) throw new Error("the decision was no ALLOW")
}

/** Makes the log longer by copies of its last record, a decision, each of an execution of its own. */
async function grow(client: pg.Client, to: number): Promise<void> {
  const { rows } = await client.query<{ size: bigint; root: Buffer; body: Buffer; payload: Buffer }>(
    `SELECT size, root, body, payload FROM log_head JOIN entry ON entry.log_id = log_head.log_id AND idx = size - 1
      WHERE log_head.log_id = 1`,
  )
  const [last] = rows
  if (!last) throw new Error("the daemon's log has no records")
  const body = last.body.toString("utf8")
  const { execution_id: id } = JSON.parse(body) as { execution_id: string }
  const head = { logId: 1, size: Number(last.size), root: last.root, fence: 0n }
  const tree = await restoreTree({ tiles: (logId) => tileReader(client, logId) }, head, sha256)
  const template = body.replaceAll(id, ID_IN_TEMPLATE)
  await growLog(client, tree, { logId: 1, to, template, payload: last.payload })
  await client.query("VACUUM ANALYZE entry, tile")
}
