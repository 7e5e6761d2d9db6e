/** Reads of the ledger, each a small statement on the pool. Implements the ports of ledger/ and decision/. */
import type pg from "pg"
import { asBuffer } from "../crypto.ts"
import type { Binding } from "../decision/binding.ts"
import type { ControlRows, ControlSource } from "../decision/control.ts"
import type { RecordedRequest, RequestStore } from "../decision/recall.ts"
import type { ReferenceSet } from "../decision/reference-values.ts"
import type { Scope } from "../decision/scope.ts"
import type { CallerKey } from "../decision/state.ts"
import type { ExecutionState } from "../ledger/kinds.ts"
import type { FoundExecution, LedgerReader, StoredRecord } from "../ledger/lineage.ts"
import { readBody } from "../ledger/lineage.ts"
import { createTileCache, readTilesOnce } from "../ledger/proofs.ts"
import type { Runtime } from "../runtime/runtime.ts"
import { assertNotArchived } from "./archived.ts"
import { readDirectives } from "./runtime-store.ts"
import { tileReader } from "./tile-reader.ts"
import { readTokenKeys } from "./token-keys.ts"

export interface EntryRow {
  readonly origin: string
  readonly log_id: number
  readonly idx: bigint
  readonly leaf_hash: Buffer
  readonly body: Buffer
  readonly payload: Buffer | null
}

export const ENTRY =
  "SELECT l.origin, e.log_id, e.idx, e.leaf_hash, e.body, e.payload FROM entry e JOIN log l USING (log_id)"

/**
 * One statement, so one snapshot: the index and, behind its mark, the tail. Complete at every moment. The tail is bounded
 * on both sides, in a subquery that is not flattened: with one bound the planner expects a third of the log and reads it all.
 */
const RECORDS_OF = {
  name: "writ_records_of",
  text: `
    SELECT true AS indexed, l.origin, k.log_id, k.idx, e.leaf_hash, e.body, e.payload
      FROM lookup k JOIN log l USING (log_id) LEFT JOIN entry e ON e.log_id = k.log_id AND e.idx = k.idx WHERE k.key = $1::uuid
    UNION ALL
    SELECT false, l.origin, t.* FROM lookup_mark m JOIN log_head h USING (log_id) JOIN log l USING (log_id) CROSS JOIN LATERAL (
      SELECT e.log_id, e.idx, e.leaf_hash, e.body, e.payload FROM entry e
       WHERE e.log_id = m.log_id AND e.idx >= m.size AND e.idx < h.size AND position($2::bytea IN e.body) > 0 OFFSET 0) t`,
}

const STATE_OF = {
  name: "writ_state_of",
  text: "SELECT x.state, l.origin, x.idx, x.leaf_hash FROM execution x JOIN log l USING (log_id) WHERE x.execution_id = $1",
}

/** 8 KiB each, and as much again for its hashes' headers: of a log of 33 million records all are kept. */
const KEPT_TILES = 512

/** Nothing was allowed yet, or ever. */
const UNDECIDED: readonly ExecutionState[] = ["APPROVAL_PENDING", "REJECTED"]

export function toRecord(row: EntryRow): StoredRecord {
  return {
    origin: row.origin,
    logId: row.log_id,
    index: Number(row.idx),
    leafHash: row.leaf_hash,
    body: row.body,
    payload: row.payload,
  }
}

