/** Execution tokens: JWTs put together from their parts, signed with node:crypto. */
import { createHmac } from "node:crypto"
import { sha256, type VectorKey, vectorKey, WEAK_KEY, WEAK_SIGNATURE } from "./keys.ts"
import type { Vector } from "./vector.ts"

const NOW = 1_800_000_000
const key = vectorKey("tokens")
const stranger = vectorKey("stranger")
const jwk = ({ publicKey }: VectorKey, kid: string) => ({
  kty: "OKP",
  crv: "Ed25519",
  x: publicKey.toString("base64url"),
  kid,
})
const keys = [jwk(key, "2026"), jwk(vectorKey("tokens before"), "2025")]
const digest = sha256('{"amount":1}').toString("base64url")
const header = { alg: "EdDSA", kid: "2026", typ: "exec+jwt" }
const claims = {
  action: "payments.transfer",
  aud: "runner",
  bundle: "ab".repeat(32),
  dig: digest,
  exp: NOW + 10,
  execution_id: "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c",
  iat: NOW,
  iss: "https://writ.example",
  jti: "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c",
  leaf: "cd".repeat(32),
  log: "log.example/vectors",
  max_duration: 3600,
  nbf: NOW,
  resource: { id: "42", type: "account" },
  sub: "agent-7",
  sub_type: "agent",
  use: "redeem",
}
const part = (value: object | string) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
const signed = (head: object | string, body: object | string, by = key) => {
  const input = `${part(head)}.${part(body)}`
  return `${input}.${by.sign(input).toString("base64url")}`
}
const good = signed(header, claims)
const [head64 = "", , signature64 = ""] = good.split(".")
const at = (nowMs: number) => ({ now_ms: nowMs })

interface Check {
  readonly now_ms?: number
  readonly audience?: string
  readonly issuer?: string
  readonly parameters_digest?: string | null
  readonly keys?: readonly object[]
}
const vector = (name: string, description: string, token: string, expected: object, check: Check = {}): Vector => ({
  name,
  description,
  input: { token, keys, audience: "runner", now_ms: NOW * 1000, ...check },
  expected,
})
const taken = (name: string, description: string, token: string, check?: Check, sufficient = false) =>
  vector(name, description, token, { valid: true, sufficient }, check)
const refused = (name: string, description: string, token: string, code: string, check?: Check) =>
  vector(name, description, token, { valid: false, sufficient: false, code }, check)

const withoutDigest = signed(header, { ...claims, dig: undefined })
const hs256 = () => {
  const input = `${part({ ...header, alg: "HS256" })}.${part(claims)}`
  return `${input}.${createHmac("sha256", key.publicKey).update(input).digest("base64url")}`
}

