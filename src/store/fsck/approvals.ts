import { uuidOfText } from "../../crypto.ts"
import { queueKey } from "../../decision/approval.ts"
import { fromUtf8, toHex } from "../../formats/bytes.ts"
import { type DecisionData, PAYLOAD_SALT_BYTES, type RecordBody } from "../../ledger/record.ts"
import type { Link } from "./executions.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

/** What a decision that asks for an approval says of its row. */
export interface Asked {
  /** Null when the payload was erased. */
  readonly key: string | null
  /** The other columns. */
  readonly row: string
}

/** Null for every other record. */
export function readAsked(
  record: Partial<RecordBody>,
  { payload }: { readonly payload: Buffer | null },
  log: LogRow,
  index: number,
): Asked | null {
  const { approval, bundle_digest: bundle } = (record.data ?? {}) as Partial<DecisionData>
  if (record.kind !== "decision" || record.state !== "APPROVAL_PENDING" || !approval) return null
  const caller = record.actor?.id ?? ""
  return {
    key: payload && queueKey(caller, digestOf(payload), bundle ?? ""),
    row: [uuidOfText(caller), bundle, log.log_id, index, approval.needed, record.time, approval.expires_at].join(" "),
  }
}

/** Each row is what a decision says, and each approval that has not lapsed or ended has its row. */
export async function checkApprovals(
  store: FsckStore,
  asked: Map<string, Asked>,
  executions: ReadonlyMap<string, readonly Link[]>,
  unread: ReadonlySet<string>,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{
    key: string
    approval_id: string
    caller: string
    bundle: Buffer
    log_id: number
    idx: bigint
    needed: number
    given: number
    requested_at: Date
    expires_at: Date
  }>("SELECT * FROM approval")
  const [{ now } = { now: new Date(0) }] = await store.query<{ now: Date }>("SELECT now() AS now")
  for (const { approval_id: id, ...row } of rows) {
    const known = asked.get(id)
    asked.delete(id)
    if (unread.has(id)) continue
    const links = executions.get(id) ?? []
    const given = links.filter(({ kind, state }) => kind === "approval_decided" && state === "APPROVAL_PENDING").length
    const times = [row.requested_at.toISOString(), row.expires_at.toISOString()]
    const says = [row.caller, toHex(row.bundle), row.log_id, row.idx, row.needed, ...times].join(" ")
    if (!known || known.row !== says || (known.key !== null && known.key !== row.key) || row.given !== given)
      find({ table: "approval", text: `the row of ${id} is not what the records say` })
  }
  for (const [id, { row }] of asked) {
    const hasEnded = executions.get(id)?.some(({ state }) => state !== "APPROVAL_PENDING")
    if (!hasEnded && Date.parse(row.split(" ").at(-1) as string) > now.getTime())
      find({ table: "approval", text: `the row of ${id} is missing` })
  }
}

function digestOf(payload: Buffer): string {
  try {
    const { approval } = JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as { approval: { digest: string } }
    return approval.digest
  } catch {
    return ""
  }
}
