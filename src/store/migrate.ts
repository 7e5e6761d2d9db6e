/** Plain SQL, forward only: migrations/NNNN_name.sql, each in a transaction of its own, recorded with its digest. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type pg from "pg"
import { asBuffer, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes, utf8 } from "../formats/bytes.ts"
import { type Connection, connectWriter, unreachable } from "./connect.ts"

const INSUFFICIENT_PRIVILEGE = "42501"
const LOCK_KEY = 0x57524954 // "WRIT"

interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly digest: Uint8Array
  /** Programs that know the schema before it go on working with the one after it: its first line is ADDITIVE. */
  readonly additive: boolean
}
const ADDITIVE = "-- additive\n"

/**
 * Brings a database that may be empty to this program's schema; `also` does more with the same connection. Throws
 * DATABASE_UNFIT, also when it cannot be reached.
 */
export async function prepareDatabase(
  connection: Connection,
  folder: string,
  also: (client: pg.Client) => Promise<void> = async () => {},
): Promise<Migrated> {
  const client = await connectWriter(connection).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  try {
    const migrated = await migrate(client, folder)
    await also(client)
    return migrated
  } finally {
    await client.end().catch(() => {})
  }
}

export interface Migrated {
  readonly applied: readonly number[]
  readonly version: number
}

/**
 * Applies what is missing; a role that may not finds that nothing is. Throws DATABASE_UNFIT when it may not and something is,
 * when the database is newer by more than additions, or a file is not the one that was applied.
 */
export async function migrate(client: pg.Client, folder: string): Promise<Migrated> {
  const migrations = readMigrations(folder)
  const applied: number[] = []
  await client.query("SELECT pg_advisory_lock($1)", [LOCK_KEY])
  try {
    const found = await client.query<{ is_there: boolean }>(
      "SELECT to_regclass('schema_migration') IS NOT NULL AS is_there",
    )
    if (!found.rows[0]?.is_there)
      await client.query(`CREATE TABLE schema_migration (
        version integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`)
    // The column is there since 0022_additive.sql.
    const { rows } = await client.query<{ version: number; name: string; sha256: Buffer; additive: boolean }>(
      `SELECT version, name, sha256, coalesce((to_jsonb(m) ->> 'additive')::boolean, false) AS additive
         FROM schema_migration m ORDER BY version`,
    )
    const newest = migrations.at(-1)?.version ?? 0
    for (const row of rows) {
      const known = migrations.find((migration) => migration.version === row.version)
      if (row.version > newest && row.additive) continue
      if (row.version > newest) {
        throw new WritError(
          "DATABASE_UNFIT",
          `The database has schema version ${rows.at(-1)?.version}, this program knows ${newest}, and ${row.name} is more than an addition. Run the newer version of writ.`,
        )
      }
      if (!known || !equalBytes(known.digest, row.sha256)) {
        throw new WritError(
          "DATABASE_UNFIT",
          `Migration ${row.version} is not the one that was applied to this database. Install the version of writ that made it.`,
        )
      }
    }
    for (const migration of migrations.slice(rows.length)) {
      await apply(client, migration)
      applied.push(migration.version)
    }
    return { applied, version: Math.max(newest, rows.at(-1)?.version ?? 0) }
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw cause
    throw new WritError(
      "DATABASE_UNFIT",
      "The database lacks migrations of this program, and this role may not apply them. Run `writ ledger migrate --database-url OWNER'S-URL --daemon-role ROLE`.",
      { cause },
    )
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK_KEY])
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query("BEGIN")
  try {
    await client.query(migration.sql)
    await client.query("INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)", [
      migration.version,
      migration.name,
      asBuffer(migration.digest),
    ])
    if (migration.additive)
      await client.query("UPDATE schema_migration SET additive = true WHERE version = $1", [migration.version])
    await client.query("COMMIT")
  } catch (cause) {
    await client.query("ROLLBACK")
    if ((cause as { code?: unknown }).code === INSUFFICIENT_PRIVILEGE) throw cause
    throw new WritError("DATABASE_UNFIT", `Migration ${migration.name} failed: ${(cause as Error).message}`, { cause })
  }
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => /^[0-9]{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort()
  return names.map((name, i) => {
    const version = Number(name.slice(0, 4))
    if (version !== i + 1)
      throw new WritError("DATABASE_UNFIT", `Migration ${name} is out of sequence: ${i + 1} is missing.`)
    const sql = readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n")
    return { version, name, sql, digest: sha256(utf8(sql)), additive: sql.startsWith(ADDITIVE) }
  })
}
