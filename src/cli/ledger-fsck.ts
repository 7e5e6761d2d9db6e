/** `writ ledger fsck`: on one consistent snapshot, beside a running daemon or without one. */
import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { nativeCrypto } from "../crypto.ts"
import type { Connection } from "../store/connect.ts"
import { digestsOfFiles } from "../store/fsck/archives.ts"
import { fsck } from "../store/fsck/fsck.ts"
import { withPartThreads } from "../store/fsck/part-threads.ts"
import { withSnapshot } from "../store/fsck/snapshot.ts"
import { type FsckReport, PART_RECORDS } from "../store/fsck/types.ts"
import { parseTrust } from "../verify/trust.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"

/** Each has a connection of its own, and a process of Postgres that reads for it. */
const MAX_THREADS = 8

export async function fsckCommand(flags: Flags): Promise<number> {
  const trustFile = flags["trust"] as string | undefined
  const trust = trustFile === undefined ? undefined : parseTrust(readFileSync(trustFile, "utf8"))
  const archives = await digestsOfFiles((flags["archive"] as unknown as string[] | undefined) ?? [])
  const report = await withDatabase(flags, (connection) =>
    checkDatabase(connection, trust, process.stderr.isTTY && !flags["json"], archives),
  )
  if (flags["json"]) printJson(report)
  else describe(report)
  return report.clean ? 0 : 1
}

export async function checkDatabase(
  connection: Connection,
  trust: Parameters<typeof fsck>[1],
  showProgress: boolean,
  archives: ReadonlyMap<string, string> = new Map(),
): Promise<FsckReport> {
  const startedMs = performance.now()
  const progress = (done: number, total: number) => {
    if (showProgress) process.stderr.write(`\r${progressLine(done, total, performance.now() - startedMs)}`)
  }
  return await withSnapshot(connection, async (store) => {
    const [found] = await store.query<{ id: string; records: bigint }>(
      "SELECT pg_export_snapshot() AS id, coalesce(sum(size), 0)::bigint AS records FROM log_head",
    )
    const { id, records } = found as { id: string; records: bigint }
    const threads = Math.min(MAX_THREADS, availableParallelism(), Math.ceil(Number(records) / PART_RECORDS))
    if (threads < 2) return await fsck(store, trust, nativeCrypto, archives, progress)
    return await withPartThreads(connection, id, threads, (check) =>
      fsck(store, trust, nativeCrypto, archives, progress, check),
    )
  })
}

const BAR_WIDTH = 24

/** As wide as the one before or wider, so that nothing of that is left; the last one ends its line. */
export function progressLine(done: number, total: number, elapsedMs: number): string {
  const filled = total === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * done) / total)
  const perSecond = Math.round((done * 1000) / Math.max(elapsedMs, 1))
  const left = perSecond > 0 ? `${Math.ceil((total - done) / perSecond)} s left` : ""
  const text = `[${"=".repeat(filled).padEnd(BAR_WIDTH)}] ${done} of ${total} records, ${perSecond} /s, ${left}`
  return done === total ? `${text.padEnd(90)}\n` : text.padEnd(90)
}

function describe(report: FsckReport): void {
  for (const { origin, size, root, checkpoints, anchored } of report.logs) {
    print(
      `${origin}: ${size} records, root ${root.slice(0, 16)}…, ${checkpoints} checkpoints ${anchored ? "signed by the trusted key" : "(key taken from the database itself; pass --trust KEYS)"}`,
    )
  }
  for (const { origin, archived } of report.logs)
    for (const { first, past, digest, read } of archived)
      print(
        `  records ${first} to ${past - 1} of ${origin} are in the archive ${digest.slice(0, 16)}…, ${read ? "which was read and holds what it must" : "which was not read: only their hashes were checked. Pass --archive FILE"}`,
      )
  for (const { table, text, index, log } of report.findings)
    print(`  ✗ ${table}${log ? ` of ${log}` : ""}${index === undefined ? "" : ` #${index}`}: ${text}`)
  print(
    report.clean
      ? "Clean: every table is what the records say."
      : `${report.findings.length} findings. The database was changed by something else than writ.`,
  )
}
