/** `writ ledger logs`: every log of the database, how it stands, and which record of which other log holds it to what. */
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

interface Position {
  readonly log: string
  readonly leaf_index: string
}
export interface Log {
  readonly origin: string
  readonly verifier_key: string
  readonly tree_size: string
  readonly checkpoint_size: string
  readonly state: "LOG_STATE_LEASED" | "LOG_STATE_RELEASED" | "LOG_STATE_CLOSED"
  readonly closed_by: Position | null
  readonly observations: readonly { readonly by: Position; readonly tree_size: string; readonly root_hash: Buffer }[]
}
export interface LogsReply {
  readonly logs: readonly Log[]
  readonly next_page_token: string
}

export async function logsCommand(flags: Flags): Promise<number> {
  const logs: Log[] = []
  await withClient(flags, "auditor", async (client) => {
    for (let page_token = ""; ; ) {
      const page = await client.call<LogsReply>("lineage", "ListLogs", { page_token })
      logs.push(...page.logs)
      page_token = page.next_page_token
      if (page_token === "") return
    }
  })
  if (flags["json"]) printJson(logs.map(toJson))
  else for (const log of logs) describe(log)
  return 0
}

function toJson(log: Log): object {
  const observations = log.observations.map((one) => ({ ...one, root_hash: one.root_hash.toString("hex") }))
  return { ...log, observations }
}

const STATES = { LOG_STATE_LEASED: "written", LOG_STATE_RELEASED: "not written now", LOG_STATE_CLOSED: "closed" }

function describe({ origin, state, tree_size, checkpoint_size, closed_by, observations }: Log): void {
  print(`${origin}: ${STATES[state]}, ${tree_size} records, ${checkpoint_size} of them signed`)
  if (closed_by) print(`  closed by ${place(closed_by)}`)
  for (const { by, tree_size, root_hash } of observations)
    print(`  held to size ${tree_size}, root ${root_hash.toString("hex").slice(0, 16)}…, by ${place(by)}`)
  if (observations.length === 0) print("  held to nothing by any other log")
}

function place({ log, leaf_index }: Position): string {
  return `${log} #${leaf_index}`
}
