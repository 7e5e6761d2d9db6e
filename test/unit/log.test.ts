import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createLog, type Logger, redact } from "../../src/log.ts"

const API_KEY = `writ_pep_0123abcd_${"Zk9".repeat(14)}_`
const TOKEN = `eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZ2VudCJ9.${"c2ln".repeat(10)}`
const PASSWORD = "hunter2-Ωmega"
const SECRETS = [API_KEY, TOKEN, PASSWORD, "Zk9Zk9Zk9", "eyJzdWIi", "c2lnc2ln", "hunter2", "MC4CAQAwBQYDK2Vw"]
/** Every way that a secret is written in a text. */
const TEXTS = [
  API_KEY,
  TOKEN,
  `Bearer ${API_KEY}`,
  `authorization: Bearer ${PASSWORD}`,
  `authorization: Basic ${PASSWORD}`,
  `{"Authorization":"${PASSWORD}"}`,
  `authorization=${PASSWORD}`,
  `basic ${PASSWORD}`,
  `postgresql://writ:${PASSWORD}@db.example.com/writ`,
  `postgres://writ:p@ss/${PASSWORD}@db.example.com:5432/writ`,
  `postgres://:${PASSWORD}@/writ?host=/run`,
  `connect failed for password='${PASSWORD}' host=db`,
  `"password": "${PASSWORD}"`,
  `-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----`,
]

function capture(): { readonly log: Logger; readonly lines: string[]; last(): Record<string, unknown> } {
  const lines: string[] = []
  const log = createLog({ level: "debug", destination: { write: (line) => void lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) as string) as Record<string, unknown> }
}

function expectNoSecret(lines: readonly string[]): void {
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    expect(() => JSON.parse(line)).not.toThrow()
    for (const secret of SECRETS) expect(line).not.toContain(secret)
  }
}

class NamedError extends Error {
  readonly code: string
  constructor(text: string) {
    super(`it failed: ${text}`, { cause: new Error(text, { cause: text }) })
    this.name = text
    this.code = text
  }
}

/** Every place in a line where a text can stand. */
const PLACES: readonly (readonly [string, (log: Logger, text: string) => void])[] = [
  ["the message", (log, text) => log.info(text)],
  ["the middle of the message", (log, text) => log.info({ a: 1 }, `before ${text} after`)],
  ["an argument of the message", (log, text) => log.info("it is %s", text)],
  ["an object in the message", (log, text) => log.info({}, "it is %o", { deep: [text] })],
  ["a word behind the message", (log, text) => log.info({}, "it is", text)],
  ["a field", (log, text) => log.info({ note: text }, "m")],
  ["a nested field", (log, text) => log.info({ a: { b: [{ c: text }] } }, "m")],
  ["the name of a field", (log, text) => log.info({ [text]: 1, deep: { [text]: 2 } }, "m")],
  ["an error as err", (log, text) => log.error({ err: new NamedError(text) }, "m")],
  ["an error without a message", (log, text) => log.error({ err: new NamedError(text) })],
  ["an error alone", (log, text) => log.error(new NamedError(text))],
  ["an error in a list", (log, text) => log.error({ errors: [new NamedError(text)] }, "m")],
  ["an error in the message", (log, text) => log.error("%s", new NamedError(text))],
  ["a cause that is not an error", (log, text) => log.error({ err: new Error("x", { cause: { text } }) }, "m")],
  ["a child's field", (log, text) => log.child({ note: text }).info("m")],
  ["a child's field name", (log, text) => log.child({ [text]: 1 }).info("m")],
  [
    "a grandchild's error",
    (log, text) =>
      log
        .child({ a: 1 })
        .child({ err: new NamedError(text) })
        .info("m"),
  ],
  ["a child's message", (log, text) => log.child({ a: 1 }).info({ note: text }, text)],
]

