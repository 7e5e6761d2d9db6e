/** The bundle's `runtimes`: which may register, and what they may run. */
import { MEASURED, type Measurements } from "../formats/runtime-messages.ts"
import { compileGlob, REFERENCE, type RuntimeRule } from "./bundle.ts"
import type { Policy, References, RuntimeVerdict } from "./types.ts"

const NONE: References = () => []

/** Any entry that matches the id may accept it; a claim that an entry does not name is not looked at. */
export function createRuntimeCheck(rules: readonly RuntimeRule[]): Policy["checkRuntime"] {
  const compiled = rules.map((rule) => ({ rule, matches: compileGlob(rule.id) }))
  return (id, measurements, first, references = NONE) => {
    const verdicts = compiled
      .filter(({ matches }) => matches(id))
      .map(({ rule }) => check(rule, measurements, first, references))
    if (verdicts.length === 0) return "not_listed"
    return verdicts.find((verdict) => verdict !== "refused") ?? "refused"
  }
}

function check(
  rule: RuntimeRule,
  measurements: Measurements,
  first: Measurements | null,
  references: References,
): RuntimeVerdict {
  if (rule.measure === "trust-on-first-use") {
    const claims = rule.claims ?? MEASURED
    if (first === null) return claims.some((claim) => measurements[claim] !== undefined) ? "first_use" : "refused"
    return claims.every((claim) => measurements[claim] === first[claim]) ? "accepted" : "refused"
  }
  return MEASURED.every((claim) => {
    const values = rule.measurements[claim]
    const measured = measurements[claim]
    if (values === undefined) return true
    if (measured === undefined) return false
    return values.some((value) =>
      value.startsWith(REFERENCE) ? references(value.slice(1), claim).includes(measured) : value === measured,
    )
  })
    ? "accepted"
    : "refused"
}
