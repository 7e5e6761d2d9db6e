/** The JSON Schema of a bundle's YAML. A file may hold a part of the bundle, so nothing is required at the top. */
import { MEASURED } from "../../src/formats/runtime-messages.ts"
import {
  APPROVAL_LIFE_MS,
  MAX_APPROVALS,
  MAX_BUDGETS,
  MAX_HISTORIES,
  MAX_POINTS,
  MAX_REFERENCE_VALUES,
  MAX_RULES,
  MAX_UNIT_CHARS,
  MAX_VERSION_CHARS,
} from "../../src/policy/bundle.ts"
import { CHOICES } from "../../src/policy/keys.ts"
import { ACTION_NAME, MEASUREMENT, RULE_ID, TYPE_NAME, VALUE_TYPES } from "../../src/policy/parse-bundle.ts"
import { NAME } from "../../src/policy/parse-parts.ts"
import {
  anyMapping,
  condition,
  duration,
  flag,
  list,
  mapping,
  matching,
  oneOf,
  type Schema,
  table,
  text,
  units,
} from "./shapes.ts"

const moment = (description: string): Schema => ({
  type: ["string", "null"],
  pattern: "^\\d{4}-\\d{2}-\\d{2}T",
  description: `${description} RFC 3339, milliseconds at the finest, such as 2026-01-31T12:00:00Z.`,
})
const type = oneOf(VALUE_TYPES, "string, int, double, bool, timestamp, duration, a list<…> or a map<…> of one of them.")
const property: Schema = {
  description: "A type, or a mapping of type, required and record.",
  anyOf: [
    type,
    mapping(
      "property",
      "A property with its type.",
      {
        type,
        required: flag("Refuse requests without it; then conditions may read it without has(). Default false."),
        record: oneOf(CHOICES.record, "never: the ledger says [not recorded] instead of the value. Default commit."),
      },
      ["type"],
    ),
  ],
}
const properties = (description: string) => table(description, NAME, property)
const key = condition("What it is counted for, a text; left out: once for all.")

const selectors = (what: string, id: string): Schema =>
  list(
    `Which ${what}s it is about: any of these.`,
    mapping(
      "selector",
      `A ${what} type and which of them.`,
      {
        type: text(`A declared ${what} type.`),
        id: text(`${id} A glob, * stands for any run of characters. Default *.`),
      },
      ["type"],
    ),
    { minItems: 1 },
  )

export const TOKEN: Schema = mapping(
  "token",
  "What the execution token allows; of several rules the strictest counts.",
  {
    ttl: duration("How long the token may be redeemed."),
    use: oneOf(CHOICES.use, "offline: the executor need not redeem it with the daemon. redeem: it must."),
    max_duration: duration("How long the execution may run once it was redeemed."),
  },
)

const rule = mapping(
  "rule",
  "What is allowed, denied, or allowed with approval.",
  {
    id: matching(RULE_ID, "Its name in records and tests, once in a bundle: 1 to 128 characters of A-Z a-z 0-9 _ . -"),
    effect: oneOf(CHOICES.effect, "DENY goes before an error, that before REQUIRE_APPROVAL, that before ALLOW."),
    subjects: selectors("subject", "The subject's id."),
    actions: list(
      "Which actions it is about: any of these.",
      text("The name of a declared action, or a glob: * stands for any run of characters."),
      { minItems: 1 },
    ),
    resources: selectors("resource", "The resource's id."),
    when: condition("What else must hold. Default true."),
    runtime: oneOf(CHOICES.runtime, "required: only through a runtime that is trusted and alive. Default required."),
    parameters: oneOf(CHOICES.parameters, "opaque: the daemon sees the parameters' digest alone. Default decoded."),
    obligations: list(
      "What the caller has to do where it is allowed.",
      mapping(
        "obligation",
        "One thing to do. A caller that does not say that it supports the type is denied.",
        {
          id: text("Its name in the reply and in tests."),
          type: text("What kind of thing, as callers list it in supported_obligations."),
          properties: anyMapping("What the caller needs to know for it."),
        },
        ["id", "type"],
      ),
    ),
    budgets: list("Of an allow: the budgets that the execution draws on.", text("The name of a declared budget.")),
    token: TOKEN,
    approvals: {
      type: "integer",
      minimum: 1,
      maximum: MAX_APPROVALS,
      description: `Of require_approval: how many principals must approve, 1 to ${MAX_APPROVALS}. Default 1.`,
    },
    approve_within: duration(
      `Of require_approval: how long the approval may wait and be used, at most ${APPROVAL_LIFE_MS / 60_000}m, which is the default.`,
    ),
  },
  ["id", "effect", "subjects", "actions", "resources"],
)

const runtime = mapping(
  "runtime",
  "Which runtimes may register, and what they may run.",
  {
    id: text("The runtime's id. A glob, * stands for any run of characters."),
    measure: oneOf(
      CHOICES.measure,
      "reference-values: its measurements are given here. trust-on-first-use: it stays what it was at first. Default reference-values.",
    ),
    measurements: {
      type: ["object", "null"],
      description: "By claim, what may be measured. A claim that is not named is not looked at.",
      propertyNames: { enum: MEASURED },
      additionalProperties: list(
        `Any of these, at most ${MAX_REFERENCE_VALUES}.`,
        matching(MEASUREMENT, "A SHA-256 digest in lower-case hex, or @ and the name of Reference Values."),
        { minItems: 1, maxItems: MAX_REFERENCE_VALUES },
      ),
    },
    claims: list(
      "With trust-on-first-use: which claims have to stay as they were. Left out: all.",
      oneOf(MEASURED, "A claim."),
      { minItems: 1 },
    ),
  },
  ["id"],
)

