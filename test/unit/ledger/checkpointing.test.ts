import { beforeEach, describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { WritError } from "../../../src/errors.ts"
import { TreeTail } from "../../../src/formats/tiles.ts"
import { createCheckpointSigner, type SignedState } from "../../../src/ledger/checkpointer.ts"
import { createCheckpointing } from "../../../src/ledger/checkpointing.ts"
import { verifyCheckpoint } from "../../../src/verify/index.ts"
import { leafOf, naiveRoot } from "../../support/naive-merkle.ts"

const ORIGIN = "log.example/checkpointing"
const leaves = Array.from({ length: 40 }, (_, i) => leafOf(i))
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A log in memory with its signer; `put` is what storing a checkpoint does before it is stored. */
class World {
  held: readonly Uint8Array[] = []
  kept: SignedState | null = null
  readonly stored = new Map<number, string>()
  /** As the table: sizes only rise. */
  readonly cosigned = new Map<number, string>()
  putCosigned: (size: number) => Promise<void> = async () => {}
  readonly frozen: unknown[] = []
  signatures = 0
  put: (size: number) => Promise<void> = async () => {}
  writeState = async (state: SignedState) => {
    this.kept = state
  }

  /** Cosigns by so many of two, and counts how often it was asked. */
  witnessed = 0
  asked = 0
  /** They answer after this. */
  answer: Promise<void> = Promise.resolve()

  start(quorum?: number) {
    const key = vectorKey("log")
    const signer = createCheckpointSigner({
      origin: ORIGIN,
      signer: {
        publicKey: key.publicKey,
        sign: (message) => {
          this.signatures++
          return key.sign(message)
        },
      },
      state: { read: () => this.kept, write: (state) => this.writeState(state) },
      crypto: nativeCrypto,
    })
    const world = this
    const checkpoint = createCheckpointing({
      logId: 1,
      appender: {
        get size() {
          return world.held.length
        },
        get tree() {
          const tree = TreeTail.empty(sha256)
          tree.append(world.held)
          return tree
        },
        freeze: (cause) => this.frozen.push(cause),
      },
      signer,
      store: {
        tiles: () => ({ hashes: async (_, start, count) => this.held.slice(start, start + count) }),
        checkpoint: async (_, atLeast) => this.stored.get(atLeast) ?? null,
        putCheckpoint: async (_, size, note) => {
          await this.put(size)
          this.stored.set(size, note)
        },
        putCosigned: async (_, size, note) => {
          await this.putCosigned(size)
          if ([...this.cosigned.keys()].every((other) => other < size)) this.cosigned.set(size, note)
        },
      },
      sha256,
      ...(quorum !== undefined && {
        witnesses: {
          quorum,
          cosign: async (note: string) => {
            this.asked++
            await this.answer
            return { note: `${note}${"— w AAAAAAA=\n".repeat(this.witnessed)}`, count: this.witnessed }
          },
        },
      }),
    })
    return { checkpointing: checkpoint, checkpoint: checkpoint.sign, vkey: signer.verifierKey }
  }
}

let world: World
beforeEach(() => {
  world = new World()
})

describe("createCheckpointing", () => {
  test("an empty log needs no checkpoint", async () => {
    await world.start().checkpoint()
    expect([world.signatures, world.stored.size, world.kept]).toEqual([0, 0, null])
  })

  test("each stored checkpoint is signed over what the log held, and extends the one before", async () => {
    const { checkpoint, vkey } = world.start()
    for (const size of [1, 2, 7, 33]) {
      world.held = leaves.slice(0, size)
      await checkpoint()
      const note = world.stored.get(size) as string
      expect(verifyCheckpoint({ note, origin: ORIGIN, vkey })).toMatchObject({
        valid: true,
        checkpoint: { size: BigInt(size) },
      })
      expect(note).toContain(Buffer.from(naiveRoot(world.held)).toString("base64"))
    }
    expect(world.frozen).toEqual([])
  })

  test("what is signed and stored is not signed again; what was signed and not stored is, with the same bytes", async () => {
    world.held = leaves.slice(0, 5)
    const { checkpoint } = world.start()
    await checkpoint()
    await checkpoint()
    expect(world.signatures).toBe(1)
    const note = world.stored.get(5)
    world.stored.clear()
    await world.start().checkpoint()
    expect([world.signatures, world.stored.get(5)]).toEqual([2, note])
  })

  test("a caller who comes while one is signed waits for the next, which covers what the log holds by then", async () => {
    const { checkpoint } = world.start()
    let release = () => {}
    world.put = (size) => (size === 3 ? new Promise((resolve) => (release = resolve)) : Promise.resolve())
    world.held = leaves.slice(0, 3)
    const first = checkpoint()
    await turn()
    world.held = leaves.slice(0, 9)
    const ended: string[] = []
    const later = [1, 2, 3].map((n) => checkpoint().then(() => ended.push(`later ${n}`)))
    await turn()
    expect([[...world.stored.keys()], ended]).toEqual([[], []])
    release()
    await Promise.all([first, ...later])
    expect([[...world.stored.keys()], world.signatures]).toEqual([[3, 9], 2])
  })

  test.each<[string, readonly Uint8Array[]]>([
    ["holds fewer records than were signed", leaves.slice(0, 8)],
    ["holds as many records, one of them another", leaves.slice(0, 9).with(4, leafOf(99))],
    ["holds more records on a rewritten history", leaves.slice(0, 20).with(4, leafOf(99))],
  ])("a log that %s is frozen, and nothing is stored", async (_, held) => {
    world.held = leaves.slice(0, 9)
    await world.start().checkpoint()
    world.stored.clear()
    world.held = held
    for (const { checkpoint } of [world.start(), world.start()])
      await expect(checkpoint()).rejects.toMatchObject({ code: "LEDGER_FROZEN" })
    expect(world.frozen).toHaveLength(2)
    for (const cause of world.frozen) expect(cause).toBeInstanceOf(WritError)
    expect([world.stored.size, world.signatures, world.kept?.size]).toEqual([0, 1, 9])
  })
})

describe("a fault while a checkpoint is made", () => {
  test("it could not be stored: said, the log is not frozen, and the next call stores it", async () => {
    world.held = leaves.slice(0, 4)
    const { checkpoint } = world.start()
    world.put = () => Promise.reject(new Error("the database is away"))
    await expect(checkpoint()).rejects.toThrow("the database is away")
    world.put = async () => {}
    await checkpoint()
    expect([[...world.stored.keys()], world.frozen]).toEqual([[4], []])
  })

  test("the signer's state could not be kept: no signature is made", async () => {
    world.held = leaves.slice(0, 4)
    const { checkpoint } = world.start()
    const { writeState } = world
    world.writeState = () => {
      throw new Error("disk full")
    }
    await expect(checkpoint()).rejects.toThrow("disk full")
    expect([world.signatures, world.stored.size, world.frozen]).toEqual([0, 0, []])
    world.writeState = writeState
    await checkpoint()
    expect(world.stored.has(4)).toBe(true)
  })

  test("the newest is what was signed last, also after a restart", async () => {
    const { checkpoint, checkpointing } = world.start()
    expect(checkpointing.newest).toBeNull()
    world.held = leaves.slice(0, 5)
    await checkpoint()
    expect(checkpointing.newest).toEqual({ size: 5, note: world.stored.get(5), count: 0 })
    const again = world.start()
    await again.checkpoint()
    expect(again.checkpointing.newest?.note).toBe(world.stored.get(5))
  })

  test("what witnesses say by then is stored with it for good; while a quorum lacks they are asked again, and what comes is shown", async () => {
    const { checkpoint, checkpointing } = world.start(2)
    world.held = leaves.slice(0, 5)
    world.witnessed = 1
    await checkpoint()
    const stored = world.stored.get(5)
    expect(stored).toMatch(/— w AAAAAAA=\n$/)
    world.witnessed = 2
    await checkpoint()
    await turn() // nobody waits for them
    expect(checkpointing.newest?.count).toBe(2)
    expect(world.stored.get(5)).toBe(stored)
    expect([...world.cosigned]).toEqual([[5, checkpointing.newest?.note]]) // what has its quorum has a place of its own
    expect([world.asked, world.signatures]).toEqual([2, 1])
    await checkpoint()
    await turn()
    expect(world.asked).toBe(2) // the quorum is there
  })

  test("a quorum that is there at once: both places hold the same bytes; what lacks it has no second", async () => {
    const { checkpoint } = world.start(1)
    world.held = leaves.slice(0, 5)
    await checkpoint()
    expect(world.cosigned.size).toBe(0)
    world.held = leaves.slice(0, 6)
    world.witnessed = 1
    await checkpoint()
    expect([...world.cosigned]).toEqual([[6, world.stored.get(6)]])
  })

  test("a quorum that comes late and cannot be stored is asked for again", async () => {
    const { checkpoint, checkpointing } = world.start(1)
    world.held = leaves.slice(0, 5)
    await checkpoint()
    world.witnessed = 1
    world.putCosigned = () => Promise.reject(new Error("the database is away"))
    await checkpoint()
    await turn()
    expect([checkpointing.newest?.count, world.cosigned.size]).toEqual([0, 0])
    world.putCosigned = async () => {}
    await checkpoint()
    await turn()
    expect([checkpointing.newest?.count, [...world.cosigned.keys()]]).toEqual([1, [5]])
  })

  test("a quorum that comes late, while the next one is stored, is stored before it or not at all", async () => {
    const { checkpoint } = world.start(1)
    world.held = leaves.slice(0, 5)
    await checkpoint()
    world.witnessed = 1
    let release = () => {}
    const puts: number[] = []
    world.putCosigned = (size) => {
      puts.push(size)
      return size === 5 ? new Promise((resolve) => (release = resolve)) : Promise.resolve()
    }
    await checkpoint()
    await turn()
    world.held = leaves.slice(0, 6)
    const next = checkpoint()
    await turn()
    expect(puts).toEqual([5])
    release()
    await next
    expect([puts, [...world.cosigned.keys()]]).toEqual([
      [5, 6],
      [5, 6],
    ])
  })

  test("what comes when the log has grown meanwhile is of an older checkpoint, and is let go", async () => {
    const { checkpoint, checkpointing } = world.start(1)
    world.held = leaves.slice(0, 5)
    await checkpoint()
    let release = () => {}
    world.answer = new Promise((resolve) => {
      release = resolve
    })
    await checkpoint() // asks again, once
    await checkpoint()
    expect(world.asked).toBe(2)
    world.answer = Promise.resolve()
    world.held = leaves.slice(0, 9)
    await checkpoint()
    release()
    await turn()
    expect(checkpointing.newest?.size).toBe(9)
  })
})
