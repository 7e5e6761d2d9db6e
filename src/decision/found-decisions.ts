/** FindDecisions: what was found, with what was asked for and what became of it. */
import { sha256 } from "../crypto.ts"
import { type Asked, readAsked } from "../ledger/facets.ts"
import { type DecisionQuery, type DecisionStore, findDecisions } from "../ledger/find-decisions.ts"
import { type ExecutionState, stateAt } from "../ledger/kinds.ts"
import { type ExecutionRow, type LedgerReader, readBody, type StoredRecord } from "../ledger/lineage.ts"
import { readState, tokenEndOf } from "./executions.ts"

export interface FoundDecision {
  readonly record: StoredRecord
  /** Null when it was erased. */
  readonly asked: Asked | null
  /** How it reads now; null where the decision opened no execution. */
  readonly state: ExecutionState | null
}

export interface FoundDecisions {
  readonly decisions: readonly FoundDecision[]
  readonly unreadable: readonly StoredRecord[]
  readonly nextPageToken: string
}

export interface FindDependencies {
  readonly store: DecisionStore
  readonly reader: Pick<LedgerReader, "executionRows" | "findExecution">
  wallMs(): number
}

export type Find = (query: DecisionQuery, pageSize: number, pageToken: string) => Promise<FoundDecisions>

/** Throws INVALID_REQUEST. */
export function createFind({ store, reader, wallMs }: FindDependencies): Find {
  /** What waited for an approval, and was granted it, lives by a token that another decision gave. */
  async function stateOf(record: StoredRecord, row: ExecutionRow | undefined): Promise<ExecutionState | null> {
    const { state: opening, execution_id: id = "" } = readBody(record.body)
    if (opening === undefined) return null
    if (opening === "APPROVAL_PENDING" && row?.state === "AUTHORIZED") {
      const found = await reader.findExecution(id)
      return found && readState(found, wallMs())
    }
    return stateAt(row?.state ?? opening, row?.executeUntilMs ?? tokenEndOf(record), wallMs())
  }

  return async (query, pageSize, pageToken) => {
    const { records, unreadable, nextPageToken } = await findDecisions(store, sha256, query, pageSize, pageToken)
    const idOf = ({ body }: StoredRecord) => readBody(body).execution_id ?? ""
    const rows = await reader.executionRows(records.map(idOf))
    const decisions = records.map(async (record) => ({
      record,
      asked: readAsked(record.payload),
      state: await stateOf(record, rows.get(idOf(record))),
    }))
    return { decisions: await Promise.all(decisions), unreadable, nextPageToken }
  }
}
