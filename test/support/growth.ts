/** How work grows, told by the processor time that it takes: what others do on the machine changes little. */

/** Below it the clock and the collector decide. Microseconds. */
const LEAST_TIME = 20_000

/** Processor time for four times as much, over that for `size`: 4 when it grows with the size, 16 with its square. The least of three tries. */
export function growthOf(size: number, work: (size: number) => void): number {
  let repeats = 1
  const take = (n: number) => {
    const before = process.cpuUsage()
    for (let i = 0; i < repeats; i++) work(n)
    return process.cpuUsage(before).user
  }
  while (take(size) < LEAST_TIME) repeats *= 2
  const ratios = [0, 1, 2].map(() => take(4 * size) / take(size))
  return Math.min(...ratios)
}
