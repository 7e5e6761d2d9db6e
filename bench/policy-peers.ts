/** The same rules and requests in Writ, in Cedar (policies preparsed) and in casbin, in one run; the three must agree on each. */
import * as cedar from "@cedar-policy/cedar-wasm/nodejs"
import { newEnforcer, newModelFromString, StringAdapter } from "casbin"
import { determine } from "../src/decision/determine.ts"
import { compare, type Row } from "./compare.ts"
import {
  type AccessRequest,
  type AccessRule,
  accessRequests,
  accessRules,
  controlOf,
  toPolicyRequest,
  toSnapshot,
  toWritPolicy,
} from "./rule-sets.ts"

/** Few, in the peers' favour: each of them looks at every rule. */
const RULES = 100
const REQUESTS = 200
const WRIT_ROUNDS = 100

type Decide = (request: AccessRequest) => boolean

export async function benchPolicyPeers(): Promise<Row[]> {
  const rules = accessRules(RULES)
  const requests = accessRequests(rules, REQUESTS)
  const engines = { writ: writ(rules), cedar: cedarEngine(rules), casbin: await casbin(rules) }
  for (const request of requests)
    for (const [name, decide] of Object.entries(engines))
      if (decide(request) !== request.isAllowed) throw new Error(`${name} decides ${JSON.stringify(request)} otherwise`)
  const time = (decide: Decide, rounds: number) => async () => {
    const startedMs = performance.now()
    for (let round = 0; round < rounds; round++) for (const request of requests) decide(request)
    return ((performance.now() - startedMs) * 1_000) / (rounds * REQUESTS)
  }
  const rows: Row[] = []
  for (const name of ["cedar", "casbin"] as const)
    rows.push(
      await compare(
        {
          name: `policy-peers-${name}`,
          unit: "µs",
          durable: "nothing is stored",
          generator: `in process, ${RULES} rules`,
          against: name,
        },
        time(engines.writ, WRIT_ROUNDS),
        time(engines[name], 1),
      ),
    )
  return rows
}

/** The six determinations, from a decoded request on. */
function writ(rules: readonly AccessRule[]): Decide {
  const state = controlOf(toWritPolicy(rules))
  return (asked) => {
    const request = toSnapshot(asked)
    return determine(state, request, toPolicyRequest(request, 1_767_225_600_000)).decision === "ALLOW"
  }
}

function cedarEngine(rules: readonly AccessRule[]): Decide {
  const text = rules.map(({ effect, action, resource, team, amount }) => {
    const head = `${effect === "allow" ? "permit" : "forbid"}(principal is Agent, action == Action::"${action}", resource is Url)`
    return `${head} when { resource.id like "${resource}" && principal.team == "${team}" && context.amount <= ${amount} };`
  })
  const parsed = cedar.preparsePolicySet("bench", { staticPolicies: text.join("\n") })
  if (parsed.type === "failure") throw new Error(parsed.errors[0]?.message)
  return ({ action, resource, team, amount }) => {
    const principal = { type: "Agent", id: "agent:7" }
    const url = { type: "Url", id: resource }
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: "Action", id: action },
      resource: url,
      context: { amount },
      preparsedPolicySetId: "bench",
      validateRequest: false,
      entities: [
        { uid: principal, attrs: { team }, parents: [] },
        { uid: url, attrs: { id: resource }, parents: [] },
      ],
    })
    if (answer.type === "failure") throw new Error(answer.errors[0]?.message)
    return answer.response.decision === "allow"
  }
}

async function casbin(rules: readonly AccessRule[]): Promise<Decide> {
  const model = newModelFromString(`
[request_definition]
r = team, obj, act, amount
[policy_definition]
p = team, obj, act, amount, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && r.team == p.team && keyMatch(r.obj, p.obj) && r.amount <= p.amount
`)
  const lines = rules.map(({ effect, action, resource, team, amount }) =>
    ["p", team, resource, action, amount, effect].join(", "),
  )
  const enforcer = await newEnforcer(model, new StringAdapter(lines.join("\n")))
  return ({ team, resource, action, amount }) => enforcer.enforceSync(team, resource, action, amount)
}