const constant = { type: ["string", "number", "boolean"], description: "A text, a number or a truth value." }

export const BUNDLE_SCHEMA: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "A Writ policy bundle, or a file of one",
  ...mapping(
    "bundle",
    "Rules, and the types, subjects and runtimes that they are about. What it means: docs/policy.md.",
    {
      version: text(`What the bundle calls itself, in every record. At most ${MAX_VERSION_CHARS} characters.`, {
        maxLength: MAX_VERSION_CHARS,
      }),
      not_before: moment("From when on the bundle decides; before, everything is denied."),
      not_after: moment("Until when the bundle decides; then everything is denied."),
      types: mapping("types", "What there is, and which properties it has. What is not declared is denied.", {
        subjects: table(
          "Who asks, by type.",
          TYPE_NAME,
          mapping("subjectType", "A type of subject.", {
            known: oneOf(
              CHOICES.known,
              "listed: only those listed under subjects. any: whoever says so. Default listed.",
            ),
            properties: properties("What callers say of the subject."),
          }),
        ),
        resources: table(
          "What it is done to, by type.",
          TYPE_NAME,
          mapping("resourceType", "A type of resource.", {
            properties: properties("What callers say of the resource."),
          }),
        ),
        actions: table(
          "What is done, by name.",
          ACTION_NAME,
          mapping("actionType", "An action.", {
            properties: properties("What callers say of the action."),
            parameters: properties("The shape of its JSON parameters. Left out: conditions cannot read them."),
          }),
        ),
        context: properties("What callers say of the situation."),
      }),
      subjects: list(
        "The subjects that are known, of types with known: listed.",
        mapping(
          "subject",
          "A subject that is known.",
          {
            type: text("A declared subject type."),
            id: text("Its id, exactly."),
            state: oneOf(CHOICES.state, "suspended: denied whatever it asks. Default active."),
          },
          ["type", "id"],
        ),
      ),
      runtimes: list("Which runtimes may register. Any entry that matches suffices.", runtime),
      constants: table("What conditions read as constants.NAME.", NAME, {
        description: "A text, a number, a truth value, or a list of these.",
        anyOf: [constant, { type: "array", items: constant, description: "A list." }],
      }),
      variables: table("Expressions that conditions read as variables.NAME.", NAME, condition("What it stands for.")),
      rules: list(`What is allowed; the rest is denied. At most ${MAX_RULES.toLocaleString("en")}.`, rule, {
        maxItems: MAX_RULES,
        type: ["array", "null"],
      }),
      risk: mapping("risk", "How risky a request is: the worst signal that holds decides.", {
        signals: list(
          "What makes a request risky.",
          mapping(
            "signal",
            "One sign of risk.",
            {
              id: text("Its name in records and tests, once in a bundle."),
              when: condition("When it holds."),
              tier: oneOf(CHOICES.tier, "How bad it is."),
              points: {
                type: ["integer", "null"],
                minimum: 0,
                maximum: MAX_POINTS,
                description: `Order requests of one tier; they decide nothing. 0 to ${MAX_POINTS.toLocaleString("en")}, default 0.`,
              },
            },
            ["id", "when", "tier"],
          ),
        ),
        deny_at: {
          enum: [...CHOICES.tier, null],
          description: "From this tier on requests are denied. Left out: none is.",
        },
      }),
      history: table(
        `Decisions that are counted, read as history.count("NAME", …) and history.sum("NAME", …). At most ${MAX_HISTORIES}.`,
        NAME,
        mapping(
          "history",
          "What is counted, from the activation of the bundle on that declares it.",
          {
            key,
            actions: list("Of which actions.", text("A declared action, or a glob."), { minItems: 1 }),
            decisions: list("Which decisions. Default allow.", oneOf(CHOICES.counted, "A decision.")),
            value: condition("What history.sum adds up, an int or a double."),
          },
          ["actions"],
        ),
        { maxProperties: MAX_HISTORIES },
      ),
      budgets: table(
        `What executions draw on; a rule names them. At most ${MAX_BUDGETS}.`,
        NAME,
        mapping(
          "budget",
          "A limit that all executions share, held back by an ALLOW and spent by the redemption.",
          {
            unit: text(`What is counted, at most ${MAX_UNIT_CHARS} characters. Default executions.`, {
              maxLength: MAX_UNIT_CHARS,
            }),
            key,
            limit: units("How much may be drawn."),
            window: duration(
              "After how long it is full again, 1m to 30d, counted from the Unix epoch on. Left out: never.",
            ),
            amount: condition("What one execution draws, an int or a double, in units. Default 1."),
          },
          ["limit"],
        ),
        { maxProperties: MAX_BUDGETS },
      ),
    },
  ),
}
