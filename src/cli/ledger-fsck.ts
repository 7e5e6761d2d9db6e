/** `writ ledger fsck`: on one consistent snapshot, beside a running daemon or without one. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { defaultDataFolder } from "../config.ts"
import { nativeCrypto } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { type Connection, parseDatabaseUrl } from "../store/connect.ts"
import { startEmbedded } from "../store/embedded.ts"
import { isAlive } from "../store/folder-lock.ts"
import { fsck } from "../store/fsck/fsck.ts"
import { withSnapshot } from "../store/fsck/snapshot.ts"
import type { FsckReport } from "../store/fsck/types.ts"
import { parseTrust } from "../verify/trust.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { readDaemonFile } from "./remote.ts"

export async function fsckCommand(flags: Flags): Promise<number> {
  const url = (flags["databaseUrl"] as string | undefined) ?? process.env["DATABASE_URL"]
  const data = (flags["data"] as string | undefined) ?? defaultDataFolder()
  const trustFile = flags["trust"] as string | undefined
  const trust = trustFile === undefined ? undefined : parseTrust(readFileSync(trustFile, "utf8"))
  if (!url && !existsSync(join(data, "postgres", "cluster")))
    throw new WritError(
      "CONFIG_INVALID",
      `There is no embedded Postgres in ${data}. Name the daemon's data folder with --data, or its database with --database-url.`,
    )
  // An embedded Postgres that runs already is used as it is, and stays; one that we start, we stop.
  const embedded = url ? null : await startEmbedded({ dataFolder: data })
  try {
    const report = await checkDatabase(
      url ? parseDatabaseUrl(url) : (embedded?.connection as Connection),
      trust,
      process.stderr.isTTY && !flags["json"],
    )
    if (flags["json"]) printJson(report)
    else describe(report)
    return report.clean ? 0 : 1
  } finally {
    if (embedded && !hasDaemon(data)) await embedded.stop()
  }
}

function hasDaemon(data: string): boolean {
  try {
    return isAlive(readDaemonFile(data).pid)
  } catch {
    return false
  }
}

export async function checkDatabase(
  connection: Connection,
  trust: Parameters<typeof fsck>[1],
  showProgress: boolean,
): Promise<FsckReport> {
  return await withSnapshot(connection, (store) =>
    fsck(store, trust, nativeCrypto, (done, total) => {
      if (showProgress) process.stderr.write(`\r${done} of ${total} records${done === total ? "\n" : ""}`)
    }),
  )
}

function describe(report: FsckReport): void {
  for (const { origin, size, root, checkpoints, anchored } of report.logs) {
    print(
      `${origin}: ${size} records, root ${root.slice(0, 16)}…, ${checkpoints} checkpoints ${anchored ? "signed by the trusted key" : "(key taken from the database itself; pass --trust KEYS)"}`,
    )
  }
  for (const { table, text, index, log } of report.findings)
    print(`  ✗ ${table}${log ? ` of ${log}` : ""}${index === undefined ? "" : ` #${index}`}: ${text}`)
  print(
    report.clean
      ? "Clean: every table is what the records say."
      : `${report.findings.length} findings. The database was changed by something else than writ.`,
  )
}
