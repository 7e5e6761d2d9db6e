/** --subject, --resource, --runtime, --audience, --expires: for what a key or a binding holds, and how it is shown. */
import type { Command } from "commander"
import { toEnd } from "./time.ts"

export interface ScopeFlags {
  readonly subject?: readonly string[]
  readonly resource?: readonly string[]
  readonly runtime?: readonly string[]
  readonly audience?: readonly string[]
  readonly expires?: string
}

export interface WireScope {
  readonly subjects: readonly string[]
  readonly resources: readonly string[]
  readonly runtimes: readonly string[]
  readonly audiences: readonly string[]
}

export interface WireLimits {
  readonly scope: WireScope | null
  readonly expires_at: { readonly seconds: string } | null
}

export function addScopeOptions(made: Command): Command {
  return made
    .option("--subject <type:id...>", "role pep: may ask for these subjects only; * stands for anything")
    .option("--resource <type:id...>", "role pep: may ask for these resources only")
    .option("--runtime <id...>", "roles pep and runtime: may speak for these runtimes only")
    .option("--audience <name...>", "roles pep and executor: tokens for these audiences only")
    .option("--expires <when>", "when it ends: so long from now, like 90d, or a time; default: never")
}

/** Of a request. */
export function toLimits({ subject = [], resource = [], runtime = [], audience = [], expires }: ScopeFlags): object {
  const scope = { subjects: subject, resources: resource, runtimes: runtime, audiences: audience }
  return {
    ...(Object.values(scope).some((patterns) => patterns.length > 0) && { scope }),
    ...(expires !== undefined && { expires_at: toEnd("--expires", expires) }),
  }
}

/** One line. That it holds for everything is said: a scope that was forgotten must be seen. */
export function describeLimits({ scope, expires_at }: WireLimits): string {
  const limits = Object.entries(scope ?? {}).flatMap(([name, patterns]) =>
    patterns.length > 0 ? [`${name} ${patterns.join(", ")}`] : [],
  )
  const until = expires_at ? `  until ${new Date(Number(expires_at.seconds) * 1000).toISOString()}` : ""
  return `${limits.length > 0 ? limits.join("; ") : "everything"}${until}`
}
