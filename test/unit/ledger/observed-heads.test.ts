import { describe, expect, test } from "vitest"
import { vectorKey } from "../../../scripts/vectors/keys.ts"
import { nativeCrypto, sha256 } from "../../../src/crypto.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import { formatCheckpoint } from "../../../src/formats/checkpoint.ts"
import { formatNote, formatVerifierKey, noteKeyHash } from "../../../src/formats/signed-note.ts"
import { headOfNote, MAX_HEADS, noteOfHead, parseHeadsData, toHeadsData } from "../../../src/ledger/observed-heads.ts"
import { MAX_RECORD_BYTES } from "../../../src/ledger/record.ts"
import { verifyCheckpoint } from "../../../src/verify/checkpoint.ts"

const ORIGIN = "writ.test/one"
const key = vectorKey("one")
const vkey = formatVerifierKey(sha256, ORIGIN, key.publicKey)
const line = (name: string, by: typeof key, text: string) => ({
  name,
  keyHash: noteKeyHash(sha256, name, by.publicKey),
  signature: by.sign(text),
})
function noteOf(text: string): string {
  return formatNote(text, [line("w.test/witness", vectorKey("witness 1"), text), line(ORIGIN, key, text)])
}
const text = formatCheckpoint({ origin: ORIGIN, size: 7n, root: Buffer.alloc(32, 3) })
const head = headOfNote(noteOf(text), vkey, sha256)
const verify = (note: string) => verifyCheckpoint({ note, origin: ORIGIN, vkey }, nativeCrypto)
const REFUSED = { code: "INVALID_REQUEST" }

describe("headOfNote", () => {
  test("what the log has signed, and by which key; not what witnesses have", () => {
    const { root, signature } = { root: Buffer.alloc(32, 3), signature: key.sign(text) }
    expect(head).toEqual({
      log: ORIGIN,
      size: 7,
      root: new Uint8Array(root),
      key: vkey,
      signature: new Uint8Array(signature),
    })
    const note = noteOfHead(head, sha256)
    expect(note).toBe(formatNote(text, [line(ORIGIN, key, text)]))
    expect(verify(note).valid).toBe(true)
  })

  test("a checkpoint that the log's key has not signed is refused", () => {
    const foreign = formatNote(text, [line(ORIGIN, vectorKey("stranger"), text)])
    expect(() => headOfNote(foreign, vkey, sha256)).toThrow(expect.objectContaining(REFUSED))
  })

  test("of a checkpoint with further lines nothing is left that would verify", () => {
    expect(verify(noteOf(`${text}more\n`)).valid).toBe(true)
    expect(verify(noteOfHead(headOfNote(noteOf(`${text}more\n`), vkey, sha256), sha256)).valid).toBe(false)
  })
})

test("as many heads as a record holds fit into it, whatever their names", () => {
  const log = "\u{20ac}".repeat(255)
  const longest = { ...head, log, key: formatVerifierKey(sha256, log, key.publicKey), size: Number.MAX_SAFE_INTEGER }
  const data = encodeCanonicalJson(toHeadsData(Array.from({ length: MAX_HEADS }, () => longest)))
  expect(Buffer.byteLength(data)).toBeLessThan(MAX_RECORD_BYTES - 1_000)
})

describe("parseHeadsData", () => {
  const [good] = toHeadsData([head])["heads"] as [Record<string, string>]

  test("gives the heads that were written", () => {
    const other = { ...head, log: "writ.test/two" }
    expect(parseHeadsData(JSON.parse(JSON.stringify(toHeadsData([head, other]))))).toEqual(
      [head, other].map(({ root, signature, ...rest }) => ({
        ...rest,
        root: new Uint8Array(root),
        signature: new Uint8Array(signature),
      })),
    )
  })

  test.each([
    ["nothing", undefined],
    ["no heads", {}],
    ["none of them", { heads: [] }],
    ["another form of list", { heads: { 0: good } }],
    ["null for a head", { heads: [null] }],
    ["a log twice", { heads: [good, good] }],
    ["no log", { heads: [{ ...good, log: 1 }] }],
    ["no key", { heads: [{ ...good, key: null }] }],
    ["a size that is a number", { heads: [{ ...good, size: 7 }] }],
    ["the size 0", { heads: [{ ...good, size: "0" }] }],
    ["a size beyond 2^53", { heads: [{ ...good, size: "9007199254740993" }] }],
    ["a root in capitals", { heads: [{ ...good, root: "A".repeat(64) }] }],
    ["a root that is none", { heads: [{ ...good, root: null }] }],
    ["no signature", { heads: [{ ...good, signature: undefined }] }],
    ["a signature that is not base64", { heads: [{ ...good, signature: "*" }] }],
  ])("refuses %s", (_, data) => {
    expect(() => parseHeadsData(data)).toThrow(expect.objectContaining(REFUSED))
  })
})
