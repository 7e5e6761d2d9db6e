/** The same rules in three languages: an access list such as grows in practice, half of it exact resources, half prefixes. */
import { nativeCrypto } from "../src/crypto.ts"
import { snapshot, toPolicyRequest } from "../src/decision/snapshot.ts"
import type { ControlState } from "../src/decision/state.ts"
import { compileFilesToIr, linkBundle } from "../src/policy/bundle-ir.ts"
import type { Policy } from "../src/policy/types.ts"

const TEAMS = ["research", "platform", "payments", "operations"] as const

/** Who of the team does this, to this host's paths, for at most that amount. */
export interface AccessRule {
  readonly id: string
  readonly effect: "allow" | "deny"
  readonly action: "http.get" | "http.post"
  /** Up to its `*` where it has one. */
  readonly resource: string
  readonly team: string
  readonly amount: number
}
export interface AccessRequest {
  readonly action: AccessRule["action"]
  readonly resource: string
  readonly team: string
  readonly amount: number
  /** What every engine has to say. */
  readonly isAllowed: boolean
}

export function accessRules(count: number): readonly AccessRule[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `rule-${String(i).padStart(6, "0")}`,
    effect: i % 10 === 8 ? "deny" : "allow",
    action: i % 3 === 0 ? "http.post" : "http.get",
    resource: i % 2 === 0 ? `https://host-${i}.example/orders` : `https://host-${i}.example/*`,
    team: TEAMS[i % 4] as string,
    amount: 100 + (i % 1_000),
  }))
}

/** In turn allowed, of another team, above the limit, and of a host that no rule names; spread over all rules. */
export function accessRequests(rules: readonly AccessRule[], count: number): readonly AccessRequest[] {
  return Array.from({ length: count }, (_, i) => {
    const rule = rules[(i * 7_919) % rules.length] as AccessRule
    const { action, amount } = rule
    const team = i % 4 === 1 ? "nobody" : rule.team
    const resource = i % 4 === 3 ? `https://other-${i}.example/orders` : rule.resource.replace("*", "orders")
    const isAllowed = i % 4 === 0 && rule.effect === "allow"
    return { action, resource, team, amount: i % 4 === 2 ? amount + 1 : amount, isAllowed }
  })
}

/** Compiled and linked as the daemon does it. */
export function toWritPolicy(rules: readonly AccessRule[]): Policy {
  const bundle = {
    version: "bench",
    types: {
      subjects: { agent: { known: "any", properties: { team: { type: "string", required: true } } } },
      resources: { url: {} },
      actions: { "http.get": {}, "http.post": {} },
      context: { amount: { type: "int", required: true } },
    },
    rules: rules.map(({ id, effect, action, resource, team, amount }) => ({
      id,
      effect,
      subjects: [{ type: "agent" }],
      actions: [action],
      resources: [{ type: "url", id: resource }],
      when: `subject.properties.team == "${team}" && context.amount <= ${amount}`,
      runtime: "none",
    })),
  }
  const compiled = compileFilesToIr({ "policy.yaml": JSON.stringify(bundle) }, nativeCrypto.sha256)
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  const work = linkBundle(compiled.ir)
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

export function controlOf(policy: Policy): ControlState {
  return {
    epoch: 0n,
    active: { policy, problems: [] },
    callers: new Map(),
    bindings: new Map(),
    runtimes: new Map(),
    references: new Map(),
    revokedKeys: new Set(),
    tokenKeys: [],
  }
}

export function toSnapshot({ action, resource, team, amount }: AccessRequest) {
  return snapshot({
    request_id: "bench",
    subject: { type: "agent", id: "agent:7", properties: { team } },
    action: { name: action, properties: {} },
    resource: { type: "url", id: resource, properties: {} },
    context: { amount },
    parameters: null,
    parameters_digest: null,
    parameters_content_type: "",
    audience: "runner",
    runtime_id: "",
    parent_execution_id: "",
    parent_proof: "",
    requested_ttl_ms: null,
    approval_id: "",
    supported_obligations: [],
    explain: false,
  })
}
export { toPolicyRequest }
