/** RFC 6962 section 2.1, word for word and slow: the oracle of the Merkle tests. */
import { createHash } from "node:crypto"

const hash = (...parts: Uint8Array[]) => {
  const sha = createHash("sha256")
  for (const part of parts) sha.update(part)
  return new Uint8Array(sha.digest())
}
export const leafOf = (index: number) => hash(Uint8Array.of(0), Buffer.from(`leaf ${index}`))
const node = (left: Uint8Array, right: Uint8Array) => hash(Uint8Array.of(1), left, right)

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return hash()
  if (leaves.length === 1) return leaves[0] as Uint8Array
  const k = split(leaves.length)
  return node(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

export function naiveInclusion(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...naiveInclusion(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naiveInclusion(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))]
}

export function naiveConsistency(m: number, leaves: readonly Uint8Array[], whole = true): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...naiveConsistency(m, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))]
    : [...naiveConsistency(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))]
}
