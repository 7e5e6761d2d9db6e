/** What the daemon still accepts of executions whose revocation it has answered: it must be nothing. */
import { createHash, randomUUID } from "node:crypto"
import { type AuthorizeReply, toWireRequest } from "../src/cli/authorize.ts"
import type { CallError } from "../src/client/call-error.ts"
import type { WritClient } from "../src/client/connect.ts"
import { type HeartbeatAgent, startHeartbeatAgent } from "../src/client/heartbeat-agent.ts"
import { makeRuntimeKey } from "../src/client/runtime-key.ts"
import { sha256 } from "../src/crypto.ts"
import { toBase64Url } from "../src/formats/bytes.ts"
import { consentBytes } from "../src/formats/parent-proof.ts"
import type { JsonObject } from "../src/formats/ports.ts"
import { redeemProofInput } from "../src/formats/redeem-proof.ts"

const RESEARCHER = { type: "agent", id: "agent:researcher" }
const PAGE = { type: "url", id: "https://example.com/paper" }
const READ: JsonObject = {
  audience: "runner",
  subject: { ...RESEARCHER, properties: { team: "research" } },
  action: { name: "http.get" },
  resource: PAGE,
}
const PAY: JsonObject = {
  audience: "payer",
  subject: { type: "agent", id: "agent:treasurer", properties: { team: "finance" } },
  action: { name: "payment.send" },
  resource: { type: "account", id: "DE02 1203 0000 0000 2020 51", properties: { currency: "EUR" } },
  parameters: { amount: 100, instalments: 2 },
}
const REFUSALS = ["TOKEN_REFUSED", "INVALID_TRANSITION"]

/** Each would let something begin, or go on. */
export const CALLS = [
  "VerifyToken",
  "RedeemToken",
  "StartExecution of what was not redeemed",
  "RedeemToken again",
  "StartExecution of what was redeemed",
  "Authorize of a child",
] as const

export function startParent(client: WritClient): Promise<HeartbeatAgent> {
  const code = createHash("sha256").update("bench").digest("hex")
  return startHeartbeatAgent(client, { id: "exec:bench", key: makeRuntimeKey(), measurements: { code } })
}

/**
 * Which of `CALLS` the daemon accepts, sent as soon as both revocations are answered, all at once. Without a revocation, the
 * same calls one after the other: then each has to be accepted.
 */
export async function findAccepted(client: WritClient, agent: HeartbeatAgent, revoked: boolean): Promise<string[]> {
  const call = <Reply>(method: string, request: object) => client.call<Reply>("authorization", method, request)
  const authorize = (request: JsonObject) =>
    call<AuthorizeReply>("Authorize", toWireRequest({ request_id: randomUUID(), ...request }))
  const { id, key } = agent.session.runtime

  const waiting = await authorize(PAY)
  const parameters_digest = createHash("sha256").update(JSON.stringify(PAY["parameters"])).digest()
  const running = await authorize({ ...READ, runtime_id: id })
  const again = {
    token: running.token,
    redemption_id: "one",
    proof: toBase64Url(key.sign(redeemProofInput(sha256, running.token, "one", null))),
  }
  await call("RedeemToken", again)

  if (revoked)
    await Promise.all(
      [waiting, running].map(({ execution_id }) => call("RevokeExecution", { execution_id, reason: "bench" })),
    )
  const redeem = { token: waiting.token, redemption_id: "one", parameters_digest }
  const calls: readonly (() => Promise<boolean>)[] = [
    async () => (await call<{ valid: boolean }>("VerifyToken", { token: waiting.token, audience: "payer" })).valid,
    () => isAccepted(call("RedeemToken", redeem)),
    () => isAccepted(call("StartExecution", { execution_id: waiting.execution_id })),
    () => isAccepted(call("RedeemToken", again)),
    () => isAccepted(call("StartExecution", { execution_id: running.execution_id })),
    async () => (await authorize(childOf(running.execution_id, agent))).decision === "DECISION_ALLOW",
  ]
  const answers: boolean[] = []
  if (revoked) answers.push(...(await Promise.all(calls.map((each) => each()))))
  else for (const each of calls) answers.push(await each())
  return CALLS.filter((_, i) => answers[i])
}

function childOf(parent_execution_id: string, { session }: HeartbeatAgent): JsonObject {
  const request_id = randomUUID()
  const consent = consentBytes({
    action: "http.get",
    audience: "runner",
    parameters_digest: "",
    parent_execution_id,
    request_id,
    resource: PAGE,
    runtime_id: "",
    subject: RESEARCHER,
  })
  return { ...READ, request_id, parent_execution_id, parent_proof: toBase64Url(session.runtime.key.sign(consent)) }
}

async function isAccepted(call: Promise<unknown>): Promise<boolean> {
  return await call.then(
    () => true,
    (error: CallError) => {
      if (REFUSALS.includes(error.code)) return false
      throw error
    },
  )
}
