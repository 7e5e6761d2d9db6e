import { generateKeyPairSync } from "node:crypto"
import { writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startHeartbeatAgent } from "../../src/client/heartbeat-agent.ts"
import { createTokenVerifier, type TokenVerifierOptions } from "../../src/client/token-verifier.ts"
import { sha256 } from "../../src/crypto.ts"
import { createSigner } from "../../src/token/signer.ts"
import { createTokenSigner, toJwk } from "../../src/token/token.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"

const POLICY = `
version: "tokens"
types:
  subjects: { agent: { known: any, properties: { team: string } } }
  resources: { url: {} }
  actions: { http.get: {}, inside: {}, offline: {}, pay: { parameters: { amount: int } } }
rules:
  - { id: get, effect: allow, subjects: [{ type: agent }], actions: [http.get, pay], resources: [{ type: url }], runtime: none }
  - { id: offline, effect: allow, subjects: [{ type: agent }], actions: [offline], resources: [{ type: url }], runtime: none, token: { use: offline } }
  - { id: inside, effect: allow, subjects: [{ type: agent }], actions: [inside], resources: [{ type: url }] }
${RUNTIMES_YAML}`
const ISSUER = "https://writ.test"

let database: TestDatabase
let writ: TestDaemon
const policy = makeFolder()
beforeAll(async () => {
  writeFileSync(join(policy.path, "policy.yaml"), POLICY)
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: policy.path, issuer: ISSUER })
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

const jwksUrl = () => `http://${writ.daemon.addresses.http}/.well-known/jwks.json`
const verifier = (more: Partial<TokenVerifierOptions> = {}) =>
  createTokenVerifier({ jwksUrl: jwksUrl(), issuer: ISSUER, audience: "runner", ...more })
const tokenFor = async (action: string, more = {}) =>
  (await authorize(writ.client("pep"), readPage({ action: { name: action }, ...more }))).token
const codeOf = ({ valid, reason }: { valid: boolean; reason: string }) => (valid ? "VALID" : reason.split(":")[0])

