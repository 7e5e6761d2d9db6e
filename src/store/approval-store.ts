/** Approvals that wait, as rows; whether one is refused or used, its execution's row says. */
import type pg from "pg"
import type { ApprovalStore } from "../decision/approval.ts"
import type { WaitingStore } from "../decision/waiting.ts"
import type { LedgerReader } from "../ledger/lineage.ts"
import { ENTRY, type EntryRow, toRecord } from "./reader.ts"
import { countWaiting, waiting } from "./sql/waiting.ts"

/** A row may still be looked for by a daemon whose clock is behind the database's. */
const FORGET_AFTER = "10 minutes"

export function createApprovalStore(
  pool: pg.Pool,
  { findExecution }: Pick<LedgerReader, "findExecution">,
): ApprovalStore & WaitingStore & { forget(): Promise<void> } {
  return {
    findExecution,

    async queue(key, caller, nowMs) {
      const { rows } = await pool.query<{ approval_id: string | null; count: bigint }>({
        name: "writ_queue",
        text: `SELECT (SELECT approval_id FROM approval WHERE key = $1) AS approval_id, (${countWaiting("$2", "$3")}) AS count`,
        values: [key, caller, new Date(nowMs)],
      })
      return { approvalId: rows[0]?.approval_id ?? null, count: Number(rows[0]?.count) }
    },

    async waiting(after, nowMs, limit) {
      const { rows } = await pool.query<EntryRow & { given: number; requested_at: Date; approval_id: string }>(
        `SELECT e.*, a.given, a.requested_at, a.approval_id FROM (
           SELECT w.* FROM ${waiting("$1")} AND w.given < w.needed AND (w.requested_at, w.approval_id) > ($2, $3)
              AND w.bundle = (SELECT active_bundle FROM control)
            ORDER BY w.requested_at, w.approval_id LIMIT $4) a
           JOIN LATERAL (${ENTRY} WHERE e.log_id = a.log_id AND e.idx = a.idx) e ON true
          ORDER BY a.requested_at, a.approval_id`,
        [new Date(nowMs), new Date(after.requestedAtMs), after.approvalId, limit],
      )
      return rows.map((row) => ({
        decision: toRecord(row),
        given: row.given,
        place: { requestedAtMs: row.requested_at.getTime(), approvalId: row.approval_id },
      }))
    },

    async count(nowMs) {
      const { rows } = await pool.query<{ count: bigint }>(`SELECT count(*) AS count FROM ${waiting("$1")}`, [
        new Date(nowMs),
      ])
      return Number(rows[0]?.count)
    },

    async forget() {
      await pool.query(`DELETE FROM approval WHERE expires_at < now() - interval '${FORGET_AFTER}'`)
    },
  }
}
