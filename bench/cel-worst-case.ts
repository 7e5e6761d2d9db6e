/** `cel-worst-case`: the hostile conditions that were found, over the largest requests, until their cost ends them. */
import { compile, FUNCTIONS } from "../src/cel/compile.ts"
import { parse } from "../src/cel/parse.ts"
import { MAX_CONDITION_CHARS, MAX_CONDITION_NESTING, MAX_CONDITION_NODES, MAX_COST } from "../src/policy/bundle.ts"
import { HOSTILE_TYPES, HOSTILE_VALUES, WORST_CASES } from "../test/support/cel-worst-cases.ts"
import { median, type Row } from "./compare.ts"

const ROUNDS = 9
const TO_REACH_MS = 5

/** A line each, the worst last: its row is what is to be reached. */
export function benchCelWorstCase(print: (line: string) => void): Row {
  const limits = { nesting: MAX_CONDITION_NESTING, nodes: MAX_CONDITION_NODES, tooManyNodes: "too many parts" }
  const names = { functions: FUNCTIONS, variables: new Map(Object.entries(HOSTILE_TYPES)), container: "" }
  const found = Object.entries(WORST_CASES).map(([name, source]) => {
    if (source.length > MAX_CONDITION_CHARS) throw new Error(`${name} is too long for a bundle`)
    const program = compile(parse(source, limits), names)
    if ("problems" in program) throw new Error(`${name}: ${program.problems[0]?.message}`)
    const times = Array.from({ length: ROUNDS }, () => {
      const started = performance.now()
      program.run(HOSTILE_VALUES, MAX_COST)
      return performance.now() - started
    })
    return { name, ms: median(times), least: Math.min(...times), most: Math.max(...times), units: program.spent }
  })
  found.sort((a, b) => a.ms - b.ms)
  for (const { name, ms, units } of found)
    print(`cel-worst-case  ${ms.toFixed(2).padStart(6)} ms, ${units} units: ${name}`)
  const worst = found.at(-1) as (typeof found)[number]
  return {
    name: "cel-worst-case",
    value: worst.ms,
    unit: "ms",
    baseline: { name: "what is to be reached", value: TO_REACH_MS },
    ratio: worst.ms / TO_REACH_MS,
    durable: "not durable",
    spread: [worst.least / TO_REACH_MS, worst.most / TO_REACH_MS],
    rounds: ROUNDS,
    generator: `worst of ${found.length}: ${worst.name}`,
  }
}
