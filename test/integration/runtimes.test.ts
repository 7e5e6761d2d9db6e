import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inflateRawSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { checkBeats } from "../../src/cli/lineage-beats.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { type HeartbeatReply, registerRuntime, toWireRegistration } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { toHex } from "../../src/formats/bytes.ts"
import { type Registration, registrationBytes } from "../../src/formats/runtime-messages.ts"
import type { RecordBody } from "../../src/ledger/record.ts"
import { messageType } from "../../src/rpc/load.ts"
import { runtimeKey } from "../../src/runtime/runtime.ts"
import type { RuntimeKeys } from "../../src/verify/beats.ts"
import { sign } from "../support/beats.ts"
import { readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { askPython, hasPython } from "../support/python-verifier.ts"
import { RawClient } from "../support/rpc-server.ts"
import { CODE, makeRuntime, OTHER_CODE, RUNTIMES_POLICY } from "../support/runtime.ts"

let database: TestDatabase
let writ: TestDaemon
let client: WritClient
const policy = makeFolder()

beforeAll(async () => {
  mkdirSync(join(policy.path, "p"))
  writeFileSync(join(policy.path, "p", "policy.yaml"), RUNTIMES_POLICY)
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { policy: join(policy.path, "p") })
  client = writ.client("runtime")
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

const stateOf = async (id: string) =>
  (
    await writ
      .client("operator")
      .call<{ runtime: { state: string; reasons: { code: string }[] } }>("verifier", "GetRuntime", { runtime_id: id })
  ).runtime
const authorize = (runtimeId: string, more = {}) =>
  writ
    .client("pep")
    .call<AuthorizeReply>("authorization", "Authorize", toWireRequest(readPage({ runtime_id: runtimeId, ...more })))
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString())
const environmentCodes = (reply: AuthorizeReply) =>
  (reply as unknown as { checks: { name: string; reasons: { code: string }[] }[] }).checks
    .find(({ name }) => name === "environment_trust")
    ?.reasons.map(({ code }) => code)

describe("a runtime's life", () => {
  test("registered it is provisional, after one good beat trusted, and only then it is allowed", async () => {
    const runtime = makeRuntime()
    const unknown = await authorize(runtime.id)
    expect(environmentCodes(unknown)).toEqual(["RUNTIME_UNKNOWN"])
    const session = await registerRuntime(client, runtime)
    expect(session.registered).toMatchObject({ state: "RUNTIME_STATE_PROVISIONAL", boot_epoch: "1" })
    expect(environmentCodes(await authorize(runtime.id))).toEqual(["RUNTIME_PROVISIONAL"])
    expect(await session.beat()).toMatchObject({ accepted: true, state: "RUNTIME_STATE_TRUSTED", reasons: [] })
    const allowed = await authorize(runtime.id)
    expect(allowed.decision).toBe("DECISION_ALLOW")
    expect(claimsOf(allowed.token).cnf).toEqual({
      jwk: { crv: "Ed25519", kty: "OKP", x: Buffer.from(runtime.key.publicKey).toString("base64url") },
    })
    await session.end()
    expect((await stateOf(runtime.id)).state).toBe("RUNTIME_STATE_ENDED")
    expect(environmentCodes(await authorize(runtime.id))).toEqual(["RUNTIME_ENDED"])
    expect(await session.beat()).toMatchObject({ accepted: false, reasons: [{ code: "LEASE_ENDED" }] })
  })

  test("a token lives no longer than the lease", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    await session.beat()
    const { token } = await authorize(runtime.id, { requested_ttl: { seconds: 120 } })
    const { exp } = claimsOf(token)
    expect(exp).toBeLessThanOrEqual(Date.now() / 1000 + 15)
    expect(exp).toBeGreaterThan(Date.now() / 1000 + 5)
  })

  test("the same beat again gets the stored answer; an old sequence or a nonce of nobody is refused, and nothing changes", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    const first = session.nextBeat()
    const answer = await session.beat()
    const again = await client.call<HeartbeatReply>("verifier", "Heartbeat", first)
    expect(again).toEqual(answer)
    const second = await session.beat()
    expect(second.accepted).toBe(true)
    const replayed = await client.call<HeartbeatReply>("verifier", "Heartbeat", first)
    expect(replayed).toMatchObject({
      accepted: false,
      reasons: [{ code: "SEQUENCE_OLD" }],
      state: "RUNTIME_STATE_TRUSTED",
    })
    session.settle({ ...second, accepted: false, next_nonce: Buffer.alloc(24) })
    const refused = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat())
    expect(refused).toMatchObject({
      accepted: false,
      reasons: [{ code: "NONCE_UNKNOWN" }],
      state: "RUNTIME_STATE_TRUSTED",
    })
    session.settle(refused)
    expect(await session.beat()).toMatchObject({ accepted: true, state: "RUNTIME_STATE_TRUSTED", sequence: "3" })
  })

  test("two different beats of one sequence, both validly signed: quarantined, and no way out by itself", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    const { next_nonce, bundle_digest } = session.registered
    const registered = { next_nonce, bundle_digest, reasons: [] }
    await client.call("verifier", "Heartbeat", session.nextBeat())
    session.settle({ ...(registered as unknown as HeartbeatReply), accepted: false, reasons: [] })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const twin = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat())
    expect(twin).toMatchObject({
      accepted: false,
      reasons: [{ code: "BEAT_EQUIVOCATION" }],
      state: "RUNTIME_STATE_QUARANTINED",
    })
    expect(environmentCodes(await authorize(runtime.id))).toEqual(["RUNTIME_QUARANTINED"])
    await expect(session.end()).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    await expect(registerRuntime(client, runtime)).rejects.toThrow(/^RUNTIME_QUARANTINED/)
    const operator = writ.client("operator")
    await operator.call("verifier", "SetRuntimeState", {
      runtime_id: runtime.id,
      state: "RUNTIME_STATE_PROVISIONAL",
      reason: "looked at",
    })
    expect((await stateOf(runtime.id)).state).toBe("RUNTIME_STATE_PROVISIONAL")
  })

  test("a measurement that changes under one lease: quarantined", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    await session.beat()
    const changed = { ...runtime, measurements: { code: OTHER_CODE } }
    const forged = await beatAs(changed, session)
    expect(forged).toMatchObject({ reasons: [{ code: "MEASUREMENTS_CHANGED" }], state: "RUNTIME_STATE_QUARANTINED" })
  })

  test("a live key registered again: the new one waits; when the old beats again, both are a clone", async () => {
    const runtime = makeRuntime()
    const old = await registerRuntime(client, runtime)
    await old.beat()
    const fresh = await registerRuntime(client, runtime)
    expect(fresh.registered.boot_epoch).toBe("2")
    expect(await fresh.beat()).toMatchObject({ accepted: true, state: "RUNTIME_STATE_PROVISIONAL" })
    expect(environmentCodes(await authorize(runtime.id))).toEqual(["RUNTIME_PROVISIONAL"])
    // what it signed before the second registration proves nothing: it is asked to sign once more
    expect(await old.beat()).toMatchObject({ accepted: false, reasons: [{ code: "NONCE_UNKNOWN" }] })
    expect(await old.beat()).toMatchObject({ reasons: [{ code: "KEY_CLONED" }], state: "RUNTIME_STATE_QUARANTINED" })
    expect(await fresh.beat()).toMatchObject({ state: "RUNTIME_STATE_QUARANTINED" })
  })

  test("a lapsed lease denies at once, and the runtime is recorded as ended without blame", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    await session.beat()
    expect((await authorize(runtime.id)).decision).toBe("DECISION_ALLOW")
    await expect
      .poll(async () => environmentCodes(await authorize(runtime.id))?.[0], { timeout: 20_000, interval: 200 })
      .toBe("LEASE_LAPSED")
    expect((await stateOf(runtime.id)).state).toBe("RUNTIME_STATE_TRUSTED") // no sweep was needed for that
    await new Promise((resolve) => setTimeout(resolve, 1_100)) // the last second is too short for a token
    expect(await session.beat()).toMatchObject({ accepted: false, reasons: [{ code: "LEASE_LAPSED" }] })
    await expect
      .poll(async () => (await stateOf(runtime.id)).state, { timeout: 8_000, interval: 200 })
      .toBe("RUNTIME_STATE_ENDED")
    expect((await registerRuntime(client, runtime)).registered.boot_epoch).toBe("2")
  }, 40_000)
})

