import type pg from "pg"
import { type Connection, connectOnce } from "../connect.ts"
import { copyOut } from "../copy-out.ts"
import type { FsckStore } from "./types.ts"

/**
 * One consistent snapshot of the database for all that `work` reads; nothing is written. `id`: of the snapshot of another
 * connection, which must be open still.
 */
export async function withSnapshot<T>(
  connection: Connection,
  work: (store: FsckStore) => Promise<T>,
  id?: string,
): Promise<T> {
  const client = await connectOnce(connection)
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    if (id !== undefined) await client.query(`SET TRANSACTION SNAPSHOT '${id}'`)
    return await work(storeOf(client))
  } finally {
    await client.end()
  }
}

/** What is read of it must be of one snapshot. Several may ask at once; they are answered one after the other. */
export function storeOf(client: pg.ClientBase): FsckStore {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {}) // told to who asked
    return result
  }
  return {
    query: <Row>(text: string, values?: readonly unknown[]) =>
      inTurn(async () => (await client.query(text, values as unknown[])).rows as Row[]),
    copy: (select, columns, onRow) => inTurn(() => copyOut(client, select, columns, onRow)),
  }
}
