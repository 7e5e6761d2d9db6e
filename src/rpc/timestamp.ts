/** google.protobuf.Timestamp as it arrives. */
export interface WireTime {
  readonly seconds: string
  readonly nanos: number
}

/** Unix milliseconds, rounded down. */
export function toMilliseconds({ seconds, nanos }: WireTime): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000)
}

/** google.protobuf.Timestamp of Unix milliseconds. */
export function toTimestamp(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
