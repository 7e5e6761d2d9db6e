/**
 * `npm run fuzz -- --seconds N [--seed N]`: random expressions against @bufbuild/cel for so long, as `test/property/cel-random-a.test.ts`
 * compares a fixed number of them. The first on which the two differ ends it with exit code 1.
 */
import { parseArgs } from "node:util"
import { Differential } from "../test/support/cel-differential.ts"

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: String(Date.now() % 1e9) } },
})
const [seconds, first] = [Number(values.seconds), Number(values.seed)]
if (!(seconds > 0) || !Number.isSafeInteger(first)) {
  console.error("usage: npm run fuzz -- --seconds N [--seed N]")
  process.exit(2)
}
console.log(`${seconds} s from seed ${first} on`)
const differential = new Differential()
const end = performance.now() + seconds * 1000
let seed = first
for (; performance.now() < end; seed++) {
  const difference = differential.compare(seed)
  if (difference === null) continue
  console.error(`${difference}\n--seed ${seed} repeats it`)
  process.exit(1)
}
const rarest = [...differential.expressions.used].reduce((a, b) => (b[1] < a[1] ? b : a))
console.log(
  `${differential.compared} expressions compared, no difference; ${rarest[0]} was tried least often, ${rarest[1]} times`,
)
