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

/** Throws INVALID_REQUEST. Extension lines are allowed and ignored, as the specification asks of readers. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = ""] = text.split("\n")
  if (!text.endsWith("\n") || origin === "")
    throw new WritError("INVALID_REQUEST", "The checkpoint has no origin line.")
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size))
    throw new WritError("INVALID_REQUEST", "The checkpoint's size is not a decimal number.")
  const bytes = fromBase64(root)
  if (bytes.length !== 32) throw new WritError("INVALID_REQUEST", "The checkpoint's root hash is not 32 bytes.")
  return { origin, size: BigInt(size), root: bytes }
}
