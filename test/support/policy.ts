/** Bundles and requests for tests of policy and decision. */
import { sha256 } from "../../src/crypto.ts"
import { type RawRequest, type Snapshot, snapshot, toPolicyRequest } from "../../src/decision/snapshot.ts"
import type { ActivePolicy, ControlState } from "../../src/decision/state.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import type { LoadResult, Policy, PolicyRequest } from "../../src/policy/types.ts"

export const NOW_MS = 1_767_225_600_000 // 2026-01-01T00:00:00Z

/** JSON is YAML. */
export function load(bundle: object | string): Extract<LoadResult, { ok: true }> {
  const loaded = loadPolicy({ "policy.yaml": typeof bundle === "string" ? bundle : JSON.stringify(bundle) }, sha256)
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"))
  return loaded
}

/** A well-formed request; `go` by subject `a:x` on `r:y`. */
export function rawRequest(change: Partial<RawRequest> = {}): RawRequest {
  return {
    request_id: "request-1",
    subject: { type: "a", id: "x", properties: {} },
    action: { name: "go", properties: {} },
    resource: { type: "r", id: "y", properties: {} },
    context: {},
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
    ...change,
  }
}

export function requestOf(change: Partial<RawRequest> = {}): {
  readonly request: Snapshot
  readonly policy: PolicyRequest
} {
  const request = snapshot(rawRequest(change))
  return { request, policy: toPolicyRequest(request, NOW_MS) }
}

/** A control state with this policy active. */
export function stateOf(policy: Policy | null, problems: ActivePolicy["problems"] = []): ControlState {
  return {
    epoch: 7n,
    active: policy && { policy, problems },
    callers: new Map(),
    bindings: new Map(),
    runtimes: new Map(),
    references: new Map(),
    revokedKeys: new Set(),
    tokenKeys: [],
  }
}

const TYPES = { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } }
const ENTITIES = { subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }] }

/** A condition on what `properties` of the subject holds: its value, or the text of the error. */
export function evaluateCondition(
  when: string,
  properties: Readonly<Record<string, readonly [type: string, value: unknown]>> = {},
  nowMs = NOW_MS,
): boolean | string {
  const declared = Object.fromEntries(
    Object.entries(properties).map(([name, [type]]) => [name, { type, required: true }]),
  )
  const { policy, conditions } = load({
    version: "1",
    types: { ...TYPES, subjects: { a: { known: "any", properties: declared } } },
    rules: [{ id: "rule", effect: "allow", ...ENTITIES, when, runtime: "none" }],
  })
  if (conditions.length !== 1) throw new Error("there is one condition")
  const given = Object.fromEntries(Object.entries(properties).map(([name, [, value]]) => [name, value])) as Record<
    string,
    string
  >
  const request = { ...requestOf({ subject: { type: "a", id: "x", properties: given } }).policy, nowMs }
  const misfits = policy.checkContext(request)
  if (misfits.length > 0) return misfits.map(({ code }) => code).join()
  const { decision, reasons } = policy.evaluate(request, [])
  if (decision === "ALLOW") return true
  const [reason] = reasons
  return reason?.code === "NO_MATCHING_ALLOW" ? false : (reason?.code as string)
}
