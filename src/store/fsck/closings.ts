/** Closed logs: what records in other logs say of them, and whether they are so. */
import { toHex } from "../../formats/bytes.ts"
import type { JsonObject } from "../../formats/ports.ts"
import type { RecordBody } from "../../ledger/record.ts"
import type { Derived } from "./derived.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

export function learnClosings({ closings }: Derived, record: Partial<RecordBody>, log: LogRow, index: number): void {
  const { log: origin, size, root } = (record.data ?? {}) as JsonObject
  if (record.kind === "log_closed") closings.set(origin as string, `${size} ${root} ${log.log_id} ${index}`)
}

export async function checkClosings(
  store: FsckStore,
  closings: Derived["closings"],
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{
    origin: string
    size: bigint
    root: Buffer
    by_log_id: number
    idx: bigint
    is_so: boolean
  }>(
    `SELECT l.origin, c.size, c.root, c.by_log_id, c.idx,
            (h.size, h.root, h.fence) IS NOT DISTINCT FROM (c.size, c.root, 9223372036854775807) AS is_so
       FROM log_closing c JOIN log l USING (log_id) LEFT JOIN log_head h USING (log_id)`,
  )
  for (const { origin, size, root, by_log_id, idx, is_so } of rows) {
    if (closings.get(origin) !== `${size} ${toHex(root)} ${by_log_id} ${idx}`)
      find({ table: "log_closing", text: "the row is not what the records say", log: origin })
    if (!is_so) find({ table: "log_head", text: "the log was closed, and its head is another since", log: origin })
    closings.delete(origin)
  }
  for (const origin of closings.keys())
    find({ table: "log_closing", text: "a record closed the log, and its row is missing", log: origin })
}
