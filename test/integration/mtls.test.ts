import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { get } from "node:https"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { connect as connectTls } from "node:tls"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type ConnectOptions, connect, type WritClient } from "../../src/client/connect.ts"
import { Authority, type Files, FOR_SERVERS } from "../support/certificates.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const PAY = "spiffe://bank.example/payments"
const folder = makeFolder()
const at = (name: string) => join(folder.path, name)
const clients: WritClient[] = []
let database: TestDatabase
let writ: TestDaemon
let authority: Authority
let stranger: Authority
let payments: Files

beforeAll(async () => {
  database = await createDatabase()
  authority = await Authority.make(folder.path, "authority")
  stranger = await Authority.make(folder.path, "stranger")
  payments = await authority.issue({ uris: [PAY] })
  await serveWith(await authority.issueServer())
  writeFileSync(at("ca.crt"), authority.pem)
  writ = await startTestDaemon(database.url, {
    "tls-cert": at("server.crt"),
    "tls-key": at("server.key"),
    "tls-client-ca": at("ca.crt"),
    "http-tls": "true",
    "http-authentication": "mtls",
  })
  await bind(PAY, "pep", { subjects: ["agent:agent:researcher"] })
}, 120_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

async function serveWith({ certFile, keyFile }: Files): Promise<void> {
  copyFileSync(keyFile, at("server.key"))
  copyFileSync(certFile, at("server.crt"))
}

function open(files: Files | null, more: Partial<ConnectOptions> = {}): WritClient {
  const client = connect({
    target: writ.daemon.addresses.grpc,
    caFile: at("authority.pem"),
    maxTries: 1,
    ...(files && { clientCert: files }),
    ...more,
  })
  clients.push(client)
  return client
}
/** With the first start's key: a key over a certificate that is bound to nothing. */
async function bind(principal: string, role: string, scope?: object, method = "PutBinding"): Promise<void> {
  writeFileSync(at("authority.pem"), authority.pem)
  const admin = open(payments, { key: writ.key("admin") })
  await admin.call(
    "admin",
    method,
    method === "PutBinding" ? { binding: { principal, role, scope } } : { principal, role },
  )
}
const records = async () => Number((await database.query("SELECT count(*) AS n FROM entry")).rows[0].n)
const outcome = (call: Promise<{ decision: string }>) =>
  call.then(
    ({ decision }) => decision,
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )
/** The code with which a stream ends. */
const endOf = (stream: NodeJS.EventEmitter) => {
  stream.on("error", () => {})
  return new Promise<number>((resolve) => stream.on("status", ({ code }: { code: number }) => resolve(code)))
}

describe("a client certificate", () => {
  test("of a bound SPIFFE id says who calls, in the record too, within its scope", async () => {
    const client = open(payments)
    const reply = await authorize(client)
    expect(reply.decision).toBe("DECISION_ALLOW")
    const { rows } = await database.query(
      "SELECT convert_from(body, 'UTF8') AS body FROM entry ORDER BY idx DESC LIMIT 1",
    )
    expect(JSON.parse(rows[0].body).actor).toEqual({ id: PAY, proof: "mtls" })
    expect(await outcome(client.call("authorization", "RedeemToken", { token: reply.token }))).toMatch(
      /^FORBIDDEN spiffe:\/\/bank.example\/payments may not make this call; it needs role executor/,
    )
  })

  test("without one is known by its subject, as RFC 4514 writes it", async () => {
    await bind("x509:O=Bank,CN=billing\\, inc", "pep")
    expect(await outcome(authorize(open(await authority.issue({ subject: "CN=billing\\, inc, O=Bank" }))))).toBe(
      "DECISION_ALLOW",
    )
    expect(await outcome(authorize(open(await authority.issue({ subject: "CN=billing, CN=inc, O=Bank" }))))).toMatch(
      /^FORBIDDEN x509:/,
    )
  })

  test.each([
    ["none at all", async () => null],
    ["of another authority", () => stranger.issue({ uris: [PAY] })],
    ["that has ended", () => authority.issue({ uris: [PAY], notAfter: new Date(Date.now() - 1_000) })],
    ["that is not valid yet", () => authority.issue({ uris: [PAY], notBefore: new Date(Date.now() + 3_600_000) })],
    ["for servers", () => authority.issue({ uris: [PAY], usage: FOR_SERVERS })],
  ])("%s: no connection, also with a good API key", async (_name, files) => {
    const before = await records()
    expect(await outcome(authorize(open(await files(), { key: writ.key("pep") })))).toMatch(
      /^(UNREACHABLE|UNAVAILABLE)/,
    )
    expect(await records()).toBe(before)
  })

  test.each([
    ["two URIs", { uris: [PAY, "spiffe://bank.example/other"] }, "UNAUTHENTICATED .*more than one URI"],
    ["the same URI twice", { uris: [PAY, PAY] }, "UNAUTHENTICATED .*more than one URI"],
    ["a SPIFFE id with dots", { uris: ["spiffe://bank.example/x/../payments"] }, "UNAUTHENTICATED .*SPIFFE id"],
    ["a SPIFFE id in capitals", { uris: ["SPIFFE://bank.example/payments"] }, "UNAUTHENTICATED .*SPIFFE id"],
    ["the rights of an authority", { uris: [PAY], isAuthority: true }, "UNAUTHENTICATED .*authority"],
    ["another SPIFFE id", { uris: ["spiffe://bank.example/payments2"] }, "FORBIDDEN .*payments2 may not"],
    ["a bound id as its subject", { subject: `CN=${PAY}` }, "FORBIDDEN x509:CN="],
    ["neither", {}, "UNAUTHENTICATED .*neither"],
  ])("with %s gives no right, and leaves no record", async (_name, wanted, refusal) => {
    const files = await authority.issue(wanted)
    const before = await records()
    expect(await outcome(authorize(open(files)))).toMatch(new RegExp(`^${refusal}`))
    expect(await records()).toBe(before)
  })

  test("a key beside it speaks in its place; one that is not good is not made good by it", async () => {
    expect(await outcome(authorize(open(payments, { key: writ.key("pep") })))).toBe("DECISION_ALLOW")
    for (const key of [writ.key("pep").replace(/.{4}$/, "AAAA"), "eyJhbGciOiJub25lIn0.e30.", "x"])
      expect([key, await outcome(authorize(open(payments, { key })))]).toEqual([
        key,
        expect.stringMatching(/^UNAUTHENTICATED/),
      ])
  })
})

describe("on an open connection", () => {
  test("a binding that is removed ends calls at once, and a silent stream within a second", async () => {
    const id = "spiffe://bank.example/removed"
    const files = await authority.issue({ uris: [id] })
    await bind(id, "pep")
    const client = open(files)
    expect(await outcome(authorize(client))).toBe("DECISION_ALLOW")
    const stream = client.stream("authorization", "AuthorizeStream")
    const ended = endOf(stream)
    await bind(id, "pep", undefined, "RemoveBinding")
    const removedAt = performance.now()
    expect(await outcome(authorize(client))).toMatch(/^FORBIDDEN/)
    expect(await ended).toBe(7)
    expect(performance.now() - removedAt).toBeLessThan(1_500)
  })

  test("a certificate that ends is the end of its streams and calls", async () => {
    const notAfter = new Date((Math.floor(Date.now() / 1_000) + 4) * 1_000)
    const client = open(await authority.issue({ uris: [PAY], notAfter }))
    expect(await outcome(authorize(client))).toBe("DECISION_ALLOW")
    expect(await endOf(client.stream("authorization", "AuthorizeStream"))).toBe(16)
    expect(Date.now() - notAfter.getTime()).toBeGreaterThanOrEqual(0)
    expect(Date.now() - notAfter.getTime()).toBeLessThan(1_500)
    expect(await outcome(authorize(client))).toMatch(/^UNAUTHENTICATED .*has ended/)
  })

  test("files that change are in use for the next connection, and nobody's call fails; what is broken is not taken", async () => {
    const client = open(payments)
    let failures = 0
    let calls = 0
    let isDone = false
    const traffic = (async () => {
      while (!isDone) {
        calls++
        if ((await outcome(authorize(client))) !== "DECISION_ALLOW") failures++
      }
    })()
    const before = await serverFingerprint()
    writeFileSync(at("server.crt"), "nothing")
    await writ.daemon.reloadPolicy()
    expect(await serverFingerprint()).toBe(before)
    await serveWith(await authority.issueServer())
    await expect.poll(serverFingerprint, { timeout: 10_000 }).not.toBe(before)
    isDone = true
    await traffic
    expect(failures).toBe(0)
    expect(calls).toBeGreaterThan(5)
  })

  test("an authority that is taken out of the bundle is no longer believed, also on open connections", async () => {
    const id = "spiffe://other.example/payments"
    await bind(id, "pep")
    writeFileSync(at("ca.crt"), authority.pem + stranger.pem)
    const files = await stranger.issue({ uris: [id] })
    await expect.poll(() => outcome(authorize(open(files))), { timeout: 10_000 }).toBe("DECISION_ALLOW")
    const client = open(files)
    const own = open(payments)
    expect(await outcome(authorize(client))).toBe("DECISION_ALLOW")
    expect(await outcome(authorize(own))).toBe("DECISION_ALLOW")
    const ended = endOf(client.stream("authorization", "AuthorizeStream"))
    writeFileSync(at("ca.crt"), authority.pem)
    expect(await ended).toBe(16)
    expect(await outcome(authorize(client))).toMatch(/^UNAUTHENTICATED/)
    expect(await outcome(authorize(open(files)))).toMatch(/^(UNREACHABLE|UNAVAILABLE)/)
    expect(await outcome(authorize(own))).toBe("DECISION_ALLOW")
  })

  test("HTTP asks for one too; a bound auditor reads metrics, which say when certificates end", async () => {
    const id = "spiffe://bank.example/prometheus"
    const files = await authority.issue({ uris: [id] })
    const read = (path: string, client: Files | null) =>
      new Promise<string>((resolve, reject) => {
        const [host, port] = writ.daemon.addresses.http.split(":")
        const tls = client && { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) }
        get({ host, port, path, ca: authority.pem, agent: false, ...tls }, async (response) =>
          resolve(`${response.statusCode} ${await text(response)}`),
        ).on("error", reject)
      })
    await expect(read("/healthz", null)).rejects.toThrow()
    await expect(read("/healthz", await stranger.issue({ uris: [id] }))).rejects.toThrow()
    expect(await read("/healthz", files)).toMatch(/^200/)
    expect(await read("/metrics", files)).toMatch(/^403/)
    await bind(id, "auditor")
    const metrics = await read("/metrics", files)
    const seconds = Number(/^writ_certificate_expires_seconds\{certificate="server"\} (\d+)/m.exec(metrics)?.[1])
    expect(seconds).toBeGreaterThan(Date.now() / 1_000)
    expect(metrics).toMatch(/^writ_certificate_expires_seconds\{certificate="clientCa"\} \d+/m)
  })
})

async function serverFingerprint(): Promise<string> {
  const [host, port] = writ.daemon.addresses.grpc.split(":")
  return await new Promise((resolve, reject) => {
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["h2"] })
    socket.on("secureConnect", () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "")
      socket.destroy()
    })
    socket.on("error", reject)
  })
}
