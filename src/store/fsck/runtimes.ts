/** Runtimes, bindings, revoked keys, directives and segments of beats: what the records say of them, and whether they say the same. */
import { inflateRawSync } from "node:zlib"
import { toHex } from "../../formats/bytes.ts"
import type { Crypto, JsonObject } from "../../formats/ports.ts"
import type { RecordBody } from "../../ledger/record.ts"
import { verifyBeats } from "../../verify/beats.ts"
import type { Derived } from "./derived.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

const MAX_SEGMENT_BYTES = 256 * 1024 * 1024
const RUNTIME_KINDS = ["runtime_registered", "runtime_state_changed", "runtime_ended"]

export function learnRuntimes(derived: Derived, record: Partial<RecordBody>, log: LogRow, index: number): void {
  const data = (record.data ?? {}) as JsonObject
  const epoch = BigInt(record.epoch ?? "0")
  const padded = String(epoch).padStart(20, "0")
  if (record.kind !== undefined && RUNTIME_KINDS.includes(record.kind)) {
    const key = data["runtime"] as string
    const known = derived.runtimes.get(key)
    if (!known || known.slice(0, 20) < padded) derived.runtimes.set(key, `${padded} ${data["content_sha256"]}`)
    if (typeof data["revoked_key"] === "string") derived.revokedKeys.set(data["revoked_key"], epoch)
  }
  if (record.kind === "reference_values_changed") {
    const key = data["reference_values"] as string
    const known = derived.references.get(key)
    if (!known || known.slice(0, 20) < padded) derived.references.set(key, `${padded} ${data["content_sha256"]}`)
  }
  if (record.kind === "binding_changed") {
    const key = data["binding"] as string
    const known = derived.bindings.get(key)
    if (!known || known.slice(0, 20) < padded) derived.bindings.set(key, `${padded} ${data["content_sha256"]}`)
  }
  if (typeof data["directive_sha256"] === "string")
    derived.directives.set(epoch.toString(), `${data["runtime"]} ${log.log_id} ${index} ${data["directive_sha256"]}`)
  if (record.kind === "beats")
    derived.segments.set(data["segment_sha256"] as string, {
      root: data["root"] as string,
      count: data["count"] as number,
      index,
    })
}

export async function checkRuntimes(
  store: FsckStore,
  { runtimes, references, bindings, revokedKeys, directives, segments }: Derived,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  for (const [table, said] of [
    ["runtime", runtimes],
    ["reference_values", references],
    ["binding", bindings],
  ] as const) {
    const rows = await store.query<{ key: string; epoch: bigint; content: Buffer }>(`SELECT * FROM ${table}`)
    for (const { key, epoch, content } of rows) {
      if (said.get(key) !== `${String(epoch).padStart(20, "0")} ${toHex(crypto.sha256(content))}`)
        find({ table, text: `the row of ${key} is not what the records say` })
      said.delete(key)
    }
    for (const key of said.keys()) find({ table, text: `the row of ${key} is missing` })
  }

  const keys = await store.query<{ public_key: Buffer; epoch: bigint }>("SELECT * FROM revoked_runtime_key")
  for (const { public_key, epoch } of keys) {
    const key = toHex(public_key)
    if (revokedKeys.get(key) !== BigInt(epoch))
      find({ table: "revoked_runtime_key", text: `the row of ${key} is not what the records say` })
    revokedKeys.delete(key)
  }
  for (const key of revokedKeys.keys()) find({ table: "revoked_runtime_key", text: `the key ${key} is missing` })

  const told = await store.query<{ epoch: bigint; runtime: string; log_id: number; idx: bigint; content: Buffer }>(
    "SELECT * FROM directive",
  )
  for (const { epoch, runtime, log_id, idx, content } of told) {
    if (directives.get(epoch.toString()) !== `${runtime} ${log_id} ${idx} ${toHex(crypto.sha256(content))}`)
      find({ table: "directive", text: `directive ${epoch} is not what the records say` })
    directives.delete(epoch.toString())
  }
  for (const epoch of directives.keys()) find({ table: "directive", text: `directive ${epoch} is missing` })

  // One at a time: a segment may be large. One that no leaf names was left by a crash before its leaf was written.
  for (const [digest, leaf] of segments) {
    const [row] = await store.query<{ segment: Buffer }>("SELECT segment FROM beat_segment WHERE sha256 = $1", [
      Buffer.from(digest, "hex"),
    ])
    const problem = row ? findFault(row.segment, digest, leaf, crypto) : "the segment that the record names is missing"
    if (problem) find({ table: "beat_segment", text: problem, index: leaf.index })
  }
}

/** The segment of an archived record stands in the archive, and no longer in the table. */
export function checkArchivedSegment(
  derived: Derived,
  record: Partial<RecordBody>,
  segment: Buffer,
  crypto: Crypto,
  find: (finding: Finding) => void,
): void {
  const digest = String(record.data?.["segment_sha256"])
  const leaf = derived.segments.get(digest)
  derived.segments.delete(digest)
  const problem = leaf && findFault(segment, digest, leaf, crypto)
  if (problem) find({ table: "beat_segment", text: problem, index: leaf.index })
}

/** Opens the segment: its beats must be those that the leaf's root is over, each in its place. */
function findFault(
  segment: Buffer,
  digest: string,
  leaf: { readonly root: string; readonly count: number },
  crypto: Crypto,
): string | null {
  if (toHex(crypto.sha256(segment)) !== digest) return "the segment is not the one that the record names"
  try {
    const { valid, reason } = verifyBeats(
      { ...leaf, segment: inflateRawSync(segment, { maxOutputLength: MAX_SEGMENT_BYTES }) },
      undefined,
      crypto,
    )
    return valid ? null : reason
  } catch (error) {
    return `the segment cannot be read: ${(error as Error).message}`
  }
}
