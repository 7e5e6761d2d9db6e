/**
 * A thread that signs, many at once: under load a third of what the main thread does for a decision would be its
 * signature. Memory goes over and comes back, nothing is copied.
 */
import { Worker } from "node:worker_threads"

/** A dot and base64url of 64 bytes. */
const SIGNATURE_ROOM = 87

/**
 * A batch: count, then start and end of each message, as 32-bit numbers; the messages; after each a dot's and a
 * signature's room, which the thread fills.
 */
const THREAD = `
const { parentPort, workerData } = require("node:worker_threads")
const { crypto_sign_detached } = require(workerData.sodium)
const secretKey = Buffer.from(workerData.secretKey)
const signature = Buffer.alloc(64)
parentPort.on("message", (batch) => {
  const count = new Uint32Array(batch, 0, 1)[0]
  const spans = new Uint32Array(batch, 4, 2 * count)
  const bytes = Buffer.from(batch)
  for (let i = 0; i < count; i++) {
    const end = spans[2 * i + 1]
    crypto_sign_detached(signature, bytes.subarray(spans[2 * i], end), secretKey)
    bytes[end] = 46
    bytes.write(signature.toString("base64url"), end + 1, "latin1")
  }
  parentPort.postMessage(batch, [batch])
})
parentPort.postMessage(null)
`

export interface SigningThread {
  /** False until it has begun, and after it has failed. */
  isUp(): boolean
  /** Takes the batch's memory and gives it back filled. Rejects when the thread fails. */
  sign(batch: ArrayBuffer): Promise<ArrayBuffer>
  stop(): Promise<void>
}

/** `secretKey` as libsodium has it: seed, then public key. `sodium`: the file of sodium-native. */
export function startSigningThread(secretKey: Uint8Array, sodium: string): SigningThread {
  const worker = new Worker(THREAD, { eval: true, workerData: { secretKey, sodium } })
  const waiting: { resolve(batch: ArrayBuffer): void; reject(cause: unknown): void }[] = []
  let isUp = false
  const fail = (cause: unknown) => {
    isUp = false
    for (const { reject } of waiting.splice(0)) reject(cause)
  }
  worker.on("message", (batch: ArrayBuffer | null) => {
    if (batch === null) isUp = true
    else waiting.shift()?.resolve(batch) // answered in the order in which they were sent
  })
  worker.on("error", fail)
  worker.on("exit", () => fail(new Error("the signing thread has ended")))
  worker.unref()
  return {
    isUp: () => isUp,
    sign: (batch) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        worker.postMessage(batch, [batch])
      }),
    async stop() {
      isUp = false
      await worker.terminate()
    },
  }
}

/** The compact JWS of each signing input (ASCII). */
export async function signBatch(thread: SigningThread, inputs: readonly string[]): Promise<string[]> {
  const head = 4 + 8 * inputs.length
  let size = head
  for (const input of inputs) size += input.length + SIGNATURE_ROOM
  const memory = new ArrayBuffer(size)
  const bytes = Buffer.from(memory)
  const numbers = new Uint32Array(memory, 0, head / 4)
  numbers[0] = inputs.length
  const spans: number[] = []
  let at = head
  for (const input of inputs) {
    spans.push(at, at + bytes.write(input, at, "latin1"))
    at += input.length + SIGNATURE_ROOM
  }
  numbers.set(spans, 1)
  const signed = Buffer.from(await thread.sign(memory))
  return inputs.map((_, i) => {
    const start = spans[2 * i] as number
    return signed.toString("latin1", start, (spans[2 * i + 1] as number) + SIGNATURE_ROOM)
  })
}
