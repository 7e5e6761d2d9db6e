import { fromUtf8, toHex } from "../../formats/bytes.ts"
import { REQUEST_LIFE_MS } from "../../ledger/appender.ts"
import { readBody } from "../../ledger/lineage.ts"
import { PAYLOAD_SALT_BYTES } from "../../ledger/record.ts"
import type { Finding, FsckStore } from "./types.ts"

const LIFE_SLACK_MS = 60_000
const PAGE = 1_000

interface RequestRow {
  readonly key: string
  readonly snapshot_digest: Buffer
  readonly idx: bigint
  readonly expires_at: Date
  readonly body: Buffer | null
  readonly payload: Buffer | null
}

/** Request ids of the last ten minutes: each row points at the decision that took it. A page at a time: there may be millions. */
export async function checkRequests(store: FsckStore, find: (finding: Finding) => void): Promise<void> {
  let after: string | null = null
  for (;;) {
    const rows: readonly RequestRow[] = await store.query<RequestRow>(
      `SELECT r.*, e.body, e.payload FROM (SELECT * FROM request WHERE $1::uuid IS NULL OR key > $1 ORDER BY key LIMIT $2) AS r
         LEFT JOIN entry e ON e.log_id = r.log_id AND e.idx = r.idx ORDER BY r.key`,
      [after, PAGE],
    )
    for (const row of rows) checkRow(row, find)
    after = rows.at(-1)?.key ?? null
    if (rows.length < PAGE) return
  }
}

function checkRow(row: RequestRow, find: (finding: Finding) => void): void {
  const record = row.body ? readBody(row.body) : {}
  const lapses = Date.parse(record.time ?? "") + REQUEST_LIFE_MS
  const says = (text: string) => find({ table: "request", text: `the row ${row.key} ${text}`, index: Number(row.idx) })
  if (record.kind !== "decision") says("names no decision")
  else if (row.payload && !isClaimOf(row.payload, row.key, toHex(row.snapshot_digest)))
    says("is not what its record says")
  else if (Math.abs(row.expires_at.getTime() - lapses) > LIFE_SLACK_MS)
    says("lapses at another time than its record says")
}

function isClaimOf(payload: Uint8Array, key: string, digest: string): boolean {
  try {
    const { idempotency } = JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as {
      idempotency?: { key: string; digest: string }
    }
    return idempotency?.key === key && idempotency.digest === digest
  } catch {
    return false
  }
}
