/** `writ ledger fsck`: on one consistent snapshot, beside a running daemon or without one. */
import { readFileSync } from "node:fs"
import { nativeCrypto } from "../crypto.ts"
import type { Connection } from "../store/connect.ts"
import { digestsOfFiles } from "../store/fsck/archives.ts"
import { fsck } from "../store/fsck/fsck.ts"
import { withSnapshot } from "../store/fsck/snapshot.ts"
import type { FsckReport } from "../store/fsck/types.ts"
import { parseTrust } from "../verify/trust.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"

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
  return await withSnapshot(connection, (store) =>
    fsck(store, trust, nativeCrypto, archives, (done, total) => {
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
