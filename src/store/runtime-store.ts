/** What runtimes need of the database beside their rows: directives, the nonces' key, and how far leases reach. */
import { randomBytes } from "node:crypto"
import type pg from "pg"
import { asBuffer } from "../crypto.ts"
import type { DirectiveRow } from "../decision/directives.ts"
import type { LeaseRow, LeaseStore } from "../decision/leases.ts"
import { LEASE_TTL_MS } from "../runtime/runtime.ts"

/** An hour after its end a lease is of no use to anybody. */
const FORGET_AFTER = "1 hour"

interface DirectiveColumns {
  readonly epoch: bigint
  readonly runtime: string
  readonly content: Buffer
  readonly origin: string
  readonly idx: bigint
  readonly leaf_hash: Buffer
}

export async function readDirectives(
  client: pg.ClientBase | pg.Pool,
  where: string,
  values: readonly unknown[],
): Promise<DirectiveRow[]> {
  const { rows } = await client.query<DirectiveColumns>(
    `SELECT d.epoch, d.runtime, d.content, l.origin, d.idx, e.leaf_hash
       FROM directive d JOIN log l USING (log_id) JOIN entry e ON e.log_id = d.log_id AND e.idx = d.idx
      WHERE ${where} ORDER BY d.epoch`,
    [...values],
  )
  return rows.map((row) => ({
    number: row.epoch,
    runtime: row.runtime,
    directive: JSON.parse(row.content.toString("utf8")) as DirectiveRow["directive"],
    receipt: { origin: row.origin, index: Number(row.idx), leafHash: row.leaf_hash },
  }))
}

/** Of one runtime, from a number on, oldest first. */
export async function directivesOf(pool: pg.Pool, runtime: string, after: bigint): Promise<DirectiveRow[]> {
  return await readDirectives(pool, "d.runtime = $1 AND d.epoch > $2", [runtime, after.toString()])
}

/** Executions that were redeemed under a lease, through any replica, whatever became of them. */
export async function countRedeemed(pool: pg.Pool, leaseId: string): Promise<bigint> {
  const { rows } = await pool.query<{ count: bigint }>("SELECT count(*) FROM execution WHERE lease_id = $1", [leaseId])
  return (rows[0] as { count: bigint }).count
}

/** The key that all replicas make nonces with; the first one makes it. */
export async function readNonceKey(pool: pg.Pool): Promise<Uint8Array> {
  await pool.query("INSERT INTO nonce_key (secret) VALUES ($1) ON CONFLICT (singleton) DO NOTHING", [randomBytes(32)])
  const { rows } = await pool.query<{ secret: Buffer }>("SELECT secret FROM nonce_key")
  return (rows[0] as { secret: Buffer }).secret
}

/** By its digest: the same one again, whose leaf could not be written, is there already. */
export async function storeSegment(pool: pg.Pool, sha256: string, segment: Uint8Array): Promise<void> {
  await pool.query("INSERT INTO beat_segment (sha256, segment) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING", [
    Buffer.from(sha256, "hex"),
    asBuffer(segment),
  ])
}

/** `logId` names this replica. Times cross between machines only as "so much is left", by the database's clock. */
export function createLeaseStore(pool: pg.Pool, logId: number): LeaseStore {
  return {
    async write(leases) {
      if (leases.length === 0) return
      await pool.query(
        `INSERT INTO runtime_lease (lease_id, log_id, sequence, beat_hash, expires_at)
         SELECT l.lease_id, $1, l.sequence, l.beat_hash, clock_timestamp() + l.left_ms * interval '1 millisecond'
           FROM unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::double precision[]) AS l (lease_id, sequence, beat_hash, left_ms)
         ON CONFLICT (lease_id) DO UPDATE
            SET log_id = excluded.log_id, sequence = excluded.sequence, beat_hash = excluded.beat_hash, expires_at = excluded.expires_at
          WHERE runtime_lease.sequence <= excluded.sequence`,
        [
          logId,
          leases.map(({ leaseId }) => leaseId),
          leases.map(({ sequence }) => sequence.toString()),
          leases.map(({ hash }) => hash && Buffer.from(hash)),
          leases.map(({ leftMs }) => leftMs),
        ],
      )
    },
    async readOthers(withinMs) {
      const { rows } = await pool.query<{
        lease_id: string
        sequence: bigint
        beat_hash: Buffer | null
        left_ms: number
      }>(
        `SELECT lease_id, sequence, beat_hash, (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::double precision AS left_ms
           FROM runtime_lease WHERE log_id <> $1 AND expires_at > clock_timestamp() + $2 * interval '1 millisecond'`,
        [logId, LEASE_TTL_MS - withinMs],
      )
      return rows.map(
        (row): LeaseRow => ({
          leaseId: row.lease_id,
          sequence: BigInt(row.sequence),
          hash: row.beat_hash,
          leftMs: row.left_ms,
        }),
      )
    },
    async forget() {
      await pool.query(`DELETE FROM runtime_lease WHERE expires_at < clock_timestamp() - interval '${FORGET_AFTER}'`)
    },
  }
}
