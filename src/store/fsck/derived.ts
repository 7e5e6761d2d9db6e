/** The tables that are projections of the log: what its records say of them, and whether they say the same. */
import { fromUtf8, toHex } from "../../formats/bytes.ts"
import { encodeCanonicalJson } from "../../formats/canonical-json.ts"
import type { Crypto, JsonObject } from "../../formats/ports.ts"
import type { RecordKind } from "../../ledger/kinds.ts"
import { PAYLOAD_SALT_BYTES, type RecordBody } from "../../ledger/record.ts"
import { type Asked, checkApprovals, readAsked } from "./approvals.ts"
import { checkActivations, checkBundles, learnBundles } from "./bundles.ts"
import { checkClosings, learnClosings } from "./closings.ts"
import { type ConsumedStep, checkConsumables, learnConsumed } from "./consumables.ts"
import { checkExecutions, checkParents, type Link, toParentRow } from "./executions.ts"
import { checkRuntimes, learnRuntimes } from "./runtimes.ts"
import { checkTokenKeys, learnTokenKeys, type TokenKeyRow } from "./token-keys.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

/** What the records say of the rows beside them. */
export interface Derived {
  epoch: bigint
  /** The newest activation: digest and position, by padded epoch. */
  active: { readonly order: string; readonly active: string } | null
  /** The newest change of the shadow: position, null where there is none since; by padded epoch. */
  shadow: { readonly order: string; readonly at: string | null } | null
  /** What followed the decision, in no order: the chain is put together when all logs were read. */
  readonly executions: Map<string, Link[]>
  /** By the execution that waits. */
  readonly asked: Map<string, Asked>
  /** By the key of the row that they change. */
  readonly consumed: Map<string, ConsumedStep[]>
  /** By child. */
  readonly parents: Map<string, string>
  readonly callers: Map<string, string>
  /** By key, as runtimes. */
  readonly bindings: Map<string, string>
  /** By id: what published it, and what ended it. */
  readonly tokenKeys: Map<string, TokenKeyRow>
  /** By digest. */
  readonly bundles: Map<string, string>
  /** By the origin of the log that ended. */
  readonly closings: Map<string, string>
  readonly signers: Set<string>
  /** By id: what was asked for, and what was decided. */
  readonly activations: Map<string, string>
  readonly decided: Map<string, string>
  /** By key: the newest, as padded epoch and digest of the row's content. */
  readonly runtimes: Map<string, string>
  readonly revokedKeys: Map<string, bigint>
  /** By key, as runtimes. */
  readonly references: Map<string, string>
  /** By epoch. */
  readonly directives: Map<string, string>
  /** By their SHA-256: what the leaf says of its segment, and where it stands. */
  readonly segments: Map<string, { readonly root: string; readonly count: number; readonly index: number }>
  /** Records, as `origin index`: those said to be erased, and those whose payload is not there. */
  readonly erased: Set<string>
  readonly withoutPayload: Set<string>
  /** Executions with records in archives that were not given: what is derived of them cannot be compared. */
  readonly unread: Set<string>
  /** Places in such archives. */
  isUnread(log: string, index: number): boolean
}

export function emptyDerived(isUnread: Derived["isUnread"]): Derived {
  return {
    epoch: 0n,
    active: null,
    shadow: null,
    executions: new Map(),
    asked: new Map(),
    consumed: new Map(),
    parents: new Map(),
    callers: new Map(),
    bindings: new Map(),
    tokenKeys: new Map(),
    bundles: new Map(),
    closings: new Map(),
    signers: new Set(),
    activations: new Map(),
    decided: new Map(),
    runtimes: new Map(),
    revokedKeys: new Map(),
    references: new Map(),
    directives: new Map(),
    segments: new Map(),
    erased: new Set(),
    withoutPayload: new Set(),
    unread: new Set(),
    isUnread,
  }
}

