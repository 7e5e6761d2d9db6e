/** The thread itself, as the daemon starts it. */
import type { Worker } from "node:worker_threads"
import { inflateRawSync } from "node:zlib"
import { afterEach, describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import { BeatPacker, readPackedBeats } from "../../../src/decision/beat-messages.ts"
import { type BeatThread, createBeatThread, startBeatWorker } from "../../../src/decision/beat-thread.ts"
import { toHex, utf8 } from "../../../src/formats/bytes.ts"
import { testSigner } from "../../support/decision.ts"
import { naiveRoot } from "../../support/naive-merkle.ts"

const signer = testSigner(6)
const faults: Error[] = []
let thread: BeatThread = createBeatThread((error) => faults.push(error))
afterEach(async () => {
  await thread.stop()
  thread = createBeatThread((error) => faults.push(error))
})

describe("createBeatThread", () => {
  test("each of many signatures gets its own verdict, more than one batch at once", async () => {
    const cases = Array.from({ length: 100 }, (_, i) => {
      const bytes = utf8(`beat ${i} ${"x".repeat(i)}`)
      const signature = Uint8Array.from(signer.sign(bytes))
      if (i % 3 === 0) signature[i % 64] = (signature[i % 64] as number) ^ 1
      return { bytes, signature, holds: i % 3 !== 0 }
    })
    const verdicts = await Promise.all(
      cases.map(({ bytes, signature }) => thread.verify(signer.publicKey, bytes, signature)),
    )
    expect(verdicts).toEqual(cases.map(({ holds }) => holds))
  })

  test("a segment holds what was added before it, whole and in order, whatever its size", async () => {
    const beats = Array.from({ length: 50 }, (_, i) => ({
      leaf: `{"sequence":"${i}","runtime":"größe"}`,
      bytes: utf8(`domain\n{"n":"${i}","pad":"${"p".repeat(i * 400)}"}`),
      signature: new Uint8Array(64).fill(i),
    }))
    for (const { leaf, bytes, signature } of beats) thread.add(leaf, bytes, signature)
    const made = thread.finish()
    thread.add("later", utf8("later"), new Uint8Array(64))
    const { count, root, segment, sha256: digest } = await made
    expect(count).toBe(50)
    expect(root).toBe(toHex(naiveRoot(beats.map(({ leaf }) => sha256(Buffer.from(`\0${leaf}`))))))
    expect(digest).toBe(toHex(sha256(segment)))
    const lines = inflateRawSync(segment)
      .toString()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(lines).toEqual(
      beats.map(({ leaf, bytes, signature }) => ({
        leaf,
        signature: Buffer.from(signature).toString("base64"),
        signed: Buffer.from(bytes).toString(),
      })),
    )
    expect((await thread.finish()).count).toBe(1)
  })

  test("more than may wait are refused at once; when it stops, those who wait are told", async () => {
    const bytes = utf8("beat")
    const signature = signer.sign(bytes)
    const waiting = Array.from({ length: 2_048 }, () => thread.verify(signer.publicKey, bytes, signature))
    const outcomes = Promise.allSettled(waiting)
    expect(() => thread.verify(signer.publicKey, bytes, signature)).toThrow(
      expect.objectContaining({ code: "QUEUE_FULL" }),
    )
    await thread.stop()
    expect(new Set((await outcomes).map(({ status }) => status))).toEqual(new Set(["rejected"]))
  })

  test("when it dies, those who wait are told, and the next beat starts another", async () => {
    const bytes = utf8("beat")
    const signature = signer.sign(bytes)
    const workers: Worker[] = []
    const mortal = createBeatThread(
      (error) => faults.push(error),
      () => {
        const worker = startBeatWorker()
        workers.push(worker)
        return worker
      },
    )
    expect(await mortal.verify(signer.publicKey, bytes, signature)).toBe(true)
    const waiting = Promise.allSettled([mortal.verify(signer.publicKey, bytes, signature), mortal.finish()])
    await workers[0]?.terminate()
    expect((await waiting).map(({ status }) => status)).toContain("rejected")
    expect(faults).toHaveLength(1)
    expect(await mortal.verify(signer.publicKey, bytes, signature)).toBe(true)
    expect(workers).toHaveLength(2)
    await mortal.stop()
  })
})

describe("BeatPacker", () => {
  test("a beat that is larger than the buffer has one of its own", () => {
    const packer = new BeatPacker(300)
    expect(packer.take()).toBeNull()
    const small = new Uint8Array(100).fill(1)
    const large = new Uint8Array(1_000).fill(2)
    expect(packer.add("a", small, new Uint8Array(64))).toBe(true)
    expect(packer.add("b", large, new Uint8Array(64))).toBe(false)
    const first = [...readPackedBeats(packer.take() as Uint8Array)]
    expect(packer.add("b", large, new Uint8Array(64).fill(9))).toBe(true)
    const [second] = [...readPackedBeats(packer.take() as Uint8Array)]
    expect(first.map(({ leaf, bytes }) => [leaf, bytes.length])).toEqual([["a", 100]])
    expect(second).toMatchObject({ leaf: "b", bytes: Buffer.from(large), signature: Buffer.alloc(64, 9) })
  })
})
