/** C2SP signed notes, verifier keys and checkpoints, written out by hand and signed with node:crypto. */
import { sha256, type VectorKey, vectorKey, WEAK_KEY, WEAK_SIGNATURE } from "./keys.ts"
import type { Vector } from "./vector.ts"

export const keyHash = (name: string, publicKey: Uint8Array) =>
  sha256(Buffer.concat([Buffer.from(`${name}\n\u0001`), publicKey])).subarray(0, 4)
export const verifierKey = (name: string, publicKey: Uint8Array) =>
  `${name}+${keyHash(name, publicKey).toString("hex")}+${Buffer.concat([Buffer.of(1), publicKey]).toString("base64")}`
export const signatureLine = (name: string, hash: Uint8Array, signature: Uint8Array) =>
  `— ${name} ${Buffer.concat([hash, signature]).toString("base64")}\n`
export const signedBy = (key: VectorKey, name: string, text: string) =>
  signatureLine(name, keyHash(name, key.publicKey), key.sign(text))

/** Of a witness: algorithm 4. */
const witnessHash = (name: string, { publicKey }: VectorKey) =>
  sha256(Buffer.concat([Buffer.from(`${name}\n\u0004`), publicKey])).subarray(0, 4)
export const witnessKey = (name: string, key: VectorKey) =>
  `${name}+${witnessHash(name, key).toString("hex")}+${Buffer.concat([Buffer.of(4), key.publicKey]).toString("base64")}`
export const witnessLine = (name: string, key: VectorKey, cosignature: Uint8Array) =>
  signatureLine(name, witnessHash(name, key), cosignature)
/** Time, eight bytes big-endian, then the signature of what is cosigned. */
export const cosigned = (text: string, name: string, key: VectorKey, time = 1_800_000_000n, by = key) => {
  const stamp = Buffer.alloc(8)
  stamp.writeBigUInt64BE(time)
  return witnessLine(name, key, Buffer.concat([stamp, by.sign(`cosignature/v1\ntime ${time}\n${text}`)]))
}
export const noteBy = (key: VectorKey, name: string, text: string) => `${text}\n${signedBy(key, name, text)}`

const log = vectorKey("log")
const stranger = vectorKey("stranger")
const origin = "log.example/vectors"
const text = "A note.\n\nIts text may hold an empty line.\n"
const line = signedBy(log, origin, text)

const wellFormed = (
  name: string,
  description: string,
  note: string,
  signatures: readonly string[],
  body = text,
): Vector => ({
  name,
  description,
  input: { note },
  expected: { well_formed: true, text: body, signatures },
})
const malformed = (name: string, description: string, note: string): Vector => ({
  name,
  description,
  input: { note },
  expected: { well_formed: false },
})

