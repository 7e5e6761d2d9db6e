/**
 * Finds the rules that a request could match, at a cost that does not grow with their number: by action, resource type and
 * subject type, then by what of the two ids a rule says most of. A rule that says nothing of either is a candidate for all.
 */
import { type ActionType, compileGlob, createActionMatcher, type Rule } from "./bundle.ts"
import type { LinkedCondition } from "./condition.ts"
import { PrefixIndex } from "./prefix-index.ts"
import type { Entity } from "./types.ts"

export interface CompiledRule {
  readonly rule: Rule
  readonly when: LinkedCondition
  /** Position in the order of ids. */
  readonly order: number
}

/**
 * What is read of it at a decision is little and mostly shared with others: with many rules, none of it is in a cache.
 * A test is null where the place in the index says it all.
 */
interface Candidate extends CompiledRule {
  readonly subject: ((id: string) => boolean) | null
  readonly resource: ((id: string) => boolean) | null
  /** Is the rule in the index several times, so that a search may meet it again? */
  readonly isRepeated: boolean
}

/** Of one action, resource type and subject type; each candidate is in one place of it. */
interface Bucket {
  readonly resource: ById
  readonly subject: ById
  readonly rest: Candidate[]
}
interface ById {
  readonly exact: Map<string, Candidate | Candidate[]>
  readonly prefixes: PrefixIndex<Candidate>
  /** Of ids written backwards. */
  readonly suffixes: PrefixIndex<Candidate>
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
          this.#place(bucket, compiled, resource.id, subject.id)
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
      if (candidate.subject !== null && !candidate.subject(subject.id)) return
      if (candidate.resource !== null && !candidate.resource(resource.id)) return
      if (candidate.isRepeated) {
        if (this.#met[candidate.order] === search) return
        this.#met[candidate.order] = search
      }
      found.push(candidate)
    }
    visit(bucket.resource, resource.id, keep)
    visit(bucket.subject, subject.id, keep)
    bucket.rest.forEach(keep)
    return found.length > 1 ? found.sort((a, b) => a.order - b.order) : found
  }

  /** An exact id says most, the resource's first; of globs, the longest text at an end of one. */
  #place(bucket: Bucket, compiled: CompiledRule, resource: string, subject: string): void {
    const { resources, subjects } = compiled.rule
    const candidate = {
      ...compiled,
      subject: this.#test(subject),
      resource: this.#test(resource),
      isRepeated: resources.length * subjects.length > 1,
    }
    if (!resource.includes("*")) {
      addTo(bucket.resource.exact, resource, { ...candidate, resource: null })
      return
    }
    if (!subject.includes("*")) {
      addTo(bucket.subject.exact, subject, { ...candidate, subject: null })
      return
    }
    const ends = [
      { by: "resource", index: bucket.resource.prefixes, text: resource.slice(0, resource.indexOf("*")) },
      {
        by: "resource",
        index: bucket.resource.suffixes,
        text: backwards(resource.slice(resource.lastIndexOf("*") + 1)),
      },
      { by: "subject", index: bucket.subject.prefixes, text: subject.slice(0, subject.indexOf("*")) },
      { by: "subject", index: bucket.subject.suffixes, text: backwards(subject.slice(subject.lastIndexOf("*") + 1)) },
    ] as const
    const { by, index, text } = ends.reduce((best, end) => (end.text.length > best.text.length ? end : best))
    const glob = by === "resource" ? resource : subject
    const isSaidByPlace = glob.length === text.length + 1 && index.isHeldWhole(text)
    if (text === "") bucket.rest.push(candidate)
    else index.add(text, isSaidByPlace ? { ...candidate, [by]: null } : candidate)
  }

  #test(glob: string): ((id: string) => boolean) | null {
    if (glob === "*") return null
    const known = this.#globs.get(glob) ?? compileGlob(glob)
    this.#globs.set(glob, known)
    return known
  }
}

function emptyById(): ById {
  return { exact: new Map(), prefixes: new PrefixIndex(), suffixes: new PrefixIndex() }
}

function addTo(exact: ById["exact"], id: string, candidate: Candidate): void {
  const known = exact.get(id)
  if (Array.isArray(known)) known.push(candidate)
  else exact.set(id, known ? [known, candidate] : candidate)
}

function visit({ exact, prefixes, suffixes }: ById, id: string, keep: (candidate: Candidate) => void): void {
  const named = exact.get(id)
  if (Array.isArray(named)) named.forEach(keep)
  else if (named) keep(named)
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
