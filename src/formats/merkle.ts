/**
 * RFC 6962 Merkle trees: hashes, proofs, and their checks. Sizes and indexes are bigint where they come from outside.
 * The proof arithmetic follows RFC 9162 section 2.1.3.
 */
import type { Sha256 } from "./ports.ts"

export const HASH_BYTES = 32

/** What is hashed is put together here: an allocation each time would cost as much as the hash. */
const leafInput = new Uint8Array(4096) // its first byte is the prefix 0x00
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES)
nodeInput[0] = 1

/** SHA-256(0x00 ‖ body): RFC 6962 section 2.1. */
export function hashLeaf(sha256: Sha256, body: Uint8Array): Uint8Array {
  const input =
    body.length < leafInput.length ? leafInput.subarray(0, 1 + body.length) : new Uint8Array(1 + body.length)
  input.set(body, 1)
  return sha256(input)
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function hashNode(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  return sha256(nodeInput)
}

/** The root of the empty tree: SHA-256 of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array())
}

/** The root of a tree with these leaf hashes, by halving; for whole small trees. */
export function rootOfHashes(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return emptyRoot(sha256)
  let level = hashes
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Uint8Array
      const right = level[i + 1]
      next.push(right ? hashNode(sha256, left, right) : left)
    }
    level = next
  }
  return level[0] as Uint8Array
}

/** Node `index` at `level` covers leaves [index · 2^level, (index + 1) · 2^level), cut off at the tree's size. */
export interface TreeNode {
  readonly level: number
  readonly index: number
}

/** Nodes of the inclusion proof, leaf to root (RFC 6962 section 2.1.1). Needs 0 ≤ index < size < 2^53. */
export function inclusionNodes(index: number, size: number): TreeNode[] {
  const nodes: TreeNode[] = []
  let at = index
  let last = size - 1
  for (let level = 0; last > 0; level++) {
    const sibling = at % 2 === 0 ? at + 1 : at - 1
    if (sibling <= last) nodes.push({ level, index: sibling })
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return nodes
}

/** Nodes of the consistency proof between two sizes (RFC 6962 section 2.1.2). Needs 0 < size1 ≤ size2 < 2^53. */
export function consistencyNodes(size1: number, size2: number): TreeNode[] {
  if (size1 === size2) return []
  let level = 0
  let at = size1 - 1
  let last = size2 - 1
  while (at % 2 === 1) {
    at = (at - 1) / 2
    last = Math.floor(last / 2)
    level++
  }
  const nodes: TreeNode[] = at === 0 ? [] : [{ level, index: at }]
  for (; last > 0; level++) {
    const sibling = at % 2 === 0 ? at + 1 : at - 1
    if (sibling <= last) nodes.push({ level, index: sibling })
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return nodes
}

/** The root that the proof leads to, or null when it does not have the shape that index and size demand. Needs 0 ≤ leafIndex < treeSize. */
export function rootFromInclusion(
  sha256: Sha256,
  leafIndex: bigint,
  treeSize: bigint,
  leafHash: Uint8Array,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  let fn = leafIndex
  let sn = treeSize - 1n
  let root = leafHash
  for (const hash of proof) {
    if (sn === 0n) return null
    if (fn % 2n === 1n || fn === sn) {
      root = hashNode(sha256, hash, root)
      while (fn % 2n === 0n && fn !== 0n) {
        fn >>= 1n
        sn >>= 1n
      }
    } else root = hashNode(sha256, root, hash)
    fn >>= 1n
    sn >>= 1n
  }
  return sn === 0n ? root : null
}

/** Both roots that a consistency proof leads to, or null when it has the wrong shape. Needs 0 < size1 < size2. */
export function rootsFromConsistency(
  sha256: Sha256,
  size1: bigint,
  size2: bigint,
  root1: Uint8Array,
  proof: readonly Uint8Array[],
): { readonly root1: Uint8Array; readonly root2: Uint8Array } | null {
  const isPowerOfTwo = (size1 & (size1 - 1n)) === 0n
  const path = isPowerOfTwo ? [root1, ...proof] : proof
  const [seed, ...rest] = path
  if (!seed) return null
  let fn = size1 - 1n
  let sn = size2 - 1n
  while (fn % 2n === 1n) {
    fn >>= 1n
    sn >>= 1n
  }
  let first = seed
  let second = seed
  for (const hash of rest) {
    if (sn === 0n) return null
    if (fn % 2n === 1n || fn === sn) {
      first = hashNode(sha256, hash, first)
      second = hashNode(sha256, hash, second)
      while (fn % 2n === 0n && fn !== 0n) {
        fn >>= 1n
        sn >>= 1n
      }
    } else second = hashNode(sha256, second, hash)
    fn >>= 1n
    sn >>= 1n
  }
  return sn === 0n ? { root1: first, root2: second } : null
}

export function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES
}
