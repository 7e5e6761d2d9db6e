/**
 * Finds the rules that a request could match, at a cost that does not grow with their number: by action, resource type and
 * subject type, then by what of the two ids a rule says most of. A rule that says nothing of either is a candidate for all.
 */
import { type ActionType, compileGlob, createActionMatcher, type Rule } from "./bundle.ts"
import type { LinkedCondition } from "./condition.ts"
import { PrefixTree } from "./prefix-tree.ts"
import type { Entity } from "./types.ts"

export interface CompiledRule {
  readonly rule: Rule
  readonly when: LinkedCondition
  /** Position in the order of ids. */
  readonly order: number
}

interface Candidate {
  readonly compiled: CompiledRule
  readonly subject: (id: string) => boolean
  readonly resource: (id: string) => boolean
}

/** Of one action, resource type and subject type; each candidate is in one place of it. */
interface Bucket {
  readonly resource: ById
  readonly subject: ById
  readonly rest: Candidate[]
}
interface ById {
  readonly exact: Map<string, Candidate[]>
  readonly prefixes: PrefixTree<Candidate>
  /** Of ids written backwards. */
  readonly suffixes: PrefixTree<Candidate>
}

export class RuleIndex {
  readonly #buckets = new Map<string, Bucket>()
  readonly #actionsOf: (glob: string) => readonly string[]
  readonly #globs = new Map<string, (id: string) => boolean>()
  /** By a rule's order: the search that has met it, so that none is found twice. */
  readonly #met: number[] = []
  #searches = 0

  constructor(actions: { readonly [name: string]: ActionType }) {
    this.#actionsOf = createActionMatcher(Object.keys(actions))
  }

  add(compiled: CompiledRule): void {
    const { actions, resources, subjects } = compiled.rule
    this.#met[compiled.order] = 0
    for (const action of new Set(actions.flatMap(this.#actionsOf))) {
      for (const resource of resources) {
        for (const subject of subjects) {
          const key = keyOf(action, resource.type, subject.type)
          const bucket = this.#buckets.get(key) ?? { resource: emptyById(), subject: emptyById(), rest: [] }
          this.#buckets.set(key, bucket)
          place(bucket, resource.id, subject.id, {
            compiled,
            subject: this.#glob(subject.id),
            resource: this.#glob(resource.id),
          })
        }
      }
    }
  }

  /** Sorted by id, each once. */
  find(action: string, subject: Entity, resource: Entity): readonly CompiledRule[] {
    const bucket = this.#buckets.get(keyOf(action, resource.type, subject.type))
    if (!bucket) return []
    const found: CompiledRule[] = []
    const search = ++this.#searches
    const keep = (candidate: Candidate) => {
      const { compiled } = candidate
      if (this.#met[compiled.order] === search) return
      if (!candidate.subject(subject.id) || !candidate.resource(resource.id)) return
      this.#met[compiled.order] = search
      found.push(compiled)
    }
    visit(bucket.resource, resource.id, keep)
    visit(bucket.subject, subject.id, keep)
    bucket.rest.forEach(keep)
    return found.length > 1 ? found.sort((a, b) => a.order - b.order) : found
  }

  #glob(glob: string): (id: string) => boolean {
    const known = this.#globs.get(glob) ?? compileGlob(glob)
    this.#globs.set(glob, known)
    return known
  }
}

function emptyById(): ById {
  return { exact: new Map(), prefixes: new PrefixTree(), suffixes: new PrefixTree() }
}

/** An exact id says most, the resource's first; of globs, the longest text at an end of one. */
function place(bucket: Bucket, resource: string, subject: string, candidate: Candidate): void {
  if (!resource.includes("*")) {
    addTo(bucket.resource.exact, resource, candidate)
    return
  }
  if (!subject.includes("*")) {
    addTo(bucket.subject.exact, subject, candidate)
    return
  }
  const ends = [
    { tree: bucket.resource.prefixes, text: resource.slice(0, resource.indexOf("*")) },
    { tree: bucket.resource.suffixes, text: backwards(resource.slice(resource.lastIndexOf("*") + 1)) },
    { tree: bucket.subject.prefixes, text: subject.slice(0, subject.indexOf("*")) },
    { tree: bucket.subject.suffixes, text: backwards(subject.slice(subject.lastIndexOf("*") + 1)) },
  ]
  const { tree, text } = ends.reduce((best, end) => (end.text.length > best.text.length ? end : best))
  if (text === "") bucket.rest.push(candidate)
  else tree.add(text, candidate)
}

function addTo(exact: Map<string, Candidate[]>, id: string, candidate: Candidate): void {
  const known = exact.get(id)
  if (known) known.push(candidate)
  else exact.set(id, [candidate])
}

function visit({ exact, prefixes, suffixes }: ById, id: string, keep: (candidate: Candidate) => void): void {
  exact.get(id)?.forEach(keep)
  if (!prefixes.isEmpty) prefixes.visit(id, keep)
  if (!suffixes.isEmpty) suffixes.visit(backwards(id), keep)
}

/** By UTF-16 units. */
function backwards(text: string): string {
  let reversed = ""
  for (let i = text.length - 1; i >= 0; i--) reversed += text[i]
  return reversed
}

function keyOf(action: string, resourceType: string, subjectType: string): string {
  return `${action} ${resourceType} ${subjectType}` // none of the three may hold a space
}
