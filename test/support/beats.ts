/** The beat that is due, signed anew with something else in it. */
import {
  type HeartbeatRequest,
  type RuntimeDescription,
  type RuntimeSession,
  toWireBeat,
} from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { toHex } from "../../src/formats/bytes.ts"
import { type Beat, beatBytes, digestOfJson } from "../../src/formats/runtime-messages.ts"
import { toBeat, type WireBeat } from "../../src/rpc/verifier-codec.ts"

export function sign(
  runtime: RuntimeDescription,
  session: RuntimeSession,
  change: Partial<Beat> = {},
): HeartbeatRequest {
  const due = session.nextBeat() as unknown as WireBeat
  const bytes = Object.fromEntries(
    Object.entries(due).map(([name, value]) => [
      name,
      (value as unknown) instanceof Uint8Array ? Buffer.from(value as Buffer) : value,
    ]),
  )
  const beat: Beat = {
    ...toBeat({ measurements: null, environment: null, ...bytes } as unknown as WireBeat),
    measurements_digest: toHex(digestOfJson(sha256, runtime.measurements)),
    ...change,
  }
  return toWireBeat(beat, runtime.key.sign(beatBytes(beat)))
}
