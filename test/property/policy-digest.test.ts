import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { compileFilesToIr, linkBundle } from "../../src/policy/bundle-ir.ts"
import { loadCanonicalPolicy, loadPolicy } from "../../src/policy/load.ts"
import type { Policy, PolicyRequest } from "../../src/policy/types.ts"
import { requestOf } from "../support/policy.ts"

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Mapping = { readonly [key: string]: Json }

const name = fc.stringMatching(/^[ab]{1,3}$/)
const names = (minLength: number, maxLength: number) => fc.uniqueArray(name, { minLength, maxLength })
const properties = fc.dictionary(name, fc.constantFrom("string", "int", "list<string>", "map<int>"), { maxKeys: 3 })

/** A bundle without faults. Short ids, so that types and ids run together: `a` + `bc` and `ab` + `c`. */
const bundle = fc
  .record({ subjects: names(1, 4), resources: names(1, 3), actions: names(1, 3), ids: names(0, 6) })
  .chain(({ subjects, resources, actions, ids }) => {
    const table = (types: readonly string[], shape: fc.Arbitrary<Json>): fc.Arbitrary<Mapping> =>
      fc
        .tuple(...types.map(() => shape))
        .map((shapes) => Object.fromEntries(types.map((type, i) => [type, shapes[i] as Json])))
    const selectors = (types: readonly string[]) =>
      fc.array(fc.record({ type: fc.constantFrom(...types), id: fc.constantFrom("*", "x*", "y") }), {
        minLength: 1,
        maxLength: 3,
      })
    const rule = (id: string, at: number) => fc.tuple(plainRule(id, at), asking, fc.boolean()).map(finishRule)
    const plainRule = (id: string, at: number) =>
      fc.record({
        id: fc.constant(id),
        effect: fc.constantFrom("allow", "deny", "require_approval"),
        subjects: selectors(subjects),
        actions: fc.array(fc.constantFrom(...actions), { minLength: 1, maxLength: 2 }),
        resources: selectors(resources),
        when: fc.constant(`${at} < 7`), // another one each: no two rules are twins
        runtime: fc.constantFrom("none", "required"),
        parameters: fc.constantFrom("decoded", "opaque"),
        obligations: fc.array(fc.record({ id: name, type: name, properties: fc.dictionary(name, fc.integer()) }), {
          maxLength: 2,
        }),
        token: fc.record(
          {
            ttl: fc.constantFrom("1s", "250ms", "1.5m"),
            use: fc.constantFrom("redeem", "offline"),
            max_duration: fc.constantFrom("2h", "0.5h"),
          },
          { requiredKeys: [] },
        ),
      })
    const whole = {
      version: name,
      not_before: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.250+01:00"),
      not_after: fc.constantFrom("2030-01-01T00:00:00Z"),
      history: fc.record({
        h: fc.record(
          { actions: fc.constant([actions[0] as string]), key: fc.constant("subject.id"), value: fc.constant("1.5") },
          { requiredKeys: ["actions"] },
        ),
      }),
      types: fc.record({
        subjects: table(subjects, fc.record({ known: fc.constantFrom("any", "listed"), properties })),
        resources: table(resources, fc.record({ properties })),
        actions: table(actions, fc.record({ properties, parameters: properties })),
        context: properties,
      }),
      subjects: fc.uniqueArray(fc.record({ type: fc.constantFrom(...subjects), id: name }), {
        maxLength: 6,
        selector: ({ type, id }) => `${type} ${id}`,
      }),
      constants: fc.dictionary(
        name,
        fc.oneof(
          fc.integer(),
          fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
          fc.boolean(),
        ),
      ),
      variables: fc.dictionary(name, fc.constantFrom("true", "1 < 2")),
      risk: fc.record({
        deny_at: fc.constantFrom("low", "critical"),
        signals: names(0, 4).map((signals) => signals.map((id) => ({ id, when: "true", tier: "low", points: 1 }))),
      }),
      rules: fc.tuple(...ids.map(rule)),
    }
    const requiredKeys: (keyof typeof whole)[] = [
      "version",
      "types",
      "subjects",
      "constants",
      "variables",
      "risk",
      "rules",
    ]
    return (fc.record(whole, { requiredKeys }) as unknown as fc.Arbitrary<Mapping>).map(withBudget)
  })

const asking = fc.record(
  { approvals: fc.integer({ min: 1, max: 8 }), approve_within: fc.constantFrom("90s", "1.5m", "15m") },
  { requiredKeys: [] },
)
/** Only what requires an approval says how, and only what is allowed draws on a budget. */
function finishRule([rule, approval, draws]: [object, object, boolean]): Json {
  const { effect } = rule as { readonly effect: string }
  if (effect === "require_approval") return { ...rule, ...approval } as Mapping
  return (effect === "allow" && draws ? { ...rule, budgets: ["b"] } : rule) as Mapping
}
function withBudget(bundle: Mapping): Mapping {
  const isDrawnOn = (bundle["rules"] as readonly Mapping[]).some(({ budgets }) => budgets !== undefined)
  const budget = { unit: "EUR", limit: "12.5", window: "2h", key: "subject.id", amount: "1" }
  return isDrawnOn ? { ...bundle, budgets: { b: budget } } : bundle
}

