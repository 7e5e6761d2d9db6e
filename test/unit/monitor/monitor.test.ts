import { beforeEach, describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto } from "../../../src/crypto.ts"
import { formatAddCheckpoint } from "../../../src/formats/add-checkpoint.ts"
import { createMonitor, type MonitorState } from "../../../src/monitor/monitor.ts"
import { createWitness } from "../../../src/witness/witness.ts"
import { MemoryLog } from "../../support/log.ts"

let log: MemoryLog
let state: MonitorState | null
/** What the log answers. */
let served: { checkpoint: () => string; tile: (path: string) => Promise<Uint8Array> }
let asked: string[]
beforeEach(() => {
  state = null
  asked = []
  show(new MemoryLog(300))
})
function show(one: MemoryLog) {
  log = one
  served = { checkpoint: () => one.checkpoint(), tile: one.tile }
}
function monitor(more: Partial<Parameters<typeof createMonitor>[0]> = {}) {
  return createMonitor({
    vkey: log.vkey,
    witnesses: [],
    quorum: 0,
    fetchCheckpoint: async () => served.checkpoint(),
    fetchTile: async (path) => {
      asked.push(path)
      return await served.tile(path)
    },
    readsEntries: true,
    state: {
      read: () => state,
      write(next) {
        state = next
      },
    },
    crypto: nativeCrypto,
    ...more,
  })
}
const grownBy = (count: number) => {
  const grown = new MemoryLog(log.entries.length + count)
  show(grown)
}

describe("createMonitor", () => {
  test("follows a log that grows: tiles, consistency, each entry once", async () => {
    const check = monitor()
    expect(await check()).toEqual({
      origin: log.origin,
      size: 300,
      grown: 300,
      entries: 300,
      cosignatures: 0,
      alarms: [],
      evidence: null,
    })
    grownBy(0)
    expect(await check()).toMatchObject({ size: 300, grown: 0, entries: 0, alarms: [] })
    grownBy(700)
    asked = []
    expect(await check()).toMatchObject({ size: 1_000, grown: 700, entries: 700, alarms: [] })
    expect(asked).toContain("tile/entries/001")
    expect(asked).not.toContain("tile/entries/000")
    expect(asked).toContain("tile/1/000.p/3")
  })

  test("without an auditor's key no entries are read, and the size is not taken for read", async () => {
    expect(await monitor({ readsEntries: false })()).toMatchObject({ size: 300, entries: 0, alarms: [] })
    expect(asked.some((path) => path.includes("entries"))).toBe(false)
    expect(await monitor()()).toMatchObject({ entries: 300 })
  })

  test.each<[string, () => void, RegExp]>([
    ["a smaller tree", () => show(new MemoryLog(200)), /200 records after one of 300/],
    [
      "another tree of the same size",
      () => show(new MemoryLog(300, undefined, undefined, "x")),
      /two different trees of 300/,
    ],
    ["another history", () => show(new MemoryLog(400, undefined, undefined, "x")), /does not hold the 300/],
    [
      "a signature by another key",
      () => {
        const { vkey } = log
        show(new MemoryLog(300, undefined, "stranger"))
        Object.defineProperty(log, "vkey", { value: vkey })
      },
      /UNKNOWN_KEY/,
    ],
    [
      "tiles that do not make the root",
      () => {
        served.checkpoint = () => log.checkpoint(300, new Uint8Array(32))
      },
      /do not make the root/,
    ],
  ])("%s is misbehaviour, with the checkpoint as its proof", async (_, change, text) => {
    await monitor()()
    const before = state
    change()
    const report = await monitor()()
    expect(report.alarms).toEqual([{ alarm: "MISBEHAVED", text: expect.stringMatching(text) }])
    expect(report.evidence).toBe(served.checkpoint())
    expect(report.size).toBe(300)
    expect(state).toBe(before)
  })

  test("an entry that is not the leaf, and a bundle that is none", async () => {
    const honest = served.tile
    served.tile = async (path) => {
      const bytes = await honest(path)
      if (path === "tile/entries/001.p/44") bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      return bytes
    }
    expect((await monitor()()).alarms[0]?.text).toMatch(/The entry 299 that it serves/)
    served.tile = async (path) => (path.includes("entries") ? new Uint8Array(5) : await honest(path))
    expect((await monitor()()).alarms[0]).toMatchObject({
      alarm: "MISBEHAVED",
      text: expect.stringMatching(/does not hold 256/),
    })
  })

  test("what cannot be had is not misbehaviour", async () => {
    const down = monitor({ fetchCheckpoint: () => Promise.reject(new Error("connection refused")) })
    expect((await down()).alarms).toEqual([{ alarm: "UNREACHABLE", text: "connection refused" }])
    served.tile = async () => new Uint8Array(3)
    expect((await monitor()()).alarms[0]).toMatchObject({
      alarm: "UNREACHABLE",
      text: expect.stringMatching(/3 bytes instead of/),
    })
  })

  test("an empty log is followed from its first record on", async () => {
    show(new MemoryLog(0))
    expect(await monitor()()).toMatchObject({ size: 0, alarms: [] })
    grownBy(3)
    expect(await monitor()()).toMatchObject({ size: 3, grown: 3, entries: 3, alarms: [] })
  })

  test("says when witnesses lack", async () => {
    const witness = createWitness({
      name: "w.example/one",
      signer: vectorKey("stranger"),
      logs: [log.vkey],
      stateOf: () => ({ read: () => null, write: async () => {} }),
      crypto: nativeCrypto,
      wallMs: () => 0,
    })
    const options = { witnesses: [witness.verifierKey], quorum: 1 }
    const lacking = await monitor(options)()
    expect(lacking.alarms).toEqual([
      { alarm: "COSIGNATURES_LACKING", text: expect.stringMatching(/0 of 1 witnesses .* rests on the operator/) },
    ])
    expect(state).not.toBeNull()
    const { body } = await witness.addCheckpoint(
      formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: log.checkpoint() }),
    )
    served.checkpoint = () => log.checkpoint() + body
    expect(await monitor(options)()).toMatchObject({ cosignatures: 1, alarms: [] })
  })
})
