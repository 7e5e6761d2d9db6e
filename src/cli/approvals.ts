/** `writ approvals`: what waits for a decision, and the decision. */
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

const PAGE = 100

interface Approval {
  readonly approval_id: string
  readonly request: {
    readonly subject: { readonly type: string; readonly id: string }
    readonly action: { readonly name: string }
    readonly resource: { readonly type: string; readonly id: string }
    readonly audience: string
    readonly parameters?: Buffer
    readonly parameters_content_type: string
  } | null
  readonly expires_at: { readonly seconds: string }
  readonly approvals_given: number
  readonly approvals_needed: number
  readonly requested_by: string
  readonly rules: readonly string[]
}

/** All that wait, the oldest first. */
export async function listApprovals(flags: Flags): Promise<number> {
  const approvals: Approval[] = []
  await withClient(flags, "operator", async (client) => {
    for (let page_token = ""; ; ) {
      const page = await client.call<{ approvals: Approval[]; next_page_token: string }>(
        "authorization",
        "ListApprovals",
        { page_size: PAGE, page_token },
      )
      approvals.push(...page.approvals)
      page_token = page.next_page_token
      if (page_token === "") return
    }
  })
  if (flags["json"]) printJson(approvals)
  else if (approvals.length === 0) print("Nothing waits for an approval.")
  else for (const approval of approvals) describe(approval)
  return 0
}

export async function decideApproval(approvalId: string, approve: boolean, flags: Flags): Promise<number> {
  const request = { approval_id: approvalId, approve, reason: (flags["reason"] as string | undefined) ?? "" }
  const decided = await withClient(flags, "operator", (client) =>
    client.call<{ approval: Approval; receipt: { log: string; leaf_index: string } }>(
      "authorization",
      "DecideApproval",
      request,
    ),
  )
  if (flags["json"]) printJson(decided)
  else {
    const { approvals_given: given, approvals_needed: needed } = decided.approval
    const missing =
      given < needed ? `; ${needed - given} more must grant it before it can be used` : "; it can be used now"
    print(`${approve ? `Granted, ${given} of ${needed}${missing}` : "Refused, for good"}.`)
    print(`  record     ${decided.receipt.log} #${decided.receipt.leaf_index}`)
  }
  return 0
}

function describe(approval: Approval): void {
  const { request } = approval
  print(`${approval.approval_id}  ${approval.approvals_given} of ${approval.approvals_needed} granted`)
  if (request) {
    const { subject, action, resource, audience } = request
    print(`  wants      ${subject.type}:${subject.id} ${action.name} ${resource.type}:${resource.id} at ${audience}`)
    if (request.parameters?.length) print(`  parameters ${show(request.parameters)}`)
  } else print("  wants      what has been erased")
  print(`  rules      ${approval.rules.join(", ")}`)
  print(`  asked by   ${approval.requested_by}`)
  print(`  lapses     ${new Date(Number(approval.expires_at.seconds) * 1000).toISOString()}`)
}

/** Somebody else wrote them: on one line, and without what a terminal would take for a command. */
function show(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("utf8"))
}
