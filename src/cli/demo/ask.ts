/** Act I: what may happen is decided before it happens. */
import { randomUUID } from "node:crypto"
import { createLocalJWKSet, jwtVerify } from "jose"
import type { JsonObject } from "../../formats/ports.ts"
import { type AuthorizeReply, toWireRequest } from "../authorize.ts"
import { print } from "../output.ts"
import type { Stage } from "./stage.ts"

const RESEARCHER = { type: "agent", id: "agent:researcher", properties: { team: "research" } }
const TREASURER = { type: "agent", id: "agent:treasurer", properties: { team: "finance" } }
const ACCOUNT = { type: "account", id: "DE02 1203 0000 0000 2020 51", properties: { currency: "EUR" } }

/** Answers the execution that was allowed. */
export async function tellAsking(stage: Stage): Promise<AuthorizeReply> {
  print("\nI. An agent wants to act. It must ask first.\n")
  const { request, reply } = await tellAllowed(stage)
  await tellDenied(stage)
  await tellRepeated(stage, request, reply)
  return reply
}

async function ask({ client }: Stage, request: JsonObject): Promise<AuthorizeReply> {
  return await client.call<AuthorizeReply>(
    "authorization",
    "Authorize",
    toWireRequest({ request_id: randomUUID(), audience: "tool-runner", ...request }),
  )
}

async function tellAllowed(stage: Stage): Promise<{ readonly request: JsonObject; readonly reply: AuthorizeReply }> {
  print("▸ The researcher wants to read https://example.com/paper.")
  const request: JsonObject = {
    request_id: randomUUID(),
    subject: RESEARCHER,
    action: { name: "http.get" },
    resource: { type: "url", id: "https://example.com/paper" },
  }
  const reply = await ask(stage, request)
  expect(reply, "DECISION_ALLOW")
  const { evaluate_us, append_us, sign_us } = reply.times
  print(
    `  ALLOW by rule ${reply.matched_rules.join(", ")}: evaluated in ${evaluate_us} µs, recorded durably in ${append_us} µs, signed meanwhile in ${sign_us} µs.`,
  )
  print(`  Recorded as leaf ${reply.receipt.leaf_index} of the log before the answer left.`)
  const jwks = (await (await fetch(`http://${stage.address.http}/.well-known/jwks.json`)).json()) as Parameters<
    typeof createLocalJWKSet
  >[0]
  const { payload } = await jwtVerify(reply.token, createLocalJWKSet(jwks), {
    audience: "tool-runner",
    typ: "exec+jwt",
  })
  print(
    `  Its token is a JWT; the library jose, which knows nothing of Writ, verified it: sub=${payload.sub} action=${String(payload["action"])} exp in ${(payload.exp ?? 0) - (payload.iat ?? 0)} s.\n`,
  )
  return { request, reply }
}

async function tellDenied(stage: Stage): Promise<void> {
  print("▸ The researcher wants to read a private key.")
  const key = await ask(stage, {
    subject: RESEARCHER,
    action: { name: "file.read" },
    resource: { type: "file", id: "/srv/app/server.pem" },
  })
  expect(key, "DECISION_DENY")
  print(`  DENY: ${reasonOf(key)}\n`)
  print("▸ The treasurer wants to pay 100 EUR in 0 instalments. The rule divides by the number of instalments.")
  const payment = await ask(stage, {
    subject: TREASURER,
    action: { name: "payment.send" },
    resource: ACCOUNT,
    parameters: { amount: 100, instalments: 0 },
  })
  expect(payment, "DECISION_DENY")
  print(`  DENY: ${reasonOf(payment)} What is uncertain is a deny; no switch turns that off.\n`)
}

async function tellRepeated(stage: Stage, request: JsonObject, first: AuthorizeReply): Promise<void> {
  print("▸ The network lost the first answer, so the researcher asks again with the same request_id.")
  const again = await ask(stage, request)
  if (again.execution_id !== first.execution_id || again.token !== first.token || !again.repeated_request)
    throw new Error("the repeat was not the recorded verdict")
  print("  The recorded verdict comes back, with the same token, bit for bit. There is still one execution.")
  const other = await ask(stage, { ...request, resource: { type: "url", id: "https://example.com/other" } }).catch(
    (error: { code: string }) => error.code,
  )
  if (other !== "REQUEST_ID_REUSED") throw new Error("another request under the same id was not refused")
  print("  The same id for another page: refused, REQUEST_ID_REUSED.")
}

function expect(reply: AuthorizeReply, decision: string): void {
  if (reply.decision !== decision)
    throw new Error(`expected ${decision}, got ${reply.decision}: ${JSON.stringify(reply.reasons)}`)
}

function reasonOf(reply: AuthorizeReply): string {
  const [reason] = reply.reasons
  return `${reason?.code}: ${reason?.text}`
}
