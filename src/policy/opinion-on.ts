/**
 * cel-js's opinion on a condition as it was met by one request: for a decision that is replayed or verified. Our own value is
 * given; where cel-js errs or the condition is outside its subset, there is no opinion.
 */
import { evaluate as secondEvaluate } from "cel-js"
import type { JsonObject, JsonValue } from "../formats/ports.ts"
import type { Condition } from "./condition.ts"
import { inSubset, magnitude, place, toPlain } from "./second-opinion.ts"
import type { PolicyRequest } from "./types.ts"

export type OpinionOn = "confirmed" | "outside" | "disagrees"

export function opinionOn(condition: Condition, request: PolicyRequest, mine: boolean): OpinionOn {
  const paths = inSubset(condition)
  if (paths === null) return "outside"
  const bindings: Record<string, unknown> = {}
  for (const [name, value] of condition.constants) place(bindings, ["constants", name], toPlain(value))
  const numbers: number[] = [0]
  for (const path of paths) {
    const names = path.split(".")
    const value = readAsDeclared(request, names, condition.typeAt(names).kind)
    if (value === undefined) return "outside" // absent, or nothing that cel-js can be given
    if (typeof value === "number") numbers.push(value)
    place(bindings, names, value)
  }
  if (magnitude(condition, condition.ast, numbers) > Number.MAX_SAFE_INTEGER) return "outside"
  try {
    const other: unknown = secondEvaluate(condition.source, bindings)
    return typeof other === "boolean" ? (other === mine ? "confirmed" : "disagrees") : "outside"
  } catch {
    return "outside"
  }
}

/** What the condition reads of the request: JSON. */
export function inputOf(condition: Condition, request: PolicyRequest): string {
  const input: Record<string, unknown> = {}
  for (const path of inSubset(condition) ?? []) {
    const names = path.split(".")
    place(input, names, readAsDeclared(request, names, condition.typeAt(names).kind))
  }
  return JSON.stringify(input)
}

/** Undefined where there is no such value, or none that both engines hold for the same. */
function readAsDeclared(request: PolicyRequest, [root = "", ...path]: readonly string[], kind: string): unknown {
  let value: JsonValue | undefined =
    root === "parameters"
      ? request.parameters.kind === "json"
        ? request.parameters.value
        : undefined
      : (request[root as "subject" | "resource" | "action" | "context" | "audience"] as unknown as JsonValue)
  for (const name of path) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
    value = isObject && Object.hasOwn(value as JsonObject, name) ? (value as JsonObject)[name] : undefined
  }
  if (kind === "int" && typeof value === "string") {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : undefined
  }
  if (typeof value === "string") return isOdd(value) ? undefined : value
  if (typeof value === "number") return Object.is(value, -0) ? 0 : value
  if (typeof value === "boolean") return value
  return Array.isArray(value) && value.every((item) => typeof item === "string" && !isOdd(item)) ? value : undefined
}
/** cel-js counts and orders by UTF-16 units. */
function isOdd(text: string): boolean {
  return /[\ud800-\udfff]/.test(text)
}
