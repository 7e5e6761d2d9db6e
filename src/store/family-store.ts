/** Families of executions, a bounded part at a time. */
import type pg from "pg"
import type { BeatSource } from "../decision/lease-beats.ts"
import type { FamilyStore } from "../decision/lineage-graph.ts"
import { type LedgerReader, readBody } from "../ledger/lineage.ts"
import { assertNotArchived } from "./archived.ts"
import { createDecisionStore } from "./decision-store.ts"
import { type EntryRow, toRecord } from "./reader.ts"
import { CHILDREN_OF, RECORDS_OF_ALL } from "./sql/family.ts"

const BEFORE_ALL = { authorizedAt: "-infinity", childId: "00000000-0000-0000-0000-000000000000" }

export function createFamilyStore(pool: pg.Pool, reader: LedgerReader): FamilyStore & BeatSource {
  return {
    ...createDecisionStore(pool, reader),
    recordsOf: reader.recordsOf,
    executionRows: reader.executionRows,
    async segment(sha256) {
      const { rows } = await pool.query<{ segment: Buffer }>("SELECT segment FROM beat_segment WHERE sha256 = $1", [
        Buffer.from(sha256, "hex"),
      ])
      return rows[0]?.segment ?? null
    },
    async childrenOf(parentIds, limit, after) {
      const place = after
        ? { authorizedAt: new Date(after.authorizedAtMs).toISOString(), childId: after.childId }
        : BEFORE_ALL
      const { rows } = await pool.query<{ parent_id: string; child_id: string; authorized_at: Date }>(CHILDREN_OF, [
        parentIds,
        place.authorizedAt,
        place.childId,
        limit,
      ])
      return rows.map((row) => ({
        parentId: row.parent_id,
        childId: row.child_id,
        authorizedAtMs: row.authorized_at.getTime(),
      }))
    },
    async recordsOfAll(executionIds) {
      const { rows: all } = await pool.query<EntryRow>(RECORDS_OF_ALL, [executionIds])
      const gone = all.find(({ body }) => body === null)
      if (gone) await assertNotArchived(pool, gone.log_id, Number(gone.idx))
      const rows = all.filter(({ body }) => body !== null)
      const wanted = new Set(executionIds)
      return rows.map(toRecord).filter(({ body }) => wanted.has(readBody(body).execution_id ?? ""))
    },
  }
}
