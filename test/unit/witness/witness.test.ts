import { beforeEach, describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto } from "../../../src/crypto.ts"
import { formatAddCheckpoint } from "../../../src/formats/add-checkpoint.ts"
import { formatNote, parseNote } from "../../../src/formats/signed-note.ts"
import type { SignedState } from "../../../src/ledger/checkpointer.ts"
import { cosignaturesOf } from "../../../src/verify/cosignatures.ts"
import { createWitness } from "../../../src/witness/witness.ts"
import { MemoryLog } from "../../support/log.ts"

const LINE = /^— witness\.example\/w1 [A-Za-z0-9+/=]+\n$/

let log: MemoryLog
let kept: Map<string, SignedState>
let write: (origin: string, state: SignedState) => Promise<void>
beforeEach(() => {
  log = new MemoryLog(40)
  kept = new Map()
  write = async (origin, state) => void kept.set(origin, state)
})

function start(logs: readonly string[] = [log.vkey]) {
  const witness = createWitness({
    name: "witness.example/w1",
    signer: vectorKey("stranger"),
    logs,
    stateOf: (origin) => ({ read: () => kept.get(origin) ?? null, write: (state) => write(origin, state) }),
    crypto: nativeCrypto,
    wallMs: () => 1_795_000_000_999,
  })
  const add = async (old: number, size: number, more: { proof?: Uint8Array[]; checkpoint?: string } = {}) =>
    await witness.addCheckpoint(
      formatAddCheckpoint({
        oldSize: BigInt(old),
        proof: old === 0 || old >= size ? [] : await log.prove(old, size),
        checkpoint: log.checkpoint(size),
        ...more,
      }),
    )
  return { witness, add }
}

describe("a witness (C2SP tlog-witness)", () => {
  test("cosigns what extends what it cosigned last; its line verifies under its key and says when", async () => {
    const { witness, add } = start()
    for (const [old, size] of [
      [0, 7],
      [7, 33],
      [33, 33],
      [33, 40],
    ] as const) {
      const { status, type, body } = await add(old, size)
      expect([status, type]).toEqual([200, "text/plain; charset=utf-8"])
      expect(body).toMatch(LINE)
      const cosigned = parseNote(log.checkpoint(size) + body)
      const [cosignature] = cosignaturesOf(cosigned, [witness.verifierKey])
      expect(Buffer.from(cosignature?.signature ?? []).readBigUInt64BE()).toBe(1_795_000_000n)
      expect(kept.get(log.origin)?.size).toBe(size)
    }
    expect(witness.last(log.origin)?.size).toBe(40)
    expect(witness.last("else")).toBeNull()
  })

  test("remembers over a restart", async () => {
    await start().add(0, 7)
    expect(await start().add(0, 9)).toEqual({ status: 409, type: "text/x.tlog.size", body: "7\n" })
    expect((await start().add(7, 9)).status).toBe(200)
  })

  test("409 with the size it knows for another old size, and for another tree of the same size", async () => {
    const { add } = start()
    expect(await add(5, 7)).toEqual({ status: 409, type: "text/x.tlog.size", body: "0\n" })
    await add(0, 7)
    expect((await add(6, 9)).body).toBe("7\n")
    const other = new MemoryLog(7, log.origin, "log", "other ")
    expect((await add(7, 7, { checkpoint: other.checkpoint() })).status).toBe(409)
    expect(kept.get(log.origin)?.root).toEqual(new Uint8Array(log.root(7)))
  })

  test("422 for a proof that does not hold: another history, a proof too much, one too few", async () => {
    const { add } = start()
    expect((await add(0, 7, { proof: [new Uint8Array(32)] })).status).toBe(422)
    await add(0, 7)
    const other = new MemoryLog(9, log.origin, "log", "other ")
    expect((await add(7, 9, { checkpoint: other.checkpoint(), proof: await other.prove(7, 9) })).status).toBe(422)
    expect((await add(7, 9, { proof: [] })).status).toBe(422)
    expect((await add(7, 9)).status).toBe(200)
  })

  test("404 for a log that it does not watch, 403 for a signature that is not by a trusted key of it", async () => {
    const { add } = start()
    const stranger = new MemoryLog(3, "log.example/else")
    expect((await add(0, 3, { checkpoint: stranger.checkpoint() })).status).toBe(404)
    const forged = new MemoryLog(3, log.origin, "stranger")
    expect((await add(0, 3, { checkpoint: forged.checkpoint() })).status).toBe(403)
    const { text, signatures } = parseNote(log.checkpoint(3))
    const flipped = signatures.map((one) => ({
      ...one,
      signature: one.signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    }))
    expect((await add(0, 3, { checkpoint: formatNote(text, flipped) })).status).toBe(403)
    expect(kept.size).toBe(0)
  })

  test("of a log with two keys either may have signed", async () => {
    const next = new MemoryLog(9, log.origin, "stranger")
    const { witness, add } = start([log.vkey, next.vkey])
    expect(witness.origins).toEqual([log.origin])
    expect((await add(0, 7)).status).toBe(200)
    expect((await add(7, 9, { checkpoint: next.checkpoint(9, log.root(9)) })).status).toBe(200)
  })

  test("400 for what is malformed, an old size above the checkpoint's, and a tree of more than 2^53", async () => {
    const { witness, add } = start()
    for (const body of [
      "",
      "old 0\n\n",
      "old 0\n\nno note",
      `old 0\n\n${log.checkpoint(3).replace("\n3\n", "\nthree\n")}`,
    ])
      expect((await witness.addCheckpoint(body)).status).toBe(400)
    expect((await add(9, 7)).status).toBe(400)
    expect((await add(0, 2 ** 53, { checkpoint: log.checkpoint(2 ** 53, new Uint8Array(32)) })).status).toBe(400)
  })

  test("what it cannot remember it does not cosign, and goes on afterwards", async () => {
    write = () => Promise.reject(new Error("disk full"))
    const { add } = start()
    await expect(add(0, 7)).rejects.toThrow("disk full")
    write = async (origin, state) => void kept.set(origin, state)
    expect((await add(0, 9)).status).toBe(200)
  })

  test("of two at once, one after the other: the second finds the first's size", async () => {
    const { add } = start()
    await add(0, 7)
    const answers = await Promise.all([add(7, 20), add(7, 33), add(7, 9)])
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 409])
    expect(kept.get(log.origin)?.size).toBe(20)
  })

  test("an empty log may be cosigned, and then grows", async () => {
    const { add } = start()
    expect((await add(0, 0)).status).toBe(200)
    expect((await add(0, 5)).status).toBe(200)
  })

  test("a verifier key that is none is refused at the start", () => {
    expect(() => start(["nonsense"])).toThrow(/NAME\+HASH\+KEY/)
  })
})
