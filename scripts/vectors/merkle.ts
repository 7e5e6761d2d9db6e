/** RFC 6962 trees. Roots and proofs come from the RFC's recursive definition (test/support/naive-merkle.ts). */
import { createHash } from "node:crypto"
import { naiveConsistency, naiveInclusion, naiveRoot } from "../../test/support/naive-merkle.ts"
import type { Vector } from "./vector.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const leafHash = (body: string) => new Uint8Array(createHash("sha256").update(`00${body}`, "hex").digest())

/** The eight leaves that Certificate Transparency's own tests use, and the roots known for them. */
const BODIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
const LEAVES: readonly Uint8Array[] = BODIES.map(leafHash)

const roots = ROOTS.map(
  (root, size): Vector => ({
    name: `root-${size}`,
    description: `the root of ${size} leaves`,
    input: { leaves: BODIES.slice(0, size) },
    expected: { root },
  }),
)

interface Inclusion {
  readonly leaf_index: string
  readonly tree_size: string
  readonly leaf_hash: string
  readonly proof: readonly string[]
  readonly root: string
}
const inclusion = (index: number, size: number): Inclusion => ({
  leaf_index: String(index),
  tree_size: String(size),
  leaf_hash: hex(LEAVES[index] as Uint8Array),
  proof: naiveInclusion(index, LEAVES.slice(0, size)).map(hex),
  root: hex(naiveRoot(LEAVES.slice(0, size))),
})
const included = (index: number, size: number): Vector => ({
  name: `inclusion-${index}-of-${size}`,
  description: `leaf ${index} of a tree of ${size}`,
  input: inclusion(index, size),
  expected: { valid: true },
})
const notIncluded = (name: string, description: string, input: Inclusion, code = "PROOF_WRONG"): Vector => ({
  name: `inclusion-${name}`,
  description,
  input,
  expected: { valid: false, code },
})
const flip = (hash: string) => (hash.startsWith("0") ? "1" : "0") + hash.slice(1)
const node = (left: string, right: string) => createHash("sha256").update(`01${left}${right}`, "hex").digest("hex")
const zeros = "00".repeat(32)
const five = inclusion(5, 7)

const inclusions: readonly Vector[] = [
  ...(
    [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 3],
      [5, 7],
      [6, 7],
      [0, 8],
      [7, 8],
    ] as const
  ).map(([i, n]) => included(i, n)),
  notIncluded("wrong-index", "the proof of leaf 5 for leaf 4", { ...five, leaf_index: "4" }),
  notIncluded("index-at-size", "there is no leaf 7 in a tree of 7", { ...five, leaf_index: "7" }, "MALFORMED"),
  notIncluded("negative-index", "indexes begin at 0", { ...five, leaf_index: "-1" }, "MALFORMED"),
  notIncluded("empty-tree", "nothing is in the empty tree", { ...inclusion(0, 1), tree_size: "0" }, "MALFORMED"),
  notIncluded("larger-size", "the proof for size 7 does not do for size 9", { ...five, tree_size: "9" }),
  notIncluded("smaller-size", "the proof for size 7 does not do for size 6", { ...five, tree_size: "6" }),
  notIncluded("node-as-leaf", "an inner node in place of a leaf", {
    ...inclusion(0, 4),
    leaf_hash: node(hex(LEAVES[0] as Uint8Array), hex(LEAVES[1] as Uint8Array)),
    proof: inclusion(0, 4).proof.slice(1),
  }),
  notIncluded("wrong-leaf", "the hash of leaf 4 in place of leaf 5", {
    ...five,
    leaf_hash: hex(LEAVES[4] as Uint8Array),
  }),
  notIncluded("wrong-root", "the root of 6 leaves in place of 7", { ...five, root: ROOTS[6] as string }),
  notIncluded("flipped-hash", "one digit of the proof", {
    ...five,
    proof: five.proof.with(1, flip(five.proof[1] as string)),
  }),
  notIncluded("swapped-hashes", "two hashes of the proof in each other's place", {
    ...five,
    proof: [five.proof[1], five.proof[0], ...five.proof.slice(2)] as string[],
  }),
  notIncluded("short-proof", "the last hash is missing", { ...five, proof: five.proof.slice(0, -1) }),
  notIncluded("no-proof", "no hash at all", { ...five, proof: [] }),
  notIncluded("long-proof", "the root appended as one more hash", { ...five, proof: [...five.proof, five.root] }),
  notIncluded("second-leaf-of-one", "a tree of one leaf has no proof: this is leaf 1 of 2 passed off as leaf 0 of 1", {
    ...inclusion(1, 2),
    leaf_index: "0",
    tree_size: "1",
  }),
  notIncluded(
    "short-proof-hash",
    "31 bytes are no hash",
    { ...five, proof: five.proof.with(0, zeros.slice(2)) },
    "MALFORMED",
  ),
  notIncluded("short-leaf-hash", "31 bytes are no hash", { ...five, leaf_hash: zeros.slice(2) }, "MALFORMED"),
  notIncluded(
    "65-hashes",
    "no tree needs more than 64",
    { ...five, proof: Array.from({ length: 65 }, () => zeros) },
    "MALFORMED",
  ),
]

