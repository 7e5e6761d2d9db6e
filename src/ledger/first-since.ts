/** Where a time begins in a log. */
import { type LedgerReader, readBody } from "./lineage.ts"

/** Index of the first record of this time (Unix milliseconds) or later, from `start` to `end`: a log's records stand in the order of their times. */
export async function firstSince(
  reader: Pick<LedgerReader, "records">,
  logId: number,
  start: number,
  end: number,
  fromMs: number,
): Promise<number> {
  let [low, high] = [start, Math.max(start, end)]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [record] = await reader.records(logId, middle, 1)
    if (record && Date.parse(readBody(record.body).time ?? "") < fromMs) low = middle + 1
    else high = middle
  }
  return low
}
