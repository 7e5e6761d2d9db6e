/** C2SP tlog-checkpoint: origin, size, root; no extension lines. */
import { WritError } from "../errors.ts"
import { fromBase64, toBase64 } from "./bytes.ts"

export interface Checkpoint {
  readonly origin: string
  readonly size: bigint
  /** 32 bytes. */
  readonly root: Uint8Array
}

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Throws INVALID_REQUEST. Extension lines are opaque and ignored, but the specification wants every line non-empty. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n")
  if (lines.pop() !== "" || lines.length < 3 || lines.includes(""))
    throw new WritError("INVALID_REQUEST", "The checkpoint is not three or more non-empty lines.")
  const [origin, size, root] = lines as [string, string, string]
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size))
    throw new WritError("INVALID_REQUEST", "The checkpoint's size is not a decimal number.")
  const bytes = fromBase64(root)
  if (bytes.length !== 32) throw new WritError("INVALID_REQUEST", "The checkpoint's root hash is not 32 bytes.")
  return { origin, size: BigInt(size), root: bytes }
}
