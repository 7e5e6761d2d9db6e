import { createHmac, createPublicKey } from "node:crypto"
import type { JWK } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { OidcIssuer } from "../support/oidc-issuer.ts"

const AUDIENCE = "writ.bank.example"
const clients: WritClient[] = []
let database: TestDatabase
let issuer: OidcIssuer
let other: OidcIssuer
let writ: TestDaemon

beforeAll(async () => {
  database = await createDatabase()
  issuer = await OidcIssuer.start()
  other = await OidcIssuer.start()
  await issuer.add("es", "ES256")
  await issuer.add("rs", "RS256")
  await issuer.add("ed", "EdDSA")
  await other.add("es", "ES256")
  writ = await startTestDaemon(database.url, { "jwt-issuers": `${issuer.url} ${AUDIENCE}`, "jwt-skew-ms": "1000" })
  await bind("svc-payments", "PutBinding")
}, 120_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await writ?.stop()
  issuer?.close()
  other?.close()
  await database?.drop()
})

async function bind(sub: string, method: "PutBinding" | "RemoveBinding"): Promise<void> {
  const binding = { principal: `jwt:${issuer.url}|${sub}`, role: "pep" }
  await writ.client("admin").call("admin", method, method === "PutBinding" ? { binding } : binding)
}
function open(token: string): WritClient {
  const client = connect({ target: writ.daemon.addresses.grpc, key: token, maxTries: 1 })
  clients.push(client)
  return client
}
const outcome = (client: WritClient) =>
  authorize(client).then(
    ({ decision }) => decision,
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
const ask = (token: string) => outcome(open(token))
const records = async () => Number((await database.query("SELECT count(*) AS n FROM entry")).rows[0].n)
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url")
const seconds = () => Math.floor(Date.now() / 1_000)
const endOf = (stream: NodeJS.EventEmitter) => {
  stream.on("error", () => {})
  return new Promise<number>((resolve) => stream.on("status", ({ code }: { code: number }) => resolve(code)))
}

describe("a bearer token", () => {
  test.each(["es", "rs", "ed"])("by the key %s says who calls, in the record too", async (kid) => {
    expect(await ask(await issuer.sign(AUDIENCE, { kid }))).toBe("DECISION_ALLOW")
    const { rows } = await database.query(
      "SELECT convert_from(body, 'UTF8') AS body FROM entry ORDER BY idx DESC LIMIT 1",
    )
    expect(JSON.parse(rows[0].body).actor).toEqual({ id: `jwt:${issuer.url}|svc-payments`, proof: "jwt" })
  })

  test("may be of several audiences, and an access token (RFC 9068)", async () => {
    expect(await ask(await issuer.sign(AUDIENCE, { typ: "at+jwt", claims: { aud: ["x", AUDIENCE] } }))).toBe(
      "DECISION_ALLOW",
    )
    expect(await ask(await issuer.sign(AUDIENCE, { typ: "application/at+JWT" }))).toBe("DECISION_ALLOW")
  })

  const forge = (header: object, sign: (input: string) => string, claims: object = {}) => {
    const now = seconds()
    const all = { iss: issuer.url, aud: AUDIENCE, sub: "svc-payments", iat: now, exp: now + 60, ...claims }
    const input = `${encode(header)}.${encode(all)}`
    return `${input}.${sign(input)}`
  }
  /** RFC 8725: with each, what the key set publishes is used as a shared secret. */
  const hmacWith = (secret: string | Buffer) => (input: string) =>
    createHmac("sha256", secret).update(input).digest("base64url")
  const published = (kid: string) => issuer.keys.find((key) => key.kid === kid) as JWK
  const pemOf = (kid: string) =>
    createPublicKey({ key: published(kid) as never, format: "jwk" }).export({ type: "spki", format: "pem" })

  test.each<[string, () => Promise<string> | string, RegExp]>([
    ["no algorithm", () => forge({ alg: "none", kid: "es", typ: "JWT" }, () => ""), /./],
    ["no algorithm in capitals", () => forge({ alg: "NONE", kid: "es", typ: "JWT" }, () => ""), /./],
    [
      "HS256 with the public key as PEM",
      () => forge({ alg: "HS256", kid: "rs", typ: "JWT" }, hmacWith(pemOf("rs"))),
      /alg/,
    ],
    [
      "HS256 with the published JWK",
      () => forge({ alg: "HS256", kid: "rs", typ: "JWT" }, hmacWith(JSON.stringify(published("rs")))),
      /alg/,
    ],
    ["HS256 with an empty secret", () => forge({ alg: "HS256", kid: "es", typ: "JWT" }, hmacWith("")), /alg/],
    [
      "another algorithm of the same key",
      () => issuer.sign(AUDIENCE, { kid: "rs", alg: "PS256" }).catch(() => "x.y.z"),
      /./,
    ],
    ["another key's kid", () => issuer.sign(AUDIENCE, { kid: "es", header: { kid: "ed" } }), /alg/],
    ["no kid", () => issuer.sign(AUDIENCE, { header: { kid: undefined } }), /kid/],
    ["a kid that is a path", () => issuer.sign(AUDIENCE, { header: { kid: "../../../dev/null" } }), /no key/],
    ["a kid that is SQL", () => issuer.sign(AUDIENCE, { header: { kid: "es' OR '1'='1" } }), /no key/],
    ["a kid that is an object's", () => issuer.sign(AUDIENCE, { header: { kid: "__proto__" } }), /no key/],
    ["a kid that is a number", () => issuer.sign(AUDIENCE, { header: { kid: 7 } }), /kid/],
    [
      "its own key in the header",
      () =>
        other.sign(AUDIENCE, { header: { jwk: other.keys[0], jku: `${other.url}/keys` }, claims: { iss: issuer.url } }),
      /signature/,
    ],
    ["another issuer", () => other.sign(AUDIENCE), /not one of jwt-issuers/],
    ["another issuer's key", () => other.sign(AUDIENCE, { claims: { iss: issuer.url } }), /signature/],
    ["the issuer with a slash", () => issuer.sign(AUDIENCE, { claims: { iss: `${issuer.url}/` } }), /not one of/],
    ["several issuers", () => issuer.sign(AUDIENCE, { claims: { iss: [issuer.url] as never } }), /iss/],
    ["another audience", () => issuer.sign("writ.bank"), /aud/],
    ["no audience", () => issuer.sign(AUDIENCE, { claims: { aud: undefined as never } }), /aud/],
    ["a typ of ours", () => issuer.sign(AUDIENCE, { typ: "exec+jwt" }), /typ/],
    ["the typ of an event", () => issuer.sign(AUDIENCE, { typ: "secevent+jwt" }), /typ/],
    ["no typ", () => issuer.sign(AUDIENCE, { header: { typ: undefined } }), /typ/],
    ["an end that has passed", () => issuer.sign(AUDIENCE, { claims: { exp: seconds() - 2 } }), /expired/],
    ["no end", () => issuer.sign(AUDIENCE, { claims: { exp: undefined as never } }), /exp/],
    ["an end that is text", () => issuer.sign(AUDIENCE, { claims: { exp: "9999999999" as never } }), /exp/],
    ["a beginning to come", () => issuer.sign(AUDIENCE, { claims: { nbf: seconds() + 30 } }), /nbf/],
    ["no subject", () => issuer.sign(AUDIENCE, { claims: { sub: undefined as never } }), /sub/],
    ["an empty subject", () => issuer.sign(AUDIENCE, { claims: { sub: "" } }), /sub/],
    ["a subject with control characters", () => issuer.sign(AUDIENCE, { claims: { sub: "svc\npayments" } }), /sub/],
    ["a critical header", () => issuer.sign(AUDIENCE, { header: { crit: ["b64"], b64: true } }), /critical/],
    [
      "a critical header nobody knows",
      () => forge({ alg: "ES256", kid: "es", typ: "JWT", crit: ["exp"], exp: 1 }, () => "AAAA"),
      /./,
    ],
    [
      "an altered claim",
      async () =>
        (await issuer.sign(AUDIENCE)).replace(
          /\.[^.]+\./,
          `.${encode({ iss: issuer.url, aud: AUDIENCE, sub: "admin", exp: seconds() + 60 })}.`,
        ),
      /signature/,
    ],
    ["no signature", async () => (await issuer.sign(AUDIENCE)).replace(/[^.]+$/, ""), /./],
    ["five parts", () => "a.b.c.d.e", /not a JWT/],
    ["more than 8 KiB", () => issuer.sign(AUDIENCE, { claims: { more: "x".repeat(8_192) } }), /longer/],
  ])("with %s is refused, and nothing is recorded or changed", async (_name, make, reason) => {
    const token = await make()
    const before = await records()
    expect(await ask(token)).toMatch(new RegExp(`^UNAUTHENTICATED .*${reason.source}`, "s"))
    expect(await records()).toBe(before)
  })

  test("without a binding, or with another role's, is FORBIDDEN", async () => {
    expect(await ask(await issuer.sign(AUDIENCE, { claims: { sub: "svc-other" } }))).toMatch(/^FORBIDDEN jwt:/)
    const operator = open(await issuer.sign(AUDIENCE))
    await expect(operator.call("admin", "ListCallerKeys", {})).rejects.toMatchObject({ code: "FORBIDDEN" })
  })

  test("is taken by HTTP too", async () => {
    const url = `http://${writ.daemon.addresses.http}/metrics`
    const read = async (token: string) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status
    const token = await issuer.sign(AUDIENCE, { claims: { sub: "reader" } })
    expect(await read(token)).toBe(403)
    const binding = { principal: `jwt:${issuer.url}|reader`, role: "auditor" }
    await writ.client("admin").call("admin", "PutBinding", { binding })
    expect(await read(token)).toBe(200)
    expect(await read(`${token}x`)).toBe(401)
  })
})

describe("while it is used", () => {
  test("a token that expires is the end of its calls and of a silent stream, though it was verified before", async () => {
    const exp = seconds() + 2
    const client = open(await issuer.sign(AUDIENCE, { claims: { exp } }))
    expect(await outcome(client)).toBe("DECISION_ALLOW")
    const ended = endOf(client.stream("authorization", "AuthorizeStream"))
    expect(await ended).toBe(16)
    const lateMs = Date.now() - (exp * 1_000 + 1_000) // the skew
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(1_500)
    expect(await outcome(client)).toMatch(/^UNAUTHENTICATED .*expired/)
  })

  test("a binding that is removed ends a stream within a second; the token itself stays what it was", async () => {
    await bind("svc-removed", "PutBinding")
    const client = open(await issuer.sign(AUDIENCE, { claims: { sub: "svc-removed" } }))
    expect(await outcome(client)).toBe("DECISION_ALLOW")
    const ended = endOf(client.stream("authorization", "AuthorizeStream"))
    await bind("svc-removed", "RemoveBinding")
    expect(await ended).toBe(7)
    await bind("svc-removed", "PutBinding")
    expect(await outcome(client)).toBe("DECISION_ALLOW")
  })

  test("keys rotate: a new one is asked for when a token names it, and a withdrawn one counts no longer", async () => {
    const old = await issuer.sign(AUDIENCE, { kid: "ed" })
    expect(await ask(old)).toBe("DECISION_ALLOW")
    await issuer.add("new", "ES384")
    const token = await issuer.sign(AUDIENCE, { kid: "new" })
    issuer.keys = issuer.keys.filter(({ kid }) => kid !== "ed")
    await expect.poll(() => ask(token), { timeout: 15_000, interval: 500 }).toBe("DECISION_ALLOW")
    expect(await ask(old)).toMatch(/^UNAUTHENTICATED .*no key with its kid/)
    const { fetches } = issuer
    for (let i = 0; i < 20; i++) await ask(await issuer.sign(AUDIENCE, { kid: "new", header: { kid: `made-up-${i}` } }))
    expect(issuer.fetches - fetches).toBeLessThanOrEqual(2)
  })
})
