/** Finds the rules that a request could match: by action, resource type, subject type and exact resource id, then globs. */
import { type ActionType, compileGlob, type Rule } from "./bundle.ts"
import type { Condition } from "./condition.ts"
import type { Entity } from "./types.ts"

export interface CompiledRule {
  readonly rule: Rule
  readonly when: Condition
  /** Position in the order of ids. */
  readonly order: number
}

interface Candidate {
  readonly compiled: CompiledRule
  readonly subject: (id: string) => boolean
  readonly resource: (id: string) => boolean
}

interface Bucket {
  readonly exact: Map<string, Candidate[]>
  readonly globs: Candidate[]
}

export interface RuleIndex {
  /** Sorted by id, each once. */
  find(action: string, subject: Entity, resource: Entity): readonly CompiledRule[]
}

export function buildRuleIndex(
  rules: readonly CompiledRule[],
  actions: { readonly [name: string]: ActionType },
): RuleIndex {
  const names = Object.keys(actions)
  const buckets = new Map<string, Bucket>()
  for (const compiled of rules) {
    const matched = names.filter((name) => compiled.rule.actions.some((glob) => compileGlob(glob)(name)))
    for (const action of matched) {
      for (const resource of compiled.rule.resources) {
        for (const subject of compiled.rule.subjects) {
          const key = keyOf(action, resource.type, subject.type)
          const bucket: Bucket = buckets.get(key) ?? { exact: new Map(), globs: [] }
          buckets.set(key, bucket)
          const candidate = { compiled, subject: compileGlob(subject.id), resource: compileGlob(resource.id) }
          if (resource.id.includes("*")) bucket.globs.push(candidate)
          else bucket.exact.set(resource.id, [...(bucket.exact.get(resource.id) ?? []), candidate])
        }
      }
    }
  }
  return {
    find(action, subject, resource) {
      const bucket = buckets.get(keyOf(action, resource.type, subject.type))
      if (!bucket) return []
      const found: CompiledRule[] = []
      const keep = (candidate: Candidate) => {
        if (candidate.subject(subject.id) && candidate.resource(resource.id) && !found.includes(candidate.compiled))
          found.push(candidate.compiled)
      }
      for (const candidate of bucket.exact.get(resource.id) ?? []) keep(candidate)
      for (const candidate of bucket.globs) keep(candidate)
      return found.sort((a, b) => a.order - b.order)
    },
  }
}

function keyOf(action: string, resourceType: string, subjectType: string): string {
  return `${action} ${resourceType} ${subjectType}` // none of the three may hold a space
}
