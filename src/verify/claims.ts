/** An ALLOW has claims of a token that agree with its record and with its redemption; anything else has none. */
import type { JsonObject } from "../formats/ports.ts"
import { checkDescent } from "./ancestry.ts"
import { checkApproved } from "./approval.ts"
import { type Case, type Chain, decisionOf, Fault, type Item, type Outcome } from "./case.ts"
import { isCount } from "./shape.ts"

/** What is read of a token's claims. */
export type Claims = {
  readonly bundle: string
  /** Unix seconds, as all times here. */
  readonly exp: number
  readonly execution_id: string
  readonly iat: number
  readonly jti: string
  readonly log: string
  /** Seconds. */
  readonly max_duration: number
  readonly dig?: string
  readonly execute_before?: number
  readonly parent?: string
}
const TEXTS = ["bundle", "execution_id", "jti", "log"]
const COUNTS = ["exp", "iat", "max_duration"]

export function checkClaims({ chains, crypto }: Case): Outcome {
  const outcomes = chains.map((chain, i) => {
    const { content } = decisionOf(chain)
    const claims = readClaims(chain)
    if (claims) checkToken(chain, claims)
    checkApproved(chain.items)
    checkDescent(chain, claims, chains[i + 1], crypto)
    if (content === null) return erased
    return claims ? agreed : none
  })
  return outcomes.find(({ result }) => result === "erased") ?? (outcomes[0] as Outcome)
}
const erased: Outcome = { result: "erased", detail: "the decision's payload was erased, its claims with it" }
const agreed: Outcome = { result: "ok", detail: "the token's claims agree with what was recorded" }
const none: Outcome = { result: "ok", detail: "no token was made" }

/** Null where there are none: nothing was allowed, or they were erased. */
function readClaims(chain: Chain): Claims | null {
  const { record, content, index } = decisionOf(chain)
  if (content === null) return null
  const claims = content["claims"]
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  if (record.data["decision"] !== "ALLOW") {
    if (claims !== undefined) throw wrong("claims of a token for a decision that allowed nothing")
    return null
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims))
    throw wrong("an ALLOW without the claims of its token")
  if (!areOfForm(claims as JsonObject)) throw wrong("a claim of the token is missing or of another form")
  return claims as unknown as Claims
}

function areOfForm(claims: JsonObject): boolean {
  const { dig, execute_before, parent } = claims
  return (
    TEXTS.every((name) => typeof claims[name] === "string") &&
    COUNTS.every((name) => isCount(claims[name])) &&
    (dig === undefined || typeof dig === "string") &&
    (execute_before === undefined || isCount(execute_before)) &&
    (parent === undefined || typeof parent === "string")
  )
}

function checkToken(chain: Chain, claims: Claims): void {
  const { record, index, log } = decisionOf(chain)
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  if (claims.execution_id !== record.execution_id || claims.jti !== record.execution_id)
    throw wrong("the token was made for another execution")
  if (claims.log !== log) throw wrong("the token names another log")
  if (claims.bundle !== record.data["bundle_digest"]) throw wrong("the token names another policy bundle")
  if (claims.exp <= claims.iat) throw wrong("the token's times are not in order")
  const redemption = chain.items.find((item) => item.record.kind === "redeemed")
  if (redemption) checkRedemption(redemption, claims)
}

/** The token was alive, its parameters were those to be executed, and the time given is what it grants. */
function checkRedemption({ record, content, index }: Item, claims: Claims): void {
  const { exp, max_duration, dig = null, execute_before = Number.POSITIVE_INFINITY } = claims
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  const at = Date.parse(record.time)
  if (at >= exp * 1000) throw wrong("the token had expired when it was redeemed")
  const until = Math.min(at + max_duration * 1000, execute_before * 1000)
  if (Date.parse(record.data["execute_until"] as string) !== until)
    throw wrong("the time to execute is not what the token grants")
  if (content !== null && (content["dig"] ?? null) !== dig)
    throw wrong("the parameters that were redeemed are not those that were authorized")
}
