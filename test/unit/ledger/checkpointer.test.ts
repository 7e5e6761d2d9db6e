import { createHash, generateKeyPairSync, verify } from "node:crypto"
import { beforeEach, describe, expect, test } from "vitest"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { WritError } from "../../../src/errors.ts"
import { fromHex } from "../../../src/formats/bytes.ts"
import { parseNote } from "../../../src/formats/signed-note.ts"
import {
  assertExtends,
  createCheckpointSigner,
  type SignedState,
  type SignerState,
} from "../../../src/ledger/checkpointer.ts"
import { createSigner } from "../../../src/token/signer.ts"
import { verifyCheckpoint } from "../../../src/verify/index.ts"
import { leafOf, naiveConsistency, naiveRoot } from "../../support/naive-merkle.ts"

const ORIGIN = "log.example/checkpointer"
const keys = generateKeyPairSync("ed25519")
const signer = createSigner(keys.privateKey)
const leaves = Array.from({ length: 20 }, (_, i) => leafOf(i))
const other = leaves.with(2, leafOf(99))
const at = (size: number, history = leaves): SignedState => ({ size, root: naiveRoot(history.slice(0, size)) })
const proof = (from: number, to: number, history = leaves) => naiveConsistency(from, history.slice(0, to))

/** The state file: it keeps what was written, unless told to fail before or after that. */
class FakeState implements SignerState {
  kept: SignedState | null = null
  writes = 0
  fail: "before" | "after" | null = null
  read(): SignedState | null {
    return this.kept
  }
  async write(state: SignedState): Promise<void> {
    if (this.fail === "before") throw new Error("disk full")
    this.kept = state
    this.writes++
    if (this.fail === "after") throw new Error("fsync of the folder failed")
  }
}

let state: FakeState
let signatures: number
const start = (failing = false) =>
  createCheckpointSigner({
    origin: ORIGIN,
    signer: {
      publicKey: signer.publicKey,
      sign(message) {
        if (failing) throw new Error("the key store is away")
        signatures++
        return signer.sign(message)
      },
    },
    state,
    crypto: nativeCrypto,
  })
const FROZEN = expect.objectContaining({ code: "LEDGER_FROZEN" })

beforeEach(() => {
  state = new FakeState()
  signatures = 0
})

