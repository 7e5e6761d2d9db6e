/** A token held against the decision that granted it: it names that record, and says what the record committed to. */
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import { parseCompactJws } from "../formats/jwt.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type Case, decisionOf, Fault, type Outcome } from "./case.ts"
import { readToken } from "./token.ts"
import type { ReasonCode } from "./types.ts"

/** Its time and its audience are left to who executes; this is about what was. */
export function checkGrant(file: Case, token: string): Outcome {
  const { record, content, index, leafHash } = decisionOf(file.chains[0])
  const { leaf, ...claims } = readClaims(file, token)
  if (leaf !== toHex(leafHash)) throw new Fault("LINK_WRONG", "the token names another record", index)
  if (record.data["decision"] !== "ALLOW")
    throw new Fault("CLAIMS_WRONG", "the record that the token names allowed nothing", index)
  if (content === null)
    return { result: "erased", detail: "the token names the decision's record; what that committed to was erased" }
  if (encodeCanonicalJson(claims) !== encodeCanonicalJson(content["claims"] as JsonObject))
    throw new Fault("CLAIMS_WRONG", "the token says something else than its record", index)
  if (!file.trust)
    return { result: "not_anchored", detail: "the token says what its record does; nobody vouches for it" }
  return { result: "ok", detail: "the token is signed by a trusted key, and says what its record does" }
}

/** Without trust its signature shows nothing. */
function readClaims({ trust, crypto }: Case, token: string): JsonObject {
  if (!trust) return parseCompactJws(token).claims
  const { claims, reason } = readToken(token, trust.tokens.keys, crypto)
  if (claims) return claims
  const [code = "", ...words] = reason.split(": ")
  throw new Fault(code as ReasonCode, words.join(": "))
}