export const signedNoteVectors: readonly Vector[] = [
  wellFormed("one-signature", "the text ends before the last empty line", `${text}\n${line}`, [origin]),
  wellFormed("many-signatures", "16 signatures must be taken", `${text}\n${line.repeat(16)}`, Array(16).fill(origin)),
  wellFormed(
    "large-signatures",
    "16 signatures of 5 kB must be taken",
    `${text}\n${signatureLine("q.example", Buffer.alloc(4), Buffer.alloc(5_000)).repeat(16)}`,
    Array(16).fill("q.example"),
  ),
  wellFormed(
    "delete-character",
    "only control characters below U+0020 are forbidden",
    `a\u007fb\n\n${line}`,
    [origin],
    "a\u007fb\n",
  ),
  wellFormed("signature-like-text", "a line of text may look like a signature", `${line}\n${line}`, [origin], line),
  wellFormed(
    "name-beyond-ascii",
    "a name may hold any letter",
    `${text}\n${signedBy(log, "зеркало.example/日誌", text)}`,
    ["зеркало.example/日誌"],
  ),
  malformed("empty", "nothing", ""),
  malformed("no-signature", "no empty line and no signature", "A note.\n"),
  malformed("no-signature-line", "an empty line and nothing after it", `${text}\n`),
  malformed("no-final-newline", "the last line has no end", `${text}\n${line}`.slice(0, -1)),
  malformed("carriage-return", "a control character in the text", `a\r\n\n${line}`),
  malformed("tab", "a control character in the text", `a\tb\n\n${line}`),
  malformed("nul", "a control character in the text", `a\u0000b\n\n${line}`),
  malformed("hyphen", "a hyphen in place of the em dash", `${text}\n${line.replace("—", "-")}`),
  malformed("two-spaces", "two spaces before the name", `${text}\n${line.replace("— ", "—  ")}`),
  malformed("trailing-space", "a space after the signature", `${text}\n${line.replace("\n", " \n")}`),
  malformed("no-name", "an empty name", `${text}\n${line.replace(` ${origin}`, " ")}`),
  malformed("name-with-plus", "a plus sign in the name", `${text}\n${line.replace("log.example", "log+example")}`),
  malformed(
    "name-with-no-break-space",
    "U+00A0 in the name",
    `${text}\n${line.replace("log.example", "log\u00a0example")}`,
  ),
  malformed(
    "name-with-ideographic-space",
    "U+3000 in the name",
    `${text}\n${line.replace("log.example", "log\u3000example")}`,
  ),
  malformed(
    "base64url",
    "the signature in the other alphabet",
    `${text}\n— x ${Buffer.alloc(68, 0xfb).toString("base64url")}\n`,
  ),
  malformed(
    "base64-unpadded",
    "the signature without padding",
    `${text}\n— x ${Buffer.alloc(68).toString("base64").replace("=", "")}\n`,
  ),
  malformed("base64-trailing-bits", "bits after the last byte", `${text}\n— x AAAAAAB=\n`),
  malformed("signature-too-short", "four bytes are only the key's hash", `${text}\n— x AAAAAA==\n`),
  malformed("text-among-signatures", "another line below the last empty line", `${text}\n${line}more text\n`),
  malformed("65-signatures", "more than Writ looks at", `${text}\n${line.repeat(65)}`),
  malformed("too-long", "more than 131,072 characters", `${"a".repeat(131_072)}\n\n${line}`),
]

const key = (name: string, description: string, vkey: string, parsed: object | null): Vector => ({
  name,
  description,
  input: { vkey },
  expected: parsed === null ? { valid: false } : { valid: true, ...parsed },
})
const vkey = verifierKey(origin, log.publicKey)
const [, hash = "", encoded = ""] = /\+([0-9a-f]{8})\+(.+)$/.exec(vkey) ?? []
export const verifierKeyVectors: readonly Vector[] = [
  key("good", "name, hash, key", vkey, {
    name: origin,
    key_hash: keyHash(origin, log.publicKey).toString("hex"),
    public_key: log.publicKey.toString("hex"),
  }),
  key("other-name", "the hash is over name and key", `other+${hash}+${encoded}`, null),
  key(
    "other-key",
    "the hash is over name and key",
    `${origin}+${hash}+${verifierKey(origin, stranger.publicKey).slice(-44)}`,
    null,
  ),
  key("upper-case-hash", "hexadecimal in lower case", `${origin}+${hash.toUpperCase()}+${encoded}`, null),
  key("short-hash", "eight digits", `${origin}+${hash.slice(1)}+${encoded}`, null),
  key("no-hash", "two parts", `${origin}+${encoded}`, null),
  key("empty-name", "no name", `+${keyHash("", log.publicKey).toString("hex")}+${encoded}`, null),
  key("name-with-space", "a space in the name", verifierKey("a b", log.publicKey), null),
  key(
    "algorithm-4",
    "a cosignature key is not an Ed25519 key",
    `${origin}+${hash}+${Buffer.concat([Buffer.of(4), log.publicKey]).toString("base64")}`,
    null,
  ),
  key(
    "short-key",
    "31 bytes",
    `${origin}+${hash}+${Buffer.concat([Buffer.of(1), log.publicKey.subarray(1)]).toString("base64")}`,
    null,
  ),
  key("base64-length", "base64 comes in fours", `${origin}+${hash}+${encoded}A`, null),
  key("newline", "one line", `${vkey}\n`, null),
]

const root = sha256("")
const body = (size: string, rootText = root.toString("base64"), by = origin) => `${by}\n${size}\n${rootText}\n`
const good = body("42")
const checkpoint = (name: string, description: string, note: string, expected: object, trusted = vkey): Vector => ({
  name,
  description,
  input: { note, origin, vkey: trusted },
  expected,
})
const taken = (name: string, description: string, note: string, size = "42") =>
  checkpoint(name, description, note, { valid: true, size, root: root.toString("hex") })
const refused = (name: string, description: string, note: string, code: string, trusted?: string) =>
  checkpoint(name, description, note, { valid: false, code }, trusted)
