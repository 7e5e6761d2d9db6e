/** VerifyLineage's last step: the decisions of a lineage and of what it descends from, decided again from their records. */
import type { StoredRecord } from "../ledger/lineage.ts"
import type { ReplayThread } from "./replay-thread.ts"
import type { ReplayedDecision } from "./replayed-decision.ts"
import { Replayer } from "./replayer.ts"

export interface ReplayCheck {
  readonly result: "ok" | "failed" | "not_replayable" | "other_engine"
  readonly detail: string
  readonly fault: {
    readonly code: "REPLAY_DIFFERS" | "REPLAY_IMPOSSIBLE" | "OPINIONS_DIFFER"
    readonly text: string
    readonly index: number
  } | null
  /** Conditions on which cel-js came to the same, and those that are outside its subset. */
  readonly confirmed: number
  readonly outside: number
}

/** Above it, a bundle takes longer to compile than decisions may be held up: the thread does it. */
const MAX_INLINE_BYTES = 128 * 1024

class LargeBundle extends Error {}

/** The few decisions of a lineage: here, or by the thread where a bundle is large. */
export function createLineageReplay(
  thread: Pick<ReplayThread, "replay">,
  contentOf: (digest: string) => Promise<Uint8Array | null>,
): (records: readonly StoredRecord[]) => Promise<readonly ReplayedDecision[]> {
  let inline: Promise<Replayer> | null = null
  async function open(): Promise<Replayer> {
    const { opinionOn } = await import("../policy/opinion-on.ts") // cel-js takes long to load, and is rarely needed
    return new Replayer(async (digest) => {
      const content = await contentOf(digest)
      if (content && content.length > MAX_INLINE_BYTES) throw new LargeBundle()
      return content
    }, opinionOn)
  }
  return async (records) => {
    inline ??= open()
    try {
      return (await (await inline).replay(records, null)) ?? []
    } catch (error) {
      if (error instanceof LargeBundle) return await thread.replay(records)
      throw error
    }
  }
}

export async function checkReplay(
  decisions: readonly StoredRecord[],
  replay: ReturnType<typeof createLineageReplay>,
): Promise<ReplayCheck> {
  const replayed = await replay(decisions)
  const sum = (of: (decision: ReplayedDecision) => number) => replayed.reduce((total, one) => total + of(one), 0)
  const counts = { confirmed: sum(({ confirmed }) => confirmed), outside: sum(({ outside }) => outside) }
  let result: Exclude<ReplayCheck["result"], "failed"> = "ok"
  const told: string[] = []
  for (const [i, decision] of replayed.entries()) {
    const { index } = decisions[i] as StoredRecord
    const fault = faultOf(decision)
    if (fault) {
      const text = `record ${index}: ${fault.text}`
      return { result: "failed", detail: text, fault: { ...fault, text, index }, ...counts }
    }
    const { differences, notReplayable } = decision
    if (differences.length > 0) {
      result = "other_engine"
      told.push(`record ${index} was decided by another version, and differs in ${differences.slice(1).join(", ")}`)
    } else if (notReplayable) {
      result = "not_replayable"
      told.push(`record ${index}: ${notReplayable.text}`)
    }
  }
  const conditions = `conditions: ${counts.confirmed} confirmed by cel-js, ${counts.outside} outside its subset`
  const same = replayed.filter(({ outcome }) => outcome === "same").length
  return {
    result,
    detail: [`${same} of ${replayed.length} decisions replayed to the same`, ...told, conditions].join("; "),
    fault: null,
    ...counts,
  }
}

function faultOf({
  outcome,
  differences,
  notReplayable,
  disagreements,
}: ReplayedDecision): Omit<NonNullable<ReplayCheck["fault"]>, "index"> | null {
  if (outcome === "different" && !differences.includes("engine"))
    return { code: "REPLAY_DIFFERS", text: `the bundle and the recorded input come to other ${differences.join(", ")}` }
  if (notReplayable?.code === "BUNDLE_UNKNOWN" || notReplayable?.code === "MALFORMED")
    return { code: "REPLAY_IMPOSSIBLE", text: notReplayable.text }
  if (disagreements.length > 0)
    return { code: "OPINIONS_DIFFER", text: `cel-js reads the conditions of ${disagreements.join(", ")} differently` }
  return null
}
