/** C2SP tlog-proofs: a leaf, its proof and a checkpoint in one text, with and without witnesses. */
import { naiveInclusion, naiveRoot } from "../../test/support/naive-merkle.ts"
import { vectorKey } from "./keys.ts"
import { leafHash } from "./lineage.ts"
import { cosigned, signedBy, verifierKey, witnessKey, witnessLine } from "./notes.ts"
import type { Vector } from "./vector.ts"

const ORIGIN = "log.example/proofs"
const LOG = vectorKey("log")
const STRANGER = vectorKey("stranger")
const ONE = vectorKey("witness 1")
const TWO = vectorKey("witness 2")
const LEAVES = Array.from({ length: 7 }, (_, i) => leafHash(Buffer.from(`{"leaf":${i}}`)))
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")

const text = `${ORIGIN}\n7\n${base64(naiveRoot(LEAVES))}\n`
const signed = signedBy(LOG, ORIGIN, text)
const note = (...lines: readonly string[]) => `${text}\n${signed}${lines.join("")}`
const hashes = (index: number) => naiveInclusion(index, LEAVES).map(base64)
const write = (index: number | string, proof: readonly string[], checkpoint: string, extra = "") =>
  `c2sp.org/tlog-proof@v1\n${extra}index ${index}\n${proof.map((hash) => `${hash}\n`).join("")}\n${checkpoint}`
const good = write(5, hashes(5), note())
const WITNESSES = { vkeys: [witnessKey("w.example/1", ONE), witnessKey("w.example/2", TWO)], quorum: 1 }
const byOne = cosigned(text, "w.example/1", ONE)
const byTwo = cosigned(text, "w.example/2", TWO)
const byAlias = cosigned(text, "w.example/alias", ONE)

interface Change {
  readonly leaf?: number
  readonly witnesses?: { readonly vkeys: readonly string[]; readonly quorum: number }
  readonly vkey?: string
}
const vector = (
  name: string,
  description: string,
  proof: string,
  expected: object,
  { leaf = 5, witnesses, vkey = verifierKey(ORIGIN, LOG.publicKey) }: Change = {},
): Vector => ({
  name,
  description,
  input: {
    proof,
    leaf_hash: Buffer.from(LEAVES[leaf] as Uint8Array).toString("hex"),
    origin: ORIGIN,
    vkey,
    ...(witnesses && { witnesses }),
  },
  expected,
})
const taken = (name: string, description: string, proof: string, change: Change = {}) =>
  vector(name, description, proof, { valid: true, index: String(change.leaf ?? 5), tree_size: "7" }, change)
const refused = (code: string) => (name: string, description: string, proof: string, change?: Change) =>
  vector(name, description, proof, { valid: false, code }, change)

const malformed = refused("MALFORMED")
const wrong = refused("PROOF_WRONG")
const lacking = refused("COSIGNATURES_LACKING")
const cosignedBy = (...lines: readonly string[]) => write(5, hashes(5), note(...lines))

