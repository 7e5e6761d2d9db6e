import { describe, expect, test } from "vitest"
import { createRowParser } from "../../../src/store/copy-out.ts"

const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255])
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const header = (extension = "") =>
  Buffer.concat([
    Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"),
    int32(0),
    int32(extension.length),
    Buffer.from(extension),
  ])
const row = (...fields: readonly (string | null)[]) =>
  Buffer.concat([
    int16(fields.length),
    ...fields.map((field) =>
      field === null ? int32(-1) : Buffer.concat([int32(field.length), Buffer.from(field, "latin1")]),
    ),
  ])
const trailer = int16(-1)
const stream = Buffer.concat([header(), row("one", null), row("", "four"), trailer])

function read(chunks: readonly Buffer[]): (string | null)[][] {
  const rows: (string | null)[][] = []
  const parser = createRowParser((fields) => rows.push(fields.map((field) => field?.toString("latin1") ?? null)), 2)
  for (const chunk of chunks) parser.take(chunk)
  parser.end()
  return rows
}

describe("createRowParser", () => {
  const rows = [
    ["one", null],
    ["", "four"],
  ].map((fields) => fields.map((field) => field && field))

  test("the same rows, wherever the stream is cut into pieces", () => {
    expect(read([stream])).toEqual(rows)
    for (let i = 0; i <= stream.length; i++) expect(read([stream.subarray(0, i), stream.subarray(i)])).toEqual(rows)
    expect(read(Array.from(stream, (byte) => Buffer.from([byte])))).toEqual(rows)
  })

  test("an extension of the header is passed over; no rows are none", () => {
    expect(read([header("what is this"), row("a", "b"), trailer])).toEqual([["a", "b"]])
    expect(read([header(), trailer])).toEqual([])
  })

  test("a stream that ends anywhere before its end is a failure", () => {
    for (let i = 0; i < stream.length; i++) expect(() => read([stream.subarray(0, i)]), `${i}`).toThrow("ended before")
  })

  test.each([
    ["another form", [Buffer.from("one\ttwo\n".repeat(4))], "binary form"],
    ["another number of columns", [header(), row("a", "b", "c"), trailer], "3 columns instead of 2"],
    ["more after its end", [stream, row("a", "b")], "after the last row"],
  ] as const)("%s is refused", (_, chunks, text) => {
    expect(() => read(chunks)).toThrow(text)
  })
})