export function createReader(pool: pg.Pool): LedgerReader {
  const kept = createTileCache(KEPT_TILES)

  async function recordsOf(executionId: string): Promise<readonly StoredRecord[]> {
    const { rows: all } = await pool.query<EntryRow & { indexed: boolean }>({
      ...RECORDS_OF,
      values: [executionId, Buffer.from(executionId)],
    })
    // A row that is gone and not in an archive was taken away: what is left does not verify.
    for (const { log_id, idx, body } of all) if (body === null) await assertNotArchived(pool, log_id, Number(idx))
    const rows = all.filter(({ body }) => body !== null)
    // What the index names is kept whatever its body says now: verification is to see it.
    return rows.filter((row) => row.indexed || readBody(row.body).execution_id === executionId).map(toRecord)
  }

  /** What stands before the first gap that an archive has made; `indexAt`: where each should stand. */
  async function upToArchive(
    logId: number,
    records: readonly StoredRecord[],
    indexAt: (i: number) => number,
  ): Promise<readonly StoredRecord[]> {
    const gap = records.findIndex(({ index }, i) => index !== indexAt(i))
    if (gap < 0 && records.length > 0) return records
    try {
      await assertNotArchived(pool, logId, indexAt(Math.max(gap, 0)))
      return records
    } catch (error) {
      if (gap <= 0) throw error
      return records.slice(0, gap)
    }
  }

  return {
    recordsOf,

    async findExecution(executionId): Promise<FoundExecution | null> {
      const { rows } = await pool.query<{ state: ExecutionState; origin: string; idx: bigint; leaf_hash: Buffer }>({
        ...STATE_OF,
        values: [executionId],
      })
      const records = await recordsOf(executionId)
      const decisions = records.filter((record) => readBody(record.body).kind === "decision")
      const allowed = decisions.find((record) => readBody(record.body).state === "AUTHORIZED")
      const asked = decisions.find((record) => readBody(record.body).previous === undefined) // the same, or for an approval
      const [row] = rows
      const decision = (row && !UNDECIDED.includes(row.state) && allowed) || asked
      if (!decision) return null
      if (row)
        return {
          decision,
          records,
          last: { origin: row.origin, index: Number(row.idx), leafHash: row.leaf_hash },
          state: row.state,
        }
      return { decision, records, last: decision, state: readBody(decision.body).state ?? null }
    },

    tiles: (logId) => kept(logId, readTilesOnce(tileReader(pool, logId))),

    async checkpoint(logId, atLeast, exactly) {
      const { rows } = await pool.query<{ note: Buffer }>(
        `(SELECT true AS cosigned, note FROM cosigned_checkpoint WHERE log_id = $1 AND size >= $2 AND size <= $3 ORDER BY size LIMIT 1)
         UNION ALL
         (SELECT false, note FROM checkpoint WHERE log_id = $1 AND size >= $2 AND size <= $3 ORDER BY size LIMIT 1)
         ORDER BY cosigned DESC LIMIT 1`,
        [logId, exactly ?? atLeast, exactly ?? Number.MAX_SAFE_INTEGER],
      )
      return rows[0]?.note.toString("utf8") ?? null
    },

    async closing(logId) {
      const { rows } = await pool.query<EntryRow & { size: bigint }>(
        `SELECT c.size, l.origin, e.log_id, e.idx, e.leaf_hash, e.body, e.payload
           FROM log_closing c JOIN entry e ON e.log_id = c.by_log_id AND e.idx = c.idx JOIN log l ON l.log_id = e.log_id
          WHERE c.log_id = $1`,
        [logId],
      )
      return rows[0] ? { size: Number(rows[0].size), record: toRecord(rows[0]) } : null
    },

    async logs() {
      const { rows } = await pool.query<{ log_id: number; origin: string; verifier_key: string; size: bigint }>(
        "SELECT l.log_id, l.origin, l.verifier_key, h.size FROM log l JOIN log_head h USING (log_id) ORDER BY l.log_id",
      )
      return rows.map((row) => ({
        logId: row.log_id,
        origin: row.origin,
        verifierKey: row.verifier_key,
        size: Number(row.size),
      }))
    },

    async record(logId, index) {
      const { rows } = await pool.query<EntryRow>(`${ENTRY} WHERE e.log_id = $1 AND e.idx = $2`, [logId, index])
      if (!rows[0]) await assertNotArchived(pool, logId, index)
      return rows[0] ? toRecord(rows[0]) : null
    },

    async records(logId, start, limit) {
      const { rows } = await pool.query<EntryRow>(
        `${ENTRY} WHERE e.log_id = $1 AND e.idx >= $2 ORDER BY e.idx LIMIT $3`,
        [logId, start, limit],
      )
      return await upToArchive(logId, rows.map(toRecord), (i) => start + i)
    },

    async recordsBefore(logId, before, limit) {
      const { rows } = await pool.query<EntryRow>(
        `${ENTRY} WHERE e.log_id = $1 AND e.idx < $2 ORDER BY e.idx DESC LIMIT $3`,
        [logId, before, limit],
      )
      return await upToArchive(logId, rows.map(toRecord), (i) => before - 1 - i)
    },

    async executionRows(ids) {
      const { rows } = await pool.query<{ execution_id: string; state: ExecutionState; execute_until: Date | null }>(
        "SELECT execution_id, state, execute_until FROM execution WHERE execution_id = ANY ($1::uuid[])",
        [ids],
      )
      return new Map(
        rows.map((row) => [
          row.execution_id,
          { state: row.state, executeUntilMs: row.execute_until?.getTime() ?? null },
        ]),
      )
    },

    async hasConsent(consent) {
      const { rowCount } = await pool.query("SELECT FROM execution_parent WHERE consent = $1", [asBuffer(consent)])
      return rowCount === 1
    },

    async liveDescendants(executionId, sinceMs, limit) {
      const { rows } = await pool.query<{ id: string }>(
        `WITH RECURSIVE below AS (
           SELECT child_id, authorized_at FROM execution_parent WHERE parent_id = $1
           UNION ALL
           SELECT p.child_id, p.authorized_at FROM execution_parent p JOIN below b ON p.parent_id = b.child_id)
         SELECT b.child_id AS id FROM below b LEFT JOIN execution x ON x.execution_id = b.child_id
          WHERE x.state = 'REDEEMED' OR (coalesce(x.state, 'AUTHORIZED') = 'AUTHORIZED' AND b.authorized_at > $2)
          LIMIT $3`,
        [executionId, new Date(sinceMs), limit],
      )
      return rows.map(({ id }) => id)
    },

    async orphans(sinceMs, limit) {
      // From what is alive upwards: that is little, however much has ended.
      const { rows } = await pool.query<{ id: string; ancestor: string }>(
        `WITH RECURSIVE up AS (
           SELECT child_id AS id, parent_id AS ancestor FROM execution_parent p JOIN execution x ON x.execution_id = p.child_id
            WHERE x.state = 'REDEEMED'
           UNION
           SELECT child_id, parent_id FROM execution_parent p LEFT JOIN execution x ON x.execution_id = p.child_id
            WHERE p.authorized_at > $1 AND coalesce(x.state, 'AUTHORIZED') = 'AUTHORIZED'
           UNION
           SELECT up.id, p.parent_id FROM up JOIN execution_parent p ON p.child_id = up.ancestor)
         SELECT up.id, up.ancestor FROM up JOIN execution x ON x.execution_id = up.ancestor
          WHERE x.state IN ('REVOKED', 'LOST') LIMIT $2`,
        [new Date(sinceMs), limit],
      )
      return rows.map(({ id, ancestor }) => ({ executionId: id, ancestor }))
    },

    async boundLeases() {
      const { rows } = await pool.query<{ runtime: string; lease_id: string }>(
        "SELECT DISTINCT runtime, lease_id FROM execution WHERE state = 'REDEEMED' AND runtime IS NOT NULL",
      )
      return rows.map(({ runtime, lease_id }) => ({ runtime, leaseId: lease_id }))
    },

    async boundTo({ runtime, leaseId }, limit) {
      const { rows } = await pool.query<{ execution_id: string }>(
        "SELECT execution_id FROM execution WHERE state = 'REDEEMED' AND runtime = $1 AND lease_id = $2 LIMIT $3",
        [runtime, leaseId, limit],
      )
      return rows.map((row) => row.execution_id)
    },

    async redeemed(after, limit) {
      const { rows } = await pool.query<{ execution_id: string }>(
        `SELECT execution_id FROM execution WHERE state = 'REDEEMED' AND ($1::uuid IS NULL OR execution_id > $1)
          ORDER BY execution_id LIMIT $2`,
        [after, limit],
      )
      return rows.map((row) => row.execution_id)
    },

    async overdue(nowMs, limit) {
      const { rows } = await pool.query<{ execution_id: string }>(
        "SELECT execution_id FROM execution WHERE state = 'REDEEMED' AND execute_until <= $1 ORDER BY execute_until LIMIT $2",
        [new Date(nowMs), limit],
      )
      return rows.map((row) => row.execution_id)
    },

    async latestCheckpoint(logId) {
      const { rows } = await pool.query<{ note: Buffer }>(
        "SELECT note FROM checkpoint WHERE log_id = $1 ORDER BY size DESC LIMIT 1",
        [logId],
      )
      return rows[0]?.note.toString("utf8") ?? null
    },

    async putCheckpoint(logId, size, note) {
      // The same size is only ever signed with the same bytes (Ed25519 is deterministic), so a second writing is the same.
      await pool.query(
        "INSERT INTO checkpoint (log_id, size, note) VALUES ($1, $2, $3) ON CONFLICT (log_id, size) DO NOTHING",
        [logId, size, Buffer.from(note)],
      )
    },

    async putCosigned(logId, size, note) {
      await pool.query(
        `INSERT INTO cosigned_checkpoint (log_id, size, note) SELECT $1, $2, $3
          WHERE NOT EXISTS (SELECT FROM cosigned_checkpoint WHERE log_id = $1 AND size >= $2)`,
        [logId, size, Buffer.from(note)],
      )
    },
  }
}

