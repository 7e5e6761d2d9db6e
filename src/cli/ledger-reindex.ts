/** `writ ledger reindex`: lookups and facets are derived anew from the log, beside a running daemon or without one. */
import { setTimeout as sleep } from "node:timers/promises"
import { type Connection, connectOnce } from "../store/connect.ts"
import { deriveFacets } from "../store/indexer.ts"
import type { Flags } from "./cli.ts"
import { withDatabase } from "./offline-database.ts"
import { print, printJson } from "./output.ts"

/** 1,024 records in a transaction: an erasure, and the appends behind it, may wait for one. */
const PAGE_BLOCKS = 4
const BUSY_MS = 20

export async function reindexCommand(flags: Flags): Promise<number> {
  const isNew = flags["resume"] !== true
  const showProgress = process.stderr.isTTY && !flags["json"]
  const total = await withDatabase(flags, (connection) =>
    reindex(connection, isNew, (left) => {
      if (showProgress) process.stderr.write(`\r${left} records left ${left === 0 ? "\n" : ""}`)
    }),
  )
  if (flags["json"]) printJson({ records: total })
  else print(`Derived anew: the lookups of ${total} records. What is wrong elsewhere: writ ledger fsck`)
  return 0
}

/**
 * Each page is a transaction: while it runs every query is answered completely, from the log itself where the index is not
 * derived yet. Stopped at any moment, the daemon goes on with it, or `isNew: false` does. Answers how many records there were
 * to be looked at.
 */
export async function reindex(
  connection: Connection,
  isNew: boolean,
  onProgress: (left: number) => void = () => {},
): Promise<number> {
  const client = await connectOnce(connection)
  try {
    if (isNew) await client.query("SELECT writ_reindex()")
    const { rows } = await client.query<{ total: bigint }>(
      "SELECT coalesce(sum(h.size - m.facets), 0)::bigint AS total FROM lookup_mark m JOIN log_head h USING (log_id)",
    )
    for (let before = Number.POSITIVE_INFINITY, left = 1; left > 0; before = left) {
      left = await deriveFacets(client, PAGE_BLOCKS)
      onProgress(left)
      if (left >= before) await sleep(BUSY_MS) // the daemon is at it as well
    }
    return Number(rows[0]?.total ?? 0)
  } finally {
    await client.end()
  }
}
