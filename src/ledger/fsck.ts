/**
 * Re-hashes the log and derives every table again: what stands in the database must be what the records say. Runs beside
 * a daemon or without one, on a snapshot of its own; trusts only keys that it is given.
 */
import { equalBytes, fromUtf8, toBase64Url, toHex } from "../formats/bytes.ts"
import { parseCheckpoint } from "../formats/checkpoint.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { Crypto, JsonObject } from "../formats/ports.ts"
import { parseNote } from "../formats/signed-note.ts"
import { type FullTile, TreeTail } from "../formats/tiles.ts"
import { verifyCheckpoint } from "../verify/checkpoint.ts"
import type { Trust } from "../verify/types.ts"
import { REQUEST_LIFE_MS } from "./appender.ts"
import { readBody } from "./lineage.ts"
import { commitPayload, PAYLOAD_SALT_BYTES } from "./record.ts"

const PAGE = 2_000
const REQUEST_LIFE_SLACK_MS = 60_000
const MAX_FINDINGS = 100

export interface Finding {
  readonly table: string
  /** What is wrong, for people. */
  readonly text: string
  /** Log index of the record to blame, where one is. */
  readonly index?: number
  readonly log?: string
}

export interface FsckReport {
  readonly clean: boolean
  readonly records: number
  readonly logs: readonly {
    readonly origin: string
    readonly size: number
    readonly root: string
    readonly checkpoints: number
    readonly anchored: boolean
  }[]
  /** At most 100. */
  readonly findings: readonly Finding[]
}

