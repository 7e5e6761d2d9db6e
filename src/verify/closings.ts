/** A closed log's size and root, as a record in another log states them: what its last checkpoint does not reach. */
import { fromHex } from "../formats/bytes.ts"
import { parseNote } from "../formats/signed-note.ts"
import { type Case, Fault } from "./case.ts"
import { cosignaturesOf } from "./cosignatures.ts"
import { verifyInclusion } from "./merkle.ts"
import { parseRecord } from "./record.ts"
import { isDecimal, isHexHash } from "./shape.ts"

/** Each in the tree of a log whose head is known: by a checkpoint, or by a closing before it. */
export function checkClosings({ closings, checkpoints, trust, crypto }: Case): void {
  for (const { log, item } of closings) {
    const { index, leafHash, proof } = item
    const malformed = (text: string) => new Fault("MALFORMED", text, index)
    if (checkpoints.has(log)) throw malformed(`a checkpoint and a closing of the log ${log}, or two closings`)
    const trusted = trust?.logs.find(({ origin }) => origin === log)
    if (trust && !trusted) throw new Fault("UNKNOWN_KEY", `the trust file has no key for the log ${log}`, index)
    const head = checkpoints.get(item.log)
    if (!head) throw malformed(`there is no checkpoint of the log ${item.log}, in which ${log} is closed`)
    const { kind, data } = parseClosing(item.body, index)
    const { size, root } = data
    if (kind !== "log_closed" || data["log"] !== log || !isDecimal(size) || !isHexHash(root))
      throw malformed(`the record does not say how the log ${log} ended`)
    const verdict = verifyInclusion(
      { leafIndex: index, treeSize: head.checkpoint.size, leafHash, proof, rootHash: head.checkpoint.root },
      crypto,
    )
    if (!verdict.valid)
      throw new Fault("PROOF_WRONG", `the closing of ${log} is not in the log ${item.log}: ${verdict.reason}`, index)
    const { note } = head
    const witnesses = trusted?.witnesses ?? trust?.witnesses
    const cosignatures = witnesses ? cosignaturesOf(parseNote(note), witnesses.vkeys, crypto).length : null
    if (witnesses && !(Number(cosignatures) >= witnesses.quorum))
      throw new Fault(
        "COSIGNATURES_LACKING",
        `too few of the witnesses of ${log} vouch for what says how it ended`,
        index,
      )
    checkpoints.set(log, { checkpoint: { origin: log, size: BigInt(size), root: fromHex(root) }, cosignatures, note })
  }
}

function parseClosing(body: Uint8Array, index: bigint): ReturnType<typeof parseRecord> {
  try {
    return parseRecord(body)
  } catch (error) {
    throw new Fault(error instanceof Fault ? error.code : "MALFORMED", (error as Error).message, index)
  }
}
