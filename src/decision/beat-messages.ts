/** What goes to the thread beside: many beats in one buffer that changes hands, since each object would be copied. */

export interface SignedBytes {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly bytes: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

export interface PackedBeat {
  /** RFC 8785 JSON. */
  readonly leaf: string
  readonly bytes: Buffer
  readonly signature: Buffer
}

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const LENGTH_BYTES = 4

/** Key ‖ signature ‖ length ‖ bytes, one after the other. */
export function packJobs(jobs: readonly SignedBytes[]): Uint8Array {
  let size = 0
  for (const { bytes } of jobs) size += KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES + bytes.length
  const packed = Buffer.from(new ArrayBuffer(size)) // of its own, not of Node's pool: it changes hands
  let at = 0
  for (const { publicKey, bytes, signature } of jobs) {
    packed.set(publicKey, at)
    packed.set(signature, at + KEY_BYTES)
    packed.writeUInt32LE(bytes.length, at + KEY_BYTES + SIGNATURE_BYTES)
    packed.set(bytes, at + KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES)
    at += KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES + bytes.length
  }
  return packed
}

export function* readJobs(packed: Uint8Array): Generator<SignedBytes> {
  const from = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 0; at < from.length; ) {
    const start = at + KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES
    const end = start + from.readUInt32LE(start - LENGTH_BYTES)
    yield {
      publicKey: from.subarray(at, at + KEY_BYTES),
      signature: from.subarray(at + KEY_BYTES, at + KEY_BYTES + SIGNATURE_BYTES),
      bytes: from.subarray(start, end),
    }
    at = end
  }
}

/** Fills one buffer with beats: signature ‖ two lengths ‖ leaf ‖ bytes. */
export class BeatPacker {
  readonly #size: number
  #buffer: Buffer
  #at = 0

  constructor(size: number) {
    this.#size = size
    this.#buffer = Buffer.from(new ArrayBuffer(size))
  }

  /** False: it does not fit any more, and `take` has to come first. */
  add(leaf: string, bytes: Uint8Array, signature: Uint8Array): boolean {
    const needed = SIGNATURE_BYTES + 2 * LENGTH_BYTES + 3 * leaf.length + bytes.length
    if (this.#at + needed > this.#buffer.length) {
      if (this.#at > 0) return false
      this.#buffer = Buffer.from(new ArrayBuffer(needed))
    }
    const start = this.#at + SIGNATURE_BYTES + 2 * LENGTH_BYTES
    const leafBytes = this.#buffer.write(leaf, start)
    this.#buffer.set(signature, this.#at)
    this.#buffer.writeUInt32LE(leafBytes, this.#at + SIGNATURE_BYTES)
    this.#buffer.writeUInt32LE(bytes.length, this.#at + SIGNATURE_BYTES + LENGTH_BYTES)
    this.#buffer.set(bytes, start + leafBytes)
    this.#at = start + leafBytes + bytes.length
    return true
  }

  /** What was added since, to be handed over; null: nothing. */
  take(): Uint8Array | null {
    if (this.#at === 0) return null
    const full = this.#buffer.subarray(0, this.#at)
    this.#buffer = Buffer.from(new ArrayBuffer(this.#size))
    this.#at = 0
    return full
  }
}

export function* readPackedBeats(packed: Uint8Array): Generator<PackedBeat> {
  const from = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let at = 0; at < from.length; ) {
    const start = at + SIGNATURE_BYTES + 2 * LENGTH_BYTES
    const middle = start + from.readUInt32LE(at + SIGNATURE_BYTES)
    const end = middle + from.readUInt32LE(at + SIGNATURE_BYTES + LENGTH_BYTES)
    yield {
      leaf: from.toString("utf8", start, middle),
      bytes: from.subarray(middle, end),
      signature: from.subarray(at, at + SIGNATURE_BYTES),
    }
    at = end
  }
}
