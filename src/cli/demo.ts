/** `writ demo`: an agent's tool calls against the real daemon, then an auditor, then somebody who alters the database. */
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { createLocalJWKSet, jwtVerify } from "jose"
import { connect, type WritClient } from "../client/connect.ts"
import type { JsonObject } from "../formats/ports.ts"
import { connectOnce } from "../store/connect.ts"
import { readApiKey } from "../store/data-folder.ts"
import { parseTrust, verifyEvidence } from "../verify/index.ts"
import { type AuthorizeReply, toWireRequest } from "./authorize.ts"
import type { Flags } from "./cli.ts"
import type { VerifyReply } from "./lineage.ts"
import { describeReport } from "./lineage.ts"
import { print } from "./output.ts"
import type { DaemonFile } from "./remote.ts"

const START_TIMEOUT_MS = 60_000

export async function demoCommand(_: Flags): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "writ-demo-"))
  if (process.getuid?.() === 0) chmodSync(folder, 0o711) // the embedded Postgres runs as another user
  const data = join(folder, "data")
  let daemon: ChildProcess | undefined
  try {
    print("An agent wants to act. It must ask first: no writ, no execution.\n")
    print("▸ A daemon starts in a throwaway folder, on free ports, with its own Postgres.")
    daemon = spawn(
      process.execPath,
      [
        process.argv[1] as string,
        "serve",
        "--data",
        data,
        "--grpc-port",
        "0",
        "--http-port",
        "0",
        "--log-level",
        "error",
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    )
    const address = await waitForDaemon(data, daemon)
    print(`  It answers on ${address.grpc} (gRPC) and ${address.http} (HTTP).\n`)
    await tellStory(data, folder, address)
    return 0
  } finally {
    if (daemon && daemon.exitCode === null) {
      const ended = new Promise((resolve) => daemon?.once("exit", resolve))
      daemon.kill("SIGTERM")
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

async function tellStory(data: string, folder: string, address: DaemonFile): Promise<void> {
  const agent = connect({ target: address.grpc, key: readApiKey(data, "pep") })
  const auditor = connect({ target: address.grpc, key: readApiKey(data, "auditor") })
  try {
    const allowed = await tellAllowed(agent, address)
    await tellDenied(agent)
    await tellRepeated(agent, allowed.request, allowed.reply)
    const evidence = await tellVerified(auditor, allowed.reply)
    await tellOffline(evidence, folder, address)
    await tellTampered(auditor, data, allowed.reply)
    print("\nThat was Writ: decided before, signed, recorded before the answer, and provable afterwards.")
  } finally {
    agent.close()
    auditor.close()
  }
}

const RESEARCHER = { type: "agent", id: "agent:researcher", properties: { team: "research" } }
const TREASURER = { type: "agent", id: "agent:treasurer", properties: { team: "finance" } }
const ACCOUNT = { type: "account", id: "DE02 1203 0000 0000 2020 51", properties: { currency: "EUR" } }

async function ask(agent: WritClient, request: JsonObject): Promise<AuthorizeReply> {
  return await agent.call<AuthorizeReply>(
    "authorization",
    "Authorize",
    toWireRequest({ request_id: randomUUID(), audience: "tool-runner", ...request }),
  )
}

async function tellAllowed(
  agent: WritClient,
  address: DaemonFile,
): Promise<{ readonly request: JsonObject; readonly reply: AuthorizeReply }> {
  print("▸ The researcher wants to read https://example.com/paper.")
  const request: JsonObject = {
    request_id: randomUUID(),
    subject: RESEARCHER,
    action: { name: "http.get" },
    resource: { type: "url", id: "https://example.com/paper" },
  }
  const reply = await ask(agent, request)
  expect(reply, "DECISION_ALLOW")
  const { evaluate_us, append_us, sign_us } = reply.times
  print(
    `  ALLOW by rule ${reply.matched_rules.join(", ")}: evaluated in ${evaluate_us} µs, recorded durably in ${append_us} µs, signed meanwhile in ${sign_us} µs.`,
  )
  print(`  Recorded as leaf ${reply.receipt.leaf_index} of the log before the answer left.`)
  const jwks = (await (await fetch(`http://${address.http}/.well-known/jwks.json`)).json()) as Parameters<
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

async function tellDenied(agent: WritClient): Promise<void> {
  print("▸ The researcher wants to read a private key.")
  const key = await ask(agent, {
    subject: RESEARCHER,
    action: { name: "file.read" },
    resource: { type: "file", id: "/srv/app/server.pem" },
  })
  expect(key, "DECISION_DENY")
  print(`  DENY: ${reasonOf(key)}\n`)
  print("▸ The treasurer wants to pay 100 EUR in 0 instalments. The rule divides by the number of instalments.")
  const payment = await ask(agent, {
    subject: TREASURER,
    action: { name: "payment.send" },
    resource: ACCOUNT,
    parameters: { amount: 100, instalments: 0 },
  })
  expect(payment, "DECISION_DENY")
  print(`  DENY: ${reasonOf(payment)} What is uncertain is a deny; no switch turns that off.\n`)
}

async function tellRepeated(agent: WritClient, request: JsonObject, first: AuthorizeReply): Promise<void> {
  print("▸ The network lost the first answer, so the researcher asks again with the same request_id.")
  const again = await ask(agent, request)
  if (again.execution_id !== first.execution_id || again.token !== first.token || !again.repeated_request)
    throw new Error("the repeat was not the recorded verdict")
  print("  The recorded verdict comes back, with the same token, bit for bit. There is still one execution.")
  const other = await ask(agent, { ...request, resource: { type: "url", id: "https://example.com/other" } }).catch(
    (error: { code: string }) => error.code,
  )
  if (other !== "REQUEST_ID_REUSED") throw new Error("another request under the same id was not refused")
  print("  The same id for another page: refused, REQUEST_ID_REUSED.\n")
}

async function tellVerified(auditor: WritClient, reply: AuthorizeReply): Promise<Buffer> {
  print("▸ An auditor verifies the lineage of the first execution.")
  const report = await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: reply.execution_id })
  describeReport(report)
  if (!report.valid) throw new Error("the lineage does not verify")
  const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
    execution_id: reply.execution_id,
  })
  print(`  Exported as evidence: ${evidence.length} bytes.\n`)
  return evidence
}

