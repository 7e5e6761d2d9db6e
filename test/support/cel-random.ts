/**
 * The compiler against @bufbuild/cel, which knows nothing of static types: the same value, or both an error. Half of 100,000
 * expressions in CI, in each of two files, which run beside each other; CEL_EXPRESSIONS asks for another number in all,
 * CEL_SEED for those of another run.
 */
import { expect, test } from "vitest"
import { Differential } from "./cel-differential.ts"
import { seedFrom } from "./random.ts"

const FILES = 2
const IN_CI = 100_000 / FILES
const ASKED = process.env["CEL_EXPRESSIONS"]
const COUNT = ASKED !== undefined ? Math.ceil(Number(ASKED) / FILES) : process.env["CI"] === "true" ? IN_CI : 5_000
/** In CI's number of expressions; fewer in proportion. */
const LEAST_USES = 50
const LEAST_ERRING = 0.2
const LEAST_WITH_A_FEATURE = 0.01

export function testRandomly(file: 0 | 1): void {
  const seed = seedFrom("CEL_SEED")
  test("says of every expression what @bufbuild/cel says, but for its known faults", { timeout: 1_200_000 }, () => {
    const differential = new Differential()
    for (let i = 0; i < COUNT; i++) expect(differential.compare(seed + file * COUNT + i)).toBeNull()
    const { compared, features, expressions } = differential
    expect(compared / COUNT).toBeGreaterThan(0.98)
    expect((features.get("an error") as number) / COUNT).toBeGreaterThan(LEAST_ERRING)
    expect([...features].filter(([, times]) => times < COUNT * LEAST_WITH_A_FEATURE)).toEqual([])
    expect([...expressions.used].filter(([, uses]) => uses < (LEAST_USES * COUNT) / IN_CI)).toEqual([])
    expect(expressions.used.size).toBeGreaterThan(160)
  })
}
