/**
 * Every kind of record, in one table: what causes it and which transition of an execution it is. Pure, browser-safe.
 * Kinds of later issues join here and nowhere else.
 */

/** States of an execution (DESIGN section 6). A decision that is not an ALLOW creates no execution. */
export type ExecutionState = "AUTHORIZED" | "REVOKED"

export interface KindRow {
  /** States from which this record may follow; [] for a record that opens an execution; null where none is concerned. */
  readonly from: readonly ExecutionState[] | null
  readonly to: ExecutionState | null
  /** Does it turn an allow into a deny somewhere? Then it raises the control epoch in the same transaction. */
  readonly raisesEpoch: boolean
  readonly meaning: string
}

export const KINDS = {
  log_opened: { from: null, to: null, raisesEpoch: false, meaning: "a log begins: its origin and checkpoint key" },
  signing_key_changed: {
    from: null,
    to: null,
    raisesEpoch: true,
    meaning: "a verification key was published or withdrawn",
  },
  caller_key_changed: { from: null, to: null, raisesEpoch: true, meaning: "a caller's API key was created or revoked" },
  bundle_activated: { from: null, to: null, raisesEpoch: true, meaning: "a policy bundle became the active one" },
  decision: {
    from: [],
    to: "AUTHORIZED",
    raisesEpoch: false,
    meaning: "an Authorize call was decided; only an ALLOW opens an execution",
  },
  revoked: { from: ["AUTHORIZED"], to: "REVOKED", raisesEpoch: true, meaning: "an execution was revoked" },
  payload_erased: {
    from: null,
    to: null,
    raisesEpoch: false,
    meaning: "a record's payload was erased",
  },
} as const satisfies Record<string, KindRow>

export type RecordKind = keyof typeof KINDS
