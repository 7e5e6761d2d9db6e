/** C2SP tlog-cosignature, Ed25519: a witness says that this was the largest consistent tree of the log that it had seen by then. */
import { concatBytes, utf8 } from "./bytes.ts"

const SIGNATURE_BYTES = 64

export interface Cosignature {
  /** Unix seconds. */
  readonly time: bigint
  /** 64 bytes, over `cosignedMessage`. */
  readonly signature: Uint8Array
}

/** `text`: of the checkpoint, without its signatures. */
export function cosignedMessage(time: bigint, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`)
}

/** What a signature line holds after the key's hash. */
export function encodeCosignature({ time, signature }: Cosignature): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, time)
  return concatBytes(bytes, signature)
}

/** Null: it is none. */
export function decodeCosignature(bytes: Uint8Array): Cosignature | null {
  if (bytes.length !== 8 + SIGNATURE_BYTES) return null
  const time = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0)
  return time > 0x7fff_ffff_ffff_ffffn ? null : { time, signature: bytes.slice(8) }
}
