import "reflect-metadata"
import { randomBytes, webcrypto } from "node:crypto"
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as grpc from "@grpc/grpc-js"
import * as x509 from "@peculiar/x509"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { toWireRequest } from "../../src/client/authorize-request.ts"
import { type ConnectOptions, connect } from "../../src/client/connect.ts"
import { fromDataFolder } from "../../src/client/data-folder.ts"
import { ERRORS, type ErrorCode, WritError } from "../../src/errors.ts"
import { loadService, SERVICES } from "../../src/rpc/load.ts"
import { ROLES } from "../../src/rpc/roles.ts"
import type { Service } from "../../src/rpc/server.ts"
import { readPage } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { type RpcFixture, startRpc } from "../support/rpc-server.ts"

/** A daemon's gRPC with nothing behind it: what it answers is up to the test. */
class Replica {
  readonly received: { readonly method: string; readonly request: object; readonly role: string }[] = []
  answer: (n: number) => object | Promise<object> = () => ({})
  fixture!: RpcFixture

  async start(): Promise<this> {
    const handle = (method: string) => async (request: never, context: { caller: { role: string } }) => {
      this.received.push({ method, request, role: context.caller.role })
      return await this.answer(this.received.length)
    }
    const service = (name: keyof typeof SERVICES, methods: readonly string[]): Service => ({
      definition: loadService(SERVICES[name]),
      unary: Object.fromEntries(methods.map((method) => [method, handle(method) as never])),
    })
    this.fixture = await startRpc([
      service("authorization", ["Authorize", "RedeemToken", "GetExecution"]),
      service("admin", ["CreateCallerKey"]),
    ])
    return this
  }

  options(more: Partial<ConnectOptions> = {}): ConnectOptions {
    const keys = Object.fromEntries(ROLES.map((role) => [role, this.fixture.keys[role].slice("Bearer ".length)]))
    return { target: this.fixture.address, key: keys, ...more }
  }
}

const fail = (code: ErrorCode) => () => Promise.reject(new WritError(code))
const REQUEST = toWireRequest(readPage())
const folder = makeFolder()
let one: Replica
let two: Replica
beforeAll(async () => {
  one = await new Replica().start()
  two = await new Replica().start()
  // Both know the keys of the first.
  for (const [id, key] of one.fixture.callers) two.fixture.callers.set(id, key)
})
beforeEach(() => {
  for (const replica of [one, two]) {
    replica.received.length = 0
    replica.answer = () => ({})
  }
})
afterAll(async () => {
  await Promise.all([one.fixture.close(), two.fixture.close()])
  folder.remove()
})
const both = (more: Partial<ConnectOptions> = {}) =>
  one.options({ target: [one.fixture.address, two.fixture.address], ...more })
const failure = async (work: Promise<unknown>) =>
  await work.then(
    () => expect.fail("it succeeded"),
    (error: { code: string; message: string }) => error,
  )

describe("connect", () => {
  test.each(Object.entries(ERRORS))("%s is tried again exactly if it may pass", async (code, { retryable }) => {
    one.answer = (n) => (n < 3 ? fail(code as ErrorCode)() : {})
    const client = connect(one.options())
    const call = client.call("authorization", "Authorize", REQUEST, 3_000)
    if (retryable && code !== "CANCELLED") {
      await call
      expect(one.received.map(({ request }) => request)).toEqual(
        [REQUEST, REQUEST, REQUEST].map(() => one.received[0]?.request),
      )
      expect(one.received.length).toBe(3)
    } else {
      expect((await failure(call)).code).toBe(code)
      expect(one.received.length).toBe(1)
    }
    client.close()
  })

  test("the next replica is asked at once, and stays the one that is asked", async () => {
    one.answer = fail("LEDGER_FROZEN")
    const client = connect(both())
    const from = performance.now()
    for (let i = 0; i < 3; i++) await client.call("authorization", "Authorize", REQUEST)
    expect(performance.now() - from).toBeLessThan(1_000)
    expect([one.received.length, two.received.length]).toEqual([1, 3])
    client.close()
  })

  test("an answer that never comes costs one short try, also where there is one target only", async () => {
    const never = new Promise<object>(() => {})
    one.answer = (n) => (n === 1 ? never : {})
    const client = connect(one.options())
    const from = performance.now()
    await client.call("authorization", "Authorize", REQUEST, 8_000)
    expect(performance.now() - from).toBeLessThan(3_500)
    expect(one.received.length).toBe(2)
    expect(one.received[1]?.request).toEqual(one.received[0]?.request)
    client.close()
  })

  test("what is slow and is given a long limit is not begun again and again", async () => {
    one.answer = () => new Promise((resolve) => setTimeout(() => resolve({}), 2_500))
    const client = connect(one.options())
    await client.call("authorization", "GetExecution", { execution_id: "" }, 40_000)
    expect(one.received.length).toBe(1)
    client.close()
  })

  test("what has no id of its own is tried once, and once is all that maxTries: 1 allows", async () => {
    one.answer = fail("LEDGER_UNAVAILABLE")
    two.answer = fail("LEDGER_UNAVAILABLE")
    const client = connect(both())
    expect(await failure(client.call("admin", "CreateCallerKey", { role: "pep" }))).toMatchObject({
      code: "LEDGER_UNAVAILABLE",
      message: ERRORS.LEDGER_UNAVAILABLE.text,
    })
    expect(one.received.length + two.received.length).toBe(1)
    client.close()
    const single = connect(both({ maxTries: 1 }))
    expect((await failure(single.call("authorization", "Authorize", REQUEST))).code).toBe("LEDGER_UNAVAILABLE")
    expect(one.received.length + two.received.length).toBe(2)
    single.close()
  })

  test("the deadline covers all tries, and what failed last is told with how often", async () => {
    one.answer = fail("QUEUE_FULL")
    two.answer = fail("LEDGER_UNAVAILABLE")
    const client = connect(both())
    const from = performance.now()
    const error = await failure(client.call("authorization", "Authorize", REQUEST, 700))
    expect(performance.now() - from).toBeLessThan(900)
    expect(["QUEUE_FULL", "LEDGER_UNAVAILABLE"]).toContain(error.code)
    const tries = one.received.length + two.received.length
    expect(error.message).toMatch(new RegExp(`\\(after ${tries} tries\\)$`))
    expect(tries).toBeGreaterThan(3)
    expect(tries).toBeLessThan(100)
    client.close()
  })

  test("a signal that is aborted ends a call in flight, and one that waits for its next try", async () => {
    const client = connect(one.options())
    for (const answer of [() => new Promise<object>((resolve) => setTimeout(resolve, 2_000, {})), fail("QUEUE_FULL")]) {
      one.answer = answer
      const controller = new AbortController()
      const from = performance.now()
      const call = client.call("authorization", "Authorize", REQUEST, 5_000, controller.signal)
      setTimeout(() => controller.abort(), 300)
      expect((await failure(call)).code).toBe("CANCELLED")
      expect(performance.now() - from).toBeLessThan(800)
    }
    const before = one.received.length
    const call = client.call("authorization", "Authorize", REQUEST, 5_000, AbortSignal.abort())
    expect((await failure(call)).code).toBe("CANCELLED")
    expect(one.received.length).toBe(before)
    client.close()
    expect((await failure(client.call("authorization", "Authorize", REQUEST))).message).toMatch(/closed/)
  })

  test("each call takes the key of a role that may make it, and says which one is missing", async () => {
    const client = connect(one.options())
    await client.call("authorization", "Authorize", REQUEST)
    await client.call("authorization", "RedeemToken", {})
    await client.call("authorization", "GetExecution", {})
    await client.call("admin", "CreateCallerKey", {})
    expect(one.received.map(({ role }) => role)).toEqual(["pep", "executor", "auditor", "admin"])
    client.close()
    const pep = connect(one.options({ key: { pep: "k" } }))
    const refused = await failure(pep.call("authorization", "RedeemToken", {}))
    expect(refused).toMatchObject({ code: "FORBIDDEN", message: expect.stringMatching(/role executor/) })
    pep.close()
    expect(() => connect({ target: [], key: "k" })).toThrow(/at least one target/)
  })
})

