/** `writ policy shadow DIGEST | --off | --status`: what a published bundle would have decided of live traffic. */
import { WritError } from "../errors.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { type Bundle, findDigest, TIMEOUT_MS, type Time, toHexDigest, toText } from "./policy-show.ts"
import { withClient } from "./remote.ts"

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
const PER_PERCENT = 10_000

interface Changed {
  readonly bundle: Bundle | null
  readonly receipt: object | null
}
interface Counts {
  readonly same: string
  readonly newly_denied: string
  readonly newly_allowed: string
  readonly newly_held: string
  readonly otherwise: string
  readonly not_comparable: string
  readonly errored: string
  readonly dropped: string
}
interface Replica {
  readonly log: string
  readonly state: string
  readonly problem: string
  readonly since: Time
  readonly counts: Counts | null
  readonly changes: readonly {
    readonly from: string
    readonly to: string
    readonly rule: string
    readonly reason: string
    readonly differences: readonly string[]
    readonly count: string
    readonly execution_ids: readonly string[]
  }[]
}
interface Shadow {
  readonly bundle: Bundle | null
  readonly set_by: string
  readonly set_at: Time
  readonly ends_at: Time
  readonly sample_per_million: number
  readonly replicas: readonly Replica[]
}

export async function shadowCommand(given: string | undefined, flags: Flags): Promise<number> {
  const ways = [given !== undefined, flags["off"] === true, flags["status"] === true]
  if (ways.filter(Boolean).length !== 1)
    throw new WritError("INVALID_REQUEST", "Name a digest, or --off, or --status: one of them.")
  return flags["status"] ? await showStatus(flags) : await change(given, flags)
}

async function change(given: string | undefined, flags: Flags): Promise<number> {
  const changed = await withClient(flags, "operator", async (client) => {
    const request = {
      digest: given === undefined ? Buffer.alloc(0) : await findDigest(client, given),
      sample_per_million: toSample(flags["sample"] as string | undefined),
      duration: toDuration(flags["for"] as string | undefined),
      reason: (flags["reason"] as string | undefined) ?? "",
    }
    return await client.call<Changed>("policy", "SetShadowBundle", request, TIMEOUT_MS)
  })
  const digest = changed.bundle && toHexDigest(changed.bundle.digest)
  if (flags["json"]) printJson({ ...changed, digest })
  else if (digest)
    print(`${digest} sees live traffic on every replica, and decides nothing. See: writ policy shadow --status`)
  else print(changed.receipt ? "No bundle is the shadow any more." : "No bundle was the shadow.")
  return 0
}

async function showStatus(flags: Flags): Promise<number> {
  const shadow = await withClient(flags, "operator", (client) =>
    client.call<Shadow>("policy", "GetShadow", {}, TIMEOUT_MS),
  )
  const digest = shadow.bundle && toHexDigest(shadow.bundle.digest)
  if (flags["json"]) printJson({ ...shadow, digest })
  else if (!digest) print("No bundle is the shadow.")
  else {
    const share = shadow.sample_per_million / PER_PERCENT
    print(`${digest}  shadow of ${share} % of the traffic`)
    print(`set by ${shadow.set_by} at ${toText(shadow.set_at)}, ends at ${toText(shadow.ends_at)}`)
    for (const replica of shadow.replicas) tell(replica)
  }
  return 0
}

function tell({ log, state, problem, since, counts, changes }: Replica): void {
  print(`${log}: ${state.toUpperCase()}${problem && `: ${problem}`}${since ? ` since ${toText(since)}` : ""}`)
  if (!counts) return
  print(
    `  ${counts.same} the same, ${counts.newly_denied} newly denied, ${counts.newly_allowed} newly allowed, ${counts.newly_held} newly held for approval, ${counts.otherwise} otherwise different`,
  )
  print(`  ${counts.not_comparable} not comparable, ${counts.dropped} dropped; a condition failed in ${counts.errored}`)
  for (const { from, to, rule, reason, differences, count, execution_ids } of changes) {
    const by = [rule && `by rule ${rule}`, reason && `(${reason})`].filter(Boolean).join(" ")
    const what =
      from === to ? `${verdict(from)} with other ${differences.join(", ")}` : `${verdict(from)} → ${verdict(to)}`
    print(`  ${count} × ${what} ${by}`)
    if (execution_ids.length > 0) print(`      e.g. ${execution_ids.join(", ")}`)
  }
}

function verdict(decision: string): string {
  return decision.replace("DECISION_", "")
}

/** Percent of the traffic, in millionths; 0 means all. */
function toSample(given: string | undefined): number {
  if (given === undefined) return 0
  const share = Math.round(Number(given) * PER_PERCENT)
  if (share >= 1 && share <= 1_000_000) return share
  throw new WritError("INVALID_REQUEST", "--sample takes percent of the traffic, from 0.0001 to 100.")
}

function toDuration(given: string | undefined): { readonly seconds: number; readonly nanos: number } | null {
  if (given === undefined) return null
  const match = /^(\d{1,7})([smhd])$/.exec(given)
  if (!match) throw new WritError("INVALID_REQUEST", "--for takes a number and s, m, h or d: 12h.")
  return { seconds: Number(match[1]) * (UNITS[match[2] as string] as number), nanos: 0 }
}