describe("RegisterRuntime", () => {
  test.each([
    ["not listed", makeRuntime({ id: "stranger" }), "RUNTIME_NOT_LISTED"],
    ["another program", makeRuntime({ measurements: { code: OTHER_CODE } }), "MEASUREMENTS_REFUSED"],
    ["nothing measured", makeRuntime({ measurements: {} }), "MEASUREMENTS_REFUSED"],
    ["no proof", makeRuntime({ key: { ...makeRuntime().key, sign: () => new Uint8Array(64) } }), "SIGNATURE_WRONG"],
  ])("%s is refused", async (_, runtime, reason) => {
    await expect(registerRuntime(client, runtime)).rejects.toMatchObject({
      code: "REGISTRATION_REFUSED",
      message: expect.stringMatching(new RegExp(`^${reason}:`)),
    })
  })

  test("the same registration again gets the same lease; with a used nonce nothing else is registered", async () => {
    const runtime = makeRuntime()
    const begun = await client.call<{ nonce: Buffer; audience: string }>("verifier", "BeginRegistration", {
      runtime_id: runtime.id,
      public_key: runtime.key.publicKey,
    })
    const registration: Registration = {
      agent_version: "",
      audience: begun.audience,
      environment: {},
      measurements: { code: CODE },
      nonce: toHex(begun.nonce),
      parent_proof: "",
      parent_runtime_id: "",
      public_key: toHex(runtime.key.publicKey),
      runtime_id: runtime.id,
    }
    const send = (message: Registration) =>
      client.call<{ lease_id: string }>(
        "verifier",
        "RegisterRuntime",
        toWireRegistration(message, runtime.key.sign(registrationBytes(message))),
      )
    const { lease_id } = await send(registration)
    expect((await send(registration)).lease_id).toBe(lease_id)
    await expect(send({ ...registration, agent_version: "2" })).rejects.toThrow(/^NONCE_UNKNOWN/)
  })

  test("the key of a runtime that was revoked is refused for ever", async () => {
    const runtime = makeRuntime()
    await registerRuntime(client, runtime)
    await writ.client("operator").call("verifier", "SetRuntimeState", {
      runtime_id: runtime.id,
      state: "RUNTIME_STATE_REVOKED",
      reason: "stolen",
    })
    await expect(registerRuntime(client, runtime)).rejects.toThrow(/^KEY_REVOKED/)
    await expect(registerRuntime(client, makeRuntime({ key: runtime.key }))).rejects.toThrow(/^KEY_REVOKED/)
  })

  test("another key cannot take a live runtime's id, nor another id its key", async () => {
    const runtime = makeRuntime()
    await registerRuntime(client, runtime)
    await expect(registerRuntime(client, makeRuntime({ id: runtime.id }))).rejects.toThrow(/^ID_IN_USE/)
    await expect(registerRuntime(client, makeRuntime({ key: runtime.key }))).rejects.toThrow(/^KEY_IN_USE/)
  })

  test("who began before a live runtime of that id registered is told that the id is in use; once it has ended, to begin again", async () => {
    const late = makeRuntime()
    const begun = await client.call<{ nonce: Buffer; audience: string }>("verifier", "BeginRegistration", {
      runtime_id: late.id,
      public_key: late.key.publicKey,
    })
    const registration: Registration = {
      agent_version: "",
      audience: begun.audience,
      environment: {},
      measurements: { code: CODE },
      nonce: toHex(begun.nonce),
      parent_proof: "",
      parent_runtime_id: "",
      public_key: toHex(late.key.publicKey),
      runtime_id: late.id,
    }
    const send = () => {
      const proof = late.key.sign(registrationBytes(registration))
      return client.call("verifier", "RegisterRuntime", toWireRegistration(registration, proof))
    }
    const first = await registerRuntime(client, makeRuntime({ id: late.id }))
    await expect(send()).rejects.toThrow(/^ID_IN_USE/)
    await first.end()
    await expect(send()).rejects.toThrow(/^NONCE_UNKNOWN/)
    await registerRuntime(client, late)
  })

  test("trust on first use: what it ran first it must run ever after", async () => {
    const pet = makeRuntime({ id: "pet", measurements: { code: OTHER_CODE } })
    await (await registerRuntime(client, pet)).end()
    await expect(registerRuntime(client, { ...pet, measurements: { code: CODE } })).rejects.toThrow(
      /^MEASUREMENTS_REFUSED/,
    )
    expect((await registerRuntime(client, pet)).registered.boot_epoch).toBe("2")
  })
})

