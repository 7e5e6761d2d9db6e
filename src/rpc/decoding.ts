/** What the codecs of our own share: bytes that are not the message become Malformed, and nothing is given twice. */
import { WritError } from "../errors.ts"
import { Malformed } from "./load.ts"
import type { Reader } from "./protobuf.ts"

/** Never throws. */
export function attempt<T>(read: () => T): T | Malformed {
  try {
    return read()
  } catch (cause) {
    return new Malformed(cause)
  }
}

/** Two readers of a message that is given twice could take either, or a mixture: it is refused. */
export function once(before: unknown, field: string): void {
  if (before !== null) throw new WritError("INVALID_REQUEST", `${field} is given twice.`, { details: { field } })
}

/** A google.protobuf.Duration in milliseconds, rounded down. Throws INVALID_REQUEST on a negative one or one that is none. */
export function readDuration(reader: Reader, field: string): number {
  return reader.message((inner) => {
    let seconds = 0n
    let nanos = 0n
    for (let number = inner.field(); number !== 0; number = inner.field()) {
      if (number === 1) seconds = BigInt.asIntN(64, inner.uint64())
      else if (number === 2) nanos = BigInt.asIntN(32, inner.uint64())
      else inner.skip()
    }
    const ms = Number(seconds) * 1000 + Math.floor(Number(nanos) / 1_000_000)
    if (!Number.isSafeInteger(ms) || ms < 0 || nanos >= 1_000_000_000n || nanos <= -1_000_000_000n)
      throw new WritError("INVALID_REQUEST", `${field} is not a duration of zero or more.`, { details: { field } })
    return ms
  })
}