async function tellOffline(evidence: Buffer, folder: string, address: DaemonFile): Promise<void> {
  print("▸ The evidence is checked offline, as `writ verify` does.")
  const trustFile = join(folder, "trust.json")
  writeFileSync(trustFile, await (await fetch(`http://${address.http}/.well-known/writ.json`)).text())
  const anchored = verifyEvidence(evidence, parseTrust(readFileSync(trustFile, "utf8")))
  if (!anchored.valid || !anchored.anchored) throw new Error(`evidence does not verify: ${anchored.reason}`)
  print("  With keys obtained beforehand: valid, and anchored in them.")
  const alone = verifyEvidence(evidence, undefined)
  if (!alone.valid || alone.anchored) throw new Error("evidence without trust must be consistent and not anchored")
  print("  Without: consistent, not anchored. A file cannot vouch for itself.\n")
}

async function tellTampered(auditor: WritClient, data: string, reply: AuthorizeReply): Promise<void> {
  print("▸ Somebody with superuser rights on the database turns the record's ALLOW into a DENY.")
  const client = await connectOnce({
    host: join(data, "postgres"),
    port: 5432,
    user: "writ",
    database: "writ",
    password: readFileSync(join(data, "postgres", "password"), "utf8").trim(),
  })
  const changed = await client.query(
    "UPDATE entry SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"ALLOW\"', '\"DENY\"'), 'UTF8') WHERE idx = $1",
    [reply.receipt.leaf_index],
  )
  await client.end()
  if (changed.rowCount !== 1) throw new Error("no row was altered")
  const report = await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: reply.execution_id })
  describeReport(report)
  if (report.valid || report.failed_index !== reply.receipt.leaf_index) throw new Error("the altered row was not found")
  print(`  Found: record ${report.failed_index}, at step ${report.failed_step}.`)
}

function expect(reply: AuthorizeReply, decision: string): void {
  if (reply.decision !== decision)
    throw new Error(`expected ${decision}, got ${reply.decision}: ${JSON.stringify(reply.reasons)}`)
}

function reasonOf(reply: AuthorizeReply): string {
  const [reason] = reply.reasons
  return `${reason?.code}: ${reason?.text}`
}

async function waitForDaemon(data: string, daemon: ChildProcess): Promise<DaemonFile> {
  const file = join(data, "daemon.json")
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 50) {
    if (daemon.exitCode !== null)
      throw new Error(`the daemon ended with exit code ${daemon.exitCode} before it was ready`)
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as DaemonFile
    await sleep(50)
  }
  throw new Error("the daemon did not start within a minute")
}
