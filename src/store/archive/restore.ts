/** The records of an archive come back into the database, as they were when they left it. */
import type pg from "pg"
import { asBuffer } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import { readArchiveHead } from "../../formats/archive.ts"
import type { ReadRecord } from "../../verify/archive.ts"
import type { Trust } from "../../verify/types.ts"
import { readGoodArchive } from "./compare.ts"
import { withArchiveFile } from "./file.ts"
import { findPartition, type Partition } from "./partitions.ts"
import { asOwner, makeReplacement, swapPartition } from "./swap.ts"

/**
 * `client`: as the owner of the tables, beside a daemon that goes on. Only the very archive that was detached is taken: an
 * older one of the same range may hold what was erased since. Throws INVALID_REQUEST; then nothing has changed.
 */
export async function restoreArchive(client: pg.Client, path: string, trust: Trust | undefined): Promise<Partition> {
  return await asOwner(async () => {
    // Read once to know what it is, and once more to write it: nothing is written of a file that is not good.
    const { head } = await withArchiveFile(path, readArchiveHead)
    const partition = await findPartition(client, head.log, head.first)
    const { digest } = await readGoodArchive(client, path, trust, partition, async () => {})
    if (partition.archive === null)
      throw new WritError("INVALID_REQUEST", `Records ${head.first} to ${head.past - 1} are in the database.`)
    if (partition.archive !== digest)
      throw new WritError(
        "INVALID_REQUEST",
        `These records left with the archive ${partition.archive}; this is ${digest}.`,
      )
    const { logId, first, past } = partition
    const kept = await client.query<{ idx: bigint }>(
      "SELECT idx FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3",
      [logId, first, past],
    )
    const stayed = new Set(kept.rows.map(({ idx }) => Number(idx)))
    const replacement = await makeReplacement(client, partition)
    await readGoodArchive(client, path, trust, partition, async (records) => {
      const left = records.filter(({ index }) => !stayed.has(index))
      await insertRecords(client, replacement, logId, left)
      await insertSegments(client, records)
    })
    await swapPartition(client, partition, replacement, async () => {
      await client.query(`INSERT INTO "${replacement}" SELECT * FROM "${partition.table}"`)
      await client.query("DELETE FROM archived WHERE log_id = $1 AND first = $2", [logId, first])
    })
    return { ...partition, archive: null }
  })
}

async function insertRecords(
  client: pg.ClientBase,
  table: string,
  logId: number,
  records: readonly ReadRecord[],
): Promise<void> {
  await client.query(
    `INSERT INTO "${table}" (log_id, idx, leaf_hash, body, payload)
     SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])`,
    [
      logId,
      records.map(({ index }) => index),
      records.map(({ leafHash }) => asBuffer(leafHash)),
      records.map(({ body }) => asBuffer(body)),
      records.map(({ payload }) => payload && asBuffer(payload)),
    ],
  )
}

async function insertSegments(client: pg.ClientBase, records: readonly ReadRecord[]): Promise<void> {
  for (const { segment } of records)
    if (segment)
      await client.query(
        "INSERT INTO beat_segment (sha256, segment) VALUES (sha256($1), $1) ON CONFLICT (sha256) DO NOTHING",
        [asBuffer(segment)],
      )
}