type Dice = () => number
/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function diceOf(seed: number): Dice {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffle<T>(items: readonly T[], dice: Dice): T[] {
  return items
    .map((item) => [dice(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** The same value with its keys in another order, and the same lists where order says nothing. */
function permute(value: Json, dice: Dice): Json {
  if (Array.isArray(value)) return value.map((item) => permute(item, dice))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(shuffle(Object.entries(value), dice).map(([key, item]) => [key, permute(item, dice)]))
}

/** Spread over files, in any order: JSON is YAML. */
function toFiles(bundle: Mapping, dice: Dice, count: number): Record<string, string> {
  const parts: Record<string, Record<string, Json>>[] = Array.from({ length: count }, () => ({}))
  const some = () => parts[Math.floor(dice() * count)] as Record<string, Json>
  for (const [key, value] of Object.entries(bundle)) {
    if (Array.isArray(value))
      for (const item of shuffle(value as readonly Json[], dice)) {
        const part = some()
        part[key] = [...((part[key] as readonly Json[] | undefined) ?? []), item]
      }
    else if (typeof value === "object" && value !== null)
      for (const [inner, item] of Object.entries(value)) {
        const part = some()
        part[key] = { ...((part[key] as Mapping | undefined) ?? {}), [inner]: item }
      }
    else some()[key] = value
  }
  const files = parts.map(
    (part, i) => [`${"cab"[i % 3]}/${i}.yaml`, JSON.stringify(permute(part, dice), null, 1)] as const,
  )
  return Object.fromEntries(shuffle(files, dice))
}

const load = (files: Record<string, string>) => {
  const loaded = loadPolicy(files, sha256)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.policy
}

/** As the daemon gets it from its thread. */
const link = (files: Record<string, string>): Policy => {
  const compiled = compileFilesToIr(files, sha256)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const work = linkBundle(compiled.ir)
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}
/** For each rule a request that it could match, as far as it names what it matches. */
const requestsFor = (rules: readonly Mapping[]) =>
  rules.map(({ subjects, actions, resources }) => {
    const [subject, resource] = [subjects, resources].map((selectors) => {
      const { type, id = "x" } = (selectors as unknown as readonly { type: string; id?: string }[])[0] ?? { type: "" }
      return { type, id: id.replaceAll("*", "x"), properties: {} }
    })
    const name = (actions as unknown as readonly string[])[0]?.replaceAll("*", "x") ?? "go"
    return requestOf({ ...(subject && { subject }), ...(resource && { resource }), action: { name, properties: {} } })
      .policy
  })
const verdictOf = (policy: Policy, request: PolicyRequest) => {
  const faults = policy.checkContext(request)
  return {
    subject: policy.checkSubject(request),
    faults,
    outcome: faults.length > 0 ? null : policy.evaluate(request, []),
  }
}

describe("loadPolicy", () => {
  test("gives the same digest, bytes and verdicts however keys, list items and files are ordered", () => {
    fc.assert(
      fc.property(bundle, fc.integer(), fc.integer({ min: 1, max: 4 }), (value, seed, count) => {
        const one = load({ "policy.yaml": JSON.stringify(value) })
        const other = load(toFiles(value, diceOf(seed), count))
        expect(other.digest).toBe(one.digest)
        expect(other.canonicalBytes).toEqual(one.canonicalBytes)
        const linked = link(toFiles(value, diceOf(seed + 1), count))
        expect(linked.digest).toBe(one.digest)
        expect(linked.canonicalBytes).toEqual(one.canonicalBytes)
        for (const request of requestsFor(value["rules"] as readonly Mapping[])) {
          const verdict = verdictOf(one, request)
          expect(verdictOf(other, request)).toEqual(verdict)
          expect(verdictOf(linked, request)).toEqual(verdict)
        }
        const again = loadCanonicalPolicy(one.canonicalBytes, sha256)
        expect(again.ok && again.policy.digest).toBe(one.digest)
        expect(again.ok && again.policy.canonicalBytes).toEqual(one.canonicalBytes)
      }),
      { numRuns: 200 },
    )
  })

  test("gives the same digest for the same duration in other units, and for defaults that are written out", () => {
    const withRule = (more: object) => {
      const types = { subjects: { a: {} }, resources: { r: {} }, actions: { go: {} } }
      const rule = { id: "a", effect: "allow", subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }] }
      return load({ "a.yaml": JSON.stringify({ version: "1", types, rules: [{ ...rule, ...more }] }) }).digest
    }
    expect(withRule({ token: { ttl: "1.5m" } })).toBe(withRule({ token: { ttl: "90s" } }))
    expect(withRule({ token: { ttl: "90s" } })).not.toBe(withRule({ token: { ttl: "91s" } }))
    const written = { when: "true", runtime: "required", parameters: "decoded", obligations: [], token: {} }
    expect(withRule(written)).toBe(withRule({}))
  })

  test("gives another digest when anything is changed", () => {
    fc.assert(
      fc.property(bundle, fc.nat(5), (value, which) => {
        const changed = { ...value } as Record<string, Json>
        if (which === 0) changed["version"] = `${value["version"]}x`
        if (which === 1) changed["constants"] = { ...(value["constants"] as Mapping), new_one: 1 }
        if (which === 2) changed["variables"] = { ...(value["variables"] as Mapping), new_one: "true" }
        if (which === 3) changed["risk"] = { ...(value["risk"] as Mapping), deny_at: "medium" }
        if (which === 4) changed["types"] = { ...(value["types"] as Mapping), context: { new_one: "int" } }
        if (which === 5) {
          const rules = value["rules"] as readonly Mapping[]
          fc.pre(rules.length > 0)
          changed["rules"] = rules.map((rule, i) => (i === 0 ? { ...rule, when: "8 < 9" } : rule))
        }
        expect(load({ "a.yaml": JSON.stringify(changed) }).digest).not.toBe(
          load({ "a.yaml": JSON.stringify(value) }).digest,
        )
      }),
    )
  })
})
