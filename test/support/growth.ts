/** How work grows, told by the processor time that it takes: what others do on the machine changes little. */

/** Processor time for four times as much, over that for `size`: 4 when it grows with the size, 16 with its square. The least of three tries. */
export function growthOf(size: number, work: (size: number) => void): number {
  const take = (n: number) => {
    const before = process.cpuUsage()
    work(n)
    return process.cpuUsage(before).user
  }
  take(size) // warm
  const ratios = [0, 1, 2].map(() => take(4 * size) / take(size))
  return Math.min(...ratios)
}
