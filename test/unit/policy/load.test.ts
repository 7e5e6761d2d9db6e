import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseDocument, visit } from "yaml"
import { sha256 } from "../../../src/crypto.ts"
import { fromUtf8, utf8 } from "../../../src/formats/bytes.ts"
import { MAX_BUNDLE_BYTES, MAX_CONDITION_CHARS, MAX_FILES, MAX_RULES } from "../../../src/policy/bundle.ts"
import { loadCanonicalPolicy, loadPolicy } from "../../../src/policy/load.ts"
import { parseBundle } from "../../../src/policy/parse-bundle.ts"
import { positionInScalar } from "../../../src/policy/scalar-position.ts"
import { growthOf } from "../../support/growth.ts"

const TYPES = 'version: "1"\ntypes: { subjects: { a: { known: any } }, resources: { r: {} }, actions: { go: {} } }\n'
const ruleOf = (id: string, when = "true") => ({
  id,
  effect: "allow",
  subjects: [{ type: "a" }],
  actions: ["go"],
  resources: [{ type: "r" }],
  when,
})
const bundle = (...rules: readonly object[]) => `${TYPES}rules: ${JSON.stringify(rules)}\n`
const messagesOf = (files: Record<string, string>) => {
  const loaded = loadPolicy(files, sha256)
  return loaded.ok ? [] : loaded.problems.map(({ message }) => message)
}

describe("loadPolicy", () => {
  test("a folder without a policy file is refused; files of tests and other files are no part of a bundle", () => {
    expect(messagesOf({})).toEqual(["There is no policy file (*.yaml) in this folder."])
    expect(messagesOf({ "README.md": "x", "a_test.yaml": "x" })).toHaveLength(1)
    expect(messagesOf({ "p.yml": bundle(ruleOf("a")), "p_test.yaml": "[", "notes.txt": "[" })).toEqual([])
  })

  test(`${MAX_FILES} files are read, one more is refused`, () => {
    const files: Record<string, string> = { "a.yaml": bundle(ruleOf("a")) }
    for (let i = 1; i < MAX_FILES; i++) files[`empty-${i}.yaml`] = ""
    expect(messagesOf(files)).toEqual([])
    expect(messagesOf({ ...files, "more.yaml": "" })).toEqual([`A bundle has at most ${MAX_FILES} files.`])
  })

  test("the limit of a bundle counts bytes, not characters", () => {
    const text = bundle(ruleOf("a"))
    const comment = (bytes: number) => `#${"é".repeat(Math.floor((bytes - 1) / 2))}${bytes % 2 === 0 ? "x" : ""}`
    const fits = comment(MAX_BUNDLE_BYTES - utf8(text).length)
    expect(messagesOf({ "a.yaml": text, "b.yaml": fits })).toEqual([])
    expect(messagesOf({ "a.yaml": text, "b.yaml": `${fits}x` })).toEqual([
      `A bundle has at most ${MAX_BUNDLE_BYTES} bytes.`,
    ])
  })

  test(`a condition of ${MAX_CONDITION_CHARS} characters is compiled, a longer one refused`, () => {
    const when = "true".padEnd(MAX_CONDITION_CHARS)
    expect(messagesOf({ "a.yaml": bundle(ruleOf("a", when)) })).toEqual([])
    expect(messagesOf({ "a.yaml": bundle(ruleOf("a", `${when} `)) })).toEqual([
      `A condition has at most ${MAX_CONDITION_CHARS} characters.`,
    ])
  })

  test("a condition that is too dear on every request is refused before it is tried", () => {
    const when = (size: number) => ({
      "a.yaml": `${bundle(ruleOf("a", "constants.many.all(x, constants.many.all(y, x + y > 0))"))}constants: { many: [${Array(size).fill(1)}] }\n`,
    })
    expect(messagesOf(when(50))).toEqual([])
    expect(messagesOf(when(20_000))).toEqual(["This costs more than 100000 units whatever is asked."])
  })

  test("the time to load rules grows with their number, not with its square", () => {
    const load = (count: number) => {
      const rules = Array.from({ length: count }, (_, i) => ruleOf(`r${i}`, `subject.id == "a${i}"`))
      expect(messagesOf({ "a.yaml": bundle(...rules) })).toEqual([])
    }
    expect(growthOf(1_000, load)).toBeLessThan(9)
  }, 120_000) // processor time is what is measured; a busy machine only takes longer

  test("names of members of Object are plain names", () => {
    const text = `${TYPES.replace("go: {}", "constructor: { parameters: { toString: { type: int, required: true } } }")}
constants: { __proto__: 1, constructor: 2, hasOwnProperty: 3 }
variables: { valueOf: constants.constructor == 2 }
rules:
  - ${JSON.stringify({ ...ruleOf("a", "variables.valueOf && constants.__proto__ == 1 && parameters.toString == 4"), actions: ["constructor"], runtime: "none" })}
`
    const loaded = loadPolicy({ "a.yaml": text }, sha256)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
    const ask = (parameters: object) =>
      ({
        subject: { type: "a", id: "x", properties: {} },
        action: { name: "constructor", properties: {} },
        resource: { type: "r", id: "x", properties: {} },
        context: {},
        parameters: { kind: "json", value: parameters },
        audience: "x",
        runtime: null,
        nowMs: 0,
      }) as Parameters<typeof loaded.policy.evaluate>[0]
    expect(loaded.policy.checkContext(ask({ toString: 4 }))).toEqual([])
    expect(loaded.policy.evaluate(ask({ toString: 4 }), []).decision).toBe("ALLOW")
    expect(loaded.policy.checkContext(ask({}))).toMatchObject([
      { code: "PARAMETERS_INVALID", pointer: "/parameters/toString" },
    ])
    expect(loadCanonicalPolicy(loaded.policy.canonicalBytes, sha256)).toMatchObject({
      ok: true,
      policy: { digest: loaded.policy.digest },
    })
  })
})