describe("createLog", () => {
  test.each(PLACES)("no secret is written in %s", (_, write) => {
    for (const text of TEXTS) {
      const { log, lines } = capture()
      write(log, text)
      expectNoSecret(lines)
    }
  })

  test("no half of a secret is written when the message is put together", () => {
    const { log, lines } = capture()
    log.info("password=%s", PASSWORD)
    log.info("authorization: %s %s", "Bearer", PASSWORD)
    expectNoSecret(lines)
  })

  test.each([
    "authorization",
    "Authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "token",
    "access_token",
    "idToken",
    "password",
    "pgPassword",
    "secret",
    "client_secret",
    "secretKey",
    "privateKey",
    "apiKey",
    "api_key",
    "x-api-key",
    "key",
    "credentials",
    "DATABASE_URL",
    "databaseUrl",
    "connectionString",
    "parameters",
    "properties",
    "context",
    "payload",
    "parent_proof",
    "metadata",
  ])("nothing of a field named %s is written, at any depth, in a child, whatever it holds", (name) => {
    const { log, lines } = capture()
    for (const value of ["PLAIN", { deep: "PLAIN" }, ["PLAIN"], Buffer.from("PLAIN"), 5_551_234]) {
      log.info({ [name]: value }, "m")
      log.info({ request: { subject: [{ [name]: value }] } }, "m")
      log.info({ err: new Error("x", { cause: { [name]: value } }) }, "m")
      log.child({ [name]: value }).info("m")
      log.info("%o", { [name]: value })
    }
    expect(lines).toHaveLength(25)
    for (const line of lines) {
      expect(line).not.toContain("PLAIN")
      expect(line).not.toContain("5551234")
      expect(line).not.toContain(Buffer.from("PLAIN").toString("base64"))
    }
  })

  test("what is no secret is written as it is", () => {
    const { log, last } = capture()
    const fields = {
      requestId: "r-1",
      keyId: "0123abcd",
      execution: "b2f6",
      tokens: 3,
      verifierKey: "log+1+abc",
      reason: "NO_MATCHING_ALLOW",
      times: { evaluate: 12 },
      none: null,
      list: [1, true],
    }
    log.info({ ...fields, epoch: 7n }, "decided %d of %s", 1, "two")
    expect(last()).toMatchObject({ ...fields, epoch: "7", level: "info", msg: "decided 1 of two" })
    expect(last()["time"]).toMatch(/^\d{4}-\d\d-\d\dT/)
    log.child({ requestId: "r-2" }).child({ rpc: "Authorize" }).warn("x 100% %s")
    expect(last()).toMatchObject({ requestId: "r-2", rpc: "Authorize", level: "warn", msg: "x 100% %s" })
  })

  test("an error keeps its type, code, message, stack and causes", () => {
    const { log, last } = capture()
    const cause = Object.assign(new TypeError("inner"), { code: "ECONNRESET" })
    log.error({ err: new Error("outer", { cause }) })
    expect(last()).toMatchObject({
      msg: "outer",
      err: { type: "Error", message: "outer", cause: { type: "TypeError", message: "inner", code: "ECONNRESET" } },
    })
    expect((last()["err"] as { stack: string }).stack).toContain("log.test")
  })

  test("circles, endless depth, thousands of values and getters that throw end in a line, not in an exception", () => {
    const { log, lines, last } = capture()
    const circle: Record<string, unknown> = {}
    for (const name of "abcdefghij") circle[name] = circle
    log.info({ circle }, "m")
    const loop = new Error("loop")
    loop.cause = loop
    log.info({ err: loop }, "m")
    log.info({ list: Array.from({ length: 5_000 }, () => ({})) }, "m")
    expect(lines.every((line) => line.length < 150_000)).toBe(true)
    log.info(
      {
        get bad() {
          throw new Error("no")
        },
      },
      "still written",
    )
    expect(last()).toMatchObject({ msg: "still written", unreadable: true })
  })

  test("below its level nothing is written", () => {
    const lines: string[] = []
    const log = createLog({ level: "warn", destination: { write: (line) => void lines.push(line) } })
    log.info("x")
    expect(log.isLevelEnabled("info")).toBe(false)
    expect(lines).toEqual([])
  })
})

describe("redact", () => {
  test("cuts a secret out of any surroundings", () => {
    const around = fc.string({ unit: "grapheme", maxLength: 30 })
    fc.assert(
      fc.property(around, fc.constantFrom(API_KEY, TOKEN), around, (before, secret, after) => {
        const clean = redact(`${before} ${secret} ${after}`)
        expect(clean).not.toContain(secret)
        expect(clean).not.toContain(secret.slice(20, 40))
      }),
    )
  })

  test("is done after once", () => {
    for (const text of TEXTS) expect(redact(redact(text))).toBe(redact(text))
  })
})