const unsigned = (checkpointText: string) => noteBy(log, origin, checkpointText)
const forged = signatureLine(origin, keyHash(origin, log.publicKey), stranger.sign(good))

export const checkpointVectors: readonly Vector[] = [
  taken("good", "origin, size, root, signed by the trusted key", unsigned(good)),
  taken("size-zero", "the empty tree", unsigned(body("0")), "0"),
  taken(
    "size-2-63-1",
    "the largest size of a 64-bit signed integer",
    unsigned(body("9223372036854775807")),
    "9223372036854775807",
  ),
  taken("extension-line", "lines after the third are ignored", unsigned(`${good}extension\n`)),
  taken(
    "witnessed",
    "signatures of unknown keys are ignored",
    `${good}\n${signedBy(stranger, "witness.example", good)}${signedBy(log, origin, good)}`,
  ),
  taken(
    "same-name-other-key",
    "an unknown key under the trusted name is unknown",
    `${good}\n${signedBy(stranger, origin, good)}${signedBy(log, origin, good)}`,
  ),
  taken("same-signature-twice", "twice the same", `${good}\n${signedBy(log, origin, good).repeat(2)}`),
  refused("stranger", "signed by another key under the same name", noteBy(stranger, origin, good), "UNKNOWN_KEY"),
  refused("forged", "another key's signature with the trusted key's hash", `${good}\n${forged}`, "SIGNATURE_WRONG"),
  refused(
    "forged-first",
    "a known key's signature that fails spoils the note",
    `${good}\n${forged}${signedBy(log, origin, good)}`,
    "SIGNATURE_WRONG",
  ),
  refused(
    "forged-second",
    "a known key's signature that fails spoils the note",
    `${good}\n${signedBy(log, origin, good)}${forged}`,
    "SIGNATURE_WRONG",
  ),
  refused("size-changed", "43 in place of 42", unsigned(good).replace("\n42\n", "\n43\n"), "SIGNATURE_WRONG"),
  refused(
    "root-changed",
    "another root",
    unsigned(good).replace(root.toString("base64"), Buffer.alloc(32).toString("base64")),
    "SIGNATURE_WRONG",
  ),
  refused(
    "line-added",
    "an extension line that was not signed",
    unsigned(good).replace("\n\n", "\nmore\n\n"),
    "SIGNATURE_WRONG",
  ),
  refused(
    "signature-cut",
    "63 bytes",
    `${good}\n${signatureLine(origin, keyHash(origin, log.publicKey), log.sign(good).subarray(1))}`,
    "SIGNATURE_WRONG",
  ),
  refused(
    "other-origin",
    "the trusted key signed another log's checkpoint",
    unsigned(body("42", undefined, "other.example")),
    "WRONG_ORIGIN",
  ),
  refused(
    "key-of-other-name",
    "the key is trusted for another origin",
    unsigned(good),
    "WRONG_ORIGIN",
    verifierKey("other.example", log.publicKey),
  ),
  refused(
    "small-order-key",
    "a trusted key that anyone can sign with is no key",
    `${good}\n${signatureLine(origin, keyHash(origin, WEAK_KEY), WEAK_SIGNATURE)}`,
    "SIGNATURE_WRONG",
    verifierKey(origin, WEAK_KEY),
  ),
  refused("empty-extension-line", "extension lines are not empty", unsigned(`${good}\nmore\n`), "MALFORMED"),
  refused("two-lines", "no root", unsigned(`${origin}\n42\n`), "MALFORMED"),
  refused("no-origin", "an empty first line", unsigned(body("42", undefined, "")), "MALFORMED"),
  refused("leading-zero", "the size has one form", unsigned(body("042")), "MALFORMED"),
  refused("negative-size", "the size is a decimal number", unsigned(body("-1")), "MALFORMED"),
  refused("hexadecimal-size", "the size is a decimal number", unsigned(body("0x2a")), "MALFORMED"),
  refused("empty-size", "the size is a decimal number", unsigned(body(" ")), "MALFORMED"),
  refused("short-root", "31 bytes", unsigned(body("42", root.subarray(1).toString("base64"))), "MALFORMED"),
  refused(
    "root-base64url",
    "the other alphabet",
    unsigned(body("42", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=")),
    "MALFORMED",
  ),
  refused("no-signature", "only the text", good, "MALFORMED"),
]
