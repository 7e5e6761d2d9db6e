/** Reads of published bundles. Implements the port of decision/bundles.ts. */
import type pg from "pg"
import { asBuffer } from "../crypto.ts"
import type { BundleStore, ReplicaRow, StoredActivation, StoredBundle } from "../decision/bundles.ts"
import type { ShadowReport } from "../decision/shadow.ts"
import type { StoredRecord } from "../ledger/lineage.ts"
import { bundleContent, putBundleContent } from "./bundle-content.ts"

/** A replica that has not said for so long which bundle it decides by is waited for by nobody. */
export const REPLICA_TTL_MS = 15_000

interface RecordRow {
  readonly origin: string
  readonly log_id: number
  readonly idx: bigint
  readonly leaf_hash: Buffer
  readonly body: Buffer
  readonly payload: Buffer | null
}
interface ActivationRow extends RecordRow {
  readonly activation_id: string
  readonly digest: Buffer
  readonly previous: Buffer
  readonly requested_by: string
  readonly expires_at: Date
  readonly decided: "granted" | "refused" | null
  readonly decided_by: string | null
  readonly decided_log_id: number | null
  readonly decided_idx: bigint | null
}
interface BundleRow extends RecordRow {
  readonly digest: Buffer
  readonly published_at: Date
  readonly keys: readonly Buffer[]
  readonly signatures: readonly Buffer[]
}

const RECORD = "l.origin, e.log_id, e.idx, e.leaf_hash, e.body, e.payload"
const ACTIVATION = `
  SELECT a.activation_id, a.digest, a.previous, a.requested_by, a.expires_at, a.decided, a.decided_by, a.decided_log_id,
         a.decided_idx, ${RECORD}
    FROM activation a JOIN log l USING (log_id) JOIN entry e ON e.log_id = a.log_id AND e.idx = a.idx`
const BUNDLE = `
  SELECT b.digest, b.published_at, ${RECORD}, s.keys, s.signatures
    FROM bundle b JOIN log l USING (log_id) JOIN entry e ON e.log_id = b.log_id AND e.idx = b.idx
    CROSS JOIN LATERAL (
      SELECT coalesce(array_agg(public_key ORDER BY public_key), '{}') AS keys,
             coalesce(array_agg(signature ORDER BY public_key), '{}') AS signatures
        FROM bundle_signature WHERE digest = b.digest) AS s`

