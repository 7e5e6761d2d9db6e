/** GetLineageGraph on the wire. */
import type { FamilyGraph } from "../decision/lineage-graph.ts"
import type { GraphNode } from "../ledger/graph.ts"
import { toReceipt, toState } from "./authorization.ts"

/** What is larger is rare, and would make an answer of hundreds of records too large. */
const MAX_BODY_BYTES = 2_048

export type ReadGraph = (executionId: string, maxExecutions: number, pageToken: string) => Promise<FamilyGraph>

export function fromGraph({ nodes, edges, more }: FamilyGraph): object {
  return {
    nodes: nodes.map(fromNode),
    edges,
    more: more.map(({ executionId, pageToken }) => ({ execution_id: executionId, page_token: pageToken })),
  }
}

function fromNode({ id, kind, executionId, record, state, marks, asked, beats }: GraphNode): object {
  return {
    id,
    kind,
    execution_id: executionId,
    ...(record && {
      receipt: toReceipt(record),
      body: record.body.length > MAX_BODY_BYTES ? Buffer.alloc(0) : record.body,
    }),
    state: toState(state),
    marks,
    ...(asked && { subject: asked.subject, action: asked.action, resource: asked.resource }),
    ...(beats && { beat_count: beats.count, first_sequence: beats.first, last_sequence: beats.last }),
  }
}
