/** C2SP tlog-tiles, entry bundles: up to 256 leaves, each after its length. */
import { WritError } from "../errors.ts"
import { concatBytes } from "./bytes.ts"

/** A leaf is at most 65,535 bytes. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...entries.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 255), entry]))
}

/** Throws INVALID_REQUEST unless the bytes are exactly `count` entries. */
export function decodeEntryBundle(bytes: Uint8Array, count: number): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= bytes.length && entries.length < count) {
    const end = at + 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number))
    if (end > bytes.length) break
    entries.push(bytes.slice(at + 2, end))
    at = end
  }
  if (at !== bytes.length || entries.length !== count)
    throw new WritError("INVALID_REQUEST", `The entry bundle does not hold ${count} entries.`)
  return entries
}
