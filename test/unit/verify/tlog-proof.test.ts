import { describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { formatAddCheckpoint } from "../../../src/formats/add-checkpoint.ts"
import { formatTlogProof } from "../../../src/formats/tlog-proof.ts"
import { buildInclusionProof } from "../../../src/ledger/proofs.ts"
import { verifyTlogProof } from "../../../src/verify/index.ts"
import { createWitness } from "../../../src/witness/witness.ts"
import { MemoryLog } from "../../support/log.ts"

const log = new MemoryLog(70)
const { origin, vkey } = log
const proofOf = async (index: number, checkpoint = log.checkpoint()) =>
  formatTlogProof({ index: BigInt(index), proof: await buildInclusionProof(log.tiles, sha256, index, 70), checkpoint })
const leaf = (index: number) => log.leaves[index] as Uint8Array
const witness = createWitness({
  name: "w.example/one",
  signer: vectorKey("stranger"),
  logs: [vkey],
  stateOf: () => ({ read: () => null, write: async () => {} }),
  crypto: nativeCrypto,
  wallMs: () => 0,
})

describe("verifyTlogProof", () => {
  test("a leaf that stands there, and where", async () => {
    for (const index of [0, 1, 68, 69]) {
      const verdict = verifyTlogProof({ proof: await proofOf(index), leafHash: leaf(index), origin, vkey })
      expect(verdict).toEqual({ valid: true, reason: "", index: BigInt(index), treeSize: 70n })
    }
  })

  test("another leaf, another index, another log, another key, a text that is none", async () => {
    const proof = await proofOf(5)
    const good = { proof, leafHash: leaf(5), origin, vkey }
    for (const [change, reason] of [
      [{ leafHash: leaf(6) }, /^PROOF_WRONG: /],
      [{ proof: proof.replace("index 5", "index 4") }, /^PROOF_WRONG: /],
      [{ proof: proof.replace("index 5", "index 70") }, /^MALFORMED: /],
      [{ origin: "log.example/else" }, /^WRONG_ORIGIN: /],
      [{ vkey: new MemoryLog(1, origin, "stranger").vkey }, /^UNKNOWN_KEY: /],
      [{ proof: proof.replace("\n70\n", "\n71\n") }, /^SIGNATURE_WRONG: /],
      [{ proof: "nothing" }, /^MALFORMED: /],
    ] as const)
      expect(verifyTlogProof({ ...good, ...change })).toEqual({ valid: false, reason: expect.stringMatching(reason) })
  })

  test("so many witnesses have to vouch for it, each counted once and only the trusted", async () => {
    const note = log.checkpoint()
    const { body } = await witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: note }))
    const witnesses = { vkeys: [witness.verifierKey], quorum: 1 }
    const input = { leafHash: leaf(5), origin, vkey, witnesses }
    expect(verifyTlogProof({ ...input, proof: await proofOf(5, note + body) }).valid).toBe(true)
    const lacking = /^COSIGNATURES_LACKING: 0 of the trusted witnesses/
    expect(verifyTlogProof({ ...input, proof: await proofOf(5) }).reason).toMatch(lacking)
    const twice = { ...input, proof: await proofOf(5, note + body + body), witnesses: { ...witnesses, quorum: 2 } }
    expect(verifyTlogProof(twice).reason).toMatch(/^COSIGNATURES_LACKING: 1 of/)
    const forged = body.replace(/.{6}=?\n$/, "AAAAAA==\n".slice(-body.length))
    expect(verifyTlogProof({ ...input, proof: await proofOf(5, note + forged) }).valid).toBe(false)
    expect(
      verifyTlogProof({ ...input, proof: await proofOf(5, note + body), witnesses: { vkeys: ["no"], quorum: 1 } })
        .reason,
    ).toMatch(/^MALFORMED: /)
  })
})
