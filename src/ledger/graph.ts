/** The lineage graph: executions of one family, their records, and what leads from one to another. */
import { toHex } from "../formats/bytes.ts"
import { type Asked, readAsked } from "./facets.ts"
import { type ExecutionState, stateAt } from "./kinds.ts"
import { readBody, type StoredRecord } from "./lineage.ts"
import { type Mark, marksOf } from "./marks.ts"
import type { RecordBody } from "./record.ts"

/** What is known of one execution. */
export interface Relative {
  readonly executionId: string
  /** In the order of the chain. */
  readonly records: readonly StoredRecord[]
  /** As recorded; null: the decision opened no execution, or there are no records. */
  readonly state: ExecutionState | null
  /** When its approval, its token or, once redeemed, its time to execute ends. Unix milliseconds. */
  readonly untilMs: number
}

export interface GraphNode {
  /** Of an execution its id, of a record its leaf hash (hex), of a lease its id. */
  readonly id: string
  /** `execution`, `lease`, or the record's kind: `beats` is one of those, too. */
  readonly kind: string
  /** The one that it belongs to. */
  readonly executionId: string
  readonly record: StoredRecord | null
  /** Of an execution: how it reads now, what is missing, and what was asked for; null where it was erased. */
  readonly state: ExecutionState | null
  readonly marks: readonly Mark[]
  readonly asked: Asked | null
  /** Of `beats`: what the segment holds of the lease. */
  readonly beats: LeaseBeats | null
}

/** Beats of one lease in the segment of one record. */
export interface LeaseBeats {
  readonly record: StoredRecord
  readonly leaseId: string
  readonly count: number
  /** Sequences, decimal. */
  readonly first: string
  readonly last: string
}

/**
 * `opens` leads from an execution to its first record, `follows` from a record to the one before it, `child_of` from an execution to its
 * parent, `on_behalf_of` from a child's decision to the parent's redemption, whose runtime consented, `ended_by` from a record to
 * that of an ancestor's end, `held_by` from a redemption to the lease that it lives by, `beats_of` from beats to their lease.
 */
export type EdgeKind = "opens" | "follows" | "child_of" | "on_behalf_of" | "ended_by" | "held_by" | "beats_of"

export interface GraphEdge {
  readonly from: string
  readonly to: string
  readonly kind: EdgeKind
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  /** Between nodes of the graph only. */
  readonly edges: readonly GraphEdge[]
}

const PLAIN = { state: null, marks: [], asked: null, beats: null } as const

/** `relatives`: each with its ancestors, as far as there are any; `beats`: of leases that they live by. */
export function buildGraph(relatives: readonly Relative[], beats: readonly LeaseBeats[], nowMs: number): Graph {
  const nodes: GraphNode[] = []
  const edges: GraphEdge[] = []
  const known = new Map(relatives.map((relative) => [relative.executionId, relative]))
  for (const relative of relatives) {
    const { executionId, records } = relative
    const bodies = records.map(({ body }) => readBody(body))
    const life = { ...relative, records: bodies, ancestors: ancestorsOf(relative, known, nowMs) }
    const asked = records.map(({ payload }, i) => (bodies[i]?.kind === "decision" ? readAsked(payload) : null))
    nodes.push({
      ...PLAIN,
      id: executionId,
      kind: "execution",
      executionId,
      record: null,
      state: readNow(relative, nowMs),
      marks: marksOf(life, nowMs),
      asked: asked.find((one) => one !== null) ?? null,
    })
    for (const [i, record] of records.entries()) {
      const body = bodies[i] as Partial<RecordBody>
      const id = toHex(record.leafHash)
      nodes.push({ ...PLAIN, id, kind: body.kind ?? "", executionId, record })
      if (i === 0) edges.push({ from: executionId, to: id, kind: "opens" })
      edges.push(...edgesOf(id, executionId, body))
      const lease = body.kind === "redeemed" && body.data?.["lease_id"]
      if (typeof lease === "string" && !nodes.some((node) => node.id === lease))
        nodes.push({ ...PLAIN, id: lease, kind: "lease", executionId, record: null })
    }
  }
  for (const one of beats) {
    const lease = nodes.find(({ id }) => id === one.leaseId)
    if (!lease) continue
    const id = toHex(one.record.leafHash)
    nodes.push({ ...PLAIN, id, kind: "beats", executionId: lease.executionId, record: one.record, beats: one })
    edges.push({ from: id, to: one.leaseId, kind: "beats_of" })
  }
  const ids = new Set(nodes.map(({ id }) => id))
  return { nodes, edges: edges.filter(({ from, to }) => ids.has(from) && ids.has(to)) }
}

function edgesOf(
  from: string,
  executionId: string,
  { kind, previous, parent, data }: Partial<RecordBody>,
): GraphEdge[] {
  const to = (edge: EdgeKind, target: unknown): GraphEdge[] =>
    typeof target === "string" ? [{ from, to: target, kind: edge }] : []
  return [
    ...to("follows", previous),
    ...(parent ? [{ from: executionId, to: parent.execution_id, kind: "child_of" } as const] : []),
    ...to("on_behalf_of", parent?.leaf),
    ...to("ended_by", data?.["ancestor_record"]),
    ...(kind === "redeemed" ? to("held_by", data?.["lease_id"]) : []),
  ]
}

/** The parent that its records name; null: it descends from nothing. */
export function parentOf(records: readonly StoredRecord[]): string | null {
  for (const { body } of records) {
    const { parent } = readBody(body)
    if (typeof parent?.execution_id === "string") return parent.execution_id
  }
  return null
}

/** How each reads now, up to the first that is not known, which reads null. */
function ancestorsOf(
  { records }: Relative,
  known: ReadonlyMap<string, Relative>,
  nowMs: number,
): (ExecutionState | null)[] {
  const states: (ExecutionState | null)[] = []
  const seen = new Set<string>()
  for (let id = parentOf(records); id !== null && !seen.has(id); ) {
    seen.add(id)
    const ancestor = known.get(id)
    states.push(ancestor ? readNow(ancestor, nowMs) : null)
    id = ancestor ? parentOf(ancestor.records) : null
  }
  return states
}

function readNow({ state, untilMs }: Relative, nowMs: number): ExecutionState | null {
  return state && stateAt(state, untilMs, nowMs)
}
