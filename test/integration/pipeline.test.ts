import pg from "pg"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type Parameter, parameterBytes, timestamp, writeParameter } from "../../src/store/binary.ts"
import { createPipeline, type Pipeline } from "../../src/store/pipeline.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let client: pg.Client
let send: Pipeline

beforeAll(async () => {
  database = await createDatabase("template1")
  await database.query("CREATE TABLE kept (n integer PRIMARY KEY, t text, b bytea)")
})
afterAll(async () => {
  await database.drop()
})
beforeEach(async () => {
  await database.query("TRUNCATE kept")
  client = new pg.Client(database.connection)
  client.on("error", () => {})
  await client.connect()
  send = createPipeline(client)
})
afterEach(async () => {
  await client.end()
})

const keep = (n: number, text: string | null, bytes: Uint8Array | null = null) => ({
  name: "keep",
  text: "INSERT INTO kept VALUES ($1, $2, $3)",
  values: [String(n), text, bytes],
})
const kept = async () => (await database.query("SELECT n, t, b FROM kept ORDER BY n")).rows

describe("createPipeline", () => {
  test("texts, bytes and nulls arrive as they are, whatever they hold", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256)
    await send([keep(1, "größer, 𝄞, '\\ \"{}"), keep(2, null, bytes), keep(3, "", new Uint8Array(0))])
    expect(await kept()).toEqual([
      { n: 1, t: "größer, 𝄞, '\\ \"{}", b: null },
      { n: 2, t: null, b: Buffer.from(bytes) },
      { n: 3, t: "", b: Buffer.alloc(0) },
    ])
  })

  test("answers the first column of every row, in the statements' order, also when the names are prepared already", async () => {
    const upTo = { name: "up to", text: "SELECT a, 'other' FROM generate_series(1, $1::integer) AS a", values: ["2"] }
    const none = { name: "none", text: "SELECT NULL::text", values: [] }
    expect(await send([keep(1, "x"), upTo, none])).toEqual(["1", "2", null])
    expect(await send([none, { ...upTo, values: ["3"] }, upTo])).toEqual([null, "1", "2", "3", "1", "2"])
  })

  test("a statement that fails undoes those before it, and the driver's error says which constraint", async () => {
    await send([keep(1, "first")])
    await expect(send([keep(2, "second"), keep(1, "again"), keep(3, "never run")])).rejects.toMatchObject({
      code: "23505",
      constraint: "kept_pkey",
    })
    expect(await kept()).toMatchObject([{ n: 1, t: "first" }])
  })

  test("after a failure the connection goes on, and what was or was not prepared then is prepared", async () => {
    const wrong = { name: "wrong", text: "SELECT 1 / $1::integer", values: ["0"] }
    const late = { name: "late", text: "SELECT 'late'", values: [] }
    await expect(send([keep(1, "x"), wrong, late])).rejects.toMatchObject({ code: "22012" })
    expect(await send([keep(1, "x"), { ...wrong, values: ["1"] }, late])).toEqual(["1", "late"])
    expect(await kept()).toHaveLength(1)
  })

  test("an error that is only found at the commit is the pipeline's", async () => {
    await database.query("CREATE TABLE deferred (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    const twice = { name: "twice", text: "INSERT INTO deferred VALUES (1), (1)", values: [] }
    await expect(send([keep(1, "x"), twice])).rejects.toMatchObject({ code: "23505" })
    expect(await kept()).toEqual([])
  })

  test("a connection that ends meanwhile rejects, and so does everything sent on it later", async () => {
    const sleeping = send([{ name: "sleep", text: "SELECT pg_sleep(30)", values: [] }])
    const ended = expect(sleeping).rejects.toThrow(/terminat/)
    const { processID } = client as unknown as { processID: number }
    await expect
      .poll(async () => (await database.query("SELECT state FROM pg_stat_activity WHERE pid = $1", [processID])).rows)
      .toEqual([{ state: "active" }])
    await database.query("SELECT pg_terminate_backend($1)", [processID])
    await ended
    await expect(send([keep(1, "x")])).rejects.toThrow()
  })
})

describe("writeParameter", () => {
  const asText = async (type: string, value: Parameter) =>
    (await send([{ name: `as ${type}`, text: `SELECT $1::${type}::text`, values: [value] }]))[0]

  test("Postgres reads what was meant, to the ends of each type", async () => {
    expect(await asText("int2", { type: "int2", value: -32_768 })).toBe("-32768")
    expect(await asText("int4", { type: "int4", value: 2 ** 31 - 1 })).toBe("2147483647")
    expect(await asText("int8", { type: "int8", value: 2n ** 63n - 1n })).toBe("9223372036854775807")
    for (const value of [2 ** 53 - 1, -(2 ** 53) + 1, -1, 2 ** 32, -(2 ** 32), 2 ** 31])
      expect(await asText("int8", { type: "int8", value })).toBe(String(value))
    expect(await asText("int4[]", { arrayOf: "int4", values: [1, -1, 7] })).toBe("{1,-1,7}")
    expect(await asText("int2[]", { arrayOf: "int2", values: [] })).toBe("{}")
    expect(await asText("int8[]", { arrayOf: "int8", values: [2 ** 40, 0n] })).toBe("{1099511627776,0}")
    const ids = ["00000000-0000-0000-0000-000000000000", "0123abcd-4567-89ef-fedc-ba9876543210"]
    expect(await asText("uuid[]", { arrayOf: "uuid", values: ids })).toBe(`{${ids}}`)
    const pieces = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(255)]
    expect(await asText("bytea", { pieces })).toBe("\\x0102ff")
  })

  test("a time is the same moment, to the millisecond", async () => {
    const at = Date.UTC(2026, 10, 23, 18, 13, 4, 567)
    expect(await asText("timestamptz", timestamp(at))).toBe("2026-11-23 18:13:04.567+00")
    expect(await asText("timestamptz", timestamp(Date.UTC(1999, 11, 31)))).toBe("1999-12-31 00:00:00+00")
  })

  test.each<Parameter>([
    { type: "int2", value: 32_768 },
    { arrayOf: "int4", values: [2 ** 31] },
    { type: "int8", value: 1.5 },
    { type: "int8", value: 2 ** 53 },
    { type: "int8", value: 2n ** 63n },
  ])("a number that its type does not hold is refused, not cut: %o", (parameter) => {
    const out = Buffer.alloc(parameterBytes(parameter))
    expect(() => writeParameter(out, 0, parameter)).toThrow(RangeError)
  })
})