/** Serves whatever it is told to, and counts. */
async function serveKeys(answer: () => { status: number; body: string; location?: string }) {
  let hits = 0
  const server: Server = createServer((_, response) => {
    hits++
    const { status, body, location } = answer()
    response.writeHead(status, location === undefined ? {} : { location }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/jwks`, hits: () => hits, close: () => server.close() }
}

describe("createTokenVerifier", () => {
  test("takes the daemon's own tokens, says which must be redeemed, and takes nothing else", async () => {
    const verify = verifier()
    const token = await tokenFor("http.get")
    expect(await verify.verify(token)).toMatchObject({ valid: true, reason: "", sufficient: false })
    const offline = await tokenFor("offline")
    expect(await verify.verify(offline)).toMatchObject({ valid: true, sufficient: true, claims: { use: "offline" } })
    const changed = new Set<string | undefined>()
    for (let at = 0; at < token.length; at += 7) {
      const other = token[at] === "A" ? "B" : "A"
      changed.add(codeOf(await verify.verify(token.slice(0, at) + other + token.slice(at + 1))))
    }
    expect(changed).not.toContain("VALID")
    expect(changed).toContain("SIGNATURE_WRONG")
    expect(codeOf(await verifier({ audience: "other" }).verify(token))).toBe("WRONG_AUDIENCE")
    expect(codeOf(await verifier({ issuer: "https://other.test" }).verify(token))).toBe("WRONG_ISSUER")
    expect(codeOf(await verify.verify("no token"))).toBe("MALFORMED")
  })

  test("holds the parameters to what was authorized: the canonical bytes of JSON, or exact bytes", async () => {
    const verify = verifier()
    const token = await tokenFor("pay", { parameters: { amount: 7 } })
    expect(codeOf(await verify.verify(token, { parameters: { amount: 7 } }))).toBe("VALID")
    expect(codeOf(await verify.verify(token, { parameters: Buffer.from('{"amount":7}') }))).toBe("VALID")
    expect(codeOf(await verify.verify(token, { parameters: Buffer.from('{"amount": 7}') }))).toBe("PARAMETERS_DIFFER")
    expect(codeOf(await verify.verify(token, { parameters: { amount: 8 } }))).toBe("PARAMETERS_DIFFER")
    expect(codeOf(await verify.verify(token))).toBe("PARAMETERS_DIFFER")
    expect(codeOf(await verify.verify(token, { parameters: { amount: Number.NaN } }))).toBe("MALFORMED")
    expect(codeOf(await verify.verify(await tokenFor("http.get"), { parameters: {} }))).toBe("PARAMETERS_DIFFER")
  })

  test("a token that is bound to a key is good only for who proved to hold it", async () => {
    const agent = await startHeartbeatAgent(writ.client("runtime"), makeRuntime())
    const { id, key } = agent.session.runtime
    const token = await tokenFor("inside", { runtime_id: id })
    const verify = verifier()
    expect(codeOf(await verify.verify(token))).toBe("HOLDER_DIFFERS")
    expect(codeOf(await verify.verify(token, { holder: makeRuntime().key.publicKey }))).toBe("HOLDER_DIFFERS")
    expect(codeOf(await verify.verify(token, { holder: key.publicKey }))).toBe("VALID")
    expect(codeOf(await verify.verify(token, { holder: null }))).toBe("VALID")
    await agent.close()
  })

  test("past its end a token is refused, whatever the keys say", async () => {
    const token = await tokenFor("http.get", { requested_ttl: { seconds: 1 } })
    const verify = verifier()
    expect(codeOf(await verify.verify(token))).toBe("VALID")
    await sleep(6_100) // clocks may differ by 5 s
    expect(codeOf(await verify.verify(token))).toBe("EXPIRED")
  })

  test("a key that is not the daemon's is never accepted, and asking for it again and again asks the daemon once", async () => {
    const real = await (await fetch(jwksUrl())).text()
    const keys = await serveKeys(() => ({ status: 200, body: real }))
    const verify = verifier({ jwksUrl: keys.url })
    const token = await tokenFor("http.get")
    const claims = Buffer.from(token.split(".")[1] as string, "base64url").toString()
    const forger = createTokenSigner(createSigner(generateKeyPairSync("ed25519").privateKey), sha256)
    const forged = forger.sign(claims.replace(/"leaf":"[0-9a-f]+",/, ""), new Uint8Array(32))
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => verify.verify(forged)))
    expect(new Set(verdicts.map(codeOf))).toEqual(new Set(["UNKNOWN_KEY"]))
    expect(codeOf(await verify.verify(token))).toBe("VALID")
    expect(keys.hits()).toBe(1)
    keys.close()
    const own = createTokenVerifier({
      issuer: ISSUER,
      audience: "runner",
      fetchKeys: async () => ({ keys: [toJwk(forger.publicKey, forger.kid)] }),
    })
    expect(codeOf(await own.verify(forged)), "the forgery itself is sound").toBe("VALID")
  })

  test("with the keys' source gone the last ones serve for a while, and then nothing is accepted", async () => {
    const real = await (await fetch(jwksUrl())).text()
    let status = 500
    const keys = await serveKeys(() => ({ status, body: real }))
    const token = await tokenFor("http.get", { requested_ttl: { seconds: 30 } })
    const down = verifier({ jwksUrl: keys.url })
    expect(await down.verify(token)).toMatchObject({
      valid: false,
      sufficient: false,
      reason: expect.stringMatching(/^KEYS_UNAVAILABLE: .*500/),
    })
    status = 200
    const verify = verifier({ jwksUrl: keys.url, maxAgeMs: 50, maxStaleMs: 1_000 })
    expect(codeOf(await verify.verify(token))).toBe("VALID")
    keys.close()
    await sleep(100)
    expect(codeOf(await verify.verify(token))).toBe("VALID")
    await sleep(1_000)
    expect(codeOf(await verify.verify(token))).toBe("KEYS_UNAVAILABLE")
  })

  test.each([
    ["no JSON", 200, "<html>", undefined],
    ["another document", 200, "{}", undefined],
    ["a document without end", 200, `{"keys":[],"x":"${"x".repeat(70_000)}"}`, undefined],
    ["a redirection", 302, "", "http://127.0.0.1:1/"],
  ])("%s in the place of the keys is no key", async (_, status, body, location) => {
    const keys = await serveKeys(() => ({ status, body, ...(location !== undefined && { location }) }))
    expect(codeOf(await verifier({ jwksUrl: keys.url }).verify(await tokenFor("http.get")))).toBe("KEYS_UNAVAILABLE")
    keys.close()
  })

  test("keys over plain HTTP from another machine are refused at once", () => {
    expect(() => verifier({ jwksUrl: "http://writ.example/.well-known/jwks.json" })).toThrow(/https/)
    expect(() => createTokenVerifier({ issuer: ISSUER, audience: "runner" })).toThrow(/jwksUrl/)
  })
})
