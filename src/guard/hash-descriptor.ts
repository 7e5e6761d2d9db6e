/** SHA-256 of an open file, read from its beginning whatever its offset is. */
import { createHash } from "node:crypto"
import { type BigIntStats, fstatSync, readSync } from "node:fs"

const CHUNK_BYTES = 1 << 20
/** Below this age a file may be written to again without a new ctime: clocks of file systems tick every few milliseconds. */
const SETTLED_MS = 50
/** Files whose digest is remembered; more than a process maps. */
const MOST_REMEMBERED = 4_096

/** Lower-case hex. */
export function hashDescriptor(fd: number): string {
  const hash = createHash("sha256")
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  for (let position = 0; ; ) {
    const count = readSync(fd, chunk, 0, CHUNK_BYTES, position)
    if (count === 0) return hash.digest("hex")
    hash.update(chunk.subarray(0, count))
    position += count
  }
}

/** Names a file's content for as long as nobody sets the clock back: writing to it changes ctime, which no call can set. */
export function toIdentity(stat: BigIntStats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`
}

/** Hashes a file again only when it is another or was written to: a beat must not read 100 MB. */
export class DescriptorHasher {
  readonly #known = new Map<string, string>()

  hash(fd: number): string {
    const stat = fstatSync(fd, { bigint: true })
    const identity = toIdentity(stat)
    const known = this.#known.get(identity)
    if (known !== undefined) return known
    const settled = Date.now() - Number(stat.ctimeNs / 1_000_000n) > SETTLED_MS
    const digest = hashDescriptor(fd)
    // Written to while it was read: what was read may be neither the old content nor the new.
    if (!settled || toIdentity(fstatSync(fd, { bigint: true })) !== identity) return digest
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(identity, digest)
    return digest
  }
}
