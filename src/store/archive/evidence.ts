/** Evidence of an execution from an archive alone: no database is needed. */
import { nativeCrypto } from "../../crypto.ts"
import { WritError } from "../../errors.ts"
import { utf8 } from "../../formats/bytes.ts"
import { assembleEvidence, readBody, readLineages, type StoredRecord } from "../../ledger/lineage.ts"
import { type ReadRecord, verifyArchive } from "../../verify/archive.ts"
import type { Trust } from "../../verify/types.ts"
import { withArchiveFile } from "./file.ts"

/**
 * Of the execution and what it descends from, as far as this archive reaches: what was recorded later is not in it. Throws
 * NOT_FOUND when a lineage does not begin in it, INVALID_REQUEST when the file is not a good archive.
 */
export async function evidenceFromArchive(
  path: string,
  executionId: string,
  trust: Trust | undefined,
): Promise<{ readonly evidence: Uint8Array; readonly records: number }> {
  const proofs = new Map<number, readonly Uint8Array[]>()
  let note = { log: "", note: "" }

  /** One pass over the file. */
  async function recordsOf(id: string): Promise<readonly StoredRecord[]> {
    const found: ReadRecord[] = []
    const wanted = Buffer.from(utf8(id))
    const { valid, reason, failedStep, head, proofOf } = await withArchiveFile(path, (source) =>
      verifyArchive(source, {
        trust,
        crypto: nativeCrypto,
        onBlock(records) {
          const its = records.filter(
            ({ body }) =>
              Buffer.from(body.buffer, body.byteOffset, body.length).includes(wanted) &&
              readBody(body).execution_id === id,
          )
          found.push(...its)
          return its.length > 0
        },
      }),
    )
    if (!valid || !head)
      throw new WritError("INVALID_REQUEST", `${path} is not a good archive, step ${failedStep}: ${reason}`)
    note = { log: head.log, note: head.checkpoint }
    for (const { index } of found) proofs.set(index, proofOf(index))
    const begins = found.some(({ body }) => readBody(body).kind === "decision" && readBody(body).previous === undefined)
    if (!begins)
      throw new WritError(
        "NOT_FOUND",
        `The execution ${id} does not begin in this archive. Restore each archive that holds a part of it, and export from the daemon.`,
      )
    return found.map((record) => ({ ...record, origin: head.log, logId: 0 }))
  }

  const lineages = await readLineages({ recordsOf }, executionId)
  const evidence = await assembleEvidence(lineages, [note], async ({ index }) => proofs.get(index) ?? [])
  return { evidence, records: lineages.reduce((sum, { records }) => sum + records.length, 0) }
}
