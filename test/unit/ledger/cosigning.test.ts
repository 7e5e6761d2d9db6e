import { describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto } from "../../../src/crypto.ts"
import { parseNote } from "../../../src/formats/signed-note.ts"
import type { SignedState } from "../../../src/ledger/checkpointer.ts"
import { createCosigning, type Submit } from "../../../src/ledger/cosigning.ts"
import { cosignaturesOf } from "../../../src/verify/cosignatures.ts"
import { createWitness, type Witness } from "../../../src/witness/witness.ts"
import { MemoryLog } from "../../support/log.ts"

function world(size: number) {
  const log = new MemoryLog(size)
  const make = (name: string, key: Parameters<typeof vectorKey>[0]): Witness => {
    let kept: SignedState | null = null
    return createWitness({
      name,
      signer: vectorKey(key),
      logs: [log.vkey],
      stateOf: () => ({
        read: () => kept,
        async write(state) {
          kept = state
        },
      }),
      crypto: nativeCrypto,
      wallMs: () => 1_795_000_000_000,
    })
  }
  const witnesses = { one: make("w.example/one", "stranger"), two: make("w.example/two", "token") }
  const heard: string[] = []
  const submitted: string[] = []
  const start = (submit: Submit = async (url, body) => await witnesses[url as "one" | "two"].addCheckpoint(body)) =>
    createCosigning({
      witnesses: Object.entries(witnesses).map(([url, { verifierKey: vkey }]) => ({ url, vkey })),
      prove: (size1, size2) => log.prove(size1, size2),
      cosignatureOf: (note, vkey) => cosignaturesOf(parseNote(note), [vkey], nativeCrypto)[0],
      submit: (url, body) => {
        submitted.push(url)
        return submit(url, body)
      },
      onAnswer: ({ url }, fault) => heard.push(`${url}: ${fault}`),
    })
  const vkeys = Object.values(witnesses).map(({ verifierKey }) => verifierKey)
  return { log, witnesses, heard, submitted, start, vkeys }
}

describe("createCosigning", () => {
  test("adds each witness's cosignature, the first time and whenever the log has grown", async () => {
    const { log, start, vkeys, heard } = world(40)
    const cosign = start()
    for (const size of [7, 7, 33, 40]) {
      const { note, count } = await cosign(log.checkpoint(size), size)
      expect(count).toBe(2)
      expect(note.startsWith(log.checkpoint(size))).toBe(true)
      expect(cosignaturesOf(parseNote(note), vkeys)).toHaveLength(2)
    }
    expect(new Set(heard)).toEqual(new Set(["one: null", "two: null"]))
  })

  test("after a restart it learns from the witness what was cosigned last", async () => {
    const { log, start, submitted } = world(40)
    await start()(log.checkpoint(7), 7)
    submitted.length = 0
    expect((await start()(log.checkpoint(33), 33)).count).toBe(2)
    expect(submitted).toHaveLength(4) // each first says 409
  })

  test("asks only for what the note has not yet, and doubles nothing", async () => {
    const { log, witnesses, start, submitted } = world(9)
    let isDown = true
    const cosign = start(async (url, body) => {
      if (url === "two" && isDown) throw new Error("connection refused")
      return await witnesses[url as "one" | "two"].addCheckpoint(body)
    })
    const first = await cosign(log.checkpoint(), 9)
    expect(first.count).toBe(1)
    isDown = false
    submitted.length = 0
    const second = await cosign(first.note, 9)
    expect(second.count).toBe(2)
    expect(submitted).toEqual(["two"])
    expect(parseNote(second.note).signatures).toHaveLength(3)
  })

  test.each<[string, Submit, RegExp]>([
    ["is silent", () => Promise.reject(new Error("timed out")), /timed out/],
    ["refuses", async () => ({ status: 403, body: "no\n" }), /answered 403: no/],
    ["answers nonsense", async () => ({ status: 200, body: "yes\n" }), /signature line/],
    [
      "signs by another key",
      async () => ({ status: 200, body: "— w.example/one AAAAAAAA\n" }),
      /no cosignature by its key/,
    ],
    ["answers 409 without a size", async () => ({ status: 409, body: "what\n" }), /answered 409/],
    [
      "knows a larger tree",
      async () => ({ status: 409, body: "99\n" }),
      /has cosigned 99 records of this log, and there are 9/,
    ],
  ])("a witness that %s is passed over, and it is said why", async (_, submit, fault) => {
    const { log, start, heard } = world(9)
    expect(await start(submit)(log.checkpoint(), 9)).toEqual({ note: log.checkpoint(), count: 0 })
    expect(heard).toHaveLength(2)
    for (const line of heard) expect(line).toMatch(fault)
  })

  test("a witness whose size changes under it is asked twice and no more", async () => {
    const { log, start, heard, submitted } = world(9)
    let size = 2
    await start(async () => ({ status: 409, body: `${++size}\n` }))(log.checkpoint(), 9)
    expect(submitted).toHaveLength(4)
    expect(heard[0]).toMatch(/somebody else submits/)
  })
})
