/** A log in memory, as C2SP tlog-tiles serves it: for the witness, the monitor and what collects cosignatures. */
import { vectorKey } from "../../scripts/vectors/keys.ts"
import { sha256 } from "../../src/crypto.ts"
import { concatBytes, utf8 } from "../../src/formats/bytes.ts"
import { formatCheckpoint } from "../../src/formats/checkpoint.ts"
import { encodeEntryBundle } from "../../src/formats/entry-bundle.ts"
import { hashLeaf, rootOfHashes } from "../../src/formats/merkle.ts"
import { formatNote, formatVerifierKey, noteKeyHash } from "../../src/formats/signed-note.ts"
import { parseTilePath, TILE_WIDTH } from "../../src/formats/tiles.ts"
import { buildConsistencyProof, type TileReader } from "../../src/ledger/proofs.ts"

export class MemoryLog {
  readonly origin: string
  readonly key: ReturnType<typeof vectorKey>
  entries: Uint8Array[]

  constructor(size: number, origin = "log.example/memory", key: Parameters<typeof vectorKey>[0] = "log", salt = "") {
    this.origin = origin
    this.key = vectorKey(key)
    this.entries = Array.from({ length: size }, (_, i) => utf8(`${salt}entry ${i}`))
  }

  get vkey(): string {
    return formatVerifierKey(sha256, this.origin, this.key.publicKey)
  }
  get leaves(): Uint8Array[] {
    return this.entries.map((entry) => hashLeaf(sha256, entry))
  }
  root(size = this.entries.length): Uint8Array {
    return rootOfHashes(sha256, this.leaves.slice(0, size))
  }

  checkpoint(size = this.entries.length, root = this.root(size)): string {
    const text = formatCheckpoint({ origin: this.origin, size: BigInt(size), root })
    const keyHash = noteKeyHash(sha256, this.origin, this.key.publicKey)
    return formatNote(text, [{ name: this.origin, keyHash, signature: this.key.sign(utf8(text)) }])
  }

  readonly tiles: TileReader = {
    hashes: async (level, start, count) => {
      const span = TILE_WIDTH ** level
      const leaves = this.leaves
      return Array.from({ length: count }, (_, i) =>
        rootOfHashes(sha256, leaves.slice((start + i) * span, (start + i + 1) * span)),
      )
    },
  }

  async prove(size1: number, size2 = this.entries.length): Promise<Uint8Array[]> {
    return await buildConsistencyProof(this.tiles, sha256, size1, size2)
  }

  /** As the daemon serves it; rejects on a path that it does not have. */
  readonly tile = async (path: string): Promise<Uint8Array> => {
    const tile = parseTilePath(path)
    if (!tile) throw new Error(`${path} is no tile`)
    const { level, index, width } = tile
    const start = index * TILE_WIDTH
    if (level === "entries") return encodeEntryBundle(this.entries.slice(start, start + width))
    return concatBytes(...(await this.tiles.hashes(level, start, width)))
  }
}
