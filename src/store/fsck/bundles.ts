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
  if (record.kind === "bundle_published" || record.kind === "bundle_signed")
    for (const { public_key, signature } of data["signatures"] as readonly JsonObject[])
      derived.signers.add(`${data["digest"]} ${public_key} ${signature}`)
}

export async function checkBundles(
  store: FsckStore,
  { bundles, signers }: Derived,
  { sha256 }: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{ digest: Buffer; content: Buffer; log_id: number; idx: bigint; published_at: Date }>(
    "SELECT * FROM bundle",
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
