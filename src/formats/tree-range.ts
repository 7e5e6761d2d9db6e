/** A range of leaves in a tree: which other hashes lead from it to the root, and to proofs of its leaves. */
import { WritError } from "../errors.ts"
import { hashNode, type TreeNode } from "./merkle.ts"
import type { Sha256 } from "./ports.ts"

/**
 * The largest perfect subtrees that cover what lies before and after leaves [first, past) of a tree of `size`, each list
 * from left to right. Needs 0 ≤ first ≤ past ≤ size < 2^53.
 */
export function nodesBeside(
  first: number,
  past: number,
  size: number,
): { readonly left: readonly TreeNode[]; readonly right: readonly TreeNode[] } {
  return { left: perfectSubtrees(0, first), right: perfectSubtrees(past, size) }
}

function perfectSubtrees(start: number, end: number): TreeNode[] {
  const nodes: TreeNode[] = []
  for (let at = start; at < end; ) {
    let [level, width] = [0, 1]
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** The node at the top of a tree of this many leaves, at least one. */
export function topNode(size: number): TreeNode {
  let level = 0
  while (2 ** level < size) level++
  return { level, index: 0 }
}

/** The hash of a node of a tree of `size`, put together from those that are known. Throws INVALID_REQUEST when one is missing. */
export function hashOfNode(
  sha256: Sha256,
  { level, index }: TreeNode,
  size: number,
  known: (node: TreeNode) => Uint8Array | undefined,
): Uint8Array {
  const hash = known({ level, index })
  if (hash) return hash
  if (level === 0) throw new WritError("INVALID_REQUEST", `The hash of leaf ${index} is not known.`)
  const left = hashOfNode(sha256, { level: level - 1, index: 2 * index }, size, known)
  if ((2 * index + 1) * 2 ** (level - 1) >= size) return left // the right edge covers fewer leaves than its level says
  return hashNode(sha256, left, hashOfNode(sha256, { level: level - 1, index: 2 * index + 1 }, size, known))
}