describe("parseBundle", () => {
  test(`${MAX_RULES} rules are read, one more is refused`, () => {
    const faultsOf = (count: number) => {
      const faults: string[] = []
      const rules = Array.from({ length: count }, (_, i) => ({ ...ruleOf(`r${i}`), when: `${i} == 0` }))
      const types = { subjects: { a: {} }, resources: { r: {} }, actions: { go: {} } }
      parseBundle({ version: "1", types, rules }, (_, message) => faults.push(message))
      return faults
    }
    expect(faultsOf(MAX_RULES)).toEqual([])
    expect(faultsOf(MAX_RULES + 1)).toEqual([`A bundle holds at most ${MAX_RULES} rules.`])
  }, 120_000)
})

describe("of a bundle that is wrong everywhere", () => {
  test("the first hundred faults are told, so that telling them ends", () => {
    const loaded = loadPolicy(
      { "a.yaml": bundle(...Array.from({ length: 150 }, (_, i) => ruleOf(`r${i}`, "1 +"))) },
      sha256,
    )
    expect(loaded.ok ? [] : loaded.problems).toHaveLength(100)
  })
})

describe("loadCanonicalPolicy", () => {
  const loaded = loadPolicy({ "a.yaml": bundle(ruleOf("a"), ruleOf("b", "1 < 2")) }, sha256)
  const bytes = loaded.ok ? loaded.policy.canonicalBytes : new Uint8Array()

  test("is the inverse of canonicalBytes", () => {
    const again = loadCanonicalPolicy(bytes, sha256)
    expect(loaded.ok && again.ok && again.policy.digest).toBe(loaded.ok && loaded.policy.digest)
    expect(again.ok && again.policy.canonicalBytes).toEqual(bytes)
  })

  test.each([
    ["no JSON", "{"],
    ["no object", "7"],
    ["an object without rules", "{}"],
    ["a rule that is no object", '{"rules":[null]}'],
    ["a duplicate key", '{"rules":[],"rules":[]}'],
    ["a bundle with an unknown key", fromUtf8(bytes).replace('"version"', '"extra":1,"version"')],
    ["a bundle with a broken condition", fromUtf8(bytes).replace("1 < 2", "1 <")],
  ])("%s is refused, never thrown", (_, text) => {
    const result = loadCanonicalPolicy(utf8(text), sha256)
    expect(result).toMatchObject({ ok: false, problems: [{ file: "canonical bundle", line: 1, column: 1 }] })
  })

  test("bytes that are not UTF-8 are refused", () => {
    expect(loadCanonicalPolicy(Uint8Array.of(0x22, 0xff, 0x22), sha256).ok).toBe(false)
  })
})

describe("positionInScalar", () => {
  test.each([
    ["plain", "when: aXb\n"],
    ["plain over lines", "when: a &&\n  Xb\n"],
    ["plain with a blank line", "when: a\n\n  Xb\n"],
    ["single quotes", "when: 'it''s ''Xb'''\n"],
    ["single quotes over lines", "when: 'a   \n    ''Xb'\n"],
    ["double quotes", 'when: "\\u0061\\x61\\t\\"\\U0001F600Xb"\n'],
    ["double quotes over a joined line", 'when: "a\\\n   Xb"\n'],
    ["literal", "when: |\n  a\n\n  b Xb\n"],
    ["literal with deeper lines", "when: |-\n  a\n      deeper\n  Xb\n"],
    ["literal after blank lines", "when: |\n\n\n  a\n  Xb\n"],
    ["folded", "when: >-\n  a\n  b\n  Xb\n"],
    ["folded with blank lines", "when: >\n  a\n\n\n  b\n  Xb\n"],
    ["folded with CRLF", "when: >\r\n  a\r\n  b\r\n  Xb\r\n"],
  ])("finds the character in a %s scalar", (_, text) => {
    const document = parseDocument(text)
    let found: number | undefined
    visit(document, {
      Scalar(key, node) {
        if (key === "value") found = positionInScalar(text, node.range?.[0] ?? 0, String(node.value).indexOf("X"))
      },
    })
    expect(found).toBe(text.indexOf("X"))
  })

  test("stays within the file for any text and any offset", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), fc.nat(40), fc.nat(100), (text, start, offset) => {
        const from = Math.min(start, text.length)
        const at = positionInScalar(text, from, offset)
        expect(at).toBeGreaterThanOrEqual(from)
        expect(at).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
