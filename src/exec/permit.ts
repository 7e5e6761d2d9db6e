/** Authorize and RedeemToken: the right to start this very command, now and once. */
import { createHash, randomUUID } from "node:crypto"
import type { WritClient } from "../client/connect.ts"
import { toBase64Url } from "../formats/bytes.ts"
import { redeemProofInput } from "../formats/redeem-proof.ts"
import { GUARD_EXITS } from "../guard/exit-codes.ts"
import type { Measured } from "../guard/measure.ts"
import { encodeCommand } from "../guard/measurement.ts"
import { jsonToStruct } from "../rpc/struct.ts"
import { NothingRan } from "./nothing-ran.ts"
import type { Order } from "./order.ts"

/** Longer ones are authorized by their digest, which only a rule with `parameters: opaque` allows. */
const MAX_PARAMETERS_BYTES = 32 * 1024
const AUTHORIZE_LIMIT_MS = 5_000
const REDEEM_LIMIT_MS = 8_000

interface Reply {
  readonly decision: "DECISION_ALLOW" | "DECISION_DENY" | "DECISION_REQUIRE_APPROVAL"
  readonly execution_id: string
  readonly approval_id: string
  readonly token: string
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly rule: string }[]
  readonly matched_rules: readonly string[]
  readonly receipt: Receipt
}

interface Receipt {
  readonly log: string
  readonly leaf_index: string
  readonly leaf_hash: Buffer
}

export interface Granted {
  readonly executionId: string
  readonly rules: readonly string[]
  readonly token: string
  readonly receipt: Receipt
}

export interface Redeemed {
  readonly receipt: Receipt
  /** Until when it may run, in milliseconds of performance.now(): counted from before the token was redeemed. */
  readonly untilMs: number
}

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest())

/** NothingRan when it is not allowed; CallError. */
export async function authorize(
  client: WritClient,
  order: Order,
  { files }: Measured,
  runtimeId: string,
): Promise<Granted> {
  const parameters = encodeCommand(order.command)
  const isSmall = parameters.length <= MAX_PARAMETERS_BYTES
  const resource = order.resource ?? { type: "program", id: files[0]?.path as string }
  const request = {
    request_id: randomUUID(),
    subject: { ...order.subject, properties: jsonToStruct(order.subject.properties) },
    action: { name: order.action },
    resource,
    ...(isSmall ? { parameters } : { parameters_digest: sha256(parameters) }),
    parameters_content_type: "application/json",
    audience: order.audience,
    runtime_id: runtimeId,
    ...(order.approvalId !== null && { approval_id: order.approvalId }),
  }
  const reply = await client.call<Reply>("authorization", "Authorize", request, AUTHORIZE_LIMIT_MS)
  const { decision, execution_id, approval_id, token, reasons, matched_rules, receipt } = reply
  if (decision === "DECISION_ALLOW") return { executionId: execution_id, rules: matched_rules, token, receipt }
  const [reason] = reasons
  const code = reason?.code ?? decision.slice("DECISION_".length)
  const by = reason?.rule ? ` (rule ${reason.rule})` : ""
  const how =
    decision === "DECISION_REQUIRE_APPROVAL" ? ` Once it is granted, run the same with --approval ${approval_id}.` : ""
  throw new NothingRan(GUARD_EXITS.DENIED, code, `${reason?.text ?? "It is not allowed."}${by}${how}`, { execution_id })
}

/** CallError. */
export async function redeem(client: WritClient, order: Order, { token }: Granted): Promise<Redeemed> {
  const redemptionId = randomUUID()
  const digest = sha256(encodeCommand(order.command))
  const proof = order.runtimeKey.sign(redeemProofInput(sha256, token, redemptionId, digest))
  const request = { token, redemption_id: redemptionId, parameters_digest: digest, proof: toBase64Url(proof) }
  const firstMs = performance.now()
  const { receipt } = await client.call<{ receipt: Receipt }>("authorization", "RedeemToken", request, REDEEM_LIMIT_MS)
  return { receipt, untilMs: firstMs + readMaxDurationMs(token) }
}

/** The token comes from the daemon, over its own connection: it is read, not verified. */
function readMaxDurationMs(token: string): number {
  const payload = token.split(".")[1] as string
  return (
    (JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { max_duration: number }).max_duration * 1000
  )
}
