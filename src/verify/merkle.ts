/** RFC 6962 proofs, checked as RFC 9162 section 2.1.3 says. */
import { equalBytes } from "../formats/bytes.ts"
import { isHash, rootFromInclusion, rootsFromConsistency } from "../formats/merkle.ts"
import type { Crypto } from "../formats/ports.ts"
import { portableCrypto } from "./portable-crypto.ts"
import { invalid, VALID, type Verdict } from "./types.ts"

const MAX_PROOF_HASHES = 64

export interface InclusionInput {
  readonly leafIndex: bigint
  readonly treeSize: bigint
  /** 32 bytes, as all hashes here. */
  readonly leafHash: Uint8Array
  readonly proof: readonly Uint8Array[]
  readonly rootHash: Uint8Array
}

/** Is the leaf at this index of the tree with this root? */
export function verifyInclusion(input: InclusionInput, crypto: Crypto = portableCrypto): Verdict {
  const { leafIndex, treeSize, leafHash, proof, rootHash } = input
  if (typeof leafIndex !== "bigint" || typeof treeSize !== "bigint") return invalid("MALFORMED", "sizes must be bigint")
  if (!isHash(leafHash) || !isHash(rootHash) || !isProof(proof)) return invalid("MALFORMED", "hashes must be 32 bytes")
  if (leafIndex < 0n || leafIndex >= treeSize) return invalid("MALFORMED", "the index is not below the tree size")
  const root = rootFromInclusion(crypto.sha256, leafIndex, treeSize, leafHash, proof)
  if (root === null) return invalid("PROOF_WRONG", "the proof has the wrong number of hashes")
  return equalBytes(root, rootHash) ? VALID : invalid("PROOF_WRONG", "the proof leads to another root")
}

export interface ConsistencyInput {
  readonly size1: bigint
  readonly size2: bigint
  readonly root1: Uint8Array
  readonly root2: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Is the first tree a prefix of the second? size1 = 0 proves nothing and is refused. */
export function verifyConsistency(input: ConsistencyInput, crypto: Crypto = portableCrypto): Verdict {
  const { size1, size2, root1, root2, proof } = input
  if (typeof size1 !== "bigint" || typeof size2 !== "bigint") return invalid("MALFORMED", "sizes must be bigint")
  if (!isHash(root1) || !isHash(root2) || !isProof(proof)) return invalid("MALFORMED", "hashes must be 32 bytes")
  if (size1 <= 0n || size1 > size2) return invalid("MALFORMED", "the sizes must be 0 < size1 ≤ size2")
  if (size1 === size2) {
    if (proof.length > 0) return invalid("PROOF_WRONG", "equal sizes need no proof")
    return equalBytes(root1, root2) ? VALID : invalid("PROOF_WRONG", "equal sizes with different roots")
  }
  const roots = rootsFromConsistency(crypto.sha256, size1, size2, root1, proof)
  if (roots === null) return invalid("PROOF_WRONG", "the proof has the wrong number of hashes")
  if (!equalBytes(roots.root1, root1)) return invalid("PROOF_WRONG", "the proof leads to another first root")
  return equalBytes(roots.root2, root2) ? VALID : invalid("PROOF_WRONG", "the proof leads to another second root")
}

function isProof(proof: unknown): proof is readonly Uint8Array[] {
  return Array.isArray(proof) && proof.length <= MAX_PROOF_HASHES && proof.every(isHash)
}
