/** The same call again, with the same ids, until it is answered: each of these calls is idempotent. */
import { setTimeout as sleep } from "node:timers/promises"
import { backoffMs } from "../client/backoff.ts"
import { isUnanswered } from "./nothing-ran.ts"

/** `limitMs` after which what failed last is thrown; each try has a limit of its own. */
export async function untilAnswered<T>(call: (timeoutMs: number) => Promise<T>, limitMs: number): Promise<T> {
  const deadlineMs = performance.now() + limitMs
  for (let failures = 1; ; failures++) {
    const leftMs = deadlineMs - performance.now()
    try {
      return await call(Math.max(1, Math.min(TRY_MS, leftMs)))
    } catch (error) {
      const waitMs = backoffMs(failures)
      if (!isUnanswered(error) || performance.now() + waitMs >= deadlineMs) throw error
      await sleep(waitMs)
    }
  }
}

const TRY_MS = 2_000
