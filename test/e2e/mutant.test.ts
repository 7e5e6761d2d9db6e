/** What the second opinion is for: of a compiler that reads `<` as `<=`, no bundle that says `<` becomes active. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { childrenOf, type Expr } from "../../src/cel/ast.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { EXIT_CODES } from "../../src/errors.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { readPolicyFolder } from "../../src/store/policy-folder.ts"
import { type BuiltDaemon, MAIN, run, startBuilt } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { buildMutant } from "../support/mutant.ts"

/** What is read as what, in the table of overloads and where the types of the operands are known. */
const MUTANTS = [["<", "<="]] as const
const EXAMPLES = join(PACKAGE_ROOT, "examples")
const folder = makeFolder()
afterAll(() => folder.remove())

const bundleOf = (operator: string) => `version: "1"
types:
  subjects: { agent: { known: any } }
  resources: { doc: { properties: { size: { type: int, required: true }, score: { type: double, required: true } } } }
  actions: { read: {} }
  context: { limit: { type: int, required: true }, name: { type: string, required: true } }
constants: { most: 2000 }
rules:
  - { id: literal, effect: allow, subjects: [{ type: agent }], actions: [read], resources: [{ type: doc }], when: "resource.properties.size ${operator} 10" }
  - { id: two-ints, effect: allow, subjects: [{ type: agent }], actions: [read], resources: [{ type: doc }], when: "resource.properties.size ${operator} context.limit" }
  - { id: constant, effect: allow, subjects: [{ type: agent }], actions: [read], resources: [{ type: doc }], when: "context.limit + 1 ${operator} constants.most" }
  - { id: texts, effect: allow, subjects: [{ type: agent }], actions: [read], resources: [{ type: doc }], when: 'context.name ${operator} "m"' }
  - { id: within, effect: deny, subjects: [{ type: agent }], actions: [read], resources: [{ type: doc }], when: '!(context.limit ${operator} 5) && context.name != "x"' }
`
const RULES = ["literal", "two-ints", "constant", "texts", "within"]

/** Do its rules or signals say the operator? */
function says(path: string, operator: string): boolean {
  const loaded = loadPolicy(readPolicyFolder(path), sha256)
  if (!loaded.ok) throw new Error(`${path} does not load`)
  const visit = (expr: Expr): boolean =>
    (expr.kind === "call" && expr.name === `_${operator}_`) || childrenOf(expr).some(visit)
  return loaded.conditions.some(({ condition }) => visit(condition.ast))
}
const bundles = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, "policy.yaml")))

describe.each(MUTANTS)("a compiler that reads %s as %s", (from, to) => {
  const own = join(folder.path, `own-${from}`)
  let mutant = ""
  beforeAll(() => {
    mutant = buildMutant(join(folder.path, `mutant-${from}`), `_${from}_`, `_${to}_`)
    mkdirSync(own)
    writeFileSync(join(own, "policy.yaml"), bundleOf(from))
  })
  const check = (main: string, path: string) => run(process.execPath, [main, "policy", "check", path])

  test("has every rule of a bundle refused, with both values", async () => {
    expect(await check(MAIN, own)).toMatchObject({ code: 0 })
    const { code, out } = await check(mutant, own)
    expect(code).toBe(EXIT_CODES.POLICY_INVALID)
    for (const rule of RULES)
      expect(out).toMatch(new RegExp(`^${rule}: .*this engine says (true|false), cel-js says (?!\\1)(true|false)`, "m"))
  })

  test.each(bundles)("has examples/%s refused where that says so, and only there", async (name) => {
    const path = join(EXAMPLES, name)
    const { code, out } = await check(mutant, path)
    if (!says(path, from)) return expect({ code, out }).toMatchObject({ code: 0 })
    expect(code).toBe(EXIT_CODES.POLICY_INVALID)
    expect(out).toMatch(/this engine says (true|false), cel-js says (?!\1)(true|false)/)
  })
})

describe("a daemon whose compiler reads < as <=", () => {
  let daemon: BuiltDaemon
  let client: WritClient
  beforeAll(async () => {
    const data = join(folder.path, "data")
    const mutant = buildMutant(join(folder.path, "mutant-daemon"), "_<_", "_<=_")
    daemon = await startBuilt(data, ["--policy", join(EXAMPLES, "minimal")], mutant)
    client = connect({ target: daemon.address.grpc, key: readApiKey(data, "author"), caFile: null, maxTries: 1 })
  }, 180_000)
  afterAll(async () => {
    client?.close()
    await daemon?.stop()
  })
  const files = (text: string) => ({ files: [{ path: "policy.yaml", content: Buffer.from(text) }] })

  test("publishes a bundle that does not say so, and refuses one that does, with both values", async () => {
    const published = await client.call<{ bundle: { rule_count: number } }>(
      "policy",
      "PublishBundle",
      files(bundleOf(">")),
    )
    expect(published.bundle.rule_count).toBe(RULES.length)
    await expect(client.call("policy", "PublishBundle", files(bundleOf("<")))).rejects.toThrow(
      /constant: .*this engine says true, cel-js says false/,
    )
    const validated = await client.call<{ valid: boolean; disagreements: readonly object[] }>(
      "policy",
      "ValidateBundle",
      files(bundleOf("<")),
    )
    expect(validated.valid).toBe(false)
    expect(validated.disagreements).toHaveLength(RULES.length)
  })
})
