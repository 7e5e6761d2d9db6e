/** What the records of an execution that waited for an approval say of it: who asked, who decided, and that it was used in time. */
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import type { ApprovalLink } from "../ledger/record.ts"
import { Fault, type Item } from "./case.ts"
import { isCount, isTime } from "./shape.ts"

/** Enough principals granted it, each once and none of them its requester, all before it lapsed; and nobody refused. */
export function checkApproval(items: readonly Item[]): void {
  const [opening] = items as [Item, ...Item[]]
  const wrong = (text: string, { index }: Item) => new Fault("TRANSITION_WRONG", text, index)
  if (opening.record.state !== "APPROVAL_PENDING") {
    if (opening.record.state === "AUTHORIZED" && opening.record.data["approval"] !== undefined)
      throw wrong("an approval is said to have been used, and nothing waited for it", opening)
    return
  }
  const link = readLink(opening.record.data["approval"])
  if (!link || link.id !== opening.record.execution_id)
    throw wrong("it waits for an approval, and does not say for which", opening)
  const deciders = new Set<string>([opening.record.actor.id])
  let given = 0
  for (const item of items.slice(1)) {
    const { kind, actor, data, state, time } = item.record
    if (kind !== "approval_decided" && kind !== "decision") continue
    if (time >= link.expires_at) throw wrong("the approval had lapsed", item)
    if (kind === "approval_decided") {
      if (deciders.has(actor.id)) throw wrong("the approval is decided by who asked for it, or twice by the same", item)
      deciders.add(actor.id)
      if (data["approve"] !== (state === "APPROVAL_PENDING"))
        throw wrong("it decides the one, its state says the other", item)
      given++ // a refusal ends it
      continue
    }
    if (given < link.needed) throw wrong(`the approval was used with ${given} of ${link.needed} decisions`, item)
    if (actor.id !== opening.record.actor.id) throw wrong("the approval was used by another caller", item)
    if (data["bundle_digest"] !== opening.record.data["bundle_digest"])
      throw wrong("the approval was used under another policy", item)
    if (encodeCanonicalJson(data["approval"] ?? null) !== encodeCanonicalJson(link as unknown as JsonObject))
      throw wrong("another approval was used", item)
  }
}

/** What was authorized is what was approved: the same request, but for its ids and its parent's consent to it. */
export function checkApproved(items: readonly Item[]): void {
  const [opening] = items as [Item, ...Item[]]
  const used = items.slice(1).find(({ record }) => record.kind === "decision")
  if (!used || !opening.content || !used.content) return // none, or erased
  const before = asked(opening.content)
  if (before === null || before !== asked(used.content))
    throw new Fault("CLAIMS_WRONG", "what was authorized is not what was approved", used.index)
}

/** Null where there is no request. */
function asked({ request }: JsonObject): string | null {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return null
  const { request_id: _, approval_id: __, parent_proof: ___, ...rest } = request as JsonObject
  return encodeCanonicalJson(rest)
}

function readLink(value: JsonValue | undefined): ApprovalLink | null {
  const { expires_at, id, needed } = (value ?? {}) as Partial<ApprovalLink>
  return isTime(expires_at) && typeof id === "string" && isCount(needed) && needed > 0
    ? { expires_at, id, needed }
    : null
}