describe("WatchDirectives", () => {
  test("a revoked execution and a quarantine reach the watcher at once, and what it missed comes first", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    await session.beat()
    const { execution_id } = await authorize(runtime.id)
    const operator = writ.client("operator")
    const seen: { kind: string; execution_id: string; number: string; at: number }[] = []
    const open = (after: string) => {
      const stream = client.watch("verifier", "WatchDirectives", {
        runtime_id: runtime.id,
        lease_id: session.registered.lease_id,
        acknowledged_directive: after,
      })
      stream.on("error", () => {})
      stream.on("data", ({ directive }) => directive && seen.push({ ...directive, at: performance.now() }))
      return stream
    }
    const stream = open("0")
    await new Promise((resolve) => stream.once("data", resolve))
    await operator.call("authorization", "RevokeExecution", { execution_id, reason: "stop" })
    const answered = performance.now()
    await expect.poll(() => seen.length, { interval: 5 }).toBe(1)
    expect(seen[0]).toMatchObject({ kind: "stop_execution", execution_id })
    expect((seen[0]?.at as number) - answered).toBeLessThan(100)
    // the beat is the way for who does not watch
    expect((await session.beat()).directives).toMatchObject([{ kind: "stop_execution", execution_id }])
    await operator.call("verifier", "SetRuntimeState", { runtime_id: runtime.id, state: "RUNTIME_STATE_QUARANTINED" })
    await expect.poll(() => seen.length, { interval: 5 }).toBe(2)
    expect(seen[1]?.kind).toBe("quarantine")
    stream.cancel()
    open(seen[0]?.number as string)
    await expect.poll(() => seen.length).toBe(3)
    expect(seen[2]).toMatchObject({ kind: "quarantine", number: seen[1]?.number })
    const ended = new Promise((resolve) => open(seen[1]?.number as string).once("end", resolve))
    await operator.call("verifier", "SetRuntimeState", { runtime_id: runtime.id, state: "RUNTIME_STATE_REVOKED" })
    await ended
  })
})

