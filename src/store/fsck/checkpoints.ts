import { equalBytes } from "../../formats/bytes.ts"
import { parseCheckpoint } from "../../formats/checkpoint.ts"
import { hashLeaf } from "../../formats/merkle.ts"
import type { Crypto } from "../../formats/ports.ts"
import { parseNote } from "../../formats/signed-note.ts"
import { TreeTail } from "../../formats/tiles.ts"
import { verifyCheckpoint } from "../../verify/checkpoint.ts"
import type { Trust } from "../../verify/types.ts"
import { type ArchivedRange, type Entry, withEntries } from "./archives.ts"
import { type Finding, type FsckStore, type LogRow, PAGE } from "./types.ts"

/** With trust the keys come from there; else from the database itself, which then vouches only for itself. */
export async function checkCheckpoints(
  store: FsckStore,
  log: LogRow,
  ranges: readonly ArchivedRange[],
  trust: Trust | undefined,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<{ readonly checkpoints: number; readonly anchored: boolean }> {
  const trusted = trust?.logs.find(({ origin }) => origin === log.origin)?.vkey
  if (trust && trusted !== log.verifier_key)
    find({ table: "log", text: "the stored verifier key is not the trusted one", log: log.origin })
  const rows = await store.query<{ table: string; size: bigint; note: Buffer }>(
    `SELECT 'checkpoint' AS table, size, note FROM checkpoint WHERE log_id = $1
     UNION ALL SELECT 'cosigned_checkpoint', size, note FROM cosigned_checkpoint WHERE log_id = $1 ORDER BY size`,
    [log.log_id],
  )
  const stored = rows.map((row) => ({ ...row, size: Number(row.size), note: row.note.toString("utf8") }))
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
  // By the hashes in the tiles where records are in archives: those were compared with the files that were given.
  const unread = ranges.map((range) => ({ ...range, file: null }))
  await withEntries(store, log, unread, (page) => checkCheckpointRoots(log, page, stored, crypto, find))
  return { checkpoints: new Set(stored.map(({ size }) => size)).size, anchored: trusted !== undefined }
}

/** Each signed root must be the root of that many records. */
async function checkCheckpointRoots(
  log: LogRow,
  page: (start: number, end: number) => Promise<ReadonlyMap<number, Entry>>,
  stored: readonly { readonly table: string; readonly size: number; readonly note: string }[],
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const tree = TreeTail.empty(crypto.sha256)
  for (const { table, size, note } of stored) {
    if (size > Number(log.size)) return
    while (tree.size < size) {
      const entries = [...(await page(tree.size, Math.min(size, tree.size + PAGE)))].sort(([a], [b]) => a - b)
      if (entries.length === 0) return
      tree.append(entries.map(([, { body, leaf_hash }]) => (body ? hashLeaf(crypto.sha256, body) : leaf_hash)))
    }
    try {
      if (!equalBytes(parseCheckpoint(parseNote(note).text).root, tree.root()))
        find({
          table,
          text: `the root signed at size ${size} is not that of the records`,
          index: size - 1,
          log: log.origin,
        })
    } catch {
      // it did not verify either, which was reported
    }
  }
}
