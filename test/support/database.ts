/** A database of its own for a test file: a clone of the migrated template, or an empty one. */
import pg from "pg"
import { inject } from "vitest"

export interface TestDatabase {
  readonly connection: { host: string; port: number; user: string; password: string; database: string }
  readonly url: string
  /** Superuser SQL. */
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>
  /** The same, with triggers and foreign keys switched off: what only a superuser can do. */
  tamper(text: string, values?: unknown[]): Promise<pg.QueryResult>
  drop(): Promise<void>
}

let counter = 0

export async function createDatabase(template: "writ_template" | "template1" = "writ_template"): Promise<TestDatabase> {
  const server = inject("postgres")
  const database = `t_${process.pid}_${Date.now()}_${counter++}`
  const admin = new pg.Client(server)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database} TEMPLATE ${template}`)
  await admin.end()
  const connection = { ...server, database }
  const client = new pg.Client(connection)
  client.on("error", () => {})
  await client.connect()
  return {
    connection,
    url: `postgresql://${server.user}:${encodeURIComponent(server.password)}@/${database}?host=${encodeURIComponent(server.host)}&port=${server.port}`,
    query: (text, values) => client.query(text, values),
    async tamper(text, values) {
      await client.query("SET session_replication_role = replica")
      try {
        return await client.query(text, values)
      } finally {
        await client.query("RESET session_replication_role")
      }
    },
    async drop() {
      await client.end().catch(() => {})
      const last = new pg.Client(server)
      await last.connect()
      await last.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
      await last.end()
    },
  }
}
