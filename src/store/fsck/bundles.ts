/** Bundles and the signatures that vouch for them: what the records say of them, and whether they say the same. */
import { toHex } from "../../formats/bytes.ts"
import type { Crypto, JsonObject } from "../../formats/ports.ts"
import type { RecordBody } from "../../ledger/record.ts"
import type { Derived } from "./derived.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

export function learnBundles(derived: Derived, record: Partial<RecordBody>, log: LogRow, index: number): void {
  const data = (record.data ?? {}) as JsonObject
  if (record.kind === "bundle_published")
    derived.bundles.set(data["digest"] as string, `${data["content_sha256"]} ${log.log_id} ${index} ${record.time}`)
  if (record.kind === "bundle_activated") {
    const order = String(record.epoch).padStart(20, "0")
    const active = `${data["digest"]} ${log.log_id} ${index}`
    if (!derived.active || derived.active.order < order) derived.active = { order, active }
  }
  if (record.kind === "shadow_changed") {
    const order = String(record.epoch).padStart(20, "0")
    const at = "digest" in data ? `${log.log_id} ${index}` : null
    if (!derived.shadow || derived.shadow.order < order) derived.shadow = { order, at }
  }
  learnActivations(derived, record, data, log, index)
  if (record.kind === "bundle_published" || record.kind === "bundle_signed")
    for (const { public_key, signature } of data["signatures"] as readonly JsonObject[])
      derived.signers.add(`${data["digest"]} ${public_key} ${signature}`)
}

/** Request and decision may stand in two logs, which are read one after the other. */
function learnActivations(
  { activations, decided }: Derived,
  { kind }: Partial<RecordBody>,
  data: JsonObject,
  log: LogRow,
  index: number,
): void {
  const id = data["activation_id"] as string | undefined
  if (id === undefined) return
  if (kind === "activation_requested")
    activations.set(
      id,
      `${data["digest"]} ${data["previous"]} ${data["requested_by"]} ${data["expires_at"]} ${log.log_id} ${index}`,
    )
  else
    decided.set(
      id,
      `${kind === "bundle_activated" ? "granted" : "refused"} ${data["decided_by"]} ${log.log_id} ${index}`,
    )
}

export async function checkActivations(
  store: FsckStore,
  { active, shadow, activations, decided }: Derived,
  find: (finding: Finding) => void,
): Promise<void> {
  const [control] = await store.query<{
    active_bundle: Buffer | null
    active_log_id: number
    active_idx: bigint
    shadow_log_id: number | null
    shadow_idx: bigint | null
  }>("SELECT active_bundle, active_log_id, active_idx, shadow_log_id, shadow_idx FROM control")
  const row = control?.active_bundle
    ? `${toHex(control.active_bundle)} ${control.active_log_id} ${control.active_idx}`
    : undefined
  if (row !== active?.active)
    find({ table: "control", text: "the active bundle is not the one that was activated last" })
  const shadowAt = control?.shadow_idx == null ? null : `${control.shadow_log_id} ${control.shadow_idx}`
  if (shadowAt !== (shadow?.at ?? null))
    find({ table: "control", text: "the shadow bundle is not the one that was set last" })

  const rows = await store.query<{
    activation_id: string
    digest: Buffer
    previous: Buffer
    requested_by: string
    expires_at: Date
    log_id: number
    idx: bigint
    decided: string | null
    decided_by: string | null
    decided_log_id: number | null
    decided_idx: bigint | null
  }>("SELECT * FROM activation")
  for (const one of rows) {
    const id = one.activation_id
    const asked = `${toHex(one.digest)} ${toHex(one.previous)} ${one.requested_by} ${one.expires_at.toISOString()} ${one.log_id} ${one.idx}`
    const outcome = one.decided && `${one.decided} ${one.decided_by} ${one.decided_log_id} ${one.decided_idx}`
    if (activations.get(id) !== asked || (decided.get(id) ?? null) !== outcome)
      find({ table: "activation", text: `the row of ${id} is not what the records say` })
    activations.delete(id)
  }
  for (const id of activations.keys()) find({ table: "activation", text: `the activation ${id} is missing` })
}

export async function checkBundles(
  store: FsckStore,
  { bundles, signers }: Derived,
  { sha256 }: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{ digest: Buffer; content: Buffer; log_id: number; idx: bigint; published_at: Date }>(
    `SELECT digest, log_id, idx, published_at, coalesce(string_agg(content, '' ORDER BY part), '') AS content
       FROM bundle LEFT JOIN bundle_part USING (digest) GROUP BY bundle.digest`,
  )
  for (const { digest, content, log_id, idx, published_at } of rows) {
    const name = toHex(digest)
    if (bundles.get(name) !== `${toHex(sha256(content))} ${log_id} ${idx} ${published_at.toISOString()}`)
      find({ table: "bundle", text: `the row of ${name} is not what the records say` })
    bundles.delete(name)
  }
  for (const digest of bundles.keys()) find({ table: "bundle", text: `the bundle ${digest} is missing` })

  const signatures = await store.query<{ digest: Buffer; public_key: Buffer; signature: Buffer }>(
    "SELECT digest, public_key, signature FROM bundle_signature",
  )
  for (const { digest, public_key, signature } of signatures)
    if (!signers.delete(`${toHex(digest)} ${public_key.toString("base64")} ${signature.toString("base64")}`))
      find({ table: "bundle_signature", text: `no record says that this key signed ${toHex(digest)}` })
  for (const signer of signers) find({ table: "bundle_signature", text: `a signature is missing: ${signer}` })
}
