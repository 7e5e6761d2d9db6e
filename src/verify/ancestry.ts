/** What a child's records say of its parent, held against the parent's. */
import { fromBase64Url, toHex } from "../formats/bytes.ts"
import { consentBytes, consentId } from "../formats/parent-proof.ts"
import type { Crypto, JsonObject } from "../formats/ports.ts"
import { MAX_ANCESTORS, type ParentLink } from "../ledger/record.ts"
import { type Case, type Chain, decisionOf, Fault } from "./case.ts"
import type { Claims } from "./claims.ts"
import { asText } from "./shape.ts"
import { verifySignature } from "./signature.ts"

/** Each decision names the redemption of the next chain's execution, and the last one none. */
export function checkAncestry({ chains }: Case): void {
  if (chains.length > MAX_ANCESTORS + 1) throw new Fault("TOO_LARGE", `more than ${MAX_ANCESTORS} ancestors`)
  chains.forEach((chain, i) => {
    checkCause(chain, chains.slice(i + 1))
    const { record, index, log } = decisionOf(chain)
    const wrong = (text: string) => new Fault("LINK_WRONG", text, index)
    const parent = chains[i + 1]
    const link = record.parent
    if (link === undefined) {
      if (parent) throw wrong(`execution ${chain.executionId} descends from none, and more records are given`)
      return
    }
    if (record.state !== "AUTHORIZED") throw wrong("what was not allowed is no child")
    if (!parent || link.execution_id !== parent.executionId)
      throw wrong("the records of the execution that it descends from are not given next")
    const at = parent.items.findIndex((item) => item.record.kind === "redeemed")
    const redeemed = parent.items[at]
    if (!redeemed || link.leaf !== toHex(redeemed.leafHash))
      throw wrong("it does not link to the redemption of its parent")
    if (link.depth !== chains.length - 1 - i) throw wrong("it says another number of ancestors")
    const end = parent.items.slice(at).find((item) => item.record.state !== "REDEEMED")
    if (end && log === end.log && index > end.index) throw wrong("it was authorized after its parent had ended")
  })
}

/** What was revoked because of an ancestor names the record that ended that one. */
function checkCause({ items }: Chain, ancestors: readonly Chain[]): void {
  for (const { record, index } of items) {
    const { ancestor, ancestor_record: named } = record.data
    if (record.kind !== "revoked" || ancestor === undefined) continue
    const ended = ancestors
      .find(({ executionId }) => executionId === ancestor)
      ?.items.find(({ leafHash }) => toHex(leafHash) === named)
    if (ended?.record.state !== "REVOKED" && ended?.record.state !== "LOST")
      throw new Fault("LINK_WRONG", "it was revoked with an execution that had not ended", index)
  }
}

/** A child's token, and the child, end no later than its parent must have; the parent's runtime has consented to it. */
export function checkDescent(child: Chain, claims: Claims | null, parent: Chain | undefined, crypto: Crypto): void {
  const { record, content, index } = decisionOf(child)
  const wrong = (text: string) => new Fault("CLAIMS_WRONG", text, index)
  if (!parent) {
    if (claims?.parent !== undefined || claims?.execute_before !== undefined)
      throw wrong("the token names a parent, its record none")
    return
  }
  const until = untilOf(parent)
  const redeemed = child.items.find((item) => item.record.kind === "redeemed")
  if (redeemed && untilOf(child) > until)
    throw new Fault("CLAIMS_WRONG", "it may run longer than its parent", redeemed.index)
  if (!content || !claims) return // erased
  const { parent: named, execute_before: before, exp } = claims
  if (named !== parent.executionId) throw wrong("the token names another parent")
  if (before === undefined || before * 1000 > until) throw wrong("the token lets it run longer than its parent")
  if (exp > before) throw wrong("the token outlives its parent")
  checkConsent(content, parent, record.parent as ParentLink, crypto, wrong)
}

/** Where neither the child's request nor the parent's token was erased. */
function checkConsent(
  content: JsonObject,
  parent: Chain,
  { consent }: ParentLink,
  crypto: Crypto,
  wrong: (text: string) => Fault,
): void {
  const { content: authorized } = decisionOf(parent)
  if (!authorized) return
  let isGood = false
  try {
    const { cnf } = authorized["claims"] as { cnf: { jwk: { x: string } } }
    const request = content["request"] as unknown as Request
    const signature = fromBase64Url(asText(request.parent_proof))
    const digest = request.parameters?.digest
    const bytes = consentBytes({
      action: asText(request.action.name),
      audience: asText(request.audience),
      parameters_digest: digest === undefined ? "" : toHex(fromBase64Url(asText(digest))),
      parent_execution_id: parent.executionId,
      request_id: asText(request.request_id),
      resource: { id: asText(request.resource.id), type: asText(request.resource.type) },
      runtime_id: asText(request.runtime_id ?? ""),
      subject: { id: asText(request.subject.id), type: asText(request.subject.type) },
    })
    isGood =
      verifySignature(crypto, fromBase64Url(asText(cnf.jwk.x)), bytes, signature) &&
      toHex(consentId(crypto.sha256, signature)) === consent
  } catch {} // of another shape: nobody has consented
  if (!isGood) throw wrong("there is no consent of the parent's runtime to this request")
}

/** A request as it is recorded. */
interface Request {
  readonly action: { readonly name: string }
  readonly audience: string
  readonly parameters?: { readonly digest: string }
  readonly parent_proof: string
  readonly request_id: string
  readonly resource: { readonly id: string; readonly type: string }
  readonly runtime_id?: string
  readonly subject: { readonly id: string; readonly type: string }
}

/** Unix milliseconds. It was redeemed: a child's record links to that, and the step "transitions" has read the time. */
function untilOf({ items }: Chain): number {
  const redeemed = items.find(({ record }) => record.kind === "redeemed")
  return Date.parse(redeemed?.record.data["execute_until"] as string)
}
