/** Executions that descend from one another, each in a runtime of its own, made through the API. */
import { setTimeout as sleep } from "node:timers/promises"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { type RuntimeDescription, type RuntimeSession, registerRuntime } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { toBase64Url } from "../../src/formats/bytes.ts"
import { type Consent, consentBytes } from "../../src/formats/parent-proof.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import { redeemProofInput } from "../../src/formats/redeem-proof.ts"
import { readPage, type TestDaemon } from "./daemon.ts"
import { makeRuntime } from "./runtime.ts"

/** Whatever daemon answers. */
type Clients = Pick<TestDaemon, "client">

export interface Member {
  readonly runtime: RuntimeDescription
  readonly session: RuntimeSession
  readonly execution_id: string
  readonly token: string
  /** Of its redemption. */
  readonly proof: string
}

/** A runtime that is trusted. */
export async function trustedRuntime(writ: Clients, change: Partial<RuntimeDescription> = {}) {
  const runtime = makeRuntime(change)
  const session = await registerRuntime(writ.client("runtime"), runtime)
  await session.beat()
  return { runtime, session }
}

export const REDEMPTION = "one"
export function redeemBy(writ: Clients, { token, proof }: Pick<Member, "token" | "proof">): Promise<object> {
  const request = { token, redemption_id: REDEMPTION, proof }
  return writ.client("executor").call<object>("authorization", "RedeemToken", request)
}

/** What a child's request asks for, with the consent of the parent's runtime to it. */
export function childRequest(
  parent: Pick<Member, "execution_id" | "runtime">,
  runtime_id: string,
  change: JsonObject = {},
  consent: Partial<Consent> = {},
): JsonObject {
  const request = readPage({ parent_execution_id: parent.execution_id, runtime_id, ...change })
  const { subject, resource, action } = request as {
    subject: { id: string; type: string }
    resource: { id: string; type: string }
    action: { name: string }
  }
  const bytes = consentBytes({
    action: action.name,
    audience: request["audience"] as string,
    parameters_digest: "",
    parent_execution_id: parent.execution_id,
    request_id: request["request_id"] as string,
    resource: { id: resource.id, type: resource.type },
    runtime_id,
    subject: { id: subject.id, type: subject.type },
    ...consent,
  })
  return { ...request, parent_proof: toBase64Url(parent.runtime.key.sign(bytes)) }
}

export async function authorizeIt(writ: Clients, request: JsonObject): Promise<AuthorizeReply> {
  return await writ.client("pep").call<AuthorizeReply>("authorization", "Authorize", toWireRequest(request))
}

/** One more of the family, authorized and, unless told otherwise, redeemed. */
export async function addMember(
  writ: Clients,
  parent: Member | null = null,
  { redeemed = true, change = {} as JsonObject, on = writ } = {},
): Promise<Member> {
  const { runtime, session } = await trustedRuntime(writ)
  const ask = async (): Promise<AuthorizeReply> => {
    const request = parent ? childRequest(parent, runtime.id, change) : readPage({ runtime_id: runtime.id, ...change })
    const reply = await authorizeIt(writ, request)
    const [code] = reply.reasons.map((reason) => reason.code)
    if (code !== "PARENT_NOT_ATTESTED") return reply
    await sleep(100) // replicas tell one another of leases every second
    return await ask()
  }
  const { decision, reasons, execution_id, token } = await ask()
  if (decision !== "DECISION_ALLOW") throw new Error(JSON.stringify(reasons))
  const proof = toBase64Url(runtime.key.sign(redeemProofInput(sha256, token, REDEMPTION, null)))
  const member = { runtime, session, execution_id, token, proof }
  if (redeemed) await redeemBy(on, member)
  return member
}
