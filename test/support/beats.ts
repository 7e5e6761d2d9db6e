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
import { decodeHeartbeatRequest, type SignedBeat } from "../../src/rpc/heartbeat-codec.ts"
import { messageType } from "../../src/rpc/load.ts"

export function sign(
  runtime: RuntimeDescription,
  session: RuntimeSession,
  change: Partial<Beat> = {},
): HeartbeatRequest {
  const due = decodeHeartbeatRequest(messageType("writ.v1.HeartbeatRequest").encode(session.nextBeat())) as SignedBeat
  const beat: Beat = {
    ...due.beat,
    measurements_digest: toHex(digestOfJson(sha256, runtime.measurements)),
    ...change,
  }
  return toWireBeat(beat, runtime.key.sign(beatBytes(beat)))
}