describe("HeartbeatStream", () => {
  test("beats of many runtimes over one stream, each with its own answer; a bad one does not end it", async () => {
    const runtimes = [makeRuntime(), makeRuntime()]
    const sessions = await Promise.all(runtimes.map((runtime) => registerRuntime(client, runtime)))
    const stream = client.stream("verifier", "HeartbeatStream")
    const replies = new Map<string, { result: string; response: HeartbeatReply; status: { message: string } }>()
    stream.on("data", (reply) => replies.set(reply.sequence, reply))
    stream.on("error", () => {})
    stream.write({ sequence: 1, beat: sessions[0]?.nextBeat() })
    stream.write({ sequence: 2 })
    stream.write({ sequence: 3, beat: { ...sessions[1]?.nextBeat(), signature: Buffer.alloc(64) } })
    stream.write({ sequence: 4, beat: sessions[1]?.nextBeat() })
    stream.end()
    await new Promise((resolve) => stream.once("end", resolve))
    expect(replies.get("1")).toMatchObject({ result: "response", response: { accepted: true, sequence: "1" } })
    expect(replies.get("2")).toMatchObject({ result: "status", status: { message: "beat is missing." } })
    expect(replies.get("3")).toMatchObject({ response: { accepted: false, reasons: [{ code: "SIGNATURE_WRONG" }] } })
    expect(replies.get("4")).toMatchObject({ response: { accepted: true } })
  })
})

