/** `writ lineage graph ID`: the family of an execution as a tree, what is missing marked. */
import type { RecordBody } from "../ledger/record.ts"
import type { Flags } from "./cli.ts"
import { describeRecord } from "./lineage.ts"
import { type Named, toPlainNamed } from "./lineage-find.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

export interface Node {
  readonly id: string
  readonly kind: string
  readonly execution_id: string
  readonly receipt: { readonly log: string; readonly leaf_index: string } | null
  readonly body: Buffer
  readonly state: string
  readonly marks: readonly string[]
  readonly subject: Named | null
  readonly action: string
  readonly resource: Named | null
  readonly beat_count: number
  readonly first_sequence: string
  readonly last_sequence: string
}
export interface GraphReply {
  readonly nodes: readonly Node[]
  readonly edges: readonly { readonly from: string; readonly to: string; readonly kind: string }[]
  readonly more: readonly { readonly execution_id: string; readonly page_token: string }[]
}

export async function graphCommand(id: string, flags: Flags): Promise<number> {
  const request = {
    execution_id: id,
    max_executions: Number(flags["max"] ?? 0),
    page_token: (flags["pageToken"] as string | undefined) ?? "",
  }
  const graph = await withClient(flags, "auditor", (client) =>
    client.call<GraphReply>("lineage", "GetLineageGraph", request),
  )
  if (flags["json"]) printJson({ ...graph, nodes: graph.nodes.map(toPlain) })
  else for (const line of toTree(graph, id)) print(line)
  return 0
}

function toPlain({ receipt, body, subject, resource, ...node }: Node): object {
  return {
    ...node,
    subject: toPlainNamed(subject),
    resource: toPlainNamed(resource),
    ...(receipt && { log: receipt.log, index: receipt.leaf_index, record: readBody(body) }),
  }
}

/** The oldest ancestor first, each below its parent, with its records. */
export function toTree({ nodes, edges, more }: GraphReply, asked: string): string[] {
  const parents = new Map(edges.filter(({ kind }) => kind === "child_of").map(({ from, to }) => [from, to]))
  const executions = nodes.filter(({ kind }) => kind === "execution")
  const lines: string[] = []
  const visit = (execution: Node, depth: number): void => {
    const indent = "  ".repeat(depth)
    lines.push(`${indent}${execution.id === asked ? "▶" : "•"} ${describeExecution(execution)}`)
    for (const node of nodes)
      if (node.execution_id === execution.id && node.receipt) lines.push(`${indent}    ${describeNode(node)}`)
    for (const child of executions) if (parents.get(child.id) === execution.id) visit(child, depth + 1)
    for (const { page_token } of more.filter(({ execution_id }) => execution_id === execution.id))
      lines.push(`${indent}  … more: writ lineage graph ${execution.id}${page_token && ` --page-token ${page_token}`}`)
  }
  for (const execution of executions) if (!parents.has(execution.id)) visit(execution, 0)
  return lines
}

function describeExecution({ id, state, marks, subject, action, resource }: Node): string {
  const of = (named: Named | null) => (named ? `${named.type}:${named.id}` : "?")
  const what = action === "" ? "(erased)" : `${of(subject)} ${action} ${of(resource)}`
  const now = state.slice("EXECUTION_STATE_".length).replace("UNSPECIFIED", "nothing was allowed")
  return `${id}  ${now}  ${what}${marks.map((mark) => `  !${mark}`).join("")}`
}

function describeNode({ kind, receipt, body, beat_count, first_sequence, last_sequence }: Node): string {
  const record = readBody(body)
  const place = `#${receipt?.leaf_index}`
  if (kind === "beats")
    return `${place}  ${record?.time}  ${beat_count} beats, sequence ${first_sequence} to ${last_sequence}`
  return record ? `${place}  ${record.time}  ${describeRecord(record)}  by ${record.actor.id}` : `${place}  ${kind}`
}

/** Null: too large to be sent. */
function readBody(body: Buffer): RecordBody | null {
  return body.length === 0 ? null : (JSON.parse(body.toString("utf8")) as RecordBody)
}
