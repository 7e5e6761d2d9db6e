/**
 * Ed25519: RFC 8032 and what is beyond it. Where a lax verifier would take a hostile signature, this one is made so that
 * node:crypto does take it, and generating fails when it does not: a vector that everybody refuses shows nothing.
 */
import { createHash, createPublicKey, verify } from "node:crypto"
import { Point } from "@noble/ed25519"
import { vectorKey } from "./keys.ts"
import type { Vector } from "./vector.ts"

export const L = 2n ** 252n + 27742317777372353535851937790883648493n
const P = 2n ** 255n - 19n
const littleEndian = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`)
const bytesOf = (number: bigint) => Buffer.from(number.toString(16).padStart(64, "0"), "hex").reverse()
const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array) =>
  littleEndian(createHash("sha512").update(r).update(a).update(message).digest()) % L

interface Case {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}
const vector = (
  name: string,
  description: string,
  { publicKey, message, signature }: Case,
  valid: boolean,
): Vector => ({
  name,
  description,
  input: {
    public_key: Buffer.from(publicKey).toString("hex"),
    message: Buffer.from(message).toString("hex"),
    signature: Buffer.from(signature).toString("hex"),
  },
  expected: { valid },
})
const refused = (name: string, description: string, input: Case) => vector(name, description, input, false)

function nodeTakes({ publicKey, message, signature }: Case): boolean {
  const key = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey])
  return verify(null, message, createPublicKey({ key, format: "der", type: "spki" }), signature)
}
function refusedThoughNodeTakes(name: string, description: string, input: Case): Vector {
  if (!nodeTakes(input)) throw new Error(`${name} does not show what it is to show: node:crypto refuses it too`)
  return refused(name, `${description}; lax verifiers take it`, input)
}

/** RFC 8032 section 7.1: public key, message, signature. */
const RFC: readonly (readonly [name: string, publicKey: string, message: string, signature: string])[] = [
  [
    "1",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "2",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "3",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "sha-abc",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
]
const rfc = RFC.map(
  ([, publicKey, message, signature]): Case => ({
    publicKey: Buffer.from(publicKey, "hex"),
    message: Buffer.from(message, "hex"),
    signature: Buffer.from(signature, "hex"),
  }),
)

/** A point of order 8, and the encodings of small order by what they are. */
const T8 = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
const SMALL: readonly (readonly [name: string, key: string, order: bigint])[] = [
  ["identity", `01${"00".repeat(31)}`, 1n],
  ["identity-with-sign", `01${"00".repeat(30)}80`, 1n],
  ["identity-as-p-plus-1", `ee${"ff".repeat(30)}7f`, 1n],
  ["order-2", `ec${"ff".repeat(30)}7f`, 2n],
  ["order-2-with-sign", `ec${"ff".repeat(31)}`, 2n],
  ["order-4", "00".repeat(32), 4n],
  ["order-4-with-sign", `${"00".repeat(31)}80`, 4n],
  ["order-4-as-p", `ed${"ff".repeat(30)}7f`, 4n],
  ["order-8-a", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", 8n],
  ["order-8-a-with-sign", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", 8n],
  ["order-8-b", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", 8n],
  ["order-8-b-with-sign", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa", 8n],
]

/** The first message under which `fits` holds of the challenge. */
function messageFor(r: Uint8Array, a: Uint8Array, fits: (k: bigint) => boolean): Buffer {
  for (let i = 0; ; i++) {
    const message = Buffer.from(`message ${i}`)
    if (fits(challenge(r, a, message))) return message
  }
}

const a = 123456789012345678901234567890n
const r = 987654321098765432109876543210n
const A = Buffer.from(Point.BASE.multiply(a).toBytes())
const R = Buffer.from(Point.BASE.multiply(r).toBytes())

/** Under a key of order n anyone signs with S = r every message whose challenge n divides: no secret is needed. */
function bySmallKey(key: string, order: bigint): Case {
  const publicKey = Buffer.from(key, "hex")
  const message = messageFor(R, publicKey, (k) => k % order === 0n)
  return { publicKey, message, signature: Buffer.concat([R, bytesOf(r)]) }
}

/** R = rB + `torsion`, A = aB + `keyTorsion`, S = r + ka: the equation holds when multiplied by 8. */
function mixed(torsion: Point, keyTorsion: Point, fits: (k: bigint) => boolean): Case {
  const publicKey = Buffer.from(Point.BASE.multiply(a).add(keyTorsion).toBytes())
  const nonce = Buffer.from(Point.BASE.multiply(r).add(torsion).toBytes())
  const message = messageFor(nonce, publicKey, fits)
  const s = (r + challenge(nonce, publicKey, message) * a) % L
  return { publicKey, message, signature: Buffer.concat([nonce, bytesOf(s)]) }
}

const [, second] = rfc as [Case, Case]
const s2 = littleEndian(second.signature.subarray(32))
const withS = (s: bigint): Case => ({
  ...second,
  signature: Buffer.concat([second.signature.subarray(0, 32), bytesOf(s)]),
})
const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
const smallNonce = (nonce: Buffer): Case => {
  const message = Buffer.from("any message")
  return { publicKey: A, message, signature: Buffer.concat([nonce, bytesOf((challenge(nonce, A, message) * a) % L)]) }
}
const identity = Buffer.from(`01${"00".repeat(31)}`, "hex")

export const ed25519Vectors: readonly Vector[] = [
  ...RFC.map(([name], i) => vector(`rfc8032-${name}`, `RFC 8032 section 7.1, test ${name}`, rfc[i] as Case, true)),
  refused("other-message", "one more byte", { ...second, message: Buffer.from("7200", "hex") }),
  refused("other-key", "the key of another test", { ...second, publicKey: (rfc[2] as Case).publicKey }),
  refused("flipped-r", "one bit of R", { ...second, signature: flipped(second.signature, 0) }),
  refused("flipped-s", "one bit of S", { ...second, signature: flipped(second.signature, 32) }),
  refused("flipped-key", "one bit of A", { ...second, publicKey: flipped(second.publicKey, 3) }),
  refused("s-plus-l", "RFC 8032 section 5.1.7: S + L is the same scalar, and not below L", withS(s2 + L)),
  refused("s-equals-l", "S = L", withS(L)),
  refused("s-all-ones", "S = 2^256 - 1", withS(2n ** 256n - 1n)),
  refused("zero-signature", "64 bytes of zero", { ...second, signature: new Uint8Array(64) }),
  refused("short-signature", "63 bytes", { ...second, signature: second.signature.subarray(0, 63) }),
  refused("long-signature", "65 bytes", { ...second, signature: Buffer.concat([second.signature, Buffer.alloc(1)]) }),
  refused("short-key", "31 bytes", { ...second, publicKey: second.publicKey.subarray(0, 31) }),
  refused("long-key", "33 bytes", { ...second, publicKey: Buffer.concat([second.publicKey, Buffer.alloc(1)]) }),
  refused("off-curve-key", "no point has y = 2", { ...second, publicKey: bytesOf(2n) }),
  refused("off-curve-r", "no point has y = 2", {
    ...second,
    signature: Buffer.concat([bytesOf(2n), second.signature.subarray(32)]),
  }),
  ...SMALL.map(([name, key, order]) =>
    refusedThoughNodeTakes(`small-key-${name}`, `the key ${name} has no secret: anyone signs`, bySmallKey(key, order)),
  ),
  refusedThoughNodeTakes(
    "small-r",
    "R is the identity: one signature does for all that hash alike",
    smallNonce(identity),
  ),
  refused("small-r-as-p-plus-1", "R is the identity, not in canonical form", smallNonce(bytesOf(P + 1n))),
  refused(
    "cofactored-only-key",
    "the key has a part of order 8: the equation holds only when multiplied by 8, as some verifiers do",
    mixed(Point.ZERO, T8, (k) => k % 8n !== 0n),
  ),
  refused(
    "cofactored-only-r",
    "R has a part of order 8: the equation holds only when multiplied by 8, as some verifiers do",
    mixed(T8, Point.ZERO, () => true),
  ),
  vector(
    "mixed-order-key",
    "the key has a part of order 8 that cancels out: the equation holds as it stands",
    mixed(Point.ZERO, T8, (k) => k % 8n === 0n),
    true,
  ),
]

const accepted = (name: string, description: string, key: string, yes: boolean): Vector => ({
  name,
  description,
  input: { public_key: key },
  expected: { accepted: yes },
})
export const ed25519KeyVectors: readonly Vector[] = [
  ...RFC.map(([name, key]) => accepted(`rfc8032-${name}`, `RFC 8032 section 7.1, test ${name}`, key, true)),
  accepted("generated", "a key of these vectors", vectorKey("log").publicKey.toString("hex"), true),
  ...SMALL.map(([name, key]) => accepted(`small-${name}`, "a point of small order, or another form of it", key, false)),
  accepted("y-equals-p-plus-3", "y = p + 3 is another form of y = 3", bytesOf(P + 3n).toString("hex"), false),
  accepted("y-equals-p-plus-18", "the largest y in another form", bytesOf(P + 18n).toString("hex"), false),
  accepted("all-ones", "y = 2^255 - 1 with the sign bit", "ff".repeat(32), false),
  accepted("short", "31 bytes", "11".repeat(31), false),
  accepted("long", "33 bytes", "11".repeat(33), false),
  accepted("empty", "no bytes", "", false),
]