export function createRequestStore(pool: pg.Pool): RequestStore {
  return {
    async find(key): Promise<RecordedRequest | null> {
      const { rows } = await pool.query<
        EntryRow & { snapshot_digest: Buffer; expired: boolean; state: ExecutionState | null; execution_id: string }
      >(
        `SELECT r.snapshot_digest, r.expires_at <= now() AS expired, l.origin, e.log_id, e.idx, e.leaf_hash, e.body, e.payload
           FROM request r JOIN log l USING (log_id) JOIN entry e ON e.log_id = r.log_id AND e.idx = r.idx WHERE r.key = $1`,
        [key],
      )
      const [row] = rows
      if (!row) return null
      const state = await pool.query<{ state: ExecutionState }>("SELECT state FROM execution WHERE execution_id = $1", [
        readBody(row.body).execution_id,
      ])
      return {
        ...toRecord(row),
        digest: row.snapshot_digest,
        expired: row.expired,
        state: state.rows[0]?.state ?? null,
      }
    },
    async forget(key) {
      await pool.query("DELETE FROM request WHERE key = $1 AND expires_at <= now()", [key])
    },
  }
}

interface ControlRow {
  readonly epoch: bigint
  readonly digest: Buffer | null
  /** Of the record that set the shadow. */
  readonly leaf_hash: Buffer | null
  readonly body: Buffer | null
}

