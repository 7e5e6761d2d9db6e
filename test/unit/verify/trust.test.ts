import { describe, expect, test } from "vitest"
import { WritError } from "../../../src/errors.ts"
import { parseTrust } from "../../../src/verify/trust.ts"

const log = { origin: "log.example", vkey: "log.example+00000000+AAAA" }
const key = { kty: "OKP", crv: "Ed25519", x: "AAAA", kid: "1" }
const document = { logs: [log], tokens: { keys: [key] } }

describe("parseTrust", () => {
  test("keeps the keys and nothing else of what is served at /.well-known/writ.json", () => {
    const served = {
      ...document,
      logs: [{ ...log, fingerprint: "x" }],
      tokens: { keys: [{ ...key, use: "sig" }] },
      v: 1,
    }
    expect(parseTrust(JSON.stringify(served))).toEqual(document)
  })

  test("a document without token keys vouches for none", () => {
    expect(parseTrust(JSON.stringify({ logs: [log] }))).toEqual({ logs: [log], tokens: { keys: [] } })
  })

  test("keeps witnesses, for all logs and for one", () => {
    const witnesses = { vkeys: ["a", "b"], quorum: 2 }
    const logs = [log, { ...log, witnesses: { vkeys: ["c"], quorum: 0 } }]
    const served = { ...document, logs, witnesses: { ...witnesses, since: "2027" } }
    expect(parseTrust(JSON.stringify(served))).toEqual({ ...document, logs, witnesses })
  })

  test.each<[string, unknown, string]>([
    ["witnesses without a list", { ...document, witnesses: { quorum: 0 } }, "witnesses.vkeys must be a list"],
    ["a witness that is no text", { ...document, witnesses: { vkeys: [1], quorum: 1 } }, "key must be a text"],
    [
      "a quorum out of reach",
      { ...document, witnesses: { vkeys: ["a"], quorum: 2 } },
      "from 0 to that of the witnesses, here 1",
    ],
    ["no quorum", { ...document, witnesses: { vkeys: ["a"] } }, "a quorum must be a whole number"],
    ["a list", [document], "the trust file must be an object"],
    ["null", null, "the trust file must be an object"],
    ["no logs", { tokens: document.tokens }, "logs must be a list"],
    ["logs by name", { ...document, logs: { a: log } }, "logs must be a list"],
    ["a log that is its key", { ...document, logs: [log.vkey] }, "a log must be an object"],
    ["a log without a key", { ...document, logs: [{ origin: "a" }] }, "vkey must be a text"],
    ["a log without an origin", { ...document, logs: [{ vkey: "a" }] }, "origin must be a text"],
    ["token keys as a list", { ...document, tokens: [key] }, "tokens must be an object"],
    ["no list of token keys", { ...document, tokens: {} }, "tokens.keys must be a list"],
    ["a token key that is a text", { ...document, tokens: { keys: ["x"] } }, "a key must be an object"],
    ...["kty", "crv", "x", "kid"].map((name): [string, unknown, string] => [
      `a token key whose ${name} is a number`,
      { ...document, tokens: { keys: [{ ...key, [name]: 1 }] } },
      `${name} must be a text`,
    ]),
  ])("%s is refused", (_, value, why) => {
    const parse = () => parseTrust(JSON.stringify(value))
    expect(parse).toThrow(WritError)
    expect(parse).toThrow(why)
  })

  test("keys named twice are refused: readers differ on which one counts", () => {
    expect(() => parseTrust('{"logs":[],"logs":[]}')).toThrow(/twice/)
  })
})
