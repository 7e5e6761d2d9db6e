import { toHex } from "../../formats/bytes.ts"
import { isRepeatable, isTransition, type RecordKind } from "../../ledger/kinds.ts"
import type { ParentLink } from "../../ledger/record.ts"
import type { Finding, FsckStore } from "./types.ts"

/** A record that follows the decision that opened an execution. */
export interface Link {
  readonly kind: RecordKind
  readonly state: string
  /** Leaf hashes, hex. */
  readonly previous: string
  readonly leaf: string
  readonly log: number
  readonly origin: string
  readonly index: number
  /** `execute_until` of a redemption, Unix milliseconds; NaN where there is none. */
  readonly until: number
  /** Runtime and lease of a redemption; null where there are none. */
  readonly bound: string | null
}

/** Each execution's records are one chain of steps that the table of kinds allows, and its row is the end of it. */
export async function checkExecutions(
  store: FsckStore,
  executions: ReadonlyMap<string, readonly Link[]>,
  find: (finding: Finding) => void,
  waited: (id: string) => boolean = () => false,
  unread: ReadonlySet<string> = new Set(),
): Promise<void> {
  const rows = await store.query<{
    execution_id: string
    state: string
    log_id: number
    idx: bigint
    leaf_hash: Buffer
    execute_until: Date | null
    runtime: string | null
    lease_id: string | null
  }>("SELECT * FROM execution")
  const byId = new Map(rows.map((row) => [row.execution_id, row]))
  for (const id of unread) byId.delete(id)
  for (const [id, links] of executions) {
    if (unread.has(id)) continue
    const last = checkChain(id, links, waited(id) ? "APPROVAL_PENDING" : "AUTHORIZED", find)
    const row = byId.get(id)
    byId.delete(id)
    const redeemed = links.find(({ kind }) => kind === "redeemed")
    if (!row) find({ table: "execution", text: `the row of ${id} is missing`, index: last.index, log: last.origin })
    else if (
      last.state !== row.state ||
      last.log !== row.log_id ||
      last.index !== Number(row.idx) ||
      last.leaf !== toHex(row.leaf_hash) ||
      (redeemed?.until ?? null) !== (row.execute_until?.getTime() ?? null) ||
      (redeemed?.bound ?? null) !== (row.runtime && `${row.runtime} ${row.lease_id}`)
    )
      find({ table: "execution", text: `the row of ${id} is not what the records say` })
  }
  for (const id of byId.keys()) find({ table: "execution", text: `the row of ${id} is not what the records say` })
}

/** Each child's row says what its decision does. `parents`: by child, as `toParentRow` writes them. */
export async function checkParents(
  store: FsckStore,
  parents: Map<string, string>,
  find: (finding: Finding) => void,
  unread: ReadonlySet<string> = new Set(),
): Promise<void> {
  const rows = await store.query<{
    child_id: string
    parent_id: string
    depth: number
    consent: Buffer
    authorized_at: Date
  }>("SELECT * FROM execution_parent")
  for (const { child_id: id, ...row } of rows) {
    const link = { execution_id: row.parent_id, depth: row.depth, consent: toHex(row.consent) }
    if (!unread.has(id) && parents.get(id) !== toParentRow(link, row.authorized_at.toISOString()))
      find({ table: "execution_parent", text: `the row of ${id} is not what the records say` })
    parents.delete(id)
  }
  for (const id of parents.keys()) find({ table: "execution_parent", text: `the row of ${id} is missing` })
}

export function toParentRow(link: Omit<ParentLink, "leaf">, time: string): string {
  return `${link.execution_id} ${link.depth} ${link.consent} ${time}`
}

/** Answers the newest record: of a broken chain, the last that can be reached. */
function checkChain(id: string, links: readonly Link[], opened: string, find: (finding: Finding) => void): Link {
  const blame = ({ index, origin }: Link, text: string) => find({ table: "entry", text, index, log: origin })
  const leaves = new Set(links.map(({ leaf }) => leaf))
  const after = new Map<string, Link>()
  for (const link of links) {
    if (after.has(link.previous)) blame(link, `two records of execution ${id} follow the same one`)
    else after.set(link.previous, link)
  }
  const [first, ...others] = links.filter(({ previous }) => !leaves.has(previous))
  for (const other of others) blame(other, `the record is not linked to the others of execution ${id}`)
  let state = opened
  let last = first ?? (links[0] as Link)
  const seen = new Set<string>()
  const walked = new Set<Link>()
  for (
    let link = first;
    link && !walked.has(link) && (isRepeatable(link.kind) || !seen.has(link.kind));
    link = after.get(link.leaf)
  ) {
    if (!isTransition(link.kind, state, link.state))
      blame(link, `a record of kind ${link.kind} cannot lead from the state ${state} to ${link.state}`)
    seen.add(link.kind)
    walked.add(link)
    state = link.state
    last = link
  }
  if (walked.size < links.length - others.length)
    blame(last, `the records of execution ${id} are not one chain with one of each kind`)
  return last
}
