/** A batch as the parameters of writ_append (migrations/0007_append.sql): bytes in one piece each, lengths as arrays. */
import type { AppendBatch } from "../ledger/store.ts"
import { type Parameter, timestamp } from "./binary.ts"

/** `head`: where the row of the head is, as the append before answered. */
export function encodeBatch(batch: AppendBatch, head: string | null): Parameter[] {
  const { records, tiles } = batch
  const hashes: Uint8Array[] = []
  const blob: Uint8Array[] = []
  const digests: Uint8Array[] = []
  const offsets: number[] = []
  const bodyLengths: number[] = []
  const payloadLengths: number[] = []
  const requestRows: number[] = []
  const requestKeys: string[] = []
  let offset = 1
  for (let i = 0; i < records.length; i++) {
    const { record, request } = records[i] as AppendBatch["records"][number]
    const payloadLength = record.payload?.length ?? 0
    hashes.push(record.leafHash)
    blob.push(record.body)
    if (record.payload) blob.push(record.payload)
    offsets.push(offset)
    bodyLengths.push(record.body.length)
    payloadLengths.push(payloadLength)
    offset += record.body.length + payloadLength
    if (request) {
      requestRows.push(i)
      requestKeys.push(request.key)
      digests.push(request.digest)
    }
  }
  return [
    { type: "int2", value: batch.before.logId },
    { type: "int8", value: batch.before.size },
    { type: "int8", value: batch.before.fence },
    { type: "int8", value: batch.epoch },
    head,
    { type: "int4", value: records.length },
    batch.root,
    { pieces: hashes },
    { pieces: blob },
    { arrayOf: "int4", values: offsets },
    { arrayOf: "int4", values: bodyLengths },
    { arrayOf: "int4", values: payloadLengths },
    { arrayOf: "int2", values: tiles.map((tile) => tile.level) },
    { arrayOf: "int8", values: tiles.map((tile) => (tile.index + 1) * 256 ** (tile.level + 1) - 1) },
    { pieces: tiles.flatMap((tile) => [tile.hashes, tile.root]) },
    { arrayOf: "int4", values: requestRows },
    { arrayOf: "uuid", values: requestKeys },
    { pieces: digests },
    timestamp(batch.requestsExpireMs),
  ]
}