export const tlogProofVectors: readonly Vector[] = [
  taken("good", "the sixth leaf of seven", good),
  taken("last-leaf", "the last leaf, whose proof is shorter", write(6, hashes(6), note()), { leaf: 6 }),
  taken("extra", "an extra line is not read", write(5, hashes(5), note(), "extra AAAA\n")),
  taken("witnessed", "one of two witnesses", cosignedBy(byOne), { witnesses: WITNESSES }),
  taken("witnessed-by-both", "both", cosignedBy(byTwo, byOne), { witnesses: { ...WITNESSES, quorum: 2 } }),
  taken("witness-not-asked", "witnesses of whom nobody asked are passed over", cosignedBy(byOne)),
  taken(
    "witness-again",
    "a cosignature that fails beside one of the same witness that holds",
    cosignedBy(cosigned(text, "w.example/1", ONE, undefined, STRANGER), byOne),
    { witnesses: WITNESSES },
  ),

  lacking("no-witness", "nobody has cosigned", good, { witnesses: WITNESSES }),
  lacking("one-of-two", "one, and two have to", cosignedBy(byOne), { witnesses: { ...WITNESSES, quorum: 2 } }),
  lacking("one-twice", "one witness twice is one", cosignedBy(byOne, byOne), {
    witnesses: { ...WITNESSES, quorum: 2 },
  }),
  lacking("one-listed-twice", "a witness that is trusted twice is one", cosignedBy(byOne), {
    witnesses: { vkeys: [WITNESSES.vkeys[0] as string, WITNESSES.vkeys[0] as string], quorum: 2 },
  }),
  lacking("one-by-two-names", "one key under two names is one witness", cosignedBy(byOne, byAlias), {
    witnesses: { vkeys: [WITNESSES.vkeys[0] as string, witnessKey("w.example/alias", ONE)], quorum: 2 },
  }),
  lacking("quorum-above-number", "more have to vouch than there are", cosignedBy(byOne, byTwo), {
    witnesses: { ...WITNESSES, quorum: 3 },
  }),
  lacking("forged", "cosigned by another key", cosignedBy(cosigned(text, "w.example/1", ONE, undefined, STRANGER)), {
    witnesses: WITNESSES,
  }),
  lacking(
    "other-time",
    "another time than was cosigned",
    cosignedBy(
      byOne.replace(/\S+\n$/, (encoded) => {
        const bytes = Buffer.from(encoded, "base64")
        bytes[11] = (bytes[11] as number) ^ 1
        return `${base64(bytes)}\n`
      }),
    ),
    { witnesses: WITNESSES },
  ),
  lacking(
    "time-beyond-63-bits",
    "a time that no clock has",
    cosignedBy(cosigned(text, "w.example/1", ONE, 2n ** 63n)),
    {
      witnesses: WITNESSES,
    },
  ),
  lacking(
    "plain-signature",
    "the witness's key over the note itself, as a log signs",
    cosignedBy(witnessLine("w.example/1", ONE, ONE.sign(text))),
    { witnesses: WITNESSES },
  ),
  lacking(
    "other-text",
    "cosigned another checkpoint",
    cosignedBy(cosigned(text.replace("7", "8"), "w.example/1", ONE)),
    {
      witnesses: WITNESSES,
    },
  ),
  malformed("witness-key-of-log", "a log's key in place of a witness's", cosignedBy(byOne), {
    witnesses: { vkeys: [verifierKey("w.example/1", ONE.publicKey)], quorum: 1 },
  }),

  wrong("other-leaf", "another leaf", good, { leaf: 4 }),
  wrong("other-index", "another index", write(4, hashes(5), note())),
  wrong("hash-missing", "one hash too few", write(5, hashes(5).slice(1), note())),
  wrong("hashes-exchanged", "two hashes exchanged", write(5, [...hashes(5)].reverse(), note())),
  malformed("index-at-size", "an index beyond the tree", write(7, hashes(5), note())),
  malformed("index-leading-zero", "an index has one form", write("05", hashes(5), note())),
  malformed("no-index", "no index", good.replace("index 5\n", "")),
  malformed("other-version", "another version", good.replace("@v1", "@v2")),
  malformed("short-hash", "a hash of 31 bytes", write(5, [base64(Buffer.alloc(31)), ...hashes(5).slice(1)], note())),
  malformed("64-hashes", "no tree is so high", write(5, Array(64).fill(hashes(5)[0]), note())),
  malformed("extra-not-base64", "an extra line that is no base64", write(5, hashes(5), note(), "extra ?\n")),
  malformed("cut", "no checkpoint", good.slice(0, good.indexOf("\n\n"))),
  refused("UNKNOWN_KEY")("signature-stripped", "the log's signature is gone", write(5, hashes(5), `${text}\n${byOne}`)),
  refused("UNKNOWN_KEY")(
    "stranger",
    "signed by another key",
    write(5, hashes(5), `${text}\n${signedBy(STRANGER, ORIGIN, text)}`),
  ),
  refused("SIGNATURE_WRONG")("size-changed", "a size that was not signed", good.replace("\n7\n", "\n8\n")),
  refused("WRONG_ORIGIN")("other-log", "a trusted key of another log", good, {
    vkey: verifierKey("log.example/other", LOG.publicKey),
  }),
]
