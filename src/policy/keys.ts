/**
 * Which keys each mapping of a bundle and of its tests has, and between which words some choose: for the reader and for
 * the JSON Schema alike, so that neither knows of one that the other does not.
 */
import type { Counted, Effect, Tier } from "./bundle.ts"

export const TIERS: readonly Tier[] = ["low", "medium", "high", "critical"]
/** What a test, or a request that is explained, says of what was before. */
const PAST = ["history", "budgets", "approval"] as const
const SITUATION = [
  "subject",
  "action",
  "resource",
  "context",
  "parameters",
  "opaque",
  "audience",
  "now",
  "runtime",
  "supported_obligations",
  ...PAST,
  "expect",
] as const

export const KEYS = {
  bundle: [
    "version",
    "not_before",
    "not_after",
    "types",
    "subjects",
    "runtimes",
    "constants",
    "variables",
    "rules",
    "risk",
    "history",
    "budgets",
  ],
  types: ["subjects", "resources", "actions", "context"],
  subjectType: ["known", "properties"],
  resourceType: ["properties"],
  actionType: ["properties", "parameters"],
  property: ["type", "required", "record"],
  subject: ["type", "id", "state"],
  runtime: ["id", "measure", "measurements", "claims"],
  rule: [
    "id",
    "effect",
    "subjects",
    "actions",
    "resources",
    "when",
    "runtime",
    "parameters",
    "obligations",
    "budgets",
    "token",
    "approvals",
    "approve_within",
  ],
  selector: ["type", "id"],
  obligation: ["id", "type", "properties"],
  token: ["ttl", "use", "max_duration"],
  history: ["key", "actions", "decisions", "value"],
  budget: ["unit", "key", "limit", "window", "amount"],
  risk: ["signals", "deny_at"],
  signal: ["id", "when", "tier", "points"],

  tests: ["fixtures", "defaults", "tests"],
  fixtures: ["subjects", "resources", "contexts", "parameters", "times", "histories", "budgets", "approvals"],
  past: PAST,
  window: ["count", "sum"],
  approval: ["granted_by", "refused_by", "waited"],
  /** What a test, a row of its table or the defaults may say of a request and its decision. */
  situation: SITUATION,
  test: ["name", "cases", ...SITUATION],
  row: ["name", ...SITUATION],
  entity: ["type", "id", "properties"],
  action: ["name", "properties"],
  expect: ["decision", "reasons", "rules", "obligations", "risk", "signals", "token", "budgets", "counted"],
} as const

const EFFECTS: readonly Effect[] = ["allow", "deny", "require_approval"]
const COUNTED: readonly Counted[] = EFFECTS
export const CHOICES = {
  known: ["listed", "any"],
  record: ["commit", "never"],
  state: ["active", "suspended"],
  measure: ["reference-values", "trust-on-first-use"],
  effect: EFFECTS,
  runtime: ["required", "none"],
  parameters: ["decoded", "opaque"],
  use: ["redeem", "offline"],
  counted: COUNTED,
  tier: TIERS,

  testedRuntime: ["none", "trusted"],
  decision: ["ALLOW", "DENY", "REQUIRE_APPROVAL"],
} as const
