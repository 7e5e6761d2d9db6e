/** The JSON Schema of the tests beside a bundle, `*_test.yaml`. */
import { MAX_APPROVALS } from "../../src/policy/bundle.ts"
import { CHOICES, type KEYS } from "../../src/policy/keys.ts"
import { DURATION } from "../../src/policy/reader.ts"
import { MAX_NAME_CHARS } from "../../src/policy/tests/test-case.ts"
import { POLICY_REASON_CODES } from "../../src/policy/types.ts"
import { TOKEN } from "./bundle.ts"
import { anyMapping, duration, flag, list, mapping, oneOf, type Schema, table, text, units } from "./shapes.ts"

type Nullable = (schema: Schema) => Schema
/** As it stands in a fixture. */
const asItIs: Nullable = (schema) => schema
/** In a test, null takes away what the defaults say. */
const orNull: Nullable = ({ description, ...schema }) => ({
  description,
  anyOf: [
    { description, ...schema },
    { type: "null", description: "Taken away." },
  ],
})

/** The name of a fixture, or a mapping that changes what is there key by key. */
const named = (description: string, shape: Schema): Schema => ({
  description: `${description} The name of a fixture, a mapping that changes what the test or the defaults say, or null to take it away.`,
  anyOf: [text("The name of a fixture."), shape],
})

const entity = (what: string): Schema =>
  mapping("entity", `A ${what}, or what of it is otherwise.`, {
    type: orNull(text(`A ${what} type.`)),
    id: orNull(text("Its id.")),
    properties: anyMapping(`What the caller says of the ${what}.`),
  })
const amounts = (nullable: Nullable) =>
  table("What is used, by budget.", null, nullable(units("Of a budget that the bundle declares.")))
const histories = (nullable: Nullable) =>
  table(
    "By name, and by window that a condition asks for.",
    null,
    table(
      "By window, such as 1h.",
      DURATION,
      mapping("window", "What was counted in it.", {
        count: nullable({ type: "integer", minimum: 0, description: "How many." }),
        sum: nullable(units("What they add up to.")),
      }),
    ),
  )
const approval = (nullable: Nullable) =>
  mapping("approval", "An approval that was asked for by this request; {} is one that nobody has decided.", {
    granted_by: list(`Who granted it, at most ${MAX_APPROVALS}.`, text("A principal."), {
      maxItems: MAX_APPROVALS,
      type: ["array", "null"],
    }),
    refused_by: nullable(text("Who refused it.")),
    waited: nullable(duration("How long ago it was asked for.")),
  })
const situation: { readonly [key in (typeof KEYS.situation)[number]]: Schema } = {
  subject: named("Who asks.", entity("subject")),
  action: {
    description: "What is done: the action's name, or a mapping of name and properties.",
    anyOf: [
      text("The action's name."),
      mapping(
        "action",
        "An action with properties.",
        { name: text("Its name."), properties: anyMapping("What the caller says of the action.") },
        ["name"],
      ),
    ],
  },
  resource: named("What it is done to.", entity("resource")),
  context: named("The situation.", anyMapping("Properties that the bundle declares.")),
  parameters: named("The JSON parameters of the action.", anyMapping("Parameters that the bundle declares.")),
  opaque: flag("The daemon sees the parameters' digest alone. Default false."),
  audience: text("Who would execute it. Default test."),
  now: text("When it is asked: RFC 3339, or the name of a time in fixtures.times."),
  runtime: oneOf(CHOICES.testedRuntime, "trusted: asked through a runtime that is trusted and alive. Default none."),
  supported_obligations: list(
    "Which obligations the caller can meet. Default: all of the bundle.",
    text("A type of obligation."),
  ),
  history: named("What was counted before.", histories(orNull)),
  budgets: named("What is used of each budget.", amounts(orNull)),
  approval: named("The approval that the request names.", approval(orNull)),
  expect: mapping("expect", "What must come of it. What is left out is not compared.", {
    decision: oneOf(CHOICES.decision, "The decision."),
    reasons: list("All reason codes, in any order.", oneOf(POLICY_REASON_CODES, "A reason code.")),
    rules: list("The ids of all rules that match, in any order.", text("The id of a rule.")),
    obligations: list("The ids of all obligations, in any order.", text("The id of an obligation.")),
    risk: { enum: [...CHOICES.tier, null], description: "The tier of the worst signal that holds." },
    signals: list("The ids of all signals that hold, in any order.", text("The id of a signal.")),
    token: TOKEN,
    budgets: amounts(asItIs),
    counted: list("The histories that count it, all of them.", text("The name of a history.")),
  }),
}
const name = text(`At most ${MAX_NAME_CHARS} characters, once in a bundle.`, { maxLength: MAX_NAME_CHARS })

export const BUNDLE_TEST_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Tests of a Writ policy bundle (*_test.yaml)",
  ...mapping("tests", "What the bundle beside it must decide. How: docs/policy.md, Testing a policy.", {
    fixtures: mapping("fixtures", "What tests name instead of writing it out.", {
      subjects: table("Subjects, by name.", null, entity("subject")),
      resources: table("Resources, by name.", null, entity("resource")),
      contexts: table("Situations, by name.", null, anyMapping("Properties that the bundle declares.")),
      parameters: table("Parameters, by name.", null, anyMapping("Parameters that the bundle declares.")),
      histories: table("What was counted before, by name.", null, histories(asItIs)),
      budgets: table("What is used of budgets, by name.", null, amounts(asItIs)),
      approvals: table("Approvals, by name.", null, approval(asItIs)),
      times: table("Times, by name.", null, text("RFC 3339, such as 2026-01-31T12:00:00Z.")),
    }),
    defaults: mapping("situation", "What each test says that does not say it itself.", situation),
    tests: list(
      "The tests.",
      mapping(
        "test",
        "One request and what must come of it, or a table of them.",
        {
          name,
          ...situation,
          cases: list(
            "A table: each row says what is otherwise than in its test.",
            mapping("row", "One row.", {
              name: text(`Its name in the table, at most ${MAX_NAME_CHARS} characters. Default its number.`, {
                maxLength: MAX_NAME_CHARS,
              }),
              ...situation,
            }),
            { minItems: 1 },
          ),
        },
        ["name"],
      ),
    ),
  }),
}
