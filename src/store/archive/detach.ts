/** The records of a full partition leave the database, once an archive of them was verified and held against every row. */
import type pg from "pg"
import { WritError } from "../../errors.ts"
import { readArchiveHead } from "../../formats/archive.ts"
import { leavesWithArchive } from "../../ledger/leaving.ts"
import { readBody } from "../../ledger/lineage.ts"
import type { Trust } from "../../verify/types.ts"
import { assertSameRows, erasedSince, readGoodArchive } from "./compare.ts"
import { withArchiveFile } from "./file.ts"
import { findObstacles } from "./obstacles.ts"
import { findPartition, type Partition } from "./partitions.ts"
import { asOwner, dropReplaced, makeReplacement, swapPartition } from "./swap.ts"

export interface Detached {
  readonly partition: Partition
  readonly digest: string
  /** Records that stay, because tables of the database rest on them. */
  readonly kept: number
}

/**
 * `client`: as the owner of the tables, beside a daemon that goes on. `nowMs`: Unix milliseconds. Throws INVALID_REQUEST
 * when the file is not exactly what the database holds, or something of it is still needed; then nothing has changed.
 */
export async function detachArchive(
  client: pg.Client,
  path: string,
  trust: Trust | undefined,
  nowMs: number,
): Promise<Detached> {
  return await asOwner(async () => {
    const { head } = await withArchiveFile(path, readArchiveHead)
    const partition = await findPartition(client, head.log, head.first)
    const refuse = (text: string) => new WritError("INVALID_REQUEST", text)
    if (partition.archive !== null) {
      await dropReplaced(client, partition.table)
      throw refuse(`Its records were detached before, into the archive ${partition.archive}.`)
    }
    if (partition.past !== head.past)
      throw refuse(`The archive ends at record ${head.past - 1}, the partition at ${partition.past - 1}.`)
    const obstacles = await findObstacles(client, partition, nowMs)
    if (obstacles.length > 0)
      throw refuse(`Records ${head.first} to ${head.past - 1} are still needed: ${obstacles.join("; ")}.`)

    const positions = await headsOf(client)
    const kept: number[] = []
    const segments: string[] = []
    let newest = ""
    const { digest } = await readGoodArchive(client, path, trust, partition, async (records) => {
      await assertSameRows(client, partition.logId, records)
      for (const { index, body, segment } of records) {
        const { kind, data, time } = readBody(body)
        if (!leavesWithArchive(kind)) kept.push(index)
        if (segment) segments.push(String(data?.["segment_sha256"]))
        newest = time ?? newest
      }
    })
    const rest = await assertNotErased(client, head, positions)
    const replacement = await makeReplacement(client, partition)
    await swapPartition(client, partition, replacement, async () => {
      await assertNotErased(client, head, rest)
      // The newest record of a row of a history or a budget is where its name stands.
      const named = await client.query<{ idx: bigint }>(
        `INSERT INTO "${replacement}" SELECT * FROM "${partition.table}" e
          WHERE idx = ANY ($1::bigint[]) OR EXISTS (SELECT FROM consumable c WHERE c.log_id = e.log_id AND c.idx = e.idx) RETURNING idx`,
        [kept],
      )
      kept.length = named.rowCount ?? 0
      await client.query("DELETE FROM request WHERE log_id = $1 AND idx >= $2 AND idx < $3", [
        partition.logId,
        head.first,
        head.past,
      ])
      await client.query("DELETE FROM beat_segment WHERE sha256 = ANY (SELECT decode(unnest($1::text[]), 'hex'))", [
        segments,
      ])
      await client.query(
        "INSERT INTO archived (log_id, first, past, digest, newest) VALUES ($1, $2, $3, decode($4, 'hex'), $5)",
        [partition.logId, head.first, head.past, digest, newest],
      )
    })
    return { partition, digest, kept: kept.length }
  })
}

type Positions = ReadonlyMap<number, number>

async function headsOf(client: pg.ClientBase): Promise<Positions> {
  const { rows } = await client.query<{ log_id: number; size: bigint }>("SELECT log_id, size FROM log_head")
  return new Map(rows.map(({ log_id, size }) => [log_id, Number(size)]))
}

/** No record since `from` says that a payload of the archive was erased; answers how far was looked. Throws INVALID_REQUEST. */
async function assertNotErased(
  client: pg.ClientBase,
  { log, first, past }: { readonly log: string; readonly first: number; readonly past: number },
  from: Positions,
): Promise<Positions> {
  const now = await headsOf(client)
  for (const [logId, size] of now) {
    const { rows } = await client.query<{ body: Buffer }>(
      `SELECT body FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 AND position('"kind":"payload_erased"'::bytea IN body) > 0`,
      [logId, from.get(logId) ?? 0, size],
    )
    for (const { body } of rows) {
      const { kind, data } = readBody(body)
      const index = Number(data?.["index"])
      if (kind === "payload_erased" && data?.["log"] === log && index >= first && index < past) throw erasedSince(index)
    }
  }
  return now
}