export function createControlSource(pool: pg.Pool): ControlSource {
  return {
    async load(since): Promise<ControlRows> {
      const client = await pool.connect()
      try {
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") // one snapshot for all three
        const control = await client.query<ControlRow>(
          `SELECT c.epoch, c.active_bundle AS digest, e.leaf_hash, e.body
             FROM control c LEFT JOIN entry e ON e.log_id = c.shadow_log_id AND e.idx = c.shadow_idx`,
        )
        const row = control.rows[0] as ControlRow
        const signatures = await client.query<{ public_key: Buffer; signature: Buffer }>(
          "SELECT public_key, signature FROM bundle_signature WHERE digest = $1",
          [row.digest],
        )
        const callers = await client.query<{
          id: string
          role: CallerKey["role"]
          secret_hash: Buffer
          state: CallerKey["state"]
          expires_at: Date | null
          scope: Buffer | null
        }>("SELECT id, role, secret_hash, state, expires_at, scope FROM caller_key ORDER BY id")
        const bindings = await client.query<{ content: Buffer }>("SELECT content FROM binding WHERE epoch > $1", [
          since.toString(),
        ])
        const runtimes = await client.query<{ key: string; content: Buffer }>(
          "SELECT key, content FROM runtime WHERE epoch > $1",
          [since.toString()],
        )
        const references = await client.query<{ content: Buffer }>(
          "SELECT content FROM reference_values WHERE epoch > $1",
          [since.toString()],
        )
        const revoked = await client.query<{ public_key: Buffer }>(
          "SELECT public_key FROM revoked_runtime_key WHERE epoch > $1",
          [since.toString()],
        )
        const tokenKeys = await readTokenKeys(client)
        // A daemon that has just started has no watcher yet; who comes reads what it missed.
        const directives = since < 0n ? [] : await readDirectives(client, "d.epoch > $1", [since.toString()])
        await client.query("COMMIT")
        return {
          epoch: row.epoch,
          activeBundle: row.digest
            ? {
                digest: row.digest,
                signatures: signatures.rows.map((s) => ({ publicKey: s.public_key, signature: s.signature })),
              }
            : null,
          callers: callers.rows.map((c) => ({
            id: c.id,
            role: c.role,
            secretHash: c.secret_hash,
            state: c.state,
            expiresAtMs: c.expires_at?.getTime() ?? null,
            scope: c.scope && (JSON.parse(c.scope.toString("utf8")) as Scope),
          })),
          bindings: bindings.rows.map(({ content }) => JSON.parse(content.toString("utf8")) as Binding),
          tokenKeys,
          runtimes: runtimes.rows.map(({ key, content }) => ({
            key,
            runtime: JSON.parse(content.toString("utf8")) as Runtime,
          })),
          references: references.rows.map(({ content }) => JSON.parse(content.toString("utf8")) as ReferenceSet),
          revokedKeys: revoked.rows.map((row) => row.public_key.toString("hex")),
          directives,
          shadow: row.leaf_hash && row.body && { leafHash: row.leaf_hash, body: row.body },
        }
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {})
        throw error
      } finally {
        client.release()
      }
    },
  }
}
