/** What of a partition is still needed: nothing of it may leave before that has ended. */
import type pg from "pg"
import { readBody } from "../../ledger/lineage.ts"
import type { Partition } from "./partitions.ts"

/** As long as a request id is remembered, and longer than any token lives. */
const SETTLED_AFTER_MS = 10 * 60 * 1_000

const IN_RANGE = "EXISTS (SELECT FROM lookup k WHERE k.log_id = $1 AND k.idx >= $2 AND k.idx < $3 AND k.key ="

/** In words; empty: it may be detached. */
export async function findObstacles(
  client: pg.ClientBase,
  { logId, first, past, size }: Partition,
  nowMs: number,
): Promise<readonly string[]> {
  if (past >= size) return ["it is still written"]
  const range = [logId, first, past]
  const now = new Date(nowMs)
  const count = async (text: string, ...more: readonly unknown[]) =>
    Number((await client.query<{ count: bigint }>(text, [...range, ...more])).rows[0]?.count)
  const obstacles: string[] = []
  const add = (number: number, text: string) => {
    if (number > 0) obstacles.push(`${number} ${text}`)
  }
  const [mark] = (
    await client.query<{ size: bigint }>("SELECT least(size, facets) AS size FROM lookup_mark WHERE log_id = $1", [
      logId,
    ])
  ).rows
  if (Number(mark?.size ?? 0) < past) obstacles.push("its index is not complete yet: let the daemon run")
  add(
    await count(
      `SELECT count(*) FROM execution x WHERE x.state = 'REDEEMED' AND (${IN_RANGE} x.execution_id) OR EXISTS (
         SELECT FROM execution_parent p WHERE p.child_id = x.execution_id AND ${IN_RANGE} p.parent_id)))`,
    ),
    "executions have not ended",
  )
  add(
    await count(
      `SELECT count(*) FROM approval a WHERE a.expires_at > $4 AND ((a.log_id = $1 AND a.idx >= $2 AND a.idx < $3) OR ${IN_RANGE} a.approval_id))`,
      now,
    ),
    "approvals have not lapsed",
  )
  add(
    await count("SELECT count(*) FROM request WHERE log_id = $1 AND idx >= $2 AND idx < $3 AND expires_at > $4", now),
    "request ids may still be repeated (ten minutes)",
  )
  add(await countUnsettled(client, range, nowMs), "of the newest steps are less than ten minutes old")
  return obstacles
}

/** The newest record of the range, and of executions that began in it and were authorized later: tokens may be alive. */
async function countUnsettled(client: pg.ClientBase, range: readonly number[], nowMs: number): Promise<number> {
  const { rows } = await client.query<{ body: Buffer }>(
    `SELECT body FROM entry WHERE log_id = $1 AND idx = $3 - 1
     UNION ALL
     SELECT e.body FROM execution x JOIN entry e ON e.log_id = x.log_id AND e.idx = x.idx
      WHERE x.state = 'AUTHORIZED' AND ${IN_RANGE} x.execution_id)`,
    [...range],
  )
  return rows.filter(({ body }) => !(Date.parse(readBody(body).time ?? "") <= nowMs - SETTLED_AFTER_MS)).length
}
