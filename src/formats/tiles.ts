/** C2SP tlog-tiles: the tree cut into tiles of 256 hashes, and the part of it that a writer keeps in memory. */
import { hashNode } from "./merkle.ts"
import type { Sha256 } from "./ports.ts"

export const TILE_HEIGHT = 8
export const TILE_WIDTH = 256
const HASH_BYTES = 32

/** Tile `index` at tile level `level` has become full. */
export interface FullTile {
  readonly level: number
  readonly index: number
  /** 256 × 32 bytes. */
  readonly hashes: Uint8Array
  /** The root over them: hash `index` of the level above. */
  readonly root: Uint8Array
}

/** Path of a tile below the log's prefix (tlog-tiles section "Merkle Tree"); `width` for a partial one. */
export function tilePath(level: number | "entries", index: number, width = TILE_WIDTH): string {
  const groups = [String(index % 1000).padStart(3, "0")]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`)
  }
  return `tile/${level}/${groups.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`
}

/** What such a path names; null: nothing. `level` "entries": a bundle of leaves. */
export function parseTilePath(
  path: string,
): { readonly level: number | "entries"; readonly index: number; readonly width: number } | null {
  const match =
    /^tile\/(entries|0|[1-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path)
  if (!match) return null
  const [, level, groups = "", partial] = match
  const index = Number(groups.replaceAll(/[x/]/g, ""))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (partial !== undefined && width >= TILE_WIDTH) return null
  if (groups.startsWith("x000")) return null // one path for each tile
  return { level: level === "entries" ? level : Number(level), index, width }
}

/** A perfect subtree whose parent is not complete yet. */
interface Peak {
  /** Covers 2^height leaves. */
  readonly height: number
  readonly hash: Uint8Array
}

/**
 * The right edge of a tree: the roots of its perfect subtrees, largest first, and at each tile level the hashes of the
 * tile that is not full yet. Appending n leaves costs fewer than n + log2(size) node hashes, tiles included.
 */
export class TreeTail {
  readonly #sha256: Sha256
  #size: number
  #peaks: Peak[]
  /** Per tile level, the hashes of its partial tile. */
  #partial: Uint8Array[][]

  private constructor(sha256: Sha256, size: number, peaks: Peak[], partial: Uint8Array[][]) {
    this.#sha256 = sha256
    this.#size = size
    this.#peaks = peaks
    this.#partial = partial
  }

  static empty(sha256: Sha256): TreeTail {
    return new TreeTail(sha256, 0, [], [])
  }

  /** From the partial tiles of each level, level 0 first; `partial[l]` has floor(size / 256^l) mod 256 hashes. */
  static restore(sha256: Sha256, size: number, partial: readonly (readonly Uint8Array[])[]): TreeTail {
    if (size >= TILE_WIDTH ** partial.length)
      throw new Error(`${partial.length} tile levels do not hold ${size} leaves`)
    const peaks: Peak[] = []
    for (let level = partial.length - 1; level >= 0; level--) {
      const hashes = partial[level] as readonly Uint8Array[]
      const expected = Math.floor(size / TILE_WIDTH ** level) % TILE_WIDTH
      if (hashes.length !== expected)
        throw new Error(`tile level ${level} has ${hashes.length} hashes instead of ${expected}`)
      let at = 0
      for (let bit = TILE_HEIGHT - 1; bit >= 0; bit--) {
        const width = 1 << bit
        if ((hashes.length & width) === 0) continue
        peaks.push({ height: level * TILE_HEIGHT + bit, hash: foldPerfect(sha256, hashes, at, width) })
        at += width
      }
    }
    return new TreeTail(
      sha256,
      size,
      peaks,
      partial.map((hashes) => [...hashes]),
    )
  }

  get size(): number {
    return this.#size
  }

  /** The tile in progress at a tile level: hashes of complete subtrees of 256^level leaves. */
  partialTile(level: number): readonly Uint8Array[] {
    return this.#partial[level] ?? []
  }

  /** Adds leaves; answers the tiles that became full, in the order in which they did. */
  append(leafHashes: readonly Uint8Array[]): { readonly fullTiles: FullTile[] } {
    const fullTiles: FullTile[] = []
    for (const leaf of leafHashes) {
      let peak: Peak = { height: 0, hash: leaf }
      this.#size++
      this.#keep(0, leaf)
      for (let last = this.#peaks.at(-1); last && last.height === peak.height; last = this.#peaks.at(-1)) {
        this.#peaks.pop()
        peak = { height: peak.height + 1, hash: hashNode(this.#sha256, last.hash, peak.hash) }
        if (peak.height % TILE_HEIGHT === 0) {
          const level = peak.height / TILE_HEIGHT
          fullTiles.push(this.#fill(level - 1, peak.hash))
          this.#keep(level, peak.hash)
        }
      }
      this.#peaks.push(peak)
    }
    return { fullTiles }
  }

  /** RFC 6962 root of what was appended; with the root of a tree that follows it and is no larger than its last perfect subtree, of both. */
  root(right?: Uint8Array): Uint8Array {
    let root = right
    for (let i = this.#peaks.length - 1; i >= 0; i--) {
      const { hash } = this.#peaks[i] as Peak
      root = root ? hashNode(this.#sha256, hash, root) : hash
    }
    return root ?? this.#sha256(new Uint8Array())
  }

  /** Shares the hashes, not the lists: what is appended to the clone does not change this. */
  clone(): TreeTail {
    return new TreeTail(
      this.#sha256,
      this.#size,
      [...this.#peaks],
      this.#partial.map((hashes) => [...hashes]),
    )
  }

  #keep(level: number, hash: Uint8Array): void {
    const tile = this.#partial[level]
    if (tile) tile.push(hash)
    else this.#partial[level] = [hash]
  }

  #fill(level: number, root: Uint8Array): FullTile {
    const tile = this.#partial[level] as Uint8Array[]
    const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES)
    for (let i = 0; i < TILE_WIDTH; i++) hashes.set(tile[i] as Uint8Array, i * HASH_BYTES)
    this.#partial[level] = []
    return { level, index: this.#size / TILE_WIDTH ** (level + 1) - 1, hashes, root }
  }
}

function foldPerfect(sha256: Sha256, hashes: readonly Uint8Array[], start: number, width: number): Uint8Array {
  let level = hashes.slice(start, start + width)
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      hashNode(sha256, level[2 * i] as Uint8Array, level[2 * i + 1] as Uint8Array),
    )
  }
  return level[0] as Uint8Array
}
