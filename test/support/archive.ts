/** Archives of a log in memory, put together from docs/spec/archive.md without asking src/ for anything but where they are to be good. */
import { sha256 } from "../../scripts/vectors/keys.ts"
import { commit } from "../../scripts/vectors/lineage.ts"
import type { ByteSource } from "../../src/formats/archive.ts"
import { MemoryLog } from "./log.ts"
import { naiveCanonicalJson } from "./naive-canonical-json.ts"
import { naiveRoot } from "./naive-merkle.ts"

export const ARCHIVED_LOG = "log.example/archive"

const u32 = (n: number) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
const u16 = (n: number) => Buffer.from([n >> 8, n & 255])

export interface Stored {
  readonly body: Buffer
  readonly payload: Buffer | null
  readonly segment: Buffer | null
}

/** Record 3 of each hundred is of beats, 4 has a payload, 5 had one. */
export function record(index: number): Stored {
  const payload = Buffer.concat([sha256(`salt ${index}`), Buffer.from(`{"n":${index}}`)])
  const segment = index % 100 === 3 ? Buffer.from(`beats ${index}`) : null
  const hasPayload = index % 100 === 4 || index % 100 === 5
  const body = naiveCanonicalJson({
    data: { n: index, ...(segment && { segment_sha256: sha256(segment).toString("hex") }) },
    kind: segment ? "beats" : "decision",
    payload: hasPayload ? commit(payload) : null,
  })
  return { body: Buffer.from(body), payload: index % 100 === 4 ? payload : null, segment }
}

export class ArchivedLog extends MemoryLog {
  readonly stored: Stored[]
  constructor(size: number) {
    super(0, ARCHIVED_LOG)
    this.stored = Array.from({ length: size }, (_, i) => record(i))
    this.entries = this.stored.map(({ body }) => body)
  }

  /** Roots of [0, first) and of [past, size), each cut into the largest perfect subtrees. */
  beside(first: number, past: number, size: number): { left: string[]; right: string[] } {
    const cut = (start: number, end: number): string[] => {
      if (start === end) return []
      let width = 1
      while (start % (2 * width) === 0 && start + 2 * width <= end) width *= 2
      const root = naiveRoot(this.leaves.slice(start, start + width))
      return [Buffer.from(root).toString("base64"), ...cut(start + width, end)]
    }
    return { left: cut(0, first), right: cut(past, size) }
  }

  head(first: number, past: number, size = this.entries.length): { [key: string]: unknown } {
    return {
      v: 1,
      type: "writ-archive",
      log: ARCHIVED_LOG,
      first: String(first),
      past: String(past),
      checkpoint: this.checkpoint(size),
      ...this.beside(first, past, size),
    }
  }

  block(start: number, stored = this.stored.slice(start, start + 256)): Buffer {
    const part = (bytes: Buffer | null) => Buffer.concat([u32(bytes?.length ?? 0), bytes ?? Buffer.alloc(0)])
    return Buffer.concat([
      ...stored.map(({ body }) => Buffer.concat([u16(body.length), body])),
      ...stored.map(({ payload }) => part(payload)),
      ...stored.map(({ segment }) => part(segment)),
    ])
  }

  archive(first: number, past: number, size = this.entries.length): Buffer {
    const blocks = []
    for (let start = first; start < past; start += 256) blocks.push(this.block(start))
    return putTogether(this.head(first, past, size), blocks)
  }
}

export function putTogether(head: { [key: string]: unknown }, blocks: readonly Buffer[]): Buffer {
  const line = Buffer.from(`${naiveCanonicalJson(head)}\n`)
  const digests = blocks.map((block) => sha256(block))
  return Buffer.concat([
    line,
    ...blocks.map((block, i) => Buffer.concat([u32(block.length), block, digests[i] as Buffer])),
    sha256(Buffer.concat([sha256(line), ...digests])),
  ])
}

export function sourceOf(bytes: Uint8Array): ByteSource {
  let at = 0
  return {
    async take(length) {
      const taken = bytes.subarray(at, at + length)
      at += taken.length
      return taken
    },
  }
}
