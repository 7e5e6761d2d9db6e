/** What the schemas are made of: JSON Schema 2020-12, each with what it means. */
import { KEYS } from "../../src/policy/keys.ts"
import { UNITS } from "../../src/policy/parse-past.ts"
import { DURATION } from "../../src/policy/reader.ts"

export type Schema = { readonly [keyword: string]: unknown }
type Keys = typeof KEYS

/** A mapping with the reader's keys and no others. The reader takes null for an empty one. */
export function mapping<Kind extends keyof Keys>(
  kind: Kind,
  description: string,
  shapes: { readonly [key in Keys[Kind][number]]: Schema },
  required: readonly Keys[Kind][number][] = [],
): Schema {
  return {
    type: required.length > 0 ? "object" : ["object", "null"],
    description,
    properties: Object.fromEntries(KEYS[kind].map((key) => [key, shapes[key as Keys[Kind][number]]])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}
/** A mapping of names to values of one shape. */
export function table(description: string, names: RegExp | null, values: Schema, more: Schema = {}): Schema {
  return {
    type: ["object", "null"],
    description,
    ...(names && { propertyNames: { pattern: names.source } }),
    additionalProperties: values,
    ...more,
  }
}
/** Anything that a mapping may hold: what it must be depends on the bundle. */
export const anyMapping = (description: string): Schema => ({ type: ["object", "null"], description })

/** The reader takes null for an empty list. */
export function list(description: string, items: Schema, more: Schema = {}): Schema {
  const mayBeEmpty = more["minItems"] === undefined
  return { type: mayBeEmpty ? ["array", "null"] : "array", description, items, ...more }
}
export function text(description: string, more: Schema = {}): Schema {
  return { type: "string", minLength: 1, description, ...more }
}
export const matching = (pattern: RegExp, description: string): Schema => text(description, { pattern: pattern.source })
export const oneOf = (choices: readonly string[], description: string): Schema => ({ enum: choices, description })
export const flag = (description: string): Schema => ({ type: "boolean", description })
export const duration = (description: string): Schema =>
  matching(DURATION, `${description} Such as 250ms, 10s, 5m, 1.5h or 30d.`)
export const condition = (description: string): Schema => text(`${description} CEL, at most 4,096 characters.`)
export const units = (description: string): Schema => ({
  description: `${description} In units, at most six decimals.`,
  anyOf: [
    { type: "number", minimum: 0, description: "A number." },
    { type: "string", pattern: UNITS.source, description: "A number as a text." },
  ],
})
