/** Rows out of Postgres by `COPY … TO STDOUT (FORMAT binary)`: no text to make and to read, and no row is kept. */
import type pg from "pg"

const SIGNATURE = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1")
const HEADER_BYTES = SIGNATURE.length + 8 // flags, and the length of an extension
const TRAILER = -1

/** A column's bytes as its type's send function writes them; null. Good until the call returns: the next row stands in the same memory. */
export type Field = Buffer | null

/** Throws on what is not such a stream, on another number of columns, and in `end` when the stream did not come to its end. */
export function createRowParser(onRow: (fields: readonly Field[]) => void, columns: number) {
  const fields: Field[] = new Array(columns).fill(null)
  let left: Buffer = Buffer.alloc(0)
  let hasBegun = false
  let hasEnded = false

  /** Where the next row begins; -1: this one is not all there. */
  function readRow(bytes: Buffer, start: number): number {
    if (start + 2 > bytes.length) return -1
    const count = bytes.readInt16BE(start)
    let at = start + 2
    if (count === TRAILER) {
      hasEnded = true
      return at
    }
    if (count !== columns) throw new Error(`a row has ${count} columns instead of ${columns}`)
    for (let i = 0; i < count; i++) {
      if (at + 4 > bytes.length) return -1
      const length = bytes.readInt32BE(at)
      at += 4
      if (length >= 0 && at + length > bytes.length) return -1
      fields[i] = length < 0 ? null : bytes.subarray(at, at + length)
      at += Math.max(length, 0)
    }
    onRow(fields)
    return at
  }

  return {
    take(chunk: Buffer): void {
      const bytes = left.length > 0 ? Buffer.concat([left, chunk]) : chunk
      let at = 0
      if (!hasBegun) {
        if (bytes.length < HEADER_BYTES) {
          left = Buffer.from(bytes)
          return
        }
        if (!SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length)))
          throw new Error("the rows do not come in COPY's binary form")
        hasBegun = true
        at = HEADER_BYTES + bytes.readInt32BE(SIGNATURE.length + 4)
      }
      while (at < bytes.length) {
        if (hasEnded) throw new Error("there are bytes after the last row")
        const next = readRow(bytes, at)
        if (next < 0) break
        at = next
      }
      left = at < bytes.length ? Buffer.from(bytes.subarray(at)) : Buffer.alloc(0)
    },
    end(): void {
      if (!hasEnded || left.length > 0) throw new Error("the rows ended before the last one was there")
    },
  }
}

/** `select`: a query without parameters. Resolves when all rows were given to `onRow`; rejects with what that throws, too. */
export async function copyOut(
  client: pg.ClientBase,
  select: string,
  columns: number,
  onRow: (fields: readonly Field[]) => void,
): Promise<void> {
  const parser = createRowParser(onRow, columns)
  let failure: unknown
  await new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => {
      failure ??= error
    }
    const query = {
      submit: (connection: { query(text: string): void }) =>
        connection.query(`COPY (${select}) TO STDOUT (FORMAT binary)`),
      handleCopyData({ chunk }: { readonly chunk: Buffer }) {
        if (failure !== undefined) return // the rest is read and thrown away: the connection is good for the next query then
        try {
          parser.take(chunk)
        } catch (error) {
          fail(error)
        }
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => resolve(),
      handleError: reject,
    }
    client.query(query as unknown as pg.Submittable)
  })
  if (failure !== undefined) throw failure
  parser.end()
}
