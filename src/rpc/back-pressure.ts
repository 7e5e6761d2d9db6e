/**
 * While decisions take too long, the connections that ask for them get a share each of what may be in hand: a client that
 * holds back waits where its time is its own, and costs the daemon nothing. What comes all the same is refused (admission.ts).
 */
import type { Lane } from "./admission.ts"
import type { Listening } from "./listen.ts"

const LOOK_MS = 200
/** A connection always has so many: its streams of beats and directives are among them. */
const LEAST = 16
/** A share that changes by less is left as it is. */
const NOTABLE = 1 / 8

/** Streams that each connection may have open now. */
export function shareOf(lane: Pick<Lane, "limit" | "most">, active: number, usual: number): number {
  if (lane.limit >= lane.most) return usual
  return Math.min(usual, Math.max(LEAST, Math.ceil(lane.limit / Math.max(1, active))))
}

/** The answer ends it. */
export function applyBackPressure(
  lane: Pick<Lane, "limit" | "most">,
  door: Pick<Listening, "countActive" | "limitStreams">,
  usual: number,
): () => void {
  let told = usual
  const timer = setInterval(() => {
    const share = shareOf(lane, door.countActive(), usual)
    if (share === told || (share !== usual && Math.abs(share - told) < told * NOTABLE)) return
    told = share
    door.limitStreams(share)
  }, LOOK_MS).unref()
  return () => clearInterval(timer)
}
