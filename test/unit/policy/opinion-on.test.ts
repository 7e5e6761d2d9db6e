import { describe, expect, test } from "vitest"
import type { JsonObject } from "../../../src/formats/ports.ts"
import { opinionOn } from "../../../src/policy/opinion-on.ts"
import { load, requestOf } from "../../support/policy.ts"

const opinion = (when: string, context: JsonObject, mine = true) => {
  const { conditions } = load({
    version: "1",
    types: {
      subjects: { a: { known: "any" } },
      resources: { r: {} },
      actions: { go: {} },
      context: {
        n: "int",
        text: "string",
        words: "list<string>",
        numbers: "list<int>",
        share: "double",
        is: "bool",
        at: "timestamp",
      },
    },
    constants: { most: 10, teams: ["ops"] },
    rules: [{ id: "r", effect: "allow", subjects: [{ type: "a" }], actions: ["go"], resources: [{ type: "r" }], when }],
  })
  const [first] = conditions
  if (!first) throw new Error("there is one condition")
  return opinionOn(first.condition, requestOf({ context }).policy, mine)
}
const has = (name: string, rest: string) => `has(context.${name}) && ${rest}`

describe("opinionOn", () => {
  test.each([
    ["an int", 'subject.id == "x" && action.name != "stop"', {}],
    ["a text and a constant", "subject.id in constants.teams || resource.id == audience", {}, false],
  ] as [string, string, JsonObject, boolean?][])(
    "%s: confirmed, and the opposite would not be",
    (_, when, context, mine = true) => {
      expect(opinion(when, context, mine)).toBe("confirmed")
      expect(opinion(when, context, !mine)).toBe("disagrees")
    },
  )

  test.each([
    ["a method", 'subject.id.startsWith("x")', {}],
    ["has()", has("n", "context.n < constants.most"), { n: 1 }],
    ["an escape", 'subject.id != "\\n"', {}],
  ] as [string, string, JsonObject][])("%s is outside its subset", (_, when, context) => {
    expect(opinion(when, context)).toBe("outside")
  })
})