describe("a flipped byte", () => {
  test("anywhere in a beat: it is refused, nothing changes, and the beat itself is taken afterwards", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    const type = messageType("writ.v1.HeartbeatRequest")
    // Without the values that protobuf takes for given: a byte in the framing of those changes nothing that is signed.
    const {
      acknowledged_directive: _a,
      last_receipt: _l,
      previous_beat: _p,
      ...beat
    } = sign(runtime, session, {
      issued_at: String(Math.floor(Date.now() / 1000) * 1000 + 1), // few nanos: an int32 is cut to 32 bits
    }) as unknown as Record<string, unknown>
    const bytes = type.encode({ ...beat, counters: {} })
    const raw = new RawClient(writ.daemon.addresses.grpc)
    const headers = { authorization: `Bearer ${writ.key("runtime")}` }
    const before = await stateOf(runtime.id)
    const outcomes = new Set<string>()
    const sendFlipped = async (bit: number) => {
      const at = bit >> 3
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] as number) ^ (1 << (bit & 7))
      const { code, reply } = await raw.unary("/writ.v1.VerifierService/Heartbeat", flipped, headers)
      const answer = reply && (messageType("writ.v1.HeartbeatResponse").decode(reply) as HeartbeatReply)
      expect(answer?.accepted ?? false, `bit ${bit}`).toBe(false)
      outcomes.add(answer ? (answer.reasons[0]?.code as string) : `status ${code}`)
    }
    // Every third bit, so some of every byte, and many at a time: the lease must not lapse before the last one.
    const bits = Array.from({ length: Math.floor((8 * bytes.length) / 3) }, (_, i) => 3 * i)
    while (bits.length > 0) await Promise.all(bits.splice(0, 64).map(sendFlipped))
    raw.close()
    expect([...outcomes]).toEqual(
      expect.arrayContaining(["SIGNATURE_WRONG", "NONCE_UNKNOWN", "LEASE_UNKNOWN", "status 3"]),
    )
    const { lease_expires_at: _, ...after } = (await stateOf(runtime.id)) as unknown as Record<string, unknown>
    expect(before).toMatchObject(after)
    expect(await session.beat()).toMatchObject({ accepted: true, sequence: "1" })
    const { records } = await writ
      .client("auditor")
      .call<{ records: { body: Buffer }[] }>("lineage", "ListRecords", { kind: "beat_refused", page_size: 1000 })
    const mine = records
      .map(({ body }) => JSON.parse(body.toString()).data)
      .filter((data) => data.runtime === runtimeKey(runtime.id))
    expect(mine.length).toBeGreaterThan(2)
    expect(mine.length).toBeLessThan(10) // one per reason, however many were sent
  })
})

