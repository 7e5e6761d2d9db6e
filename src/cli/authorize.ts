/** `writ authorize`: JSON in and out. */
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { type AuthorizeReply, toWireRequest } from "../client/authorize-request.ts"
import type { JsonObject } from "../formats/ports.ts"
import { parseStrictJson } from "../formats/strict-json.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"
import { toNamed, toProperties } from "./request.ts"

export { type AuthorizeReply, toWireRequest }

const EXITS: Readonly<Record<string, number>> = { DECISION_ALLOW: 0, DECISION_DENY: 10, DECISION_REQUIRE_APPROVAL: 11 }

export async function authorizeCommand(file: string | undefined, flags: Flags): Promise<number> {
  const request = toWireRequest(buildRequest(readRequestFile(file), flags))
  const reply = await withClient(flags, "pep", (client) =>
    client.call<AuthorizeReply>("authorization", "Authorize", request),
  )
  if (flags["json"]) printJson(reply)
  else describe(reply)
  return EXITS[reply.decision] ?? 1
}

/** Its text: of a file, of standard input ("-"), or of an empty request. */
export function readRequestFile(file: string | undefined): string {
  return file === undefined ? "{}" : readFileSync(file === "-" ? 0 : file, "utf8")
}

/** The request as JSON: subject, action, resource, context, parameters (any JSON), audience … */
export function buildRequest(text: string, flags: Flags): JsonObject {
  const given = parseStrictJson(text, { maxDepth: 32, maxNodes: 20_000 }) as JsonObject
  const properties = toProperties((flags["property"] as unknown as string[] | undefined) ?? [])
  const named = (flag: string): JsonObject | null => toNamed(`--${flag}`, flags[flag] as string | undefined)
  const subject = named("subject") ?? (given["subject"] as JsonObject | undefined)
  const resource = named("resource") ?? given["resource"]
  const merged = { ...((subject?.["properties"] as JsonObject | undefined) ?? {}), ...properties }
  return {
    audience: flags["audience"] as string,
    ...given,
    ...(flags["parameters"] !== undefined && { parameters: flags["parameters"] as string }),
    ...(subject && { subject: { ...subject, properties: merged } }),
    ...(flags["action"] !== undefined && { action: { name: flags["action"] as string } }),
    ...(resource !== undefined && { resource }),
    ...(flags["explain"] && { explain: true }),
    ...(flags["approval"] !== undefined && { approval_id: flags["approval"] as string }),
    request_id: (flags["requestId"] as string | undefined) ?? given["request_id"] ?? randomUUID(),
  }
}

function describe(reply: AuthorizeReply): void {
  print(
    `${reply.decision.slice("DECISION_".length)}${reply.repeated_request ? " (recorded earlier under this request_id)" : ""}`,
  )
  describeChecks(reply.checks)
  if (reply.matched_rules.length > 0) print(`  rules      ${reply.matched_rules.join(", ")}`)
  print(`  execution  ${reply.execution_id}`)
  print(`  record     ${reply.receipt.log} #${reply.receipt.leaf_index}`)
  if (reply.approval_id) describeApproval(reply)
  if (reply.token) print(`  token      ${reply.token}`)
  if (reply.token_withheld) print(`  token      ${reply.token_withheld.code}: ${reply.token_withheld.text}`)
}

function describeApproval({ decision, approval_id: id, approval_expires_at: end }: AuthorizeReply): void {
  print(`  approval   ${id}`)
  if (decision !== "DECISION_REQUIRE_APPROVAL") return
  const lapses = end ? `, before ${new Date(Number(end.seconds) * 1000).toISOString()}` : ""
  print(`Waits for an approval: an operator decides it by \`writ approvals grant ${id}\`${lapses}.`)
  print(`Then ask for the very same again, with --approval ${id} and another request id.`)
}

export function describeChecks(checks: AuthorizeReply["checks"]): void {
  for (const { name, status, reasons } of checks) {
    const sign = status === "CHECK_STATUS_PASS" ? "✓" : status === "CHECK_STATUS_FAIL" ? "✗" : "·"
    print(`  ${sign} ${name.padEnd(22)} ${reasons.map(({ code, text }) => `${code}: ${text}`).join(" ")}`.trimEnd())
  }
}
