/** One whole decision core, the six determinations, on 800, 8,000 and 40,000 rules, over requests that meet all of them. */
import { determine } from "../src/decision/determine.ts"
import { compare, type Row } from "./compare.ts"
import {
  type AccessRequest,
  accessRequests,
  accessRules,
  controlOf,
  toPolicyRequest,
  toSnapshot,
  toWritPolicy,
} from "./rule-sets.ts"

const SIZES = [800, 8_000, 40_000] as const
const REQUESTS = 4_000
/** Decisions of one round; each is timed alone. */
const COUNT = 40_000
const WARM_UP = 20_000

export async function benchRulesScale(): Promise<Row[]> {
  const [small, ...larger] = SIZES.map((size) => ({ size, round: roundsOn(size) }))
  if (!small) throw new Error("there is no size")
  for (const { round } of [small, ...larger]) round(WARM_UP)
  const named = (name: string) => ({
    name,
    unit: "µs",
    durable: "nothing is stored",
    generator: "in process",
    against: "800 rules, p50",
  })
  const p50 = async () => quantile(small.round(COUNT), 0.5)
  const rows: Row[] = []
  for (const { size, round } of larger)
    rows.push(await compare(named(`rules-scale-${size}`), async () => quantile(round(COUNT), 0.5), p50))
  rows.push(await compare(named("rules-scale-800-p99"), async () => quantile(small.round(COUNT), 0.99), p50))
  return rows
}

/** A round gives the times of its decisions, µs. */
function roundsOn(size: number): (count: number) => Float64Array {
  const rules = accessRules(size)
  const state = controlOf(toWritPolicy(rules))
  const asked = accessRequests(rules, REQUESTS)
  return (count) => {
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) {
      const request = toSnapshot(asked[i % REQUESTS] as AccessRequest) // just decoded, as it is in the daemon
      const startedMs = performance.now()
      const { decision } = determine(state, request, toPolicyRequest(request, 1_767_225_600_000))
      times[i] = (performance.now() - startedMs) * 1_000
      if ((decision === "ALLOW") !== asked[i % REQUESTS]?.isAllowed) throw new Error(`it decided ${decision}`)
    }
    return times
  }
}

function quantile(times: Float64Array, share: number): number {
  return times.sort()[Math.floor(times.length * share)] as number
}
