/**
 * Statements that go to Postgres in one write and come back in one read. Without a Sync between them they are one
 * transaction, and the first that fails undoes them all (PostgreSQL manual, "Message Flow", section "Pipelining").
 * Below pg's Query, which costs a lone append a tenth of its time: docs/adr/0015.
 */
import type pg from "pg"
import { type Parameter, parameterBytes, writeParameter } from "./binary.ts"

export interface Statement {
  /** Prepared under this name, once per connection; one name, one text. */
  readonly name: string
  readonly text: string
  readonly values: readonly Parameter[]
}

/** Answers the first column, as text, of every row that came. Rejects with the driver's error; then nothing is written. */
export type Pipeline = (statements: readonly Statement[]) => Promise<readonly (string | null)[]>

const PARSE = 0x50
const BIND = 0x42
const CLOSE = 0x43
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]) // the unnamed portal, all rows
const SYNC = Buffer.from([0x53, 0, 0, 0, 4])

export function createPipeline(client: pg.Client): Pipeline {
  const prepared = new Set<string>()
  return (statements) =>
    new Promise((resolve, reject) => {
      const fresh = statements.filter(({ name }) => !prepared.has(name))
      const bytes = encodePipeline(statements, fresh)
      const done = (rows: readonly (string | null)[]) => {
        for (const { name } of fresh) prepared.add(name)
        resolve(rows)
      }
      client.query(new Submission(bytes, done, reject))
    })
}

/** What pg calls while this is its active query; it is pg's own extension point, as its cursors use it. */
class Submission implements pg.Submittable {
  readonly #bytes: Buffer
  readonly #resolve: (rows: readonly (string | null)[]) => void
  readonly #reject: (cause: unknown) => void
  readonly #rows: (string | null)[] = []
  /** pg wraps it where a query timeout is set. */
  callback: () => void = () => {}

  constructor(bytes: Buffer, resolve: (rows: readonly (string | null)[]) => void, reject: (cause: unknown) => void) {
    this.#bytes = bytes
    this.#resolve = resolve
    this.#reject = reject
  }

  submit(connection: pg.Connection): void {
    // A socket that is closing: pg rejects all its queries as soon as it is closed.
    if (connection.stream.writable) connection.stream.write(this.#bytes)
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(message.fields[0] ?? null)
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback()
    this.#resolve(this.#rows)
  }

  handleError(cause: unknown): void {
    this.callback()
    this.#reject(cause)
  }
}

function encodePipeline(statements: readonly Statement[], fresh: readonly Statement[]): Buffer {
  // A name that an earlier, failed pipeline may or may not have prepared is closed first; that is never an error.
  const preamble = [...new Map(fresh.map((statement) => [statement.name, statement.text]))].map(([name, text]) =>
    Buffer.concat([message(CLOSE, `S${name}\0`), message(PARSE, `${name}\0${text}\0\0\0`)]),
  )
  let size = SYNC.length
  for (const part of preamble) size += part.length
  for (const statement of statements) size += bindBytes(statement) + EXECUTE.length
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (const part of preamble) at += part.copy(out, at)
  for (const statement of statements) {
    at = writeBind(out, at, statement)
    at += EXECUTE.copy(out, at)
  }
  SYNC.copy(out, at)
  return out
}

function message(type: number, text: string): Buffer {
  const out = Buffer.allocUnsafe(5 + Buffer.byteLength(text))
  out[0] = type
  out.writeInt32BE(out.length - 1, 1)
  out.write(text, 5)
  return out
}

/** Of the whole message, its type included. Names are ASCII. */
function bindBytes({ name, values }: Statement): number {
  let bytes = 13 + name.length + 6 * values.length
  for (const value of values) bytes += parameterBytes(value)
  return bytes
}

function writeBind(out: Buffer, start: number, { name, values }: Statement): number {
  let at = start
  out[at++] = BIND
  at += 4 // the length, below
  out[at++] = 0 // the unnamed portal
  at += out.write(name, at, "latin1")
  out[at++] = 0
  at = out.writeInt16BE(values.length, at)
  for (const value of values) at = out.writeInt16BE(typeof value === "string" ? 0 : 1, at)
  at = out.writeInt16BE(values.length, at)
  for (const value of values) {
    const end = writeParameter(out, at + 4, value)
    out.writeInt32BE(value === null ? -1 : end - at - 4, at)
    at = end
  }
  at = out.writeInt16BE(0, at) // results as text
  out.writeInt32BE(at - start - 1, start + 1)
  return at
}
