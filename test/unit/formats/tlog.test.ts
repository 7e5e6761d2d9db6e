import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { sha256 } from "../../../src/crypto.ts"
import { formatAddCheckpoint, parseAddCheckpoint } from "../../../src/formats/add-checkpoint.ts"
import { toBase64, utf8 } from "../../../src/formats/bytes.ts"
import { cosignedMessage, decodeCosignature, encodeCosignature } from "../../../src/formats/cosignature.ts"
import { decodeEntryBundle, encodeEntryBundle } from "../../../src/formats/entry-bundle.ts"
import { ED25519_COSIGNATURE, formatVerifierKey, parseVerifierKey } from "../../../src/formats/signed-note.ts"
import { parseTilePath, tilePath } from "../../../src/formats/tiles.ts"
import { formatTlogProof, parseTlogProof } from "../../../src/formats/tlog-proof.ts"

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const NOTE = "log.example\n1\nAAAA\n\n— log.example AAAAAAA=\n"

describe("tile paths", () => {
  test("tlog-tiles: the examples of the specification", () => {
    expect(parseTilePath("tile/0/x001/x234/067")).toEqual({ level: 0, index: 1_234_067, width: 256 })
    expect(parseTilePath("tile/entries/000.p/112")).toEqual({ level: "entries", index: 0, width: 112 })
  })
  test("what is written is read", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant("entries" as const), fc.integer({ min: 0, max: 63 })),
        fc.oneof(fc.nat(1_100), fc.integer({ min: 0, max: 999_999_999_999_999 })),
        fc.integer({ min: 1, max: 256 }),
        (level, index, width) => {
          expect(parseTilePath(tilePath(level, index, width))).toEqual({ level, index, width })
        },
      ),
    )
  })
  test.each([
    "",
    "tile/0/",
    "tile/64/000",
    "tile/00/000",
    "tile/-1/000",
    "tile/0/0",
    "tile/0/x000/001",
    "tile/0/001/002",
    "tile/0/x001/x002",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/1/",
    "/tile/0/000",
    "tile/0/x001/x001/x001/x001/x001/000",
    "tile/data/000",
    "tile/0/000?x",
  ])("%j is none", (path) => {
    expect(parseTilePath(path)).toBeNull()
  })
})

describe("entry bundles", () => {
  test("what is written is read, and only with its number of entries", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 20 }), (entries) => {
        const bytes = encodeEntryBundle(entries)
        expect(decodeEntryBundle(bytes, entries.length).map(toBase64)).toEqual(entries.map(toBase64))
        expect(() => decodeEntryBundle(bytes, entries.length + 1)).toThrow(/does not hold/)
        if (entries.length > 0) expect(() => decodeEntryBundle(bytes, entries.length - 1)).toThrow(/does not hold/)
        if (bytes.length > 0)
          expect(() => decodeEntryBundle(bytes.slice(0, -1), entries.length)).toThrow(/does not hold/)
      }),
    )
  })
  test("lengths are two bytes, big-endian", () => {
    expect([...encodeEntryBundle([new Uint8Array(258)]).slice(0, 3)]).toEqual([1, 2, 0])
    expect(decodeEntryBundle(encodeEntryBundle([new Uint8Array(65_535)]), 1)[0]).toHaveLength(65_535)
  })
})

describe("cosignatures", () => {
  test("a key is for notes or for cosignatures, not for both", () => {
    const key = vectorKey("stranger").publicKey
    const forNotes = formatVerifierKey(sha256, "w.example", key)
    const forCosignatures = formatVerifierKey(sha256, "w.example", key, ED25519_COSIGNATURE)
    expect(parseVerifierKey(sha256, forCosignatures, ED25519_COSIGNATURE).publicKey).toEqual(new Uint8Array(key))
    expect(() => parseVerifierKey(sha256, forNotes, ED25519_COSIGNATURE)).toThrow(/for cosignatures/)
    expect(() => parseVerifierKey(sha256, forCosignatures)).toThrow(/not an Ed25519 key\.$/)
  })

  test("tlog-cosignature: the message of the specification's example", () => {
    const text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    expect(Buffer.from(cosignedMessage(1_679_315_147n, text)).toString()).toBe(
      `cosignature/v1\ntime 1679315147\n${text}`,
    )
  })
  test("what is written is read", () => {
    const signature = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n - 1n), signature, (time, bytes) => {
        expect(decodeCosignature(encodeCosignature({ time, signature: bytes }))).toEqual({ time, signature: bytes })
      }),
    )
  })
  test("another length is none, nor is a time from 2^63 on", () => {
    expect(decodeCosignature(new Uint8Array(64))).toBeNull()
    expect(decodeCosignature(encodeCosignature({ time: 2n ** 63n, signature: new Uint8Array(64) }))).toBeNull()
  })
})

describe("tlog-proof and add-checkpoint", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 62n), fc.array(hash, { maxLength: 63 }), (n, proof) => {
        const tlogProof = { index: n, proof, checkpoint: NOTE }
        expect(parseTlogProof(formatTlogProof(tlogProof))).toEqual(tlogProof)
        const request = { oldSize: n, proof, checkpoint: NOTE }
        expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual(request)
      }),
      { numRuns: 50 },
    )
  })
  test("an extra line is passed over", () => {
    const text = formatTlogProof({ index: 7n, proof: [], checkpoint: NOTE }).replace(
      "index",
      `extra ${toBase64(utf8("x"))}\nindex`,
    )
    expect(parseTlogProof(text).index).toBe(7n)
    expect(() => parseTlogProof(text.replace("extra ", "extra !"))).toThrow(/base64/)
  })
  const full = formatTlogProof({ index: 7n, proof: [new Uint8Array(32)], checkpoint: NOTE })
  test.each([
    ["another version", full.replace("@v1", "@v2"), /does not begin/],
    ["nothing", "", /does not begin/],
    ["nothing after its first line", "c2sp.org/tlog-proof@v1\n\n", /no index/],
    ["no index", full.replace("index 7\n", ""), /no index/],
    ["a leading zero", full.replace("index 7", "index 07"), /no index/],
    ["a short hash", full.replace("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAA"), /not 32 bytes/],
    [
      "too many hashes",
      formatTlogProof({ index: 7n, proof: Array(64).fill(new Uint8Array(32)), checkpoint: NOTE }),
      /more than 63/,
    ],
  ])("a proof with %s is refused", (_, text, error) => {
    expect(() => parseTlogProof(text)).toThrow(error)
  })
  test.each(["", "old 1", "old 01\n\n", "new 1\n\n", "old -1\n\n", "old 1\nx\n\n"])(
    "the request %j is refused",
    (text) => {
      expect(() => parseAddCheckpoint(text)).toThrow(/old SIZE|base64/)
    },
  )
})