describe("a restart", () => {
  test("every beat that was taken is in the ledger, and a runtime is stale until its next one", async () => {
    const runtime = makeRuntime()
    const session = await registerRuntime(client, runtime)
    for (let i = 0; i < 3; i++) expect(await session.beat()).toMatchObject({ accepted: true })
    await writ.daemon.stop()
    const { rows } = await database.query("SELECT segment FROM beat_segment")
    const beats = rows
      .flatMap(({ segment }) => inflateRawSync(segment).toString().split("\n"))
      .map((line) => JSON.parse(line))
    const mine = beats.map(({ leaf }) => JSON.parse(leaf)).filter((leaf) => leaf.runtime === runtimeKey(runtime.id))
    expect(mine.map(({ sequence, reasons }) => [sequence, reasons])).toEqual([
      ["1", []],
      ["2", []],
      ["3", []],
    ])

    writ = await startTestDaemon(database.url, { policy: join(policy.path, "p") }, writ.data)
    client = writ.client("runtime")
    expect((await stateOf(runtime.id)).state).toBe("RUNTIME_STATE_STALE")
    expect(environmentCodes(await authorize(runtime.id))).toEqual(["RUNTIME_STALE"])
    const beat = await client.call<HeartbeatReply>("verifier", "Heartbeat", session.nextBeat())
    expect(beat).toMatchObject({ accepted: true, state: "RUNTIME_STATE_TRUSTED" })
    expect((await authorize(runtime.id)).decision).toBe("DECISION_ALLOW")
  })
})

describe("the ledger of all that", () => {
  const getBeats = (leaf_index: string) =>
    writ.client("auditor").call<{ record: { body: Buffer }; segment: Buffer }>("lineage", "GetBeats", { leaf_index })

  /** What an auditor has of each `beats` record, its segment and the runtimes' keys. */
  async function readSegments() {
    const { records } = await writ
      .client("auditor")
      .call<{ records: { receipt: { leaf_index: string } }[] }>("lineage", "ListRecords", { kind: "beats" })
    const runtimes = (await database.query("SELECT content FROM runtime")).rows.map(({ content }) =>
      JSON.parse(content),
    )
    const keys: RuntimeKeys = Object.fromEntries(runtimes.map(({ id, public_key }) => [id, [public_key as string]]))
    return await Promise.all(
      records.map(async ({ receipt }) => {
        const { record, segment } = await getBeats(receipt.leaf_index)
        return { record: JSON.parse(record.body.toString()) as RecordBody, segment, keys }
      }),
    )
  }

  test("every segment verifies by its runtimes' keys", async () => {
    const segments = await readSegments()
    expect(segments.length).toBeGreaterThan(0)
    for (const { record, segment, keys } of segments) {
      const { report, lines } = checkBeats(record, segment, keys)
      expect(report).toMatchObject({ valid: true, anchored: true, reason: "" })
      expect(lines).toHaveLength(record.data["count"] as number)
      expect(checkBeats(record, segment, undefined).report).toMatchObject({ valid: true, anchored: false })
    }
  })

  test("a segment that is not the record's is refused, and a record without beats has none", async () => {
    const [first] = await readSegments()
    const { record, segment, keys } = first as NonNullable<typeof first>
    const other = Buffer.from(segment)
    other[other.length - 1] = (other.at(-1) as number) ^ 1
    expect(checkBeats(record, other, keys).report).toMatchObject({
      valid: false,
      reason: expect.stringMatching(/^PROOF_WRONG: the segment is not the one that the record names/),
    })
    const named = toHex(sha256(Buffer.from("no beats")))
    expect(
      checkBeats({ ...record, data: { ...record.data, segment_sha256: named } }, Buffer.from("no beats"), keys).report,
    ).toMatchObject({ valid: false, reason: expect.stringMatching(/^MALFORMED: the segment cannot be inflated/) })
    await expect(getBeats("0")).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    await expect(getBeats("999999")).rejects.toMatchObject({ code: "NOT_FOUND" })
  })

  test.skipIf(!hasPython())("so it does in Python", async () => {
    const asked = (await readSegments()).map(({ record: { data }, segment, keys }) => {
      const input = { count: data["count"], root: data["root"], segment: inflateRawSync(segment).toString(), keys }
      return { family: "beats", name: "", input }
    })
    for (const said of askPython(asked)) expect(said).toMatchObject({ valid: true, anchored: true })
  })

  test("is clean", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})

async function beatAs(
  runtime: ReturnType<typeof makeRuntime>,
  session: Awaited<ReturnType<typeof registerRuntime>>,
): Promise<HeartbeatReply> {
  return await client.call<HeartbeatReply>("verifier", "Heartbeat", sign(runtime, session))
}
