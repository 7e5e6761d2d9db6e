import { equalBytes } from "../../formats/bytes.ts"
import { parseCheckpoint } from "../../formats/checkpoint.ts"
import type { Crypto } from "../../formats/ports.ts"
import { parseNote } from "../../formats/signed-note.ts"
import { verifyCheckpoint } from "../../verify/checkpoint.ts"
import type { Trust } from "../../verify/types.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

export interface StoredCheckpoint {
  readonly table: string
  readonly size: number
  readonly note: string
}

/** By size. */
export async function readCheckpoints(store: FsckStore, log: LogRow): Promise<readonly StoredCheckpoint[]> {
  const rows = await store.query<{ table: string; size: bigint; note: Buffer }>(
    `SELECT 'checkpoint' AS table, size, note FROM checkpoint WHERE log_id = $1
     UNION ALL SELECT 'cosigned_checkpoint', size, note FROM cosigned_checkpoint WHERE log_id = $1 ORDER BY size`,
    [log.log_id],
  )
  return rows.map(({ table, size, note }) => ({ table, size: Number(size), note: note.toString("utf8") }))
}

/**
 * With trust the keys come from there; else from the database itself, which then vouches only for itself. `roots`: of the
 * records that were read, by size.
 */
export function checkCheckpoints(
  log: LogRow,
  stored: readonly StoredCheckpoint[],
  roots: ReadonlyMap<number, Uint8Array>,
  trust: Trust | undefined,
  crypto: Crypto,
  find: (finding: Finding) => void,
): { readonly checkpoints: number; readonly anchored: boolean } {
  const trusted = trust?.logs.find(({ origin }) => origin === log.origin)?.vkey
  if (trust && trusted !== log.verifier_key)
    find({ table: "log", text: "the stored verifier key is not the trusted one", log: log.origin })
  for (const { table, size, note } of stored) {
    const verdict = verifyCheckpoint({ note, origin: log.origin, vkey: trusted ?? log.verifier_key }, crypto)
    if (!verdict.valid)
      find({
        table,
        text: `the checkpoint of size ${size} does not verify: ${verdict.reason}`,
        log: log.origin,
      })
    else if (Number(verdict.checkpoint?.size) !== size)
      find({ table, text: `the row of size ${size} holds a checkpoint of another size`, log: log.origin })
    else if (size > Number(log.size))
      find({
        table,
        text: `a checkpoint of size ${size} was signed, the log has only ${log.size} records`,
        index: Number(log.size), // the first that is missing
        log: log.origin,
      })
  }
  for (const { table, size, note } of stored) {
    const root = roots.get(size)
    if (root && !equalBytes(rootOf(note) ?? root, root))
      find({
        table,
        text: `the root signed at size ${size} is not that of the records`,
        index: size - 1,
        log: log.origin,
      })
  }
  return { checkpoints: new Set(stored.map(({ size }) => size)).size, anchored: trusted !== undefined }
}

/** Null: it cannot be read, and did not verify either. */
function rootOf(note: string): Uint8Array | null {
  try {
    return parseCheckpoint(parseNote(note).text).root
  } catch {
    return null
  }
}
