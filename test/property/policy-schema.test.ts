/**
 * The JSON Schemas against the reader: what the examples and one bundle with every key hold is accepted by both; each key
 * that there is not, and each value of another kind, is refused by the schema exactly where the reader refuses it.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Ajv2020 } from "ajv/dist/2020.js"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import type { JsonObject, JsonValue } from "../../src/formats/ports.ts"
import { formatProblem } from "../../src/policy/format-problem.ts"
import { KEYS } from "../../src/policy/keys.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { parseBundle } from "../../src/policy/parse-bundle.ts"
import { readYaml } from "../../src/policy/read-yaml.ts"
import { KEY } from "../../src/policy/reader.ts"
import { parseTests } from "../../src/policy/tests/parse-tests.ts"
import type { LoadResult } from "../../src/policy/types.ts"
import { EVERY_KEY, EVERY_TEST_KEY } from "../support/every-key.ts"
import { EXAMPLE_BUNDLES, EXAMPLES } from "../support/examples.ts"

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
const compile = (name: string) => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "schema", `${name}.schema.json`), "utf8")
  return { schema: JSON.parse(text) as JsonObject, isValid: ajv.compile(JSON.parse(text) as object) }
}
const SCHEMAS = { bundle: compile("bundle"), test: compile("bundle-test") }
const UNKNOWN = "no key"
/** One of each kind. No text of any meaning, so that a text is wrong only where none may stand. */
const OTHERS: readonly JsonValue[] = [null, true, -7.5, "", [], {}, [null], { [UNKNOWN]: 1 }]

interface Document {
  readonly kind: keyof typeof SCHEMAS
  readonly value: JsonValue
  readonly loaded: Extract<LoadResult, { ok: true }>
}
/** Of YAML; JSON is YAML too. */
function read(text: string): JsonValue {
  const read = readYaml("policy.yaml", text)
  if ("problems" in read) throw new Error(JSON.stringify(read.problems))
  return read.value
}
const readExample = (name: string, file: string) => readFileSync(join(EXAMPLES, name, file), "utf8")
const documents = [
  ...EXAMPLE_BUNDLES.map((name) => ({
    name: `examples/${name}`,
    policy: readExample(name, "policy.yaml"),
    tests: readExample(name, "policy_test.yaml"),
  })),
  { name: "every key", policy: JSON.stringify(EVERY_KEY), tests: JSON.stringify(EVERY_TEST_KEY) },
].flatMap(({ name, policy, tests }): readonly (readonly [string, Document])[] => {
  const loaded = loadPolicy({ "policy.yaml": policy }, sha256)
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join("\n"))
  return [
    [name, { kind: "bundle", value: read(policy), loaded }],
    [`${name}, its tests`, { kind: "test", value: read(tests), loaded }],
  ]
})

/**
 * What a subject or a resource lacks may be in the defaults, the tests in another file, parameters are opaque or given, and
 * which histories and budgets there are is the bundle's to say.
 */
function isOfTheWhole(path: string, message: string): boolean {
  return (
    /^(There is no test|Of opaque parameters|No (history|budget) ".*" is declared)/.test(message) ||
    (message === "This is missing." && /\/(type|id)$/.test(path))
  )
}
/** Paths of what the reader finds fault with. */
function faults({ kind, loaded }: Document, value: JsonValue): readonly string[] {
  const paths: string[] = []
  const report = (path: string, message: string) => {
    if (kind === "bundle" || !isOfTheWhole(path, message)) paths.push(path.replace(KEY, ""))
  }
  if (kind === "bundle") parseBundle(value, report)
  else parseTests(value, loaded, report)
  return paths
}

/** Every value of the document with its path, and how the document is with another one there. */
function* places(
  value: JsonValue,
  path = "",
  put: (to: JsonValue) => JsonValue = (to) => to,
): Generator<{ readonly path: string; readonly value: JsonValue; readonly put: (to: JsonValue) => JsonValue }> {
  yield { path, value, put }
  if (typeof value !== "object" || value === null) return
  for (const [key, inner] of Object.entries(value))
    yield* places(inner as JsonValue, `${path}/${key}`, (to) =>
      put(
        Array.isArray(value)
          ? value.map((item, i) => (i === Number(key) ? to : (item as JsonValue)))
          : { ...(value as JsonObject), [key]: to },
      ),
    )
}

/** Paths of the schemas within it that say nothing. */
function* undescribed(schema: JsonObject, path = ""): Generator<string> {
  if (typeof schema["description"] !== "string") yield path
  const { properties = {}, items, additionalProperties, anyOf = [] } = schema
  const within = { ...(properties as JsonObject), items, additionalProperties, ...(anyOf as readonly JsonObject[]) }
  for (const [key, inner] of Object.entries(within))
    if (typeof inner === "object") yield* undescribed(inner as JsonObject, `${path}/${key}`)
}

describe.each(documents)("%s", (_, document) => {
  const { isValid } = SCHEMAS[document.kind]

  test("is accepted by both", () => {
    expect(faults(document, document.value)).toEqual([])
    expect(isValid(document.value), JSON.stringify(isValid.errors)).toBe(true)
  })

  test("is refused by the schema wherever it holds a key or a kind of value that the reader refuses", () => {
    let refused = 0
    for (const { path, value, put } of places(document.value)) {
      const isMapping = typeof value === "object" && value !== null && !Array.isArray(value)
      for (const other of [...OTHERS, ...(isMapping ? [{ ...value, [UNKNOWN]: true }] : [])]) {
        const changed = put(other)
        const found = faults(document, changed)
        // A file may be a part of a bundle, so the schema does not ask for what is missing at the top.
        const here = found.some((at) => at === path || at.startsWith(path === "" ? `/${UNKNOWN}` : `${path}/`))
        if (here) refused++
        const isRefused = !isValid(changed)
        // The schema refuses nothing that the reader accepts; of a list it may blame an item where the reader blames the list.
        expect({ path, other, isRefused }).toEqual({ path, other, isRefused: here || (isRefused && found.length > 0) })
      }
    }
    expect(refused).toBeGreaterThan(40)
  })
})

test("every key that the reader has is in a document above, and every member of the schemas says what it means", () => {
  const used = new Set<string>()
  for (const [, { value }] of documents)
    for (const { path } of places(value)) used.add(path.slice(path.lastIndexOf("/") + 1))
  expect([...new Set(Object.values(KEYS).flat())].filter((key) => !used.has(key))).toEqual([])
  for (const { schema } of Object.values(SCHEMAS)) expect([...undescribed(schema)]).toEqual([])
})
