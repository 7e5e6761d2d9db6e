import { equalBytes } from "../../formats/bytes.ts"
import { parseCheckpoint } from "../../formats/checkpoint.ts"
import { hashLeaf } from "../../formats/merkle.ts"
import type { Crypto } from "../../formats/ports.ts"
import { parseNote } from "../../formats/signed-note.ts"
import { TreeTail } from "../../formats/tiles.ts"
import { verifyCheckpoint } from "../../verify/checkpoint.ts"
import type { Trust } from "../../verify/types.ts"
import { type Finding, type FsckStore, type LogRow, PAGE } from "./types.ts"

/** With trust the keys come from there; else from the database itself, which then vouches only for itself. */
export async function checkCheckpoints(
  store: FsckStore,
  log: LogRow,
  trust: Trust | undefined,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<{ readonly checkpoints: number; readonly anchored: boolean }> {
  const trusted = trust?.logs.find(({ origin }) => origin === log.origin)?.vkey
  if (trust && trusted !== log.verifier_key)
    find({ table: "log", text: "the stored verifier key is not the trusted one", log: log.origin })
  const rows = await store.query<{ size: bigint; note: Buffer }>(
    "SELECT size, note FROM checkpoint WHERE log_id = $1 ORDER BY size",
    [log.log_id],
  )
  const bySize = new Map(rows.map((row) => [Number(row.size), row.note.toString("utf8")]))
  for (const [size, note] of bySize) {
    const verdict = verifyCheckpoint({ note, origin: log.origin, vkey: trusted ?? log.verifier_key }, crypto)
    if (!verdict.valid)
      find({
        table: "checkpoint",
        text: `the checkpoint of size ${size} does not verify: ${verdict.reason}`,
        log: log.origin,
      })
    else if (Number(verdict.checkpoint?.size) !== size)
      find({ table: "checkpoint", text: `the row of size ${size} holds a checkpoint of another size`, log: log.origin })
    else if (size > Number(log.size))
      find({
        table: "checkpoint",
        text: `a checkpoint of size ${size} was signed, the log has only ${log.size} records`,
        log: log.origin,
      })
  }
  await checkCheckpointRoots(store, log, bySize, crypto, find)
  return { checkpoints: rows.length, anchored: trusted !== undefined }
}

/** Each signed root must be the root of that many records. */
async function checkCheckpointRoots(
  store: FsckStore,
  log: LogRow,
  notes: ReadonlyMap<number, string>,
  crypto: Crypto,
  find: (finding: Finding) => void,
): Promise<void> {
  const tree = TreeTail.empty(crypto.sha256)
  for (const [size, note] of notes) {
    if (size > Number(log.size)) return
    while (tree.size < size) {
      const rows = await store.query<{ body: Buffer }>(
        "SELECT body FROM entry WHERE log_id = $1 AND idx >= $2 AND idx < $3 ORDER BY idx",
        [log.log_id, tree.size, Math.min(size, tree.size + PAGE)],
      )
      if (rows.length === 0) return
      tree.append(rows.map((row) => hashLeaf(crypto.sha256, row.body)))
    }
    try {
      if (!equalBytes(parseCheckpoint(parseNote(note).text).root, tree.root()))
        find({
          table: "checkpoint",
          text: `the root signed at size ${size} is not that of the records`,
          index: size - 1,
          log: log.origin,
        })
    } catch {
      // it did not verify either, which was reported
    }
  }
}
