/** C2SP tlog-proof: that a leaf stands in a log, in one text that is checked offline: index, inclusion proof, checkpoint. */
import { WritError } from "../errors.ts"
import { fromBase64, toBase64 } from "./bytes.ts"

const FIRST_LINE = "c2sp.org/tlog-proof@v1"
/** Of a tree of 2^63 leaves. */
const MAX_HASHES = 63

export interface TlogProof {
  readonly index: bigint
  /** 32 bytes each, from the leaf's sibling on. */
  readonly proof: readonly Uint8Array[]
  /** Signed note. */
  readonly checkpoint: string
}

export function formatTlogProof({ index, proof, checkpoint }: TlogProof): string {
  return `${FIRST_LINE}\nindex ${index}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${checkpoint}`
}

/** Throws INVALID_REQUEST. An `extra` line is vouched for by nobody, and is not read. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf("\n\n")
  const [first, ...lines] = text.slice(0, Math.max(0, end)).split("\n")
  if (first !== FIRST_LINE) throw malformed(`does not begin with ${FIRST_LINE}`)
  if (lines[0]?.startsWith("extra ")) fromBase64((lines.shift() as string).slice(6))
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines.shift() ?? "")?.[1]
  if (index === undefined) throw malformed("has no index")
  return { index: BigInt(index), proof: parseHashes(lines), checkpoint: text.slice(end + 2) }
}

/** Lines of base64, as in tlog-proof and tlog-witness. Throws INVALID_REQUEST. */
export function parseHashes(lines: readonly string[]): Uint8Array[] {
  if (lines.length > MAX_HASHES) throw malformed(`has more than ${MAX_HASHES} hashes`)
  return lines.map((line) => {
    const hash = fromBase64(line)
    if (hash.length !== 32) throw malformed("has a hash that is not 32 bytes")
    return hash
  })
}

function malformed(what: string): WritError {
  return new WritError("INVALID_REQUEST", `The proof ${what}.`)
}