export interface FsckStore {
  /** Rows of a query over a consistent snapshot of the database. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

interface LogRow {
  readonly log_id: number
  readonly origin: string
  readonly verifier_key: string
  readonly size: bigint | null
  readonly root: Buffer | null
  readonly fence: bigint | null
}

/** What the records say of the rows beside them. */
interface Derived {
  epoch: bigint
  bundle: { at: string; digest: string } | null
  readonly executions: Map<string, { state: string; log: number; index: number; leaf: string }>
  readonly callers: Map<string, string>
  readonly tokenKeys: Map<string, string>
  readonly bundles: Set<string>
  readonly signers: Set<string>
}

export async function fsck(
  store: FsckStore,
  trust: Trust | undefined,
  crypto: Crypto,
  onProgress?: (done: number, total: number) => void,
): Promise<FsckReport> {
  const findings: Finding[] = []
  const find = (finding: Finding) => {
    if (findings.length < MAX_FINDINGS) findings.push(finding)
  }
  const logs = await store.query<LogRow>(
    "SELECT l.log_id, l.origin, l.verifier_key, h.size, h.root, h.fence FROM log l LEFT JOIN log_head h USING (log_id) ORDER BY l.log_id",
  )
  const total = logs.reduce((sum, log) => sum + Number(log.size ?? 0), 0)
  const derived: Derived = {
    epoch: 0n,
    bundle: null,
    executions: new Map(),
    callers: new Map(),
    tokenKeys: new Map(),
    bundles: new Set(),
    signers: new Set(),
  }
  const results: FsckReport["logs"][number][] = []
  let done = 0
  for (const log of logs) {
    if (log.size === null || log.root === null) {
      find({ table: "log_head", text: "the log has no head", log: log.origin })
      continue
    }
    const tree = await walkLog(store, log, derived, crypto, find, (count) => {
      done += count
      onProgress?.(done, total)
    })
    results.push({
      origin: log.origin,
      size: tree.size,
      root: toHex(tree.root()),
      ...(await checkCheckpoints(store, log, trust, crypto, find)),
    })
  }
  await checkStrays(store, find)
  await checkDerived(store, derived, crypto, find)
  return { clean: findings.length === 0, records: total, logs: results, findings }
}

/** Bodies, leaf hashes, payloads, tiles, root and head of one log; collects what its records say of other tables. */
async function walkLog(
  store: FsckStore,
  log: LogRow,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
  progress: (count: number) => void,
): Promise<TreeTail> {
  const size = Number(log.size)
  const at = (index: number, table: string, text: string) => find({ table, text, index, log: log.origin })
  if (BigInt(log.fence ?? 0n) < 1n)
    find({ table: "log_head", text: "the fence of a log that was opened is at least 1", log: log.origin })
  const tree = TreeTail.empty(crypto.sha256)
  const lookups = await lookupReader(store, log.log_id)
  const mark = Number(
    (await store.query<{ size: bigint }>("SELECT size FROM lookup_mark WHERE log_id = $1", [log.log_id]))[0]?.size ??
      -1,
  )
  if (mark < 0 || mark > size)
    find({ table: "lookup_mark", text: `the mark is ${mark}, the log has ${size} records`, log: log.origin })
  const erased = new Set<number>()
  const missing: number[] = []
  let previousTime = ""
  for (let start = 0; start < size; start += PAGE) {
    const rows = await store.query<{ idx: bigint; leaf_hash: Buffer; body: Buffer; payload: Buffer | null }>(
      "SELECT idx, leaf_hash, body, payload FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
      [log.log_id, start, Math.min(start + PAGE, size)],
    )
    const hashes: Uint8Array[] = []
    for (let i = 0; i < Math.min(PAGE, size - start); i++) {
      const index = start + i
      const row = rows[i]
      if (!row || Number(row.idx) !== index) {
        at(index, "entry", "the record is missing")
        return tree
      }
      const hash = hashLeaf(crypto.sha256, row.body)
      if (!equalBytes(hash, row.leaf_hash)) at(index, "entry", "the stored leaf hash is not that of the body")
      hashes.push(hash)
      const record = readBody(row.body)
      if (record.kind === undefined) at(index, "entry", "the body is not a record")
      if (record.time !== undefined && record.time < previousTime) at(index, "entry", "time runs backwards")
      previousTime = record.time ?? previousTime
      if (typeof record.payload === "string") {
        if (row.payload === null) missing.push(index)
        else if (
          row.payload.length < PAYLOAD_SALT_BYTES ||
          toHex(commitPayload(crypto.sha256, row.payload)) !== record.payload
        )
          at(index, "entry", "the payload is not the one that the record commits to")
      } else if (row.payload !== null) at(index, "entry", "there is a payload that the record does not commit to")
      if (record.kind === "payload_erased") erased.add(Number((record.data as { index?: string } | undefined)?.index))
      learn(derived, record, row, log, index, find)
      if (index < mark && record.execution_id !== undefined && !lookups.has(`${record.execution_id} ${index}`))
        at(index, "lookup", "the lookup row of the record is missing")
      if (index >= mark && lookups.has(`${record.execution_id} ${index}`))
        at(index, "lookup_mark", "the mark is behind lookup rows that exist")
      lookups.delete(`${record.execution_id} ${index}`)
    }
    await checkTiles(store, log, tree.append(hashes).fullTiles, find)
    progress(hashes.length)
  }
  for (const index of missing)
    if (!erased.has(index)) at(index, "entry", "the payload is missing, and no record says that it was erased")
  for (const extra of lookups)
    find({ table: "lookup", text: `a row names a record that is not of that execution: ${extra}`, log: log.origin })
  if (!equalBytes(tree.root(), log.root as Buffer))
    find({ table: "log_head", text: "the stored root is not that of the records", log: log.origin })
  const beyond = await store.query<{ idx: bigint }>(
    "SELECT idx FROM entry WHERE log_id = $1 AND (idx >= $2 OR idx < 0) ORDER BY idx LIMIT 1",
    [log.log_id, size],
  )
  if (beyond[0]) at(Number(beyond[0].idx), "entry", "a record lies beyond the head")
  const tiles = await store.query<{ count: bigint }>("SELECT count(*) AS count FROM tile WHERE log_id = $1", [
    log.log_id,
  ])
  let expected = 0
  for (let span = 256; span <= size; span *= 256) expected += Math.floor(size / span)
  if (Number(tiles[0]?.count) !== expected)
    find({
      table: "tile",
      text: `there are ${tiles[0]?.count} tiles, ${expected} follow from the records`,
      log: log.origin,
    })
  return tree
}

async function lookupReader(store: FsckStore, logId: number): Promise<Set<string>> {
  const rows = await store.query<{ key: string; idx: bigint }>("SELECT key, idx FROM lookup WHERE log_id = $1", [logId])
  return new Set(rows.map((row) => `${row.key} ${row.idx}`))
}

async function checkTiles(
  store: FsckStore,
  log: LogRow,
  tiles: readonly FullTile[],
  find: (finding: Finding) => void,
): Promise<void> {
  for (const { level, index, hashes, root } of tiles) {
    const last = (index + 1) * 256 ** (level + 1) - 1
    const [row] = await store.query<{ hashes: Buffer; root: Buffer }>(
      "SELECT hashes, root FROM tile WHERE log_id = $1 AND level = $2 AND last_leaf = $3",
      [log.log_id, level, last],
    )
    if (!row) find({ table: "tile", text: `tile ${index} of level ${level} is missing`, index: last, log: log.origin })
    else if (!equalBytes(row.hashes, hashes) || !equalBytes(row.root, root))
      find({
        table: "tile",
        text: `tile ${index} of level ${level} is not what the records give`,
        index: last,
        log: log.origin,
      })
  }
}

/** With trust the keys come from there; else from the database itself, which then vouches only for itself. */
async function checkCheckpoints(
  store: FsckStore,
  log: LogRow,
  trust: Trust | undefined,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<{ readonly checkpoints: number; readonly anchored: boolean }> {
  const trusted = trust?.logs.find(({ origin }) => origin === log.origin)?.vkey
  if (trust && trusted !== log.verifier_key)
    find({ table: "log", text: "the stored verifier key is not the trusted one", log: log.origin })
  const rows = await store.query<{ size: bigint; note: Buffer }>(
    "SELECT size, note FROM checkpoint WHERE log_id = $1 ORDER BY size",
    [log.log_id],
  )
  const bySize = new Map(rows.map((row) => [Number(row.size), row.note.toString("utf8")]))
  for (const [size, note] of bySize) {
    const verdict = verifyCheckpoint({ note, origin: log.origin, vkey: trusted ?? log.verifier_key }, crypto)
    if (!verdict.valid)
      find({
        table: "checkpoint",
        text: `the checkpoint of size ${size} does not verify: ${verdict.reason}`,
        log: log.origin,
      })
    else if (Number(verdict.checkpoint?.size) !== size)
      find({ table: "checkpoint", text: `the row of size ${size} holds a checkpoint of another size`, log: log.origin })
    else if (size > Number(log.size))
      find({
        table: "checkpoint",
        text: `a checkpoint of size ${size} was signed, the log has only ${log.size} records`,
        log: log.origin,
      })
  }
  await checkCheckpointRoots(store, log, bySize, crypto, find)
  return { checkpoints: rows.length, anchored: trusted !== undefined }
}

/** Each signed root must be the root of that many records. */
async function checkCheckpointRoots(
  store: FsckStore,
  log: LogRow,
  notes: ReadonlyMap<number, string>,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const tree = TreeTail.empty(crypto.sha256)
  for (const [size, note] of notes) {
    if (size > Number(log.size)) return
    while (tree.size < size) {
      const rows = await store.query<{ body: Buffer }>(
        "SELECT body FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
        [log.log_id, tree.size, Math.min(size, tree.size + PAGE)],
      )
      if (rows.length === 0) return
      tree.append(rows.map((row) => hashLeaf(crypto.sha256, row.body)))
    }
    try {
      if (!equalBytes(parseCheckpoint(parseNote(note).text).root, tree.root()))
        find({
          table: "checkpoint",
          text: `the root signed at size ${size} is not that of the records`,
          index: size - 1,
          log: log.origin,
        })
    } catch {
      // it did not verify either, which was reported
    }
  }
}

function learn(
  derived: Derived,
  record: ReturnType<typeof readBody>,
  row: { body: Buffer; payload: Buffer | null; leaf_hash: Buffer },
  log: LogRow,
  index: number,
  find: (finding: Finding) => void,
): void {
  const epoch = BigInt(record.epoch ?? "0")
  if (record.kind !== "decision" && epoch > derived.epoch) derived.epoch = epoch
  const data = (record.data ?? {}) as JsonObject
  const id = record.execution_id
  if (record.kind === "revoked" && id)
    derived.executions.set(id, { state: "REVOKED", log: log.log_id, index, leaf: toHex(row.leaf_hash) })
  if (record.kind === "caller_key_changed") {
    const secret = row.payload
      ? (JSON.parse(fromUtf8(row.payload.subarray(PAYLOAD_SALT_BYTES))) as { secret_hash: string }).secret_hash
      : null
    const order = `${String(epoch).padStart(20, "0")}`
    const known = derived.callers.get(data["id"] as string)
    if (!known || known.slice(0, 20) < order)
      derived.callers.set(
        data["id"] as string,
        `${order} ${data["role"]} ${data["state"]} ${data["expires_at_ms"]} ${secret}`,
      )
  }
  if (record.kind === "signing_key_changed")
    derived.tokenKeys.set(data["kid"] as string, `${data["public_key"]} ${data["issuer"]}`)
  if (record.kind === "bundle_activated") {
    const order = String(epoch).padStart(20, "0")
    derived.bundles.add(`${data["digest"]} ${data["content_sha256"]}`)
    derived.signers.add(`${data["digest"]} ${data["signed_by"]} ${data["signature"]}`)
    if (!derived.bundle || derived.bundle.at < order) derived.bundle = { at: order, digest: data["digest"] as string }
  }
  if (record.kind === "log_opened" && (data["origin"] !== log.origin || data["verifier_key"] !== log.verifier_key))
    find({
      table: "log",
      text: "origin or verifier key are not those that the log opened with",
      index,
      log: log.origin,
    })
}

/** Rows that belong to no log. */
async function checkStrays(store: FsckStore, find: (finding: Finding) => void): Promise<void> {
  for (const table of ["entry", "tile", "lookup", "request", "execution"]) {
    const [row] = await store.query<{ log_id: number }>(
      `SELECT log_id FROM ${table} t WHERE NOT EXISTS (SELECT FROM log WHERE log.log_id = t.log_id) LIMIT 1`,
    )
    if (row) find({ table, text: `a row belongs to a log that does not exist: ${row.log_id}` })
  }
}

async function checkDerived(
  store: FsckStore,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const [control] = await store.query<{ epoch: bigint; active_bundle: Buffer | null }>(
    "SELECT epoch, active_bundle FROM control",
  )
  if (!control || BigInt(control.epoch) !== derived.epoch)
    find({ table: "control", text: `the epoch is ${control?.epoch}, the records say ${derived.epoch}` })
  if ((control?.active_bundle ? toHex(control.active_bundle) : undefined) !== derived.bundle?.digest)
    find({ table: "control", text: "the active bundle is not the one that was activated last" })

  const executions = await store.query<{
    execution_id: string
    state: string
    log_id: number
    idx: bigint
    leaf_hash: Buffer
  }>("SELECT * FROM execution")
  for (const row of executions) {
    const known = derived.executions.get(row.execution_id)
    derived.executions.delete(row.execution_id)
    if (
      !known ||
      known.state !== row.state ||
      known.log !== row.log_id ||
      known.index !== Number(row.idx) ||
      known.leaf !== toHex(row.leaf_hash)
    )
      find({ table: "execution", text: `the row of ${row.execution_id} is not what the records say` })
  }
  for (const [id, { index }] of derived.executions)
    find({ table: "execution", text: `the row of ${id} is missing`, index })

  const callers = await store.query<{
    id: string
    role: string
    secret_hash: Buffer
    state: string
    expires_at: Date | null
  }>("SELECT * FROM caller_key")
  for (const row of callers) {
    const known = derived.callers.get(row.id)?.slice(21)
    derived.callers.delete(row.id)
    if (known !== `${row.role} ${row.state} ${row.expires_at?.getTime() ?? null} ${toHex(row.secret_hash)}`)
      find({ table: "caller_key", text: `the key ${row.id} is not what the records say` })
  }
  for (const id of derived.callers.keys()) find({ table: "caller_key", text: `the key ${id} is missing` })

  const keys = await store.query<{ kid: string; public_key: Buffer; issuer: string }>("SELECT * FROM token_key")
  for (const row of keys) {
    if (derived.tokenKeys.get(row.kid) !== `${toBase64Url(row.public_key)} ${row.issuer}`)
      find({ table: "token_key", text: `the key ${row.kid} is not one that the records publish` })
    derived.tokenKeys.delete(row.kid)
  }
  for (const kid of derived.tokenKeys.keys()) find({ table: "token_key", text: `the key ${kid} is missing` })
  await checkBundles(store, derived, crypto, find)
  await checkRequests(store, find)
}

async function checkBundles(
  store: FsckStore,
  derived: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{ digest: Buffer; content: Buffer }>("SELECT digest, content FROM bundle")
  for (const row of rows)
    if (!derived.bundles.delete(`${toHex(row.digest)} ${toHex(crypto.sha256(row.content))}`))
      find({ table: "bundle", text: `the bundle ${toHex(row.digest)} is not one that was activated` })
  for (const digest of derived.bundles) find({ table: "bundle", text: `the bundle ${digest} is missing` })
  const signatures = await store.query<{ digest: Buffer; public_key: Buffer; signature: Buffer }>(
    "SELECT digest, public_key, signature FROM bundle_signature",
  )
  for (const row of signatures)
    if (
      !derived.signers.delete(
        `${toHex(row.digest)} ${row.public_key.toString("base64")} ${row.signature.toString("base64")}`,
      )
    )
      find({ table: "bundle_signature", text: `no record says that this key signed ${toHex(row.digest)}` })
  for (const signer of derived.signers) find({ table: "bundle_signature", text: `a signature is missing: ${signer}` })
}

/** Request ids of the last ten minutes: each row points at the decision that took it. */
async function checkRequests(store: FsckStore, find: (finding: Finding) => void): Promise<void> {
  const rows = await store.query<{
    key: string
    snapshot_digest: Buffer
    idx: bigint
    expires_at: Date
    body: Buffer | null
    payload: Buffer | null
  }>("SELECT r.*, e.body, e.payload FROM request r LEFT JOIN entry e ON e.log_id = r.log_id AND e.idx = r.idx")
  for (const row of rows) {
    const record = row.body ? readBody(row.body) : {}
    const lapses = Date.parse(record.time ?? "") + REQUEST_LIFE_MS
    const says = (text: string) =>
      find({ table: "request", text: `the row ${row.key} ${text}`, index: Number(row.idx) })
    if (record.kind !== "decision") says("names no decision")
    else if (row.payload && !isClaimOf(row.payload, row.key, toHex(row.snapshot_digest)))
      says("is not what its record says")
    else if (Math.abs(row.expires_at.getTime() - lapses) > REQUEST_LIFE_SLACK_MS)
      says("lapses at another time than its record says")
  }
}

function isClaimOf(payload: Uint8Array, key: string, digest: string): boolean {
  try {
    const { idempotency } = JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as {
      idempotency?: { key: string; digest: string }
    }
    return idempotency?.key === key && idempotency.digest === digest
  } catch {
    return false
  }
}
