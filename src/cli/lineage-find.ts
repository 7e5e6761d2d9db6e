/** `writ lineage find`: decisions by what was asked for and when, the newest first. */
import { WritError } from "../errors.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"
import { toNamed } from "./request.ts"
import { toWhen } from "./time.ts"

const PAGE = 500

export interface Named {
  readonly type: string
  readonly id: string
}
export interface Found {
  readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer }
  readonly time: { readonly seconds: string; readonly nanos: number }
  readonly execution_id: string
  readonly decision: string
  readonly state: string
  readonly subject: Named | null
  readonly action: string
  readonly resource: Named | null
  readonly runtime_id: string
  readonly payload_erased: boolean
}
export interface FoundPage {
  readonly decisions: readonly Found[]
  readonly next_page_token: string
  readonly unreadable: readonly { readonly log: string; readonly leaf_index: string }[]
}

export async function findCommand(flags: Flags): Promise<number> {
  const limit = Number(flags["limit"])
  if (!Number.isSafeInteger(limit) || limit < 1) throw new WritError("INVALID_REQUEST", "--limit is a number above 0.")
  const text = (flag: string) => flags[flag] as string | undefined
  const when = (flag: string) => text(flag) !== undefined && { [flag]: toWhen(`--${flag}`, text(flag) as string) }
  const query = {
    subject: toNamed("--subject", text("subject")),
    action: text("action") ?? "",
    resource: toNamed("--resource", text("resource")),
    runtime_id: text("runtime") ?? "",
    ...when("since"),
    ...when("until"),
  }
  const found: Found[] = []
  const unreadable = new Set<string>()
  let page_token = text("pageToken") ?? ""
  await withClient(flags, "auditor", async (client) => {
    do {
      const page_size = Math.min(PAGE, limit - found.length)
      const page = await client.call<FoundPage>("lineage", "FindDecisions", { ...query, page_size, page_token })
      found.push(...page.decisions)
      for (const { log, leaf_index } of page.unreadable) unreadable.add(`#${leaf_index} of ${log}`)
      page_token = page.next_page_token
    } while (page_token !== "" && found.length < limit)
  })
  if (flags["json"])
    printJson({ decisions: found.map(toPlain), next_page_token: page_token, unreadable: [...unreadable] })
  else {
    for (const one of found) print(describe(one))
    if (found.length === 0) print("No decision is like this.")
    for (const place of unreadable)
      print(`Record ${place} is damaged, and may have been asked for or not: run writ ledger fsck.`)
    if (page_token !== "") print(`There is more: the same again with --page-token ${page_token}`)
  }
  return 0
}

function toPlain({ time, receipt, subject, resource, ...rest }: Found): object {
  const { log, leaf_index, leaf_hash } = receipt
  const place = { log, index: leaf_index, leaf_hash: leaf_hash.toString("hex") }
  return { time: toIso(time), ...place, ...rest, subject: toPlainNamed(subject), resource: toPlainNamed(resource) }
}

/** Without the properties, which are not sent. */
export function toPlainNamed(named: Named | null): Named | null {
  return named && { type: named.type, id: named.id }
}

function describe({ time, receipt, execution_id, decision, state, ...asked }: Found): string {
  const of = (named: Named | null) => (named ? `${named.type}:${named.id}` : "?")
  const what = asked.payload_erased
    ? "(erased)"
    : `${of(asked.subject)} ${asked.action} ${of(asked.resource)}${asked.runtime_id && ` in ${asked.runtime_id}`}`
  const now = state === "EXECUTION_STATE_UNSPECIFIED" ? "" : `, ${state.slice("EXECUTION_STATE_".length)}`
  return `${toIso(time)}  ${execution_id}  ${decision.slice("DECISION_".length)}${now}  ${what}  #${receipt.leaf_index} of ${receipt.log}`
}

function toIso({ seconds, nanos }: Found["time"]): string {
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)).toISOString()
}
