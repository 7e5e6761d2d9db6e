/** Evidence with a token held against it: granted by its decision, or not. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { allow, alone, honest, logged, record, refused, taken } from "./evidence.ts"
import { vectorKey } from "./keys.ts"
import {
  CLAIMS,
  CONTENT,
  decision,
  denied,
  type File,
  type Json,
  leafHash,
  revoked,
  type Sealed,
  TRUST,
} from "./lineage.ts"
import type { Vector } from "./vector.ts"

const KEY = vectorKey("tokens")
const STRANGER = vectorKey("stranger")
const KID = "2026"
const trust = {
  ...TRUST,
  tokens: { keys: [{ kty: "OKP", crv: "Ed25519", x: KEY.publicKey.toString("base64url"), kid: KID }] },
}
const part = (value: object) => Buffer.from(naiveCanonicalJson(value)).toString("base64url")
const HEADER = { alg: "EdDSA", kid: KID, typ: "exec+jwt" }
/** The token of this record; claims that are undefined are left out. */
const tokenOf = (of: Sealed, change: Json = {}, by = KEY, header: object = HEADER) => {
  const claims = { ...CLAIMS, leaf: leafHash(of.body).toString("hex"), ...change }
  const input = `${part(header)}.${part(JSON.parse(JSON.stringify(claims)))}`
  return `${input}.${by.sign(input).toString("base64url")}`
}
const withToken = (token: string, vector: Vector): Vector => ({
  ...vector,
  name: `grant-${vector.name}`,
  input: { ...(vector.input as object), token },
})
const good = tokenOf(allow)
const erased = record(alone, 0, { payload: null })
const revokedLater = revoked(allow)

const valid: readonly Vector[] = [
  withToken(good, taken("good", "the token of the decision", alone, { state: "AUTHORIZED", trust })),
  withToken(good, taken("revoked", "it was granted, and revoked later", honest, { state: "REVOKED", trust })),
  withToken(
    good,
    taken("erased", "the token names the record; what it said was erased", erased, {
      state: "AUTHORIZED",
      trust,
      steps: { payload: "erased", claims: "erased", executed: "erased", grant: "erased" },
    }),
  ),
  withToken(
    tokenOf(allow, {}, STRANGER),
    taken("not-anchored", "without trust nobody vouches for the token either", alone, {
      state: "AUTHORIZED",
      trust: null,
      steps: { checkpoint: "not_anchored", grant: "not_anchored" },
    }),
  ),
]

const bad =
  (code: string, index: string | null) =>
  (name: string, description: string, token: string, file: File = alone, against: object | null = trust) =>
    withToken(token, refused("grant", code, index)(name, description, file, against))
const deny = denied()
const other = decision({ epoch: "9" })
const invalid: readonly Vector[] = [
  bad("CLAIMS_WRONG", "3")("of-deny", "a token whose leaf says DENY", tokenOf(deny), logged(deny)),
  bad("LINK_WRONG", "3")("of-other-record", "a token of another decision", tokenOf(other)),
  bad("LINK_WRONG", "3")("of-later-record", "a token that names the revocation", tokenOf(revokedLater), honest),
  bad("LINK_WRONG", "3")("without-leaf", "a token that names no record", tokenOf(allow, { leaf: undefined })),
  bad("LINK_WRONG", "3")(
    "leaf-upper-case",
    "hashes are in lower case",
    tokenOf(allow, { leaf: leafHash(allow.body).toString("hex").toUpperCase() }),
  ),
  bad("CLAIMS_WRONG", "3")(
    "more-time",
    "a token that lives longer",
    tokenOf(allow, { exp: (CLAIMS["exp"] as number) + 1 }),
  ),
  bad("CLAIMS_WRONG", "3")(
    "other-resource",
    "a token for another resource",
    tokenOf(allow, { resource: { id: "43", type: "account" } }),
  ),
  bad("CLAIMS_WRONG", "3")(
    "offline",
    "a token that says that it need not be redeemed",
    tokenOf(allow, { use: "offline" }),
  ),
  bad("CLAIMS_WRONG", "3")("claim-added", "a claim that was not recorded", tokenOf(allow, { admin: true })),
  bad("CLAIMS_WRONG", "3")(
    "claim-dropped",
    "a claim that was recorded is gone",
    tokenOf(allow, { sub_type: undefined }),
  ),
  bad("SIGNATURE_WRONG", null)("of-stranger", "signed by another key", tokenOf(allow, {}, STRANGER)),
  bad("UNKNOWN_KEY", null)("key-unknown", "the trust file has no such key", good, alone, TRUST),
  bad("WRONG_TYPE", null)("other-type", "another kind of token", tokenOf(allow, {}, KEY, { ...HEADER, typ: "jwt" })),
  bad("MALFORMED", null)("cut", "a token without its signature", good.split(".").slice(0, 2).join(".")),
  bad("MALFORMED", null)(
    "cut-without-trust",
    "the same without trust",
    good.split(".").slice(0, 2).join("."),
    alone,
    null,
  ),
  withToken(
    good,
    refused("claims", "CLAIMS_WRONG", "3")(
      "of-unsound-record",
      "what is wrong with the evidence comes first",
      logged(decision({}, { ...CONTENT, claims: undefined })),
      trust,
    ),
  ),
]

export const evidenceGrantVectors: readonly Vector[] = [...valid, ...invalid]
