/** What integration cannot hold still: clocks, races and a ledger that fails. */
import { inflateRawSync } from "node:zlib"
import { afterAll, describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { createBeatThread } from "../../../src/decision/beat-thread.ts"
import { createBeats, MAX_SEGMENT_BEATS } from "../../../src/decision/beats.ts"
import { type DirectiveRow, Directives } from "../../../src/decision/directives.ts"
import { type BeatAnswer, createHeartbeat, type TakenBeat } from "../../../src/decision/heartbeat.ts"
import { Leases } from "../../../src/decision/leases.ts"
import { createRefusedBeats } from "../../../src/decision/refused-beats.ts"
import { createRuntimeChanges } from "../../../src/decision/runtime-changes.ts"
import { createRuntimes } from "../../../src/decision/runtimes.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import { WritError } from "../../../src/errors.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { type Beat, beatBytes, digestOfJson, endBytes, NO_COUNTERS } from "../../../src/formats/runtime-messages.ts"
import { beatPurpose, createNonces } from "../../../src/runtime/nonces.ts"
import {
  BEAT_CREDIT_MS,
  BEAT_INTERVAL_MS,
  LATE_AFTER_MS,
  LEASE_TTL_MS,
  MAX_BEAT_CREDIT,
  type Runtime,
  runtimeKey,
} from "../../../src/runtime/runtime.ts"
import { verifySignature } from "../../../src/verify/signature.ts"
import { CALL, FakeClock, FakeLedger, testSigner } from "../../support/decision.ts"
import { load, NOW_MS, stateOf } from "../../support/policy.ts"
import { CODE } from "../../support/runtime.ts"

const signer = testSigner(5)
const KEY = runtimeKey("w")
const LEASE = "11111111-1111-4111-8111-111111111111"
const { policy } = load({
  version: "1",
  types: { subjects: {}, resources: {}, actions: {} },
  rules: [],
  runtimes: [{ id: "w", measurements: { code: [CODE] } }],
})
const RUNTIME: Runtime = {
  agent_version: "",
  boot_epoch: "1",
  contested: null,
  environment: {},
  first_measurements: null,
  id: "w",
  lease_id: LEASE,
  measurements: { code: CODE },
  nonce_at: 0,
  public_key: toHex(signer.publicKey),
  reasons: [],
  registration: "",
  state: "PROVISIONAL",
}

/** A ledger whose writes show in the control state, as the real ones do. */
function setUp(runtime: Partial<Runtime> = {}) {
  const clock = new FakeClock()
  const ledger = new FakeLedger()
  let state: ControlState = { ...stateOf(policy), runtimes: new Map([[KEY, { ...RUNTIME, ...runtime }]]) }
  ledger.onAppend = ({ change }) => {
    if (ledger.answers.length > 0) return
    for (const effect of change?.effects ?? [])
      if (effect.kind === "runtime")
        state = {
          ...state,
          epoch: effect.epoch,
          runtimes: new Map([[effect.key, JSON.parse(Buffer.from(effect.content).toString()) as Runtime]]),
        }
  }
  const shared = { clock, ledger, origin: "writ.test/log", control: () => state }
  const leases = new Leases<BeatAnswer>()
  const nonces = createNonces(new Uint8Array(32))
  const taken: TakenBeat[] = []
  const outcomes: string[] = []
  const refused: string[] = []
  let refreshed = 0
  /** What the ledger says was redeemed; null: it does not say. */
  const account = { redeemed: null as bigint | null, asked: [] as string[] }
  const heartbeat = createHeartbeat({
    ...shared,
    audience: "writ",
    nonces,
    leases,
    changes: createRuntimeChanges(shared),
    record: (beat) => taken.push(beat),
    verify: async (publicKey, bytes, signature) => verifySignature(nativeCrypto, publicKey, bytes, signature),
    observe: (outcome) => outcomes.push(outcome),
    directivesOf: () => [],
    refused: (...of) => refused.push(of[4]),
    async redeemed(leaseId, claimed) {
      account.asked.push(`${leaseId} ${claimed}`)
      return account.redeemed
    },
    async refresh() {
      refreshed++
    },
  })
  leases.extend(LEASE, 0n, null, clock.monotonicMs)
  let previous = ""
  const makeBeat = (sequence: number, change: Partial<Beat> = {}) => {
    const beat: Beat = {
      acknowledged_directive: "0",
      audience: "writ",
      boot_epoch: "1",
      bundle_digest: policy.digest,
      counters: NO_COUNTERS,
      environment_digest: toHex(digestOfJson(sha256, {})),
      issued_at: String(clock.wallMs),
      last_receipt: "",
      lease_id: LEASE,
      measurements_digest: toHex(digestOfJson(sha256, { code: CODE })),
      nonce: toHex(nonces.make(beatPurpose(LEASE, "1", String(sequence)), clock.wallMs)),
      previous_beat: previous,
      runtime_id: "w",
      sequence: String(sequence),
      ...change,
    }
    previous = toHex(sha256(beatBytes(beat)))
    return beat
  }
  const send = (beat: Beat) => heartbeat(beat, signer.sign(beatBytes(beat)))
  return {
    shared,
    clock,
    ledger,
    leases,
    taken,
    makeBeat,
    send,
    heartbeat,
    outcomes,
    refused,
    account,
    refreshed: () => refreshed,
    runtime: () => state.runtimes.get(KEY),
    state: () => state.runtimes.get(KEY)?.state,
  }
}

describe("createHeartbeat", () => {
  test("of the same beat many times at once there is one record and one answer", async () => {
    const { makeBeat, send, ledger, taken } = setUp()
    const beat = makeBeat(1)
    const answers = await Promise.all([send(beat), send(beat), send(beat)])
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toMatchObject({ accepted: true, runtime: { state: "TRUSTED" } })
    expect(ledger.entries).toHaveLength(1)
    expect(taken).toHaveLength(1)
  })

  test("while the ledger fails the beat fails, counts once, and the next one makes good", async () => {
    const { makeBeat, send, ledger, state, taken } = setUp()
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    const beat = makeBeat(1)
    await expect(send(beat)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(await send(beat)).toMatchObject({ accepted: true })
    expect(state()).toBe("PROVISIONAL")
    await send(makeBeat(2))
    expect(state()).toBe("TRUSTED")
    expect(taken).toHaveLength(2)
  })

  test("while the ledger fails a contradiction is not forgotten: the same bytes again quarantine", async () => {
    const { makeBeat, send, ledger, state } = setUp({ state: "TRUSTED" })
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    const beat = makeBeat(1, { measurements_digest: "00".repeat(32) })
    await expect(send(beat)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(await send(beat)).toMatchObject({ accepted: false })
    expect(state()).toBe("QUARANTINED")
  })

  test("a doubt makes a trusted runtime suspect, three clean beats in a row trusted again", async () => {
    const { makeBeat, send, state } = setUp({ state: "TRUSTED" })
    const states = []
    for (const doubt of [true, false, false, true, false, false, false]) {
      const sequence = states.length + 1
      await send(makeBeat(sequence, doubt ? { environment_digest: "00".repeat(32) } : {}))
      states.push(state())
    }
    expect(states).toEqual([...Array(6).fill("SUSPECT"), "TRUSTED"])
  })

  test("more executions started than were redeemed: suspect, and trusted again once the ledger accounts for them", async () => {
    const { makeBeat, send, state, account } = setUp({ state: "TRUSTED" })
    const counters = { ...NO_COUNTERS, executions_started: "4" }
    const told = []
    for (const redeemed of [4n, 3n, 4n, 4n, 4n]) {
      account.redeemed = redeemed
      const { reasons } = await send(makeBeat(told.length + 1, { counters }))
      told.push([...reasons.map(({ code }) => code), state()].join(" "))
    }
    expect(told).toEqual(["TRUSTED", "COUNTERS_UNACCOUNTED SUSPECT", "SUSPECT", "SUSPECT", "TRUSTED"])
    expect(account.asked).toEqual(Array(5).fill(`${LEASE} 4`))
  })

  test("whose signature does not hold does not make it ask how many were redeemed", async () => {
    const { makeBeat, heartbeat, account } = setUp({ state: "TRUSTED" })
    const beat = makeBeat(1, { counters: { ...NO_COUNTERS, executions_started: "4" } })
    expect(await heartbeat(beat, new Uint8Array(64))).toMatchObject({ reasons: [{ code: "SIGNATURE_WRONG" }] })
    expect(account.asked).toEqual([])
  })

  test("a lease ends by the monotonic clock, whatever the wall clock does", async () => {
    const { makeBeat, send, clock, leases } = setUp({ state: "TRUSTED" })
    clock.wallMs += 3_600_000
    expect(leases.leftMs(LEASE, clock.monotonicMs)).toBe(LEASE_TTL_MS)
    expect(await send(makeBeat(1))).toMatchObject({ accepted: true })
    clock.monotonicMs += LEASE_TTL_MS
    expect(await send(makeBeat(2))).toMatchObject({ accepted: false, reasons: [{ code: "LEASE_LAPSED" }] })
  })

  test("a nonce is good for two lives of a lease; then the answer brings one that is", async () => {
    const { makeBeat, send, clock, leases } = setUp({ state: "TRUSTED" })
    const old = makeBeat(1)
    clock.wallMs += 2 * LEASE_TTL_MS + 1
    const refused = await send(old)
    expect(refused).toMatchObject({ accepted: false, reasons: [{ code: "NONCE_UNKNOWN" }] })
    const again = makeBeat(1, { nonce: toHex(refused.nextNonce), previous_beat: "" })
    expect(await send(again)).toMatchObject({ accepted: true })
    expect(leases.get(LEASE)?.sequence).toBe(1n)
  })

  test("beats that come too fast are refused: the same bytes are taken later, and nothing else happens meanwhile", async () => {
    const { makeBeat, send, clock, leases, taken, outcomes, refused } = setUp({ state: "TRUSTED" })
    for (let i = 1; i <= MAX_BEAT_CREDIT; i++) expect(await send(makeBeat(i))).toMatchObject({ accepted: true })
    const before = { ...leases.get(LEASE) }
    const next = makeBeat(MAX_BEAT_CREDIT + 1)
    const answer = await send(next)
    expect(answer).toMatchObject({
      accepted: false,
      reasons: [{ code: "BEATS_TOO_FAST" }],
      nextBeatInMs: BEAT_CREDIT_MS,
    })
    expect(answer.nextNonce).toHaveLength(0) // a second beat of this sequence could be held against an honest runtime
    expect(answer.runtime?.state).toBe("TRUSTED")
    expect(leases.get(LEASE)).toEqual(before)
    expect(taken).toHaveLength(MAX_BEAT_CREDIT)
    expect(refused).toEqual([])
    expect(outcomes.at(-1)).toBe("too_fast")
    clock.monotonicMs += answer.nextBeatInMs
    expect(await send(next)).toMatchObject({ accepted: true })
    expect(await send(makeBeat(MAX_BEAT_CREDIT + 2))).toMatchObject({ accepted: false })
    clock.monotonicMs += 2 * BEAT_CREDIT_MS
    expect(await send(makeBeat(MAX_BEAT_CREDIT + 2))).toMatchObject({ accepted: true })
  })

  test("at the interval that it is asked for a runtime can beat for ever, and a forger cannot use up its beats", async () => {
    const { makeBeat, send, heartbeat, clock } = setUp({ state: "TRUSTED" })
    for (let i = 1; i <= 2 * MAX_BEAT_CREDIT; i++) {
      const beat = makeBeat(i)
      for (let n = 0; n < 5; n++) await heartbeat(beat, new Uint8Array(64))
      expect(await send(beat)).toMatchObject({ accepted: true })
      clock.monotonicMs += BEAT_INTERVAL_MS
      clock.wallMs += BEAT_INTERVAL_MS
    }
  })

  test("beats that prove a contradiction are limited like all others", async () => {
    const { makeBeat, send, taken } = setUp({ state: "TRUSTED" })
    for (let i = 0; i < 2 * MAX_BEAT_CREDIT; i++) await send(makeBeat(1, { issued_at: String(NOW_MS + i) }))
    expect(taken).toHaveLength(MAX_BEAT_CREDIT)
  })

  test("a beat that comes late is a doubt, unless it was the daemon that stood still", async () => {
    const { makeBeat, send, clock, leases, state } = setUp({ state: "TRUSTED" })
    leases.tick(clock.monotonicMs)
    const wait = (ms: number) => {
      for (let left = ms; left > 0; left -= 1_000) {
        clock.monotonicMs += Math.min(left, 1_000)
        leases.tick(clock.monotonicMs)
      }
    }
    wait(LATE_AFTER_MS)
    expect(await send(makeBeat(1))).toMatchObject({ accepted: true, reasons: [] })
    clock.monotonicMs += LATE_AFTER_MS + 1
    leases.tick(clock.monotonicMs) // a second after the one before, by a clock that ran on while the process did not
    expect(await send(makeBeat(2))).toMatchObject({ accepted: true, reasons: [] })
    wait(LATE_AFTER_MS + 1)
    expect(await send(makeBeat(3))).toMatchObject({ accepted: true, reasons: [{ code: "BEAT_LATE" }] })
    expect(state()).toBe("SUSPECT")
  })

  test("an environment that is not the registered one is asked for in full, and from then on it is that", async () => {
    const { makeBeat, send, state, runtime } = setUp({ state: "TRUSTED" })
    const environment = { os: "linux", region: "elsewhere" }
    const environment_digest = toHex(digestOfJson(sha256, environment))
    const asked = await send(makeBeat(1, { environment_digest }))
    expect(asked).toMatchObject({ accepted: true, sendInFull: true, reasons: [{ code: "ENVIRONMENT_CHANGED" }] })
    const evasive = await send(makeBeat(2, { environment_digest }))
    expect(evasive.reasons.map(({ code }) => code)).toEqual(["ENVIRONMENT_CHANGED", "FULL_MISSING"])
    const measurements = { code: CODE }
    const lying = await send(makeBeat(3, { environment_digest, environment: { os: "linux" }, measurements }))
    expect(lying.reasons.map(({ code }) => code)).toEqual(["ENVIRONMENT_CHANGED", "FULL_DIFFERS"])
    expect(runtime()?.environment).toEqual({})
    const full = await send(makeBeat(4, { environment_digest, environment, measurements }))
    expect(full).toMatchObject({ accepted: true, sendInFull: false, reasons: [{ code: "ENVIRONMENT_CHANGED" }] })
    expect(runtime()).toMatchObject({ environment, state: "SUSPECT", reasons: ["ENVIRONMENT_CHANGED"] })
    for (let sequence = 5; sequence < 8; sequence++)
      expect(await send(makeBeat(sequence, { environment_digest }))).toMatchObject({ reasons: [] })
    expect(state()).toBe("TRUSTED")
  })

  test("of two beats that are verified at the same time one is taken, and the other is held to it", async () => {
    const { makeBeat, send, state } = setUp({ state: "TRUSTED" })
    const [one, two] = [makeBeat(1), makeBeat(1, { issued_at: String(NOW_MS + 1) })]
    const answers = await Promise.all([send(one), send(two)])
    expect(answers.map(({ accepted }) => accepted)).toEqual([true, false])
    expect(answers[1]?.reasons).toMatchObject([{ code: "BEAT_EQUIVOCATION" }])
    expect(state()).toBe("QUARANTINED")
  })

  test("a runtime that is not known is looked for once before it is refused", async () => {
    const { makeBeat, send, refreshed } = setUp()
    const stranger = makeBeat(1, { runtime_id: "stranger" })
    expect(await send(stranger)).toMatchObject({ accepted: false, runtime: null, nextNonce: new Uint8Array() })
    expect(refreshed()).toBe(1)
    await send(makeBeat(1))
    expect(refreshed()).toBe(1)
  })
})

describe("createRuntimes", () => {
  const leaseStore = { write: async () => {}, readOthers: async () => [], forget: async () => {} }
  const make = () => {
    const { shared, leases, ...rest } = setUp({ state: "TRUSTED" })
    return {
      ...rest,
      runtimes: createRuntimes({ ...shared, leases, leaseStore, changes: createRuntimeChanges(shared) }),
    }
  }
  const end = { counters: NO_COUNTERS, lease_id: LEASE, runtime_id: "w", sequence: "1" }

  test("what waits for the cut when its caller's deadline passes, or its caller goes, is not recorded", async () => {
    const { runtimes, ledger, state, clock } = make()
    const signal = { aborted: false }
    const call = { ...CALL, timeoutMs: 300, signal }
    await runtimes.setState("w", "QUARANTINED", "why", call)
    expect(ledger.entries[0]).toMatchObject({ deadlineMs: clock.monotonicMs + 300, signal })
    const late = { ...CALL, timeoutMs: 0 }
    await expect(runtimes.setState("w", "PROVISIONAL", "", late)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    expect(state()).toBe("QUARANTINED")
    ledger.onAppend = () => {
      clock.monotonicMs += 1_000 // somebody else was first, and took long
    }
    ledger.answers.push("stale")
    await expect(runtimes.setState("w", "REVOKED", "", call)).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" })
    expect(state()).toBe("QUARANTINED")
  })

  test("a clean end is held to its caller's deadline, too", async () => {
    const { runtimes, ledger, state } = make()
    const proof = signer.sign(endBytes(end))
    await expect(runtimes.end(end, proof, { ...CALL, timeoutMs: 0 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    })
    expect(ledger.entries).toEqual([])
    await runtimes.end(end, proof, CALL)
    expect(state()).toBe("ENDED")
  })
})

describe("Leases", () => {
  const hash = new Uint8Array(32)
  test("what another replica heard later counts, what it heard earlier does not", () => {
    const leases = new Leases<never>()
    leases.extend("a", 5n, hash, 0)
    leases.learn([{ leaseId: "a", sequence: 4n, hash: null, leftMs: 1 }], 10)
    expect(leases.get("a")).toMatchObject({ sequence: 5n, endsAtMs: LEASE_TTL_MS })
    leases.learn([{ leaseId: "a", sequence: 6n, hash: null, leftMs: 7 }], 10)
    expect(leases.get("a")).toMatchObject({ sequence: 6n, endsAtMs: 17, answer: null })
  })

  test("each is written once after each beat, and stale ones never", () => {
    const leases = new Leases<never>()
    leases.open("stale", 0)
    leases.extend("a", 1n, hash, 100)
    expect(leases.takeDirty(200)).toEqual([{ leaseId: "a", sequence: 1n, hash, leftMs: LEASE_TTL_MS - 100 }])
    expect(leases.takeDirty(200)).toEqual([])
    expect(leases.leftMs("stale", 0)).toBeNull()
    expect(leases.ids()).toEqual(["stale", "a"])
    leases.forget("a")
    expect(leases.leftMs("a", 200)).toBeNull()
  })
})

describe("Directives", () => {
  const row = (number: bigint, runtime = KEY): DirectiveRow => ({
    number,
    runtime,
    directive: { kind: "quarantine", execution_id: "", code: "X", text: "", issued_at: 0 },
    receipt: { origin: "", index: 0, leafHash: new Uint8Array(32) },
  })
  const control = (state: Runtime["state"] = "TRUSTED"): ControlState => ({
    ...stateOf(policy),
    runtimes: new Map([[KEY, { ...RUNTIME, state }]]),
  })

  test("what comes while the stored ones are read comes after them, once and in order", async () => {
    let answer: (rows: DirectiveRow[]) => void = () => {}
    const read = () => new Promise<DirectiveRow[]>((resolve) => (answer = resolve))
    const directives = new Directives({ control, read })
    const seen: bigint[] = []
    directives.watch(
      "w",
      LEASE,
      1n,
      ({ number }) => seen.push(number),
      () => seen.push(-1n),
    )
    directives.publish(control(), [row(3n), row(4n), row(9n, "another")])
    expect(seen).toEqual([])
    answer([row(2n), row(3n)])
    await Promise.resolve().then(() => {})
    directives.publish(control(), [row(5n)])
    expect(seen).toEqual([2n, 3n, 4n, 5n])
    expect(directives.recent(KEY, 3n).map(({ number }) => number)).toEqual([4n, 5n])
  })

  test("the last word comes before the end of the lease ends the watch", async () => {
    const directives = new Directives({ control, read: async () => [] })
    const seen: unknown[] = []
    directives.watch(
      "w",
      LEASE,
      0n,
      ({ number }) => seen.push(number),
      (error) => seen.push(error ?? "end"),
    )
    directives.publish(control("REVOKED"), [row(7n)])
    directives.publish(control("REVOKED"), [row(8n)])
    expect(seen).toEqual([7n, "end"])
  })

  test("a watch whose stored directives cannot be read ends with an error rather than with a gap", async () => {
    const directives = new Directives({ control, read: () => Promise.reject(new Error("no database")) })
    const ended = new Promise((resolve) => directives.watch("w", LEASE, 0n, () => {}, resolve))
    expect(await ended).toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(() =>
      directives.watch(
        "w",
        "another lease",
        0n,
        () => {},
        () => {},
      ),
    ).toThrow(/no such lease/)
  })
})

describe("createBeats", () => {
  const thread = createBeatThread((error) => {
    throw error
  })
  afterAll(() => thread.stop())
  const stored = new Map<string, Uint8Array>()
  const store = async (digest: string, segment: Uint8Array) => void stored.set(digest, segment)
  const beat = (n: number): TakenBeat => ({
    runtime: KEY,
    bootEpoch: "1",
    sequence: String(n),
    hash: sha256(Buffer.from(`beat ${n}`)),
    bytes: Buffer.from(`beat ${n}`),
    signature: new Uint8Array(64),
    reasons: [],
  })

  test("what could not be written is written with the next flush, in order", async () => {
    const clock = new FakeClock()
    const ledger = new FakeLedger()
    const beats = createBeats({ clock, ledger, thread, store, control: () => stateOf(policy) })
    await beats.flush() // nothing is held yet
    beats.add(beat(1))
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    await expect(beats.flush()).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    beats.add(beat(2))
    await beats.flush()
    await beats.flush() // nothing is left
    const lines = [...stored.values()].flatMap((segment) => inflateRawSync(segment).toString().split("\n"))
    const named = ledger.bodies().map(({ data }) => data?.["segment_sha256"] as string)
    expect(named).toEqual([[...stored.keys()][0], ...stored.keys()]) // the first one twice: its leaf could not be written
    expect(lines.map((line) => JSON.parse(JSON.parse(line).leaf).sequence)).toEqual(["1", "2"])
  })

  test("beats that come while a segment is written are in the next one", async () => {
    const ledger = new FakeLedger()
    const beats = createBeats({ clock: new FakeClock(), ledger, thread, store, control: () => stateOf(policy) })
    ledger.onAppend = () => {
      if (ledger.entries.length === 1) beats.add(beat(2))
    }
    beats.add(beat(1))
    await beats.flush()
    await beats.flush()
    expect(ledger.bodies().map(({ data }) => data?.["count"])).toEqual([1, 1])
  })

  test("a full segment does not wait for the time", async () => {
    const ledger = new FakeLedger()
    const written = new Promise<void>((resolve) => (ledger.onAppend = () => resolve()))
    const beats = createBeats({ clock: new FakeClock(), ledger, thread, store, control: () => stateOf(policy) })
    for (let i = 0; i < MAX_SEGMENT_BEATS; i++) beats.add(beat(i))
    await written
    expect(ledger.bodies()[0]).toMatchObject({ kind: "beats", data: { count: MAX_SEGMENT_BEATS } })
  })
})

describe("createRefusedBeats", () => {
  test("one record per lease and reason in ten seconds, and few in all", () => {
    const clock = new FakeClock()
    const ledger = new FakeLedger()
    const refused = createRefusedBeats({ clock, ledger, control: () => stateOf(policy) })
    for (let i = 0; i < 5; i++) refused(KEY, LEASE, "1", "1", "SEQUENCE_OLD")
    refused(KEY, LEASE, "1", "1", "SIGNATURE_WRONG")
    expect(ledger.entries).toHaveLength(2)
    for (let i = 0; i < 1_000; i++) refused(KEY, `lease ${i}`, "1", "1", "SEQUENCE_OLD")
    expect(ledger.entries).toHaveLength(64)
    clock.monotonicMs += 10_000
    refused(KEY, LEASE, "1", "1", "SEQUENCE_OLD")
    expect(ledger.entries).toHaveLength(65)
  })
})