export const tokenVectors: readonly Vector[] = [
  taken("redeem", "valid, but it must be redeemed first", good),
  taken("offline", "valid, and it suffices", signed(header, { ...claims, use: "offline" }), {}, true),
  taken("all-checked", "issuer and parameters named", good, { issuer: claims.iss, parameters_digest: digest }),
  taken("alg-ed25519", "RFC 9864 names the algorithm so", signed({ ...header, alg: "Ed25519" }, claims)),
  taken("older-key", "another key of the set", signed({ ...header, kid: "2025" }, claims, vectorKey("tokens before"))),
  taken("last-moment", "5 seconds of skew after exp, less 1 ms", good, at((NOW + 15) * 1000 - 1)),
  taken("first-moment", "5 seconds of skew before nbf", good, at((NOW - 5) * 1000)),
  taken("no-parameters", "none authorized, none executed", withoutDigest, { parameters_digest: null }),
  taken("use-unknown", "any other use does not suffice", signed(header, { ...claims, use: "OFFLINE" })),
  taken("use-missing", "no use does not suffice", signed(header, { ...claims, use: undefined })),
  taken(
    "spaces-in-json",
    "the JSON inside need not be canonical",
    signed(JSON.stringify(header, null, 1), JSON.stringify(claims, null, 1)),
  ),
  refused("alg-none", "no signature", `${part({ ...header, alg: "none" })}.${part(claims)}.`, "WRONG_TYPE"),
  refused("alg-none-signed", "none with a good signature", signed({ ...header, alg: "none" }, claims), "WRONG_TYPE"),
  refused("alg-hs256", "an HMAC under the public key", hs256(), "WRONG_TYPE"),
  refused("alg-missing", "no algorithm named", signed({ kid: "2026", typ: "exec+jwt" }, claims), "WRONG_TYPE"),
  refused("alg-lower-case", "names are case-sensitive", signed({ ...header, alg: "eddsa" }, claims), "WRONG_TYPE"),
  refused("typ-jwt", "another kind of token by the same key", signed({ ...header, typ: "JWT" }, claims), "WRONG_TYPE"),
  refused("typ-missing", "no type named", signed({ alg: "EdDSA", kid: "2026" }, claims), "WRONG_TYPE"),
  refused(
    "crit",
    "a critical header (RFC 7515 section 4.1.11)",
    signed({ ...header, crit: ["b64"], b64: false }, claims),
    "WRONG_TYPE",
  ),
  refused(
    "embedded-key",
    "the key in the token itself",
    signed({ ...header, jwk: jwk(stranger, "2026") }, claims, stranger),
    "WRONG_TYPE",
  ),
  refused(
    "key-url",
    "a key to be fetched",
    signed({ ...header, jku: "https://evil.example/jwks" }, claims, stranger),
    "WRONG_TYPE",
  ),
  refused("stranger", "another key signs under a known kid", signed(header, claims, stranger), "SIGNATURE_WRONG"),
  refused(
    "other-trusted-key",
    "a trusted key signs under another's kid",
    signed({ ...header, kid: "2025" }, claims),
    "SIGNATURE_WRONG",
  ),
  refused("kid-unknown", "no key has it", signed({ ...header, kid: "2024" }, claims), "UNKNOWN_KEY"),
  refused("kid-missing", "no key named", signed({ alg: "EdDSA", typ: "exec+jwt" }, claims), "UNKNOWN_KEY"),
  refused("kid-not-text", "a list that holds the name", signed({ ...header, kid: ["2026"] }, claims), "UNKNOWN_KEY"),
  refused("no-keys", "an empty key set", good, "UNKNOWN_KEY", { keys: [] }),
  refused("key-of-other-curve", "the kid is of an X25519 key", good, "UNKNOWN_KEY", {
    keys: [{ ...jwk(key, "2026"), crv: "X25519" }],
  }),
  refused("key-of-other-type", "the kid is of an EC key", good, "UNKNOWN_KEY", {
    keys: [{ ...jwk(key, "2026"), kty: "EC" }],
  }),
  refused(
    "small-order-key",
    "the trusted key is one that anyone signs with",
    `${head64}.${part(claims)}.${WEAK_SIGNATURE.toString("base64url")}`,
    "SIGNATURE_WRONG",
    {
      keys: [{ ...jwk(key, "2026"), x: WEAK_KEY.toString("base64url") }],
    },
  ),
  refused(
    "claims-changed",
    "another subject under the old signature",
    `${head64}.${part({ ...claims, sub: "root" })}.${signature64}`,
    "SIGNATURE_WRONG",
  ),
  refused(
    "header-changed",
    "another algorithm name under the old signature",
    `${part({ ...header, alg: "Ed25519" })}.${good.split(".")[1]}.${signature64}`,
    "SIGNATURE_WRONG",
  ),
  refused(
    "zero-signature",
    "64 bytes of zero",
    `${head64}.${part(claims)}.${Buffer.alloc(64).toString("base64url")}`,
    "SIGNATURE_WRONG",
  ),
  refused("no-signature", "the third part is empty", `${head64}.${part(claims)}.`, "SIGNATURE_WRONG"),
  refused("expired", "exp and 5 seconds of skew have passed", good, "EXPIRED", at((NOW + 15) * 1000)),
  refused("not-yet-valid", "nbf is more than 5 seconds ahead", good, "NOT_YET_VALID", at((NOW - 5) * 1000 - 1)),
  refused("other-audience", "made for somebody else", good, "WRONG_AUDIENCE", { audience: "other" }),
  refused(
    "audience-list",
    "Writ's tokens have exactly one audience",
    signed(header, { ...claims, aud: ["runner"] }),
    "WRONG_AUDIENCE",
  ),
  refused("audience-missing", "for nobody", signed(header, { ...claims, aud: undefined }), "WRONG_AUDIENCE"),
  refused("other-issuer", "another daemon", good, "WRONG_ISSUER", { issuer: "https://other.example" }),
  refused("other-parameters", "what is executed is not what was authorized", good, "PARAMETERS_DIFFER", {
    parameters_digest: sha256("other").toString("base64url"),
  }),
  refused("parameters-unforeseen", "parameters where none were authorized", withoutDigest, "PARAMETERS_DIFFER", {
    parameters_digest: digest,
  }),
  refused("parameters-dropped", "none where some were authorized", good, "PARAMETERS_DIFFER", {
    parameters_digest: null,
  }),
  refused("exp-missing", "a token without an end", signed(header, { ...claims, exp: undefined }), "MALFORMED"),
  refused("exp-text", "a time is a number", signed(header, { ...claims, exp: String(NOW + 10) }), "MALFORMED"),
  refused("exp-fraction", "whole seconds", signed(header, { ...claims, exp: NOW + 10.5 }), "MALFORMED"),
  refused(
    "exp-huge",
    "1e300 seconds",
    signed(header, `${JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e300')}`),
    "MALFORMED",
  ),
  refused("nbf-negative", "before 1970", signed(header, { ...claims, nbf: -1 }), "MALFORMED"),
  refused(
    "duplicate-claim",
    "two subjects",
    signed(header, `{"sub":"root",${JSON.stringify(claims).slice(1)}`),
    "MALFORMED",
  ),
  refused(
    "duplicate-header",
    "two algorithms",
    signed(`{"alg":"none",${JSON.stringify(header).slice(1)}`, claims),
    "MALFORMED",
  ),
  refused("claims-list", "claims are an object", signed(header, [claims]), "MALFORMED"),
  refused("header-text", "a header is an object", signed('"EdDSA"', claims), "MALFORMED"),
  refused("claims-null", "claims are an object", signed(header, "null"), "MALFORMED"),
  refused("two-parts", "no third part", `${head64}.${part(claims)}`, "MALFORMED"),
  refused("four-parts", "one part too many", `${good}.`, "MALFORMED"),
  refused("empty", "nothing", "", "MALFORMED"),
  refused("padding", "base64url without padding", `${good}=`, "MALFORMED"),
  refused(
    "base64",
    "the other alphabet",
    `${head64}.${part(claims)}.${Buffer.alloc(64, 0xfb).toString("base64").replace("==", "")}`,
    "MALFORMED",
  ),
  refused(
    "trailing-bits",
    "the last character has bits to spare",
    `${good.slice(0, -1)}${lastWithSpareBits(good)}`,
    "MALFORMED",
  ),
  refused("newline", "white space is no base64url", `${good}\n`, "MALFORMED"),
  refused(
    "claims-not-utf-8",
    "bytes that are no text",
    `${head64}.${Buffer.from([0x7b, 0xff, 0x7d]).toString("base64url")}.${signature64}`,
    "MALFORMED",
  ),
  refused("too-long", "more than 8,192 characters", signed(header, { ...claims, sub: "a".repeat(9_000) }), "MALFORMED"),
]

/** The next character: it differs only in bits that no byte uses. */
function lastWithSpareBits(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  return alphabet.charAt(alphabet.indexOf(token.at(-1) as string) + 1)
}
