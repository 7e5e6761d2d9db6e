/**
 * Re-hashes the log and derives every table again: what stands in the database must be what the records say. Runs beside
 * a daemon or without one, on a snapshot of its own; trusts only keys that it is given. `archives`: paths of archive
 * files by their digests, hex. `checkPartOf`: another way to check parts than on the store itself, one after the other.
 */
import { toHex } from "../../formats/bytes.ts"
import type { Crypto } from "../../formats/ports.ts"
import type { Trust } from "../../verify/types.ts"
import { archivedRanges } from "./archives.ts"
import { checkCheckpoints, readCheckpoints } from "./checkpoints.ts"
import { checkDerived, checkErased, emptyDerived } from "./derived.ts"
import { openHeadCheck } from "./heads.ts"
import { createNames } from "./lookups.ts"
import { checkPart, type Part } from "./part.ts"
import type { CheckPart } from "./part-threads.ts"
import { checkRequests } from "./requests.ts"
import type { Finding, FsckReport, FsckStore, LogRow } from "./types.ts"
import { walkLog } from "./walk-log.ts"

const MAX_FINDINGS = 100

export async function fsck(
  store: FsckStore,
  trust: Trust | undefined,
  crypto: Crypto,
  archives: ReadonlyMap<string, string> = new Map(),
  onProgress?: (done: number, total: number) => void,
  checkPartOf?: CheckPart,
): Promise<FsckReport> {
  const findings: Finding[] = []
  const find = (finding: Finding) => {
    if (findings.length < MAX_FINDINGS) findings.push(finding)
  }
  const logs = await store.query<LogRow>(
    "SELECT l.log_id, l.origin, l.verifier_key, h.size, h.root, h.fence FROM log l LEFT JOIN log_head h USING (log_id) ORDER BY l.log_id",
  )
  const total = logs.reduce((sum, log) => sum + Number(log.size ?? 0), 0)
  const unread: { readonly log: string; readonly first: number; readonly past: number }[] = []
  const derived = emptyDerived((log, index) =>
    unread.some((range) => range.log === log && index >= range.first && index < range.past),
  )
  const nameOf = await createNames(store, crypto.sha256)
  const check = checkPartOf ?? ((part: Part) => checkPart(store, part, nameOf, crypto.sha256))
  const results: FsckReport["logs"][number][] = []
  const heads = openHeadCheck(store, logs, trust, crypto, find)
  let done = 0
  for (const log of logs) {
    if (log.size === null || log.root === null) {
      find({ table: "log_head", text: "the log has no head", log: log.origin })
      continue
    }
    const ranges = await archivedRanges(store, log, archives)
    for (const { file, first, past } of ranges) if (!file) unread.push({ log: log.origin, first, past })
    const stored = await readCheckpoints(store, log)
    const walk = { log, ranges, sizes: stored.map((one) => one.size), heads }
    const { size, root, roots } = await walkLog(store, walk, check, derived, crypto, find, (count) => {
      done += count
      onProgress?.(done, total)
    })
    results.push({
      origin: log.origin,
      size,
      root: toHex(root),
      ...checkCheckpoints(log, stored, roots, trust, crypto, find),
      archived: ranges.map(({ first, past, digest, file }) => ({ first, past, digest, read: file !== null })),
    })
  }
  await heads.end()
  checkErased(derived, find)
  await checkStrays(store, find)
  await checkDerived(store, derived, crypto, find)
  await checkRequests(store, find)
  return { clean: findings.length === 0, records: total, logs: results, findings }
}

/** Rows that belong to no log. */
async function checkStrays(store: FsckStore, find: (finding: Finding) => void): Promise<void> {
  const tables = [
    "entry",
    "tile",
    "lookup",
    "facet",
    "request",
    "execution",
    "approval",
    "directive",
    "bundle",
    "activation",
  ]
  for (const table of tables) {
    const [row] = await store.query<{ log_id: number }>(
      `SELECT log_id FROM ${table} t WHERE NOT EXISTS (SELECT FROM log WHERE log.log_id = t.log_id) LIMIT 1`,
    )
    if (row) find({ table, text: `a row belongs to a log that does not exist: ${row.log_id}` })
  }
}
