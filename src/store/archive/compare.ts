/** An archive held against the database: the file is good, and holds exactly what its partition does. */
import type pg from "pg"
import { nativeCrypto } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import { type ArchiveReport, type ReadRecord, verifyArchive } from "../../verify/archive.ts"
import type { Trust } from "../../verify/types.ts"
import { withArchiveFile } from "./file.ts"
import type { Partition } from "./partitions.ts"

/**
 * The report of a file that is good, and of this range; else throws INVALID_REQUEST. Without `trust`, its checkpoint must be
 * signed by the key that the database names for the log.
 */
export async function readGoodArchive(
  client: pg.ClientBase,
  path: string,
  trust: Trust | undefined,
  { origin, first, past }: Pick<Partition, "origin" | "first" | "past">,
  onBlock: (records: readonly ReadRecord[]) => Promise<void>,
): Promise<ArchiveReport> {
  const { rows: logs } = await client.query<{ origin: string; vkey: string }>(
    "SELECT origin, verifier_key AS vkey FROM log",
  )
  const report = await withArchiveFile(path, (source) =>
    verifyArchive(source, {
      trust: trust ?? { logs, tokens: { keys: [] } },
      crypto: nativeCrypto,
      onBlock: async (records) => {
        await onBlock(records)
        return false
      },
    }),
  )
  const { head } = report
  if (!report.valid)
    throw new WritError("INVALID_REQUEST", `${path} is not a good archive, step ${report.failedStep}: ${report.reason}`)
  if (head?.log !== origin || head.first !== first || head.past !== past)
    throw new WritError("INVALID_REQUEST", `${path} is of another range than it was.`)
  return report
}

/** Throws INVALID_REQUEST unless these records are the rows that the database holds. */
export async function assertSameRows(
  client: pg.ClientBase,
  logId: number,
  records: readonly ReadRecord[],
): Promise<void> {
  const first = (records[0] as ReadRecord).index
  const { rows } = await client.query<{ idx: bigint; body: Buffer; payload: Buffer | null }>(
    "SELECT idx, body, payload FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
    [logId, first, first + records.length],
  )
  for (const [i, { index, body, payload }] of records.entries()) {
    const row = rows[i]
    const differs = (text: string) => new WritError("INVALID_REQUEST", `Record ${index}: ${text}`)
    if (!row || Number(row.idx) !== index) throw differs("the database does not hold it.")
    if (!row.body.equals(body)) throw differs("the database holds another one than the archive.")
    if (row.payload === null && payload) throw erasedSince(index)
    if (row.payload !== null && !(payload && row.payload.equals(payload)))
      throw differs("the archive lacks its payload. Write the archive again.")
  }
}

export function erasedSince(index: number): WritError {
  return new WritError(
    "INVALID_REQUEST",
    `Record ${index}: its payload was erased after this archive was written. Destroy the file and its copies, and write the archive again.`,
  )
}
