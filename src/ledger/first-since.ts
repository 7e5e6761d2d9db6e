/** Where a time begins in a log. */
import { WritError } from "../errors.ts"
import { type LedgerReader, readBody } from "./lineage.ts"

/** Index of the first record of this time (Unix milliseconds) or later, from `start` to `end`: a log's records stand in the order of their times. Throws RECORD_ARCHIVED where that is in an archive. */
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
    const next = await behind(reader, logId, middle, fromMs)
    if (next === null) high = middle
    else low = Math.min(next, high)
  }
  return low
}

/** The index after a record that is older, or after the archive that holds it; null: it is not older. */
async function behind(
  reader: Pick<LedgerReader, "records">,
  logId: number,
  index: number,
  fromMs: number,
): Promise<number | null> {
  try {
    const [record] = await reader.records(logId, index, 1)
    return record && Date.parse(readBody(record.body).time ?? "") < fromMs ? index + 1 : null
  } catch (error) {
    const { code, details } = WritError.from(error)
    if (code !== "RECORD_ARCHIVED" || !(Date.parse(details["newest"] ?? "") < fromMs)) throw error
    return Number(details["past"])
  }
}
