/** C2SP tlog-witness: what a log sends to a witness. */
import { WritError } from "../errors.ts"
import { toBase64 } from "./bytes.ts"
import { parseHashes } from "./tlog-proof.ts"

export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last; 0: none. */
  readonly oldSize: bigint
  /** RFC 6962 consistency proof from there; empty from 0. */
  readonly proof: readonly Uint8Array[]
  /** Signed note. */
  readonly checkpoint: string
}

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${checkpoint}`
}

/** Throws INVALID_REQUEST. */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const end = text.indexOf("\n\n")
  const [first = "", ...lines] = text.slice(0, Math.max(0, end)).split("\n")
  const oldSize = /^old (0|[1-9][0-9]{0,18})$/.exec(first)?.[1]
  if (oldSize === undefined)
    throw new WritError(
      "INVALID_REQUEST",
      "The request does not begin with the line `old SIZE`, proof and an empty line.",
    )
  return { oldSize: BigInt(oldSize), proof: parseHashes(lines), checkpoint: text.slice(end + 2) }
}
