/** What evidence proves its records in: a checkpoint of each log or, where a closed log has none that reaches, its closing. */
import { WritError } from "../errors.ts"
import { parseCheckpoint } from "../formats/checkpoint.ts"
import { parseNote } from "../formats/signed-note.ts"
import type { LineageStore, StoredRecord } from "./lineage.ts"

export interface CoveringHead {
  readonly size: number
  /** The checkpoint; null: `closing` says the size. */
  readonly note: string | null
  /** Of kind log_closed, in another log. */
  readonly closing: StoredRecord | null
}

/** By origin: heads that cover `records`, and the closings among them. Throws NOT_SIGNED_YET, NOT_FOUND, INVALID_REQUEST. */
export async function findHeads(
  store: Pick<LineageStore, "checkpoint" | "closing">,
  records: readonly StoredRecord[],
  exactSize?: number,
): Promise<ReadonlyMap<string, CoveringHead>> {
  const heads = new Map<string, CoveringHead>()

  /** `after`: logs whose closings lead here. */
  async function cover(origin: string, logId: number, needed: number, after: readonly string[]): Promise<void> {
    if ((heads.get(origin)?.size ?? 0) >= needed) return
    const note = await store.checkpoint(logId, needed, exactSize)
    if (note !== null) {
      const size = Number(parseCheckpoint(parseNote(note).text).size)
      if (size < needed)
        throw new WritError(
          "INVALID_REQUEST",
          `The checkpoint of size ${size} does not cover all records of this execution; they need ${needed}.`,
          { details: { index: String(firstBeyond(records, origin, size, needed)) } },
        )
      heads.set(origin, { size, note, closing: null })
      return
    }
    const closing = await store.closing(logId)
    if (!closing && exactSize === undefined)
      throw new WritError(
        "NOT_SIGNED_YET",
        `There is no checkpoint of the log ${origin} that covers size ${needed} yet. Whoever writes a log signs it about every second, and a log that nobody writes any more is closed within seconds where there is another daemon. Retry.`,
      )
    if (!closing || closing.size < needed || after.includes(origin))
      throw new WritError(
        "NOT_FOUND",
        `There is no checkpoint of the log ${origin} that covers size ${exactSize ?? needed}.`,
      )
    const { size, record } = closing
    await cover(record.origin, record.logId, record.index + 1, [...after, origin])
    heads.set(origin, { size, note: null, closing: record })
  }

  for (const { origin, logId } of records) {
    const needed = Math.max(...records.filter((record) => record.origin === origin).map(({ index }) => index)) + 1
    await cover(origin, logId, needed, [])
  }
  return heads
}

function firstBeyond(records: readonly StoredRecord[], origin: string, size: number, needed: number): number {
  const beyond = records.filter((record) => record.origin === origin && record.index >= size)
  return Math.min(needed - 1, ...beyond.map(({ index }) => index))
}

/** Closings, each after the one of the log that its record is in. */
export function orderClosings(
  heads: ReadonlyMap<string, CoveringHead>,
): { readonly log: string; readonly record: StoredRecord }[] {
  const rest = new Map<string, StoredRecord>()
  for (const [log, { closing }] of [...heads].sort(([a], [b]) => (a < b ? -1 : 1))) if (closing) rest.set(log, closing)
  const ordered: { log: string; record: StoredRecord }[] = []
  const place = (log: string) => {
    const record = rest.get(log)
    if (!record) return // it has a checkpoint, or its place already
    rest.delete(log)
    place(record.origin)
    ordered.push({ log, record })
  }
  for (const log of [...rest.keys()]) place(log)
  return ordered
}