interface Consistency {
  readonly size1: string
  readonly size2: string
  readonly root1: string
  readonly root2: string
  readonly proof: readonly string[]
}
const consistency = (size1: number, size2: number): Consistency => ({
  size1: String(size1),
  size2: String(size2),
  root1: ROOTS[size1] as string,
  root2: ROOTS[size2] as string,
  proof: naiveConsistency(size1, LEAVES.slice(0, size2)).map(hex),
})
const consistent = (size1: number, size2: number): Vector => ({
  name: `consistency-${size1}-to-${size2}`,
  description: `${size1} leaves are a prefix of ${size2}`,
  input: consistency(size1, size2),
  expected: { valid: true },
})
const inconsistent = (name: string, description: string, input: Consistency, code = "PROOF_WRONG"): Vector => ({
  name: `consistency-${name}`,
  description,
  input,
  expected: { valid: false, code },
})
const three = consistency(3, 7)
const four = consistency(4, 7)
const rewritten = LEAVES.with(1, LEAVES[2] as Uint8Array)

const consistencies: readonly Vector[] = [
  ...(
    [
      [1, 1],
      [1, 2],
      [1, 8],
      [2, 5],
      [3, 7],
      [4, 7],
      [6, 8],
      [7, 8],
      [8, 8],
    ] as const
  ).map(([m, n]) => consistent(m, n)),
  inconsistent(
    "from-empty",
    "size 0 proves nothing about what follows",
    { ...consistency(1, 2), size1: "0", root1: ROOTS[0] as string, proof: [] },
    "MALFORMED",
  ),
  inconsistent(
    "shrinking",
    "a later tree is not smaller",
    { ...three, size1: "7", size2: "3", root1: three.root2, root2: three.root1 },
    "MALFORMED",
  ),
  inconsistent("equal-sizes-other-root", "a fork: two roots of one size", {
    ...consistency(8, 8),
    root2: ROOTS[7] as string,
  }),
  inconsistent("equal-sizes-with-proof", "equal sizes need no proof", { ...consistency(8, 8), proof: [zeros] }),
  inconsistent("no-proof", "no hash at all", { ...three, proof: [] }),
  inconsistent("no-proof-power-of-two", "no hash at all, where the first root starts the path", { ...four, proof: [] }),
  inconsistent("other-first-root", "the root of 2 leaves as that of 3", { ...three, root1: ROOTS[2] as string }),
  inconsistent("other-first-root-power-of-two", "where the first root starts the path, the second no longer follows", {
    ...four,
    root1: ROOTS[3] as string,
  }),
  inconsistent("other-second-root", "the root of 8 leaves as that of 7", { ...three, root2: ROOTS[8] as string }),
  inconsistent("flipped-hash", "one digit of the proof", {
    ...three,
    proof: three.proof.with(0, flip(three.proof[0] as string)),
  }),
  inconsistent("short-proof", "the last hash is missing", { ...three, proof: three.proof.slice(0, -1) }),
  inconsistent("long-proof", "one hash too many", { ...three, proof: [...three.proof, zeros] }),
  inconsistent("larger-size", "the proof from 1 to 2 passed off as one from 1 to 4", {
    ...consistency(1, 2),
    size2: "4",
  }),
  inconsistent("extra-layer", "one hash more, and both roots put below it", {
    ...three,
    root1: node(zeros, three.root1),
    root2: node(zeros, three.root2),
    proof: [...three.proof, zeros],
  }),
  inconsistent(
    "rewritten-history",
    "leaf 1 replaced after size 3 was published, with an honest proof of the new tree",
    {
      ...three,
      root2: hex(naiveRoot(rewritten.slice(0, 7))),
      proof: naiveConsistency(3, rewritten.slice(0, 7)).map(hex),
    },
  ),
  inconsistent(
    "short-hash",
    "31 bytes are no hash",
    { ...three, proof: three.proof.with(0, zeros.slice(2)) },
    "MALFORMED",
  ),
]

export const merkleVectors: readonly Vector[] = [...roots, ...inclusions, ...consistencies]
