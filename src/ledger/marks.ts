/** What is missing or wrong in the life of an execution, as its records and the moment tell. */
import { type ExecutionState, type RecordKind, stateAt } from "./kinds.ts"

export const MARKS = {
  NEVER_REDEEMED: "its token ended, and nobody traded it for the right to start",
  NEVER_COMPLETED: "it was redeemed and is over, and nobody reported how it ended",
  LATE: "how it ended was reported after it had to have ended",
  ORPHAN: "something that it descends from has ended or is unknown, and it may still run",
} as const
export type Mark = keyof typeof MARKS

export interface Life {
  /** As recorded; null: the decision opened no execution. */
  readonly state: ExecutionState | null
  /** When its approval, its token or, once redeemed, its time to execute ends. Unix milliseconds. */
  readonly untilMs: number
  readonly records: readonly { readonly kind?: RecordKind; readonly state?: ExecutionState }[]
  /** How what it descends from reads now, in any order; null: unknown. */
  readonly ancestors: readonly (ExecutionState | null)[]
}

const REPORTS: readonly (RecordKind | undefined)[] = ["completed", "completed_late", "terminated"]
const RUNNING: readonly (ExecutionState | null)[] = ["AUTHORIZED", "REDEEMED"]

/** In the order of MARKS. */
export function marksOf({ state, untilMs, records, ancestors }: Life, nowMs: number): Mark[] {
  const now = state && stateAt(state, untilMs, nowMs)
  const isOver = now === "LOST" || now === "REVOKED"
  const isRedeemed = records.some(({ kind }) => kind === "redeemed")
  const marks: Record<Mark, boolean> = {
    NEVER_REDEEMED: state === "AUTHORIZED" && now === "EXPIRED",
    NEVER_COMPLETED: isOver && isRedeemed && !records.some(({ kind }) => REPORTS.includes(kind)),
    LATE: records.some((one) => one.kind === "completed_late" || (one.kind === "terminated" && one.state === "LOST")),
    ORPHAN: RUNNING.includes(now) && !ancestors.every((ancestor) => RUNNING.includes(ancestor)),
  }
  return (Object.keys(MARKS) as Mark[]).filter((mark) => marks[mark])
}
