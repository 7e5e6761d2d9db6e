/** A batch as the parameters of writ_append (migrations/0002_append.sql): bytes in one piece each, lengths as arrays. */
import type { AppendBatch } from "../ledger/store.ts"
import { encodeArray, encodeTimestamp, encodeValue } from "./binary.ts"

const TILE_ROW_BYTES = 8192 + 32

export function encodeBatch(batch: AppendBatch): Uint8Array[] {
  const { records, tiles } = batch
  let blobBytes = 0
  let requestCount = 0
  for (const { record, request } of records) {
    blobBytes += record.body.length + (record.payload?.length ?? 0)
    if (request) requestCount++
  }
  const hashes = Buffer.allocUnsafe(32 * records.length)
  const blob = Buffer.allocUnsafe(blobBytes)
  const digests = Buffer.allocUnsafe(32 * requestCount)
  const offsets: number[] = []
  const bodyLengths: number[] = []
  const payloadLengths: number[] = []
  const requestRows: number[] = []
  const requestKeys: string[] = []
  let at = 0
  for (let i = 0; i < records.length; i++) {
    const { record, request } = records[i] as AppendBatch["records"][number]
    hashes.set(record.leafHash, 32 * i)
    offsets.push(at + 1)
    blob.set(record.body, at)
    at += record.body.length
    bodyLengths.push(record.body.length)
    if (record.payload) {
      blob.set(record.payload, at)
      at += record.payload.length
    }
    payloadLengths.push(record.payload?.length ?? 0)
    if (request) {
      digests.set(request.digest, 32 * requestRows.length)
      requestRows.push(i)
      requestKeys.push(request.key)
    }
  }
  const tileBytes = Buffer.allocUnsafe(TILE_ROW_BYTES * tiles.length)
  for (let i = 0; i < tiles.length; i++) {
    tileBytes.set(tiles[i]?.hashes as Uint8Array, TILE_ROW_BYTES * i)
    tileBytes.set(tiles[i]?.root as Uint8Array, TILE_ROW_BYTES * i + 8192)
  }
  return [
    encodeValue("int2", batch.before.logId),
    encodeValue("int8", batch.before.size),
    encodeValue("int8", batch.before.fence),
    encodeValue("int8", batch.epoch),
    encodeValue("int4", records.length),
    batch.root,
    hashes,
    blob,
    encodeArray("int4", offsets),
    encodeArray("int4", bodyLengths),
    encodeArray("int4", payloadLengths),
    encodeArray(
      "int2",
      tiles.map((tile) => tile.level),
    ),
    encodeArray(
      "int8",
      tiles.map((tile) => (tile.index + 1) * 256 ** (tile.level + 1) - 1),
    ),
    tileBytes,
    encodeArray("int4", requestRows),
    encodeArray("uuid", requestKeys),
    digests,
    encodeTimestamp(batch.requestsExpireMs),
  ]
}