/** Takes in one record. */
export function learn(
  derived: Derived,
  record: Partial<RecordBody>,
  row: { readonly payload: Buffer | null; readonly leaf_hash: Uint8Array },
  log: LogRow,
  index: number,
  find: (finding: Finding) => void,
): void {
  const epoch = BigInt(record.epoch ?? "0")
  if (record.kind !== "decision" && epoch > derived.epoch) derived.epoch = epoch
  const data = (record.data ?? {}) as JsonObject
  const id = record.execution_id
  const asked = readAsked(record, row, log, index)
  if (id && asked) derived.asked.set(id, asked)
  if (id && (record.kind !== "decision" || record.previous !== undefined)) {
    const links = derived.executions.get(id) ?? []
    derived.executions.set(id, links)
    links.push({
      kind: record.kind as RecordKind,
      state: record.state ?? "",
      previous: record.previous ?? "",
      leaf: toHex(row.leaf_hash),
      log: log.log_id,
      origin: log.origin,
      index,
      until: Date.parse(String(data["execute_until"])),
      bound: typeof data["runtime"] === "string" ? `${data["runtime"]} ${data["lease_id"]}` : null,
    })
  }
  learnConsumed(derived.consumed, row.payload, {
    timeMs: Date.parse(record.time ?? ""),
    log: log.log_id,
    origin: log.origin,
    index,
  })
  if (id && record.parent) derived.parents.set(id, toParentRow(record.parent, record.time ?? ""))
  if (record.kind === "caller_key_changed") {
    const { secret_hash: secret = null, scope = null } = row.payload
      ? (JSON.parse(fromUtf8(row.payload.subarray(PAYLOAD_SALT_BYTES))) as { secret_hash: string; scope?: JsonObject })
      : {}
    const order = `${String(epoch).padStart(20, "0")}`
    const known = derived.callers.get(data["id"] as string)
    if (!known || known.slice(0, 20) < order)
      derived.callers.set(
        data["id"] as string,
        `${order} ${data["role"]} ${data["state"]} ${data["expires_at_ms"]} ${secret} ${encodeCanonicalJson(scope)}`,
      )
  }
  if (record.kind === "signing_key_changed") learnTokenKeys(derived.tokenKeys, data, `${log.log_id} ${index}`)
  learnBundles(derived, record, log, index)
  learnRuntimes(derived, record, log, index)
  learnClosings(derived, record, log, index)
  if (record.kind === "payload_erased") derived.erased.add(`${data["log"]} ${data["index"]}`)
  if (record.kind === "log_opened" && (data["origin"] !== log.origin || data["verifier_key"] !== log.verifier_key))
    find({
      table: "log",
      text: "origin or verifier key are not those that the log opened with",
      index,
      log: log.origin,
    })
}

/** After all logs: the erasure of a record may stand in another log than the record. */
export function checkErased({ erased, withoutPayload, isUnread }: Derived, find: (finding: Finding) => void): void {
  const at = (place: string, text: string) => {
    const [log = "", index] = place.split(" ")
    find({ table: "entry", text, log, index: Number(index) })
  }
  for (const place of withoutPayload)
    if (!erased.has(place)) at(place, "the payload is missing, and no record says that it was erased")
  for (const place of erased)
    if (!withoutPayload.has(place) && !isUnread(place.split(" ")[0] ?? "", Number(place.split(" ")[1])))
      at(place, "a record says that the payload was erased, and it is there")
}

export async function checkDerived(
  store: FsckStore,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const [control] = await store.query<{ epoch: bigint }>("SELECT epoch FROM control")
  if (!control || BigInt(control.epoch) !== derived.epoch)
    find({ table: "control", text: `the epoch is ${control?.epoch}, the records say ${derived.epoch}` })
  await checkActivations(store, derived, find)

  const { unread } = derived
  await checkExecutions(store, derived.executions, find, (id) => derived.asked.has(id), unread)
  await checkApprovals(store, new Map(derived.asked), derived.executions, unread, find)
  await checkParents(store, derived.parents, find, unread)
  await checkConsumables(store, derived.consumed, derived.erased.size > 0 || unread.size > 0, find)

  const callers = await store.query<{
    id: string
    role: string
    secret_hash: Buffer
    state: string
    expires_at: Date | null
    scope: Buffer | null
  }>("SELECT * FROM caller_key")
  for (const row of callers) {
    const known = derived.callers.get(row.id)?.slice(21)
    derived.callers.delete(row.id)
    const scope = row.scope?.toString("utf8") ?? null
    if (known !== `${row.role} ${row.state} ${row.expires_at?.getTime() ?? null} ${toHex(row.secret_hash)} ${scope}`)
      find({ table: "caller_key", text: `the key ${row.id} is not what the records say` })
  }
  for (const id of derived.callers.keys()) find({ table: "caller_key", text: `the key ${id} is missing` })

  await checkTokenKeys(store, derived.tokenKeys, find)
  await checkBundles(store, derived, crypto, find)
  await checkRuntimes(store, derived, crypto, find)
  await checkClosings(store, derived.closings, find)
}
