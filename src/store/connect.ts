/** Connections to Postgres. int8 arrives as bigint, bytea as Buffer, uuid as text. */
import pg from "pg"
import { WritError } from "../errors.ts"
import { assertDurable } from "./durability.ts"

const CONNECT_TIMEOUT_MS = 2_000
const POOL_SIZE = 4
const POOL_STATEMENT_TIMEOUT_MS = 30_000
const INT8_OID = 20

export type Connection = pg.ClientConfig

const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8_OID && format !== "binary"
      ? BigInt
      : pg.types.getTypeParser(oid, format as "text")) as pg.CustomTypesConfig["getTypeParser"],
}

/** Throws CONFIG_INVALID; the message never holds the URL, which may hold a password. */
export function parseDatabaseUrl(url: string): Connection {
  try {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new Error("another scheme")
    new pg.Client({ connectionString: url }) // parses it, connects to nothing
  } catch {
    throw new WritError(
      "CONFIG_INVALID",
      "DATABASE_URL is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
    )
  }
  return { connectionString: url }
}

/** One connection for the ledger's writer, checked for durability. Throws DATABASE_UNFIT, or what the driver throws. */
export async function connectWriter(connection: Connection): Promise<pg.Client> {
  const client = new pg.Client({ ...common(connection), application_name: "writ-writer" })
  client.on("error", () => {}) // told again to whoever uses it; without a listener it would end the process
  try {
    await client.connect()
    await assertDurable(client)
  } catch (error) {
    client.end().catch(() => {})
    throw error
  }
  return client
}

/** One connection as it is, for what runs beside a daemon. Throws DATABASE_UNFIT. */
export async function connectOnce(connection: Connection): Promise<pg.Client> {
  const client = new pg.Client({ ...common(connection), application_name: "writ-tool" })
  client.on("error", () => {}) // the query that is running rejects with it
  try {
    await client.connect()
  } catch (cause) {
    throw unreachable(cause)
  }
  return client
}

/** The same for one piece of work. */
export async function withTool<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectOnce(connection)
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** What the driver throws, in one line that says what to do; a WritError as it is. */
export function unreachable(cause: unknown): WritError {
  if (cause instanceof WritError) return cause
  const text = `The database cannot be reached: ${(cause as Error).message}. Check DATABASE_URL and that Postgres runs.`
  return new WritError("DATABASE_UNFIT", text, { cause })
}

/** For everything but the append. Its `query` rejects with LEDGER_UNAVAILABLE when it is the database that cannot answer now. */
export function openPool(connection: Connection, size = POOL_SIZE): pg.Pool {
  const pool = new pg.Pool({
    ...common(connection),
    application_name: "writ",
    max: size,
    statement_timeout: POOL_STATEMENT_TIMEOUT_MS,
    query_timeout: POOL_STATEMENT_TIMEOUT_MS,
  })
  pool.on("error", () => {}) // an idle connection died; the next query opens another
  // The pool listens to idle connections only: one that is lent out and dies between two queries would end the process.
  pool.on("connect", (client) => client.on("error", () => {}))
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>
  const asked = async (...args: unknown[]) => {
    try {
      return await query(...args)
    } catch (error) {
      throw isUnavailable(error) ? new WritError("LEDGER_UNAVAILABLE", CANNOT_ANSWER, { cause: error }) : error
    }
  }
  pool.query = asked as typeof pool.query
  return pool
}

/** SQLSTATE classes: connection exception, insufficient resources, operator intervention (shutdown, a time limit). */
const UNAVAILABLE = /^(08|53|57)/
const CANNOT_ANSWER = "The database cannot answer now. Try again."

/** Not the statement's fault: the server says so, or there was no answer. What the driver says of its own is a plain Error. */
function isUnavailable(error: unknown): boolean {
  return error instanceof pg.DatabaseError
    ? UNAVAILABLE.test(error.code ?? "")
    : error instanceof Error && error.name === "Error"
}

function common(connection: Connection): pg.ClientConfig {
  return { ...connection, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true, types }
}