describe("createCheckpointSigner", () => {
  test("signs a C2SP checkpoint that verifies under its verifier key", async () => {
    const log = start()
    const note = await log.sign(at(5), [])
    expect(verifyCheckpoint({ note, origin: ORIGIN, vkey: log.verifierKey })).toMatchObject({
      valid: true,
      checkpoint: { origin: ORIGIN, size: 5n, root: at(5).root },
    })
    const { text, signatures } = parseNote(note)
    expect(text).toBe(`${ORIGIN}\n5\n${Buffer.from(at(5).root).toString("base64")}\n`)
    expect(verify(null, Buffer.from(text), keys.publicKey, signatures[0]?.signature as Uint8Array)).toBe(true)
  })

  test("the state is kept before the signature leaves, and once per size", async () => {
    const log = start()
    expect(log.last).toBeNull()
    const first = await log.sign(at(5), [])
    expect(await log.sign(at(5), [])).toBe(first)
    expect([state.kept, state.writes]).toEqual([at(5), 1])
    await log.sign(at(9), proof(5, 9))
    expect([log.last, state.kept, state.writes]).toEqual([at(9), at(9), 2])
  })

  test("every extension is signed, from any size to any larger one", async () => {
    for (let from = 1; from < 20; from++) {
      for (let to = from; to <= 20; to++) {
        state.kept = at(from)
        expect(await start().sign(at(to), proof(from, to))).toContain(`\n${to}\n`)
      }
    }
  })

  test("of two at once the second is checked against what the first signs", async () => {
    const log = start()
    const both = await Promise.allSettled([log.sign(at(9), []), log.sign(at(8), [])])
    expect(both).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason: { code: "LEDGER_FROZEN" } }])
    expect([log.last, state.kept, signatures]).toEqual([at(9), at(9), 1])
    expect(await log.sign(at(11), proof(9, 11))).toContain("\n11\n") // a refusal holds up nobody
  })

  test("an answer that does not verify is not published, nor is another size signed in its place", async () => {
    const good = await start().sign(at(5), [])
    state = new FakeState()
    const answers = [new Uint8Array(64), new Uint8Array(), signer.sign(Uint8Array.of(1))]
    const log = createCheckpointSigner({
      origin: ORIGIN,
      signer: {
        publicKey: signer.publicKey,
        sign: async (message) => answers.shift() ?? signer.sign(message), // one that is not in this process
      },
      state,
      crypto: nativeCrypto,
    })
    for (let i = 0; i < 3; i++) await expect(log.sign(at(5), [])).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect([log.last, state.writes]).toEqual([at(5), 1])
    expect(await log.sign(at(5), [])).toBe(good)
  })

  test("after an empty log anything may follow", async () => {
    const log = start()
    const empty = await log.sign({ size: 0, root: new Uint8Array(createHash("sha256").digest()) }, [])
    expect(empty).toContain("\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    expect(await log.sign(at(7), [])).toContain("\n7\n")
  })

  test.each<[string, SignedState, Uint8Array[], RegExp]>([
    ["fewer records: a backup was restored", at(8), [], /holds 8 records, but a checkpoint of 9 was signed/],
    ["no records", at(0), [], /holds 0 records/],
    ["as many records, one of them another", at(9, other), [], /9 records in the database are not those/],
    ["more records on a rewritten history", at(12, other), proof(9, 12, other), /do not extend the 9/],
    [
      "an honest proof that does not lead to the root",
      at(12, leaves.with(10, leafOf(99))),
      proof(9, 12),
      /do not extend/,
    ],
    ["more records without a proof", at(12), [], /do not extend the 9/],
    ["more records with the proof of another size", at(12), proof(8, 12), /do not extend the 9/],
    ["more records with a cut proof", at(12), proof(9, 12).slice(1), /do not extend the 9/],
  ])("%s: LEDGER_FROZEN, nothing is signed and the state stays", async (_, next, path, why) => {
    await start().sign(at(9), [])
    for (const log of [start(), start()]) {
      await expect(log.sign(next, path)).rejects.toEqual(FROZEN)
      await expect(log.sign(next, path)).rejects.toThrow(why)
      expect(log.last).toEqual(at(9))
    }
    expect([state.kept, signatures]).toEqual([at(9), 1])
  })
})

describe("a fault while a checkpoint is signed", () => {
  test("the state could not be kept: no signature leaves, and the same size is signed later", async () => {
    const log = start()
    await log.sign(at(5), [])
    state.fail = "before"
    await expect(log.sign(at(9), proof(5, 9))).rejects.toThrow("disk full")
    expect([log.last, state.kept, signatures]).toEqual([at(5), at(5), 1])
    state.fail = null
    expect(await log.sign(at(9), proof(5, 9))).toContain("\n9\n")
  })

  test("failed but kept: after a restart only an extension of what was kept is signed", async () => {
    await start().sign(at(5), [])
    state.fail = "after"
    await expect(start().sign(at(9), proof(5, 9))).rejects.toThrow("fsync")
    expect([state.kept, signatures]).toEqual([at(9), 1])
    state.fail = null
    const log = start()
    await expect(log.sign(at(9, other), [])).rejects.toEqual(FROZEN)
    await expect(log.sign(at(8), proof(5, 8))).rejects.toEqual(FROZEN)
    expect(await log.sign(at(9), [])).toContain("\n9\n")
    expect(await log.sign(at(11), proof(9, 11))).toContain("\n11\n")
  })

  test("the signer failed after the state was kept: the same size again, and never another root of it", async () => {
    const log = start(true)
    await expect(log.sign(at(5), [])).rejects.toThrow("key store")
    expect([log.last, state.kept]).toEqual([at(5), at(5)])
    await expect(start().sign(at(5, other), [])).rejects.toEqual(FROZEN)
    expect(await start().sign(at(5), [])).toContain("\n5\n")
    expect(state.writes).toBe(1)
  })
})

describe("assertExtends", () => {
  test("nothing was signed before: anything is an extension", () => {
    expect(() => assertExtends(null, at(3, other), [], nativeCrypto)).not.toThrow()
  })

  test("tells people what to do", () => {
    const check = () => assertExtends(at(3), at(2), [], { ...nativeCrypto, sha256 })
    expect(check).toThrow(WritError)
    expect(check).toThrow(/Restore the database that holds the newer state/)
    expect(() => assertExtends({ size: 3, root: fromHex("00".repeat(32)) }, at(3), [], nativeCrypto)).toThrow(FROZEN)
  })
})
