/** What is said of a call or a field that does not fit, and what to write instead. */
import { suggest } from "../formats/suggest.ts"
import type { Functions, Overload } from "./overload.ts"
import { formatType, type Type, unwrapOptional } from "./type.ts"

export interface Complaint {
  readonly message: string
  readonly suggestion: string | undefined
}

/** Of a function that there is not. */
export function unknownFunction(functions: Functions, name: string, isMember: boolean): Complaint {
  const known = [...functions.entries()]
    .filter(([, overloads]) => overloads.some((one) => one.isMember === isMember))
    .map(([one]) => one)
  return {
    message: `There is no function "${name}".`,
    suggestion: suggest(name, known) ?? otherForm(functions, name, isMember),
  }
}

/** Of a function or an operator that does not take what it is given; `shown`: the types of that. */
export function noOverload(functions: Functions, name: string, shown: readonly string[], isMember: boolean): Complaint {
  const symbol = /^[_@]?-?(.+?)_*$/.exec(name)?.[1] ?? name
  const what = /^[a-z]/i.test(name)
    ? isMember
      ? `${shown[0]}.${name}(${shown.slice(1).join(", ")})`
      : `${name}(${shown.join(", ")})`
    : null
  const message = what
    ? `There is no ${what}.`
    : name === "_[_]" || name === "_[?_]"
      ? `${withArticle(shown[0] as string, true)} has no index of type ${shown[1]}.`
      : `"${name === "-_" ? "-" : symbol}" does not take (${shown.join(", ")}).`
  return { message, suggestion: what ? signatures(functions, name, isMember) : conversion(shown) }
}
/** How a function is called that is called otherwise. */
function otherForm(functions: Functions, name: string, isMember: boolean): string {
  const isOther = functions.get(name)?.some((one) => one.isMember !== isMember)
  return isOther ? (isMember ? `Write ${name}(…).` : `Write ….${name}(…).`) : "docs/policy.md names what there is."
}
function signatures(functions: Functions, name: string, isMember: boolean): string {
  const known = functions.get(name) as readonly Overload[]
  const shown = known.map(({ isMember: isMethod, parameters }) => {
    const [first, ...rest] = parameters.map(formatType)
    return isMethod ? `${first}.${name}(${rest.join(", ")})` : `${name}(${parameters.map(formatType).join(", ")})`
  })
  const alike = known.some((one) => one.isMember === isMember)
  const few = shown.filter((_, i) => !alike || known[i]?.isMember === isMember).slice(0, MAX_SIGNATURES)
  return `There is ${few.join(", ")}${few.length < shown.length ? " and others" : ""}.`
}
function conversion(shown: readonly string[]): string | undefined {
  const [a = "", b = ""] = shown
  if (shown.length !== 2 || a === b) return undefined
  if (a.startsWith("optional_type")) return "Write .orValue(…) after the optional."
  const kinds = [a, b.replace(/^list\((\w+)\)$/, "$1")].sort()
  if (kinds.every((kind) => ["int", "uint", "double"].includes(kind)))
    return `Convert one with ${kinds.map((kind) => `${kind}(…)`).join(" or ")}.`
  const other = kinds.find((kind) => ["int", "uint", "double", "bool", "timestamp", "duration"].includes(kind))
  return other && kinds.includes("string")
    ? `Convert the text with ${other}(…), or the other with string(…).`
    : undefined
}

/** Names of fields, or of overloads, that are told at most. */
const MAX_SIGNATURES = 3
export function suggestField(field: string, known: readonly string[]): string {
  const near = suggest(field, known)
  if (near !== undefined) return near
  return known.length === 0
    ? "Nothing is declared there."
    : `There is ${known.slice(0, MAX_SIGNATURES).join(", ")}${known.length > MAX_SIGNATURES ? ", …" : ""}.`
}
/** How what is no truth value becomes one. */
export function toTruth(type: Type): string {
  if (unwrapOptional(type)) return "Write .hasValue() or .orValue(false) after it."
  if (type.kind === "list" || type.kind === "map") return "Ask for its size, size(…) > 0."
  return type.kind === "string" ? 'Compare it, … == "…".' : "Compare it with ==, < or >."
}

export function withArticle(type: string, isFirst = false): string {
  const article = /^[aeiou]/.test(type) ? "an" : "a"
  return `${isFirst ? article.charAt(0).toUpperCase() + article.slice(1) : article} ${type}`
}
