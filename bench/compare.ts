/** Subject and baseline in turn, ABAB, on one machine in one run: the ratio of the medians' pairs and its spread. */
export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly baseline: { readonly name: string; readonly value: number }
  /** value / baseline. */
  readonly ratio: number
  readonly durable: string
  /** Smallest and largest ratio of a round. */
  readonly spread: readonly [number, number]
  readonly rounds: number
  readonly generator: string
}

export const ROUNDS = 5

export async function compare(
  named: Pick<Row, "name" | "unit" | "durable" | "generator"> & { readonly against: string },
  subject: () => Promise<number>,
  baseline: () => Promise<number>,
  rounds = ROUNDS,
): Promise<Row> {
  const values: number[] = []
  const baselines: number[] = []
  for (let round = 0; round < rounds; round++) {
    values.push(await subject())
    baselines.push(await baseline())
  }
  const ratios = values.map((value, i) => value / (baselines[i] as number))
  const { name, unit, durable, generator, against } = named
  return {
    name,
    value: median(values),
    unit,
    baseline: { name: against, value: median(baselines) },
    ratio: median(ratios),
    durable,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    rounds,
    generator,
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

export function describeRow(row: Row): string {
  const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(3))
  return `${row.name.padEnd(28)} ${number(row.value).padStart(9)} ${row.unit.padEnd(10)} ${row.ratio.toFixed(2)} × ${row.baseline.name} (${number(row.baseline.value)}), rounds ${row.spread[0].toFixed(2)}–${row.spread[1].toFixed(2)}; ${row.durable}; ${row.generator}`
}
