/** A partition's table is replaced by another with the same bounds, in one transaction that holds up appends for a moment. */
import pg from "pg"
import { WritError } from "../../errors.ts"
import type { Partition } from "./partitions.ts"

const LOCK_TIMEOUT = "1s"
const ATTEMPTS = 5
const LOCK_NOT_AVAILABLE = "55P03"
const DEADLOCK = "40P01"
const INSUFFICIENT_PRIVILEGE = "42501"

const quote = pg.escapeIdentifier

/** A table beside the partition that can take its place; its name. One that was left behind by a crash goes first. */
export async function makeReplacement(client: pg.ClientBase, { table }: Partition): Promise<string> {
  const name = `${table}_new`
  await client.query(`DROP TABLE IF EXISTS ${quote(name)}`)
  await client.query(
    `CREATE TABLE ${quote(name)} (LIKE ${quote(table)} INCLUDING ALL) WITH (toast_tuple_target = 8160)`,
  )
  // What the partition's bounds say of its rows, so that attaching it need not read them all under a lock.
  const { rows } = await client.query<{ owner: string; bounds: string }>(
    `SELECT pg_get_userbyid(p.relowner) AS owner, pg_get_partition_constraintdef(c.oid) AS bounds
       FROM pg_class c, pg_class p WHERE c.oid = $1::regclass AND p.oid = 'entry'::regclass`,
    [quote(table)],
  )
  const { owner, bounds } = rows[0] as { owner: string; bounds: string }
  await client.query(`ALTER TABLE ${quote(name)} ADD CONSTRAINT bounds CHECK (${bounds})`)
  await client.query(`ALTER TABLE ${quote(name)} OWNER TO ${quote(owner)}`)
  return name
}

/**
 * `within`: what else is done in the transaction, while nobody reads or writes entries. Readers and appends that are under
 * way are waited for, at most a second at a time. The table that was replaced is dropped afterwards. Throws DATABASE_UNFIT.
 */
export async function swapPartition(
  client: pg.ClientBase,
  { table, logId, first, past }: Partition,
  replacement: string,
  within: () => Promise<void>,
): Promise<void> {
  const old = `${table}_old`
  await inTurn(client, async () => {
    await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
    await client.query("LOCK TABLE ONLY entry IN ACCESS EXCLUSIVE MODE")
    await client.query(`LOCK TABLE ${quote(table)} IN ACCESS EXCLUSIVE MODE`)
    await within()
    await client.query(`ALTER TABLE entry DETACH PARTITION ${quote(table)}`)
    await client.query(`ALTER TABLE ${quote(table)} RENAME TO ${quote(old)}`)
    await client.query(`ALTER TABLE ${quote(replacement)} RENAME TO ${quote(table)}`)
    await client.query(
      `ALTER TABLE entry ATTACH PARTITION ${quote(table)} FOR VALUES FROM (${logId}, ${first}) TO (${logId}, ${past})`,
    )
    await client.query(`ALTER TABLE ${quote(table)} DROP CONSTRAINT bounds`)
    await client.query(
      `CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ${quote(table)} FOR EACH STATEMENT EXECUTE FUNCTION writ_refuse_change()`,
    )
  })
  await dropReplaced(client, table)
}

/** What a crash after the commit left behind. */
export async function dropReplaced(client: pg.ClientBase, table: string): Promise<void> {
  await client.query(`DROP TABLE IF EXISTS ${quote(`${table}_old`)}`)
}

async function inTurn(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await client.query("BEGIN")
    try {
      await work()
      await client.query("COMMIT")
      return
    } catch (cause) {
      await client.query("ROLLBACK")
      const { code } = cause as { code?: string }
      const isBusy = code === LOCK_NOT_AVAILABLE || code === DEADLOCK
      if (isBusy && attempt < ATTEMPTS) continue
      if (isBusy)
        throw new WritError(
          "DATABASE_UNFIT",
          "Somebody reads the log without a pause (a backup, an fsck). Try again later.",
          {
            cause,
          },
        )
      throw cause
    }
  }
}

/** What only the owner of the tables may do, in words when it was somebody else. */
export async function asOwner<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw cause
    throw new WritError(
      "DATABASE_UNFIT",
      "Only the role that owns the ledger's tables may move records into an archive or back. Name it in --database-url.",
      { cause },
    )
  }
}
