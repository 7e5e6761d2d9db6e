/** Long work in short turns, so that decisions go on between them. */
import { setImmediate as nextTurn } from "node:timers/promises"

/** What a decision may have to wait for work that is done beside it. */
export const MAX_SLICE_MS = 5
/** How long a turn works before it looks at the clock again: steps are far shorter, so the bound above holds. */
const SLICE_MS = 1

/** Runs a generator to its end; it must yield often. */
export async function inSlices<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const startedMs = performance.now()
    while (performance.now() - startedMs < SLICE_MS) {
      const step = work.next()
      if (step.done) return step.value
    }
    await nextTurn()
  }
}
