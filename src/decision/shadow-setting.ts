/** Which bundle sees live traffic: what the record of it says. */
import { toHex } from "../formats/bytes.ts"
import { readBody, type StoredRecord } from "../ledger/lineage.ts"

export interface ShadowSetting {
  /** Leaf hash of the record, lower-case hex: another record is another setting, of the same bundle too. */
  readonly id: string
  /** Of the bundle, lower-case hex. */
  readonly digest: string
  readonly samplePerMillion: number
  /** Who set it, as records name it. */
  readonly setBy: string
  /** Unix milliseconds. */
  readonly setAtMs: number
  readonly endsAtMs: number
}

/** Null: there is none, or it has ended by then (Unix milliseconds). */
export function readShadow(
  record: Pick<StoredRecord, "leafHash" | "body"> | null,
  nowMs: number,
): ShadowSetting | null {
  if (!record) return null
  const { kind, data, actor, time } = readBody(record.body)
  const digest = data?.["digest"]
  const endsAtMs = Date.parse(String(data?.["ends_at"]))
  if (kind !== "shadow_changed" || typeof digest !== "string" || !(nowMs < endsAtMs)) return null
  return {
    id: toHex(record.leafHash),
    digest,
    samplePerMillion: Number(data?.["sample_per_million"]),
    setBy: actor?.id ?? "",
    setAtMs: Date.parse(time ?? ""),
    endsAtMs,
  }
}
