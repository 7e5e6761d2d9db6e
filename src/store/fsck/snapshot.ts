import { type Connection, connectOnce } from "../connect.ts"
import type { FsckStore } from "./types.ts"

/** One consistent snapshot of the database for all that `work` reads; nothing is written. */
export async function withSnapshot<T>(connection: Connection, work: (store: FsckStore) => Promise<T>): Promise<T> {
  const client = await connectOnce(connection)
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return await work({
      query: async <Row>(text: string, values?: readonly unknown[]) =>
        (await client.query(text, values as unknown[])).rows as Row[],
    })
  } finally {
    await client.end()
  }
}
