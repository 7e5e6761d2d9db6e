/**
 * Every kind of record, in one table: what causes it and which transition of an execution it is. Pure, browser-safe.
 * Kinds of later issues join here and nowhere else.
 */

/**
 * States of an execution (DESIGN section 6). A decision that is a DENY creates no execution. EXPIRED is in no record: it is
 * how APPROVAL_PENDING reads once the approval has lapsed, and AUTHORIZED once the token has ended (`stateAt`).
 */
export type ExecutionState =
  | "APPROVAL_PENDING"
  | "REJECTED"
  | "AUTHORIZED"
  | "REDEEMED"
  | "COMPLETED"
  | "FAILED"
  | "REVOKED"
  | "LOST"
  | "EXPIRED"

export interface KindRow {
  /**
   * Each step of an execution that this record may be, as "FROM>TO"; ">TO" opens an execution. Null where no execution is
   * concerned. There is one record of each kind in a lineage at most, unless it `repeats`.
   */
  readonly transitions: readonly Transition[] | null
  readonly repeats?: true
  /** Does it turn an allow into a deny somewhere? Then it raises the control epoch in the same transaction. */
  readonly raisesEpoch: boolean
  readonly meaning: string
}
type Recorded = Exclude<ExecutionState, "EXPIRED">
export type Transition = `${Recorded | ""}>${Recorded}`

export const KINDS = {
  log_opened: { transitions: null, raisesEpoch: false, meaning: "a log begins: its origin and checkpoint key" },
  log_closed: {
    transitions: null,
    raisesEpoch: false,
    meaning: "another log has ended, since nobody was left who wrote it: its origin, size and root",
  },
  heads_observed: {
    transitions: null,
    raisesEpoch: false,
    meaning: "signed heads of other logs, which this log so holds them to",
  },
  signing_key_changed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a verification key was published or withdrawn",
  },
  caller_key_changed: { transitions: null, raisesEpoch: true, meaning: "a caller's API key was created or revoked" },
  binding_changed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "what a principal may do in a role, without an API key, was set or taken away",
  },
  bundle_published: {
    transitions: null,
    raisesEpoch: false,
    meaning: "a policy bundle was checked and stored, with the signatures that vouch for it",
  },
  bundle_signed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a further trusted key vouches for a bundle that was published before",
  },
  activation_requested: {
    transitions: null,
    raisesEpoch: false,
    meaning: "somebody asked to activate a bundle, which somebody else has to decide",
  },
  activation_refused: {
    transitions: null,
    raisesEpoch: false,
    meaning: "a second principal refused an activation",
  },
  bundle_activated: { transitions: null, raisesEpoch: true, meaning: "a policy bundle became the active one" },
  shadow_changed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a bundle sees live traffic beside the one that decides, or none does any more",
  },
  decision: {
    transitions: [">AUTHORIZED", ">APPROVAL_PENDING", "APPROVAL_PENDING>AUTHORIZED"],
    repeats: true,
    raisesEpoch: false,
    meaning: "an Authorize call was decided; an ALLOW opens an execution, and so does asking for an approval",
  },
  approval_decided: {
    transitions: ["APPROVAL_PENDING>APPROVAL_PENDING", "APPROVAL_PENDING>REJECTED"],
    repeats: true,
    raisesEpoch: false,
    meaning: "a principal granted or refused the approval that an execution waits for",
  },
  redeemed: {
    transitions: ["AUTHORIZED>REDEEMED"],
    raisesEpoch: false,
    meaning: "a token was traded for the right to start: the execution may be running",
  },
  redeem_refused: {
    transitions: [
      "AUTHORIZED>AUTHORIZED",
      "REDEEMED>REDEEMED",
      "COMPLETED>COMPLETED",
      "FAILED>FAILED",
      "REVOKED>REVOKED",
      "LOST>LOST",
    ],
    raisesEpoch: false,
    meaning: "the first redemption of an execution's token that was refused; later ones are only counted",
  },
  started: {
    transitions: ["REDEEMED>REDEEMED"],
    raisesEpoch: false,
    meaning: "who redeemed the token reported what was started, and what holds it",
  },
  completed: {
    transitions: ["REDEEMED>COMPLETED", "REDEEMED>FAILED"],
    raisesEpoch: false,
    meaning: "who redeemed the token reported how the execution ended, in time",
  },
  completed_late: {
    transitions: ["REDEEMED>LOST", "LOST>LOST", "REVOKED>REVOKED"],
    raisesEpoch: false,
    meaning: "how the execution ended was reported after it had to have ended: it stays lost, or revoked",
  },
  terminated: {
    transitions: ["REDEEMED>FAILED", "REDEEMED>LOST", "LOST>LOST", "REVOKED>REVOKED"],
    raisesEpoch: false,
    meaning: "who held what ran reported that it was ended from outside, and why",
  },
  lost: {
    transitions: ["REDEEMED>LOST"],
    raisesEpoch: false,
    meaning: "an execution had to have ended, and nobody reported how",
  },
  revoked: {
    transitions: ["AUTHORIZED>REVOKED", "REDEEMED>REVOKED"],
    raisesEpoch: true,
    meaning: "an execution was revoked",
  },
  runtime_registered: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a runtime proved its key and what it runs, and got a lease",
  },
  runtime_state_changed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a runtime is trusted more or less than before",
  },
  runtime_ended: { transitions: null, raisesEpoch: true, meaning: "a runtime ended, or its lease lapsed" },
  reference_values_changed: {
    transitions: null,
    raisesEpoch: true,
    meaning: "a set of measurements that are held to be good was replaced",
  },
  beat_refused: { transitions: null, raisesEpoch: false, meaning: "a beat of a lease that exists was refused" },
  beats: {
    transitions: null,
    raisesEpoch: false,
    meaning: "the beats of ten seconds, by the root of a tree of them",
  },
  payload_erased: {
    transitions: null,
    raisesEpoch: false,
    meaning: "a record's payload was erased",
  },
} as const satisfies Record<string, KindRow>

export type RecordKind = keyof typeof KINDS

/** May there be a second record of this kind in a lineage? */
export function isRepeatable(kind: RecordKind): boolean {
  const row: KindRow = KINDS[kind]
  return row.repeats === true
}

/** May a record of this kind take an execution from one state to the other? `from` is null before its decision. */
export function isTransition(kind: RecordKind, from: string | null, to: string | null): boolean {
  const row: KindRow = KINDS[kind]
  return to !== null && row.transitions?.includes(`${from ?? ""}>${to}` as Transition) === true
}

/**
 * How a recorded state reads at a moment: APPROVAL_PENDING ends with the approval, AUTHORIZED with the token, REDEEMED with
 * the time to execute. `untilMs` is that end, Unix milliseconds.
 */
export function stateAt(recorded: ExecutionState, untilMs: number, nowMs: number): ExecutionState {
  if (nowMs < untilMs) return recorded
  if (recorded === "AUTHORIZED" || recorded === "APPROVAL_PENDING") return "EXPIRED"
  return recorded === "REDEEMED" ? "LOST" : recorded
}
