/** `writ policy replay [DIGEST|DIR]`: recorded decisions again, and by another bundle who would newly be denied or allowed. */
import { statSync } from "node:fs"
import { toCallError } from "../client/call-error.ts"
import { WritError } from "../errors.ts"
import { readPolicyFolder } from "../store/policy-folder.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"
import { parseTime, toAgo } from "./time.ts"

export interface Change {
  readonly from: string
  readonly to: string
  readonly rule: string
  readonly reason: string
  readonly count: string
  readonly subjects: readonly string[]
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  readonly execution_ids: readonly string[]
}
export interface Replayed {
  readonly receipt: { readonly leaf_index: string }
  readonly execution_id: string
  readonly outcome: string
  readonly recorded: string
  readonly replayed: string
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly differences: readonly string[]
  readonly disagreements: readonly string[]
  readonly bundle_digest: Buffer
  readonly matched_rules: readonly string[]
  readonly replayed_rules: readonly string[]
  readonly input: Buffer
}
export interface Summary {
  readonly same_count: string
  readonly different_count: string
  readonly not_replayable_count: string
  readonly next_index: string
  readonly complete: boolean
  readonly notes: readonly string[]
  readonly changes: readonly Change[]
  readonly confirmed_count: string
  readonly outside_count: string
  readonly disagreeing_count: string
}

export async function policyReplayCommand(bundle: string | undefined, flags: Flags): Promise<number> {
  const request = { ...toCandidate(bundle), ...toSpan(flags), only_differences: flags["onlyDifferences"] === true }
  const decisions: Replayed[] = []
  const summary = await withClient(flags, "auditor", async (client) => {
    let last: Summary | undefined
    try {
      for await (const { decision, summary } of client.watch("policy", "ReplayDecisions", request) as AsyncIterable<{
        decision?: Replayed
        summary?: Summary
      }>) {
        if (decision) decisions.push(decision)
        if (summary) last = summary
      }
    } catch (error) {
      throw toCallError(error as Error)
    }
    if (!last) throw new WritError("INTERNAL", "The replay ended without a summary.")
    return last
  })
  if (flags["json"])
    printJson({
      summary,
      decisions: decisions.map(({ bundle_digest, input, ...rest }) => ({
        ...rest,
        bundle_digest: bundle_digest.toString("hex"),
        input: input.length > 0 ? JSON.parse(input.toString("utf8")) : null,
      })),
    })
  else show(decisions, summary, bundle !== undefined)
  const isFaulty = bundle === undefined && Number(summary.different_count) > 0
  return isFaulty || Number(summary.disagreeing_count) > 0 ? 1 : 0
}

/** A folder's files, or a digest in hex. */
function toCandidate(bundle: string | undefined): object {
  if (bundle === undefined) return {}
  if (/^[0-9a-f]{64}$/.test(bundle)) return { bundle_digest: Buffer.from(bundle, "hex") }
  if (!statSync(bundle, { throwIfNoEntry: false })?.isDirectory())
    throw new WritError("INVALID_REQUEST", `${bundle} is neither a folder nor the digest of a bundle (64 hex digits).`)
  return {
    files: Object.entries(readPolicyFolder(bundle)).map(([path, text]) => ({ path, content: Buffer.from(text) })),
  }
}

/** `--from` and `--to` are RFC 3339 times or indexes of the log; `--since` is how long ago. */
function toSpan(flags: Flags): object {
  const since = flags["since"] as string | undefined
  const [from, to] = [flags["from"], flags["to"]] as (string | undefined)[]
  const limit = Number(flags["limit"] ?? 0)
  const ago = since === undefined ? null : toAgo(since)
  if (since !== undefined && !ago) throw new WritError("INVALID_REQUEST", "--since is a number and s, m, h or d: 24h.")
  return {
    limit,
    ...(ago && { from: ago }),
    ...(from !== undefined && toBound("from", "start_index", from)),
    ...(to !== undefined && toBound("to", "end_index", to)),
  }
}

function toBound(name: string, index: string, text: string): object {
  if (/^\d+$/.test(text)) return { [index]: text }
  const time = parseTime(text)
  if (!time) throw new WritError("INVALID_REQUEST", `--${name} is an index, or a time like 2026-11-30T08:00:00Z.`)
  return { [name]: time }
}

function show(decisions: readonly Replayed[], summary: Summary, byCandidate: boolean): void {
  for (const one of decisions.filter(({ outcome, disagreements }) => outcome !== "same" || disagreements.length > 0)) {
    const [reason] = one.reasons
    const what =
      one.outcome === "not_replayable"
        ? `not replayable: ${reason?.code}`
        : `${verdict(one.recorded)} → ${verdict(one.replayed)}, other ${one.differences.join(", ")}${reason ? `: ${reason.text}` : ""}`
    print(`#${one.receipt.leaf_index}  ${one.execution_id}  ${what}`)
    for (const rule of one.disagreements) print(`    cel-js reads the condition of ${rule} differently`)
  }
  print(
    `${summary.same_count} the same, ${summary.different_count} different, ${summary.not_replayable_count} not replayable.`,
  )
  print(
    `Second opinion (cel-js): ${summary.confirmed_count} conditions confirmed, ${summary.outside_count} outside its subset.`,
  )
  if (byCandidate) showChanges(summary.changes)
  for (const note of summary.notes) print(`Note: ${note}`)
  if (!summary.complete) print(`There is more: go on with --from ${summary.next_index}.`)
}

/** By rule: newly denied first. */
export function showChanges(changes: readonly Change[]): void {
  if (changes.length === 0) print("Nobody would newly be denied or allowed.")
  for (const { from, to, rule, reason, count, subjects, actions, resources, execution_ids } of changes) {
    const by = [rule && `by rule ${rule}`, reason && `(${reason})`].filter(Boolean).join(" ")
    print(`${count} × ${verdict(from)} → ${verdict(to)} ${by}`)
    print(`    ${subjects.join(", ")}: ${actions.join(", ")} on ${resources.join(", ")}`)
    if (execution_ids.length > 0) print(`    e.g. ${execution_ids.join(", ")}`)
  }
}

function verdict(decision: string): string {
  return decision.replace("DECISION_", "")
}
