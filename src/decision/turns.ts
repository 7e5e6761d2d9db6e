/** Work of one kind that would only get in its own way: one after the other, in the order of arrival. */
import { WritError } from "../errors.ts"

/** Beyond it, refused. */
export const MAX_WAITING = 4_096

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Every change that raises the control epoch makes the others that were begun under the old one begin anew: of many at once
 * only one would get through in each round. `take` waits for the other replicas, and answers how to give the turn on.
 */
export function createTurns(take: () => Promise<() => void> = async () => () => {}): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (work) => {
    if (waiting >= MAX_WAITING) throw new WritError("QUEUE_FULL")
    waiting++
    const turn = last
      .then(async () => {
        const give = await take()
        try {
          return await work()
        } finally {
          give()
        }
      })
      .finally(() => waiting--)
    last = turn.catch(() => {})
    return await turn
  }
}
