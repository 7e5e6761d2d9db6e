/** Random numbers from a seed that is told, so that what a run found can be found again. */

/** A number below `count`. */
export type Pick = (count: number) => number

/**
 * The seed of a run: `name` in the environment repeats one, else it is `usual`, else another each time. Printed, since a
 * failure needs it.
 */
export function seedFrom(name: string, usual: number = Date.now() % 1_000_000_000): number {
  const asked = process.env[name]
  const seed = asked === undefined ? usual : Number(asked)
  if (!Number.isSafeInteger(seed)) throw new Error(`${name} is a whole number, not ${asked}`)
  console.log(`${name}=${seed} repeats this run`)
  return seed
}

export function randomFrom(seed: number): Pick {
  let state = seed | 0
  return (count) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count)
  }
}
export function one<T>(pick: Pick, from: readonly T[]): T {
  return from[pick(from.length)] as T
}