export function createBundleStore(pool: pg.Pool): BundleStore {
  return {
    async find(digest) {
      const { rows } = await pool.query<BundleRow>(`${BUNDLE} WHERE b.digest = $1`, [asBuffer(digest)])
      return rows[0] ? toBundle(rows[0]) : null
    },

    content: (digest) => bundleContent(pool, digest),
    putContent: (digest, content) => putBundleContent(pool, digest, content),

    async list(before, limit) {
      const newestFirst = "ORDER BY b.published_at DESC, b.digest DESC LIMIT $1"
      const { rows } =
        before === null
          ? await pool.query<BundleRow>(`${BUNDLE} ${newestFirst}`, [limit])
          : await pool.query<BundleRow>(`${BUNDLE} WHERE (b.published_at, b.digest) < ($2, $3) ${newestFirst}`, [
              limit,
              new Date(before.publishedAtMs),
              asBuffer(before.digest),
            ])
      return rows.map(toBundle)
    },

    async active() {
      const { rows } = await pool.query<RecordRow & { digest: Buffer }>(
        `SELECT c.active_bundle AS digest, ${RECORD} FROM control c
           JOIN log l ON l.log_id = c.active_log_id JOIN entry e ON e.log_id = c.active_log_id AND e.idx = c.active_idx`,
      )
      return rows[0] ? { digest: rows[0].digest, record: toRecord(rows[0]) } : null
    },

    async activation(id) {
      const { rows } = await pool.query<ActivationRow>(`${ACTIVATION} WHERE a.activation_id = $1`, [id])
      const [row] = rows
      if (!row) return null
      const waiting = toActivation(row)
      if (row.decided === null || row.decided_by === null) return waiting
      const decision = await pool.query<RecordRow>(
        `SELECT ${RECORD} FROM entry e JOIN log l USING (log_id) WHERE e.log_id = $1 AND e.idx = $2`,
        [row.decided_log_id, row.decided_idx],
      )
      const record = toRecord(decision.rows[0] as RecordRow)
      return { ...waiting, decision: { outcome: row.decided, by: row.decided_by, record } }
    },

    async pending(nowMs) {
      const { rows } = await pool.query<ActivationRow>(
        `${ACTIVATION} WHERE a.decided IS NULL AND a.expires_at > $1 ORDER BY a.expires_at DESC`,
        [new Date(nowMs)],
      )
      return rows.map(toActivation)
    },

    async replicas() {
      const { rows } = await pool.query<{
        origin: string
        epoch: bigint
        digest: Buffer | null
        problem: string
        seen_at: Date
      }>(
        `SELECT l.origin, r.epoch, r.digest, r.problem, r.seen_at FROM replica r JOIN log l USING (log_id)
          WHERE r.seen_at > clock_timestamp() - $1 * interval '1 millisecond' ORDER BY l.origin`,
        [REPLICA_TTL_MS],
      )
      return rows.map(({ seen_at, epoch, ...row }) => ({ ...row, epoch: BigInt(epoch), seenAtMs: seen_at.getTime() }))
    },

    async shadow() {
      const { rows } = await pool.query<RecordRow>(
        `SELECT ${RECORD} FROM control c
           JOIN log l ON l.log_id = c.shadow_log_id JOIN entry e ON e.log_id = c.shadow_log_id AND e.idx = c.shadow_idx`,
      )
      return rows[0] ? toRecord(rows[0]) : null
    },

    async shadowRows() {
      const { rows } = await pool.query<{ origin: string; shadow: Buffer | null; seen_at: Date }>(
        `SELECT l.origin, r.shadow, r.seen_at FROM replica r JOIN log l USING (log_id)
          WHERE r.seen_at > clock_timestamp() - $1 * interval '1 millisecond' ORDER BY l.origin`,
        [REPLICA_TTL_MS],
      )
      return rows.map(({ origin, shadow, seen_at }) => ({
        origin,
        report: shadow && (JSON.parse(shadow.toString("utf8")) as ShadowReport),
        seenAtMs: seen_at.getTime(),
      }))
    },
  }
}

/** Tells the others which bundle this replica decides by, and what it has counted of the shadow. */
export async function acknowledge(
  pool: pg.Pool,
  logId: number,
  { epoch, digest, problem }: Pick<ReplicaRow, "epoch" | "digest" | "problem">,
  shadow: ShadowReport | null,
): Promise<void> {
  await pool.query(
    `INSERT INTO replica (log_id, epoch, digest, problem, shadow, seen_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
     ON CONFLICT (log_id) DO UPDATE
        SET epoch = excluded.epoch, digest = excluded.digest, problem = excluded.problem, shadow = excluded.shadow,
            seen_at = excluded.seen_at`,
    [logId, epoch.toString(), digest && asBuffer(digest), problem, shadow && Buffer.from(JSON.stringify(shadow))],
  )
}

/** A replica that stops is waited for by nobody. */
export async function leave(pool: pg.Pool, logId: number): Promise<void> {
  await pool.query("DELETE FROM replica WHERE log_id = $1", [logId])
}

function toBundle(row: BundleRow): StoredBundle {
  return {
    digest: row.digest,
    signatures: row.keys.map((publicKey, i) => ({ publicKey, signature: row.signatures[i] as Buffer })),
    record: toRecord(row),
    publishedAtMs: row.published_at.getTime(),
  }
}

function toActivation(row: ActivationRow): StoredActivation {
  return {
    id: row.activation_id,
    digest: row.digest,
    previous: row.previous,
    requestedBy: row.requested_by,
    expiresAtMs: row.expires_at.getTime(),
    record: toRecord(row),
    decision: null,
  }
}

function toRecord(row: RecordRow): StoredRecord {
  return {
    origin: row.origin,
    logId: row.log_id,
    index: Number(row.idx),
    leafHash: row.leaf_hash,
    body: row.body,
    payload: row.payload,
  }
}
