/** The partitions that hold entries, as the database's catalog says. */
import type pg from "pg"
import { WritError } from "../../errors.ts"

export interface Partition {
  readonly table: string
  readonly logId: number
  readonly origin: string
  /** Records [first, past). */
  readonly first: number
  readonly past: number
  /** Of the whole log. */
  readonly size: number
  readonly bytes: number
  /** Digest (hex) of the archive that its records were moved into; null: they are here. */
  readonly archive: string | null
}

/** By log, then by place. */
export async function listPartitions(client: pg.ClientBase): Promise<readonly Partition[]> {
  const { rows } = await client.query<{
    name: string
    bound: string
    log_id: number
    origin: string
    size: bigint
    bytes: bigint
  }>(
    `SELECT c.relname AS name, b.bound, l.log_id, l.origin, h.size, pg_total_relation_size(c.oid) AS bytes
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
       JOIN log l ON l.log_id = (regexp_match(b.bound, 'FROM \\(''?(\\d+)'))[1]::smallint
       JOIN log_head h USING (log_id)
      WHERE i.inhparent = 'entry'::regclass`,
  )
  const archived = await client.query<{ log_id: number; first: bigint; digest: Buffer }>(
    "SELECT log_id, first, digest FROM archived",
  )
  const digests = new Map(archived.rows.map((row) => [`${row.log_id} ${row.first}`, row.digest.toString("hex")]))
  return rows
    .map(({ name, bound, log_id, origin, size, bytes }) => {
      const match = /^FOR VALUES FROM \('?\d+'?, '?(\d+)'?\) TO \('?\d+'?, '?(\d+)'?\)$/.exec(bound)
      const [first, past] = [Number(match?.[1]), Number(match?.[2])]
      if (!(first < past)) throw new WritError("DATABASE_UNFIT", `The partition ${name} has bounds of another form.`)
      const archive = digests.get(`${log_id} ${first}`) ?? null
      return { table: name, logId: log_id, origin, first, past, size: Number(size), bytes: Number(bytes), archive }
    })
    .sort((a, b) => a.logId - b.logId || a.first - b.first)
}

/** `log`: an origin, or empty where there is only one. Throws NOT_FOUND when none begins at `first`, INVALID_REQUEST when it is not full. */
export async function findPartition(client: pg.ClientBase, log: string, first: number): Promise<Partition> {
  const all = (await listPartitions(client)).filter(({ origin }) => log === "" || origin === log)
  if (new Set(all.map(({ logId }) => logId)).size > 1)
    throw new WritError("INVALID_REQUEST", "There are several logs. Say which with --log ORIGIN.")
  const found = all.find((partition) => partition.first === first)
  if (!found)
    throw new WritError("NOT_FOUND", `No partition begins at record ${first}. \`writ ledger archive list\` shows them.`)
  if (found.past >= found.size)
    throw new WritError(
      "INVALID_REQUEST",
      `The partition is still written: it ends at record ${found.past - 1}, the log has ${found.size} records.`,
    )
  return found
}