describe("connect with TLS", () => {
  test("checks the daemon's certificate against the authority, and shows one of its own where it is asked for", async () => {
    const server = new grpc.Server()
    const method = loadService(SERVICES.authorization)["Authorize"] as grpc.MethodDefinition<object, object>
    server.addService({ Authorize: method } as never, {
      Authorize: (_: unknown, callback: grpc.sendUnaryData<object>) => callback(null, { execution_id: "over TLS" }),
    })
    const [ours, theirs] = await Promise.all([makeCertificate("ours"), makeCertificate("theirs")])
    const pair = { cert_chain: ours.cert, private_key: ours.key }
    const credentials = grpc.ServerCredentials.createSsl(ours.cert, [pair], true)
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    const ask = async (caFile: string, clientCert?: ConnectOptions["clientCert"]) => {
      const client = connect({ target: `127.0.0.1:${port}`, key: "k", caFile, ...(clientCert && { clientCert }) })
      try {
        return (await client.call<{ execution_id: string }>("authorization", "Authorize", REQUEST, 1_500)).execution_id
      } catch (error) {
        return (error as { code: string }).code
      } finally {
        client.close()
      }
    }
    expect(await ask(ours.certFile, ours)).toBe("over TLS")
    const refused = ["UNREACHABLE", "DEADLINE_EXCEEDED"] // a machine that is busy may not get through a handshake in time
    expect(refused).toContain(await ask(theirs.certFile, ours))
    expect(refused).toContain(await ask(ours.certFile))
    expect(refused).toContain(await ask(ours.certFile, theirs))
    server.forceShutdown()
  })
})

describe("fromDataFolder", () => {
  test("tells where the daemon answers and the keys of three roles, from files that nobody else may read", () => {
    const data = join(folder.path, "data")
    mkdirSync(join(data, "api-keys"), { recursive: true })
    expect(() => fromDataFolder(data)).toThrow(/No daemon is running/)
    writeFileSync(join(data, "daemon.json"), JSON.stringify({ grpc: "127.0.0.1:50051" }))
    expect(() => fromDataFolder(data)).toThrow(/no API key for role pep/)
    for (const role of ROLES) writeFileSync(join(data, "api-keys", role), `key-of-${role}\n`, { mode: 0o600 })
    expect(fromDataFolder(data)).toEqual({
      target: "127.0.0.1:50051",
      key: { pep: "key-of-pep", runtime: "key-of-runtime", executor: "key-of-executor" },
    })
    expect(fromDataFolder(data, ["auditor"]).key).toEqual({ auditor: "key-of-auditor" })
    chmodSync(join(data, "api-keys", "executor"), 0o644)
    expect(() => fromDataFolder(data)).toThrow(/chmod 600/)
  })
})

/** Signed by itself: authority, server and client in one. */
async function makeCertificate(name: string) {
  x509.cryptoProvider.set(webcrypto as never)
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(8).toString("hex"),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: "ip", value: "127.0.0.1" }]),
    ],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64")
  const cert = Buffer.from(`${certificate.toString("pem")}\n`)
  const key = Buffer.from(`-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`)
  const [certFile, keyFile] = [join(folder.path, `${name}.crt`), join(folder.path, `${name}.key`)]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  return { cert, key, certFile, keyFile }
}
