/** Evidence from logs that ended without a checkpoint of their last records: another log says how. */
import { naiveRoot } from "../../test/support/naive-merkle.ts"
import { honest as common, flipBit, raw, refused, taken } from "./evidence.ts"
import { vectorKey } from "./keys.ts"
import {
  decision,
  denied,
  type Entry,
  EXECUTION,
  type File,
  type Json,
  LOG_KEY,
  Log,
  ORIGIN,
  OTHER_LOG_KEY,
  OTHER_ORIGIN,
  places,
  revoked,
  type Sealed,
  seal,
  TRUST,
} from "./lineage.ts"
import { cosigned, verifierKey, witnessKey } from "./notes.ts"
import type { Vector } from "./vector.ts"

const allow = decision()
const chain = places(allow, revoked(allow))
/** Closed at 7 records; nothing signed it. */
const closed = new Log(chain)
const rootOf = (log: Log, size = log.leaves.length) => Buffer.from(naiveRoot(log.leaves.slice(0, size))).toString("hex")

/** The record, in another log, that says how one ended. */
const closing = (data: Json = {}, record: Json = {}): Sealed =>
  seal(
    {
      actor: { id: "writ", proof: "process" },
      data: { log: ORIGIN, root: rootOf(closed), size: "7", ...data },
      engine: "writ/0.1.0",
      epoch: "1",
      kind: "log_closed",
      time: "2027-01-15T08:00:09.000Z",
      v: 1,
      ...record,
    },
    null,
  )
const other = (record: Sealed) => new Log([{ record, index: 2 }], { size: 5, origin: OTHER_ORIGIN, key: OTHER_LOG_KEY })

interface Closing {
  log: string
  record: Entry
}
type ClosedFile = File & { closings: readonly Closing[] }

/** Evidence of records in the closed log, by its closing in the other one. */
function fileBy(record: Sealed, change: Partial<Entry> = {}): ClosedFile {
  const log = other(record)
  return {
    v: 1,
    type: "writ-evidence",
    execution_id: EXECUTION,
    checkpoints: [{ log: OTHER_ORIGIN, note: log.checkpoint() }],
    closings: [{ log: ORIGIN, record: { ...log.entry({ record, index: 2 }), ...change } }],
    records: chain.map((place) => closed.entry(place)),
  }
}
const honest = fileBy(closing())
/** The same for tests: a log that ended, the record in another one that says so, and the file that proves its records. */
export const CLOSED = {
  chain,
  logs: [closed, other(closing())],
  closing: { record: closing(), index: 2 },
  file: honest,
} as const

const [only] = honest.closings as [Closing]

/** Two logs that ended one after the other: the third tells of the second, the second of the first. */
const THIRD = "log.example/evidence-3"
const THREE = { ...TRUST, logs: [...TRUST.logs, { origin: THIRD, vkey: verifierKey(THIRD, LOG_KEY.publicKey) }] }
const second = other(closing())
const last = closing({ log: OTHER_ORIGIN, root: rootOf(second), size: "5" })
const third = new Log([{ record: last, index: 1 }], { size: 4, origin: THIRD })
const twice: ClosedFile = {
  ...honest,
  checkpoints: [{ log: THIRD, note: third.checkpoint() }],
  closings: [
    { log: OTHER_ORIGIN, record: third.entry({ record: last, index: 1 }) },
    { log: ORIGIN, record: second.entry({ record: closing(), index: 2 }) },
  ],
}
/** Closed at 5 records, while the log had 7. */
const early = fileBy(closing({ root: rootOf(closed, 5), size: "5" }))
const [first, ...later] = chain as [(typeof chain)[0]]
const earlyFile = { ...early, records: [closed.entry(first, 5), ...later.map((place) => closed.entry(place))] }

/** With this in place of what the honest file holds. */
const changed = (change: object): File => ({ ...honest, ...change }) as File

const malformed = refused("checkpoint", "MALFORMED", "2")
const misformed = refused("format", "MALFORMED", null)

/** Trust that names a witness for the closed log alone, and the file with and without its word on the other log. */
const WITNESS = vectorKey("witness 1")
const witnesses = { vkeys: [witnessKey("w.example/1", WITNESS)], quorum: 1 }
const [here, ...others] = TRUST.logs
const watched = { ...TRUST, logs: [{ ...here, witnesses }, ...others] }
const otherLog = other(closing())
const cosignedText = `${OTHER_ORIGIN}\n5\n${Buffer.from(naiveRoot(otherLog.leaves)).toString("base64")}\n`
const cosignedFile = changed({
  checkpoints: [
    { log: OTHER_ORIGIN, note: `${otherLog.checkpoint()}${cosigned(cosignedText, "w.example/1", WITNESS)}` },
  ],
})

export const evidenceClosingVectors: readonly Vector[] = [
  taken("closed-cosigned", "who watches the closed log has cosigned the one with the closing", cosignedFile, {
    state: "REVOKED",
    trust: watched,
    cosignatures: [null, 1],
  }),
  refused("checkpoint", "COSIGNATURES_LACKING", "2")(
    "closed-not-cosigned",
    "who has to watch the closed log has cosigned nothing",
    honest,
    watched,
  ),
  refused("checkpoint", "COSIGNATURES_LACKING", "1")(
    "closed-twice-not-cosigned",
    "nor where the log with the closing ended as well",
    twice,
    { ...THREE, logs: THREE.logs.map((log) => (log.origin === OTHER_ORIGIN ? { ...log, witnesses } : log)) },
  ),
  taken("closed", "records of a log that ended, proved by its closing in another", honest, { state: "REVOKED" }),
  taken("closed-twice", "the log with the closing ended as well", twice, { state: "REVOKED", trust: THREE }),
  taken("closed-without-trust", "consistent, and anchored in nothing", honest, {
    state: "REVOKED",
    trust: null,
    steps: { checkpoint: "not_anchored" },
  }),
  taken("closings-empty", "a list of no closings", { ...common, closings: [] } as File, { state: "REVOKED" }),
  malformed("closing-of-other-kind", "a record that closes nothing", fileBy(closing({}, { kind: "log_opened" }))),
  malformed("closing-of-other-log", "the closing of another log", fileBy(closing({ log: "log.example/other" }))),
  malformed("closing-of-no-log", "a closing that names none", fileBy(closing({ log: null }))),
  malformed("closing-size-number", "a size that is a number", fileBy(closing({ size: 7 }))),
  malformed("closing-size-leading-zero", "a size with a leading zero", fileBy(closing({ size: "07" }))),
  malformed("closing-root-base64", "a root in base64", fileBy(closing({ root: Buffer.alloc(32).toString("base64") }))),
  malformed("closing-root-short", "a root of 31 bytes", fileBy(closing({ root: "ab".repeat(31) }))),
  malformed("closing-body-not-canonical", "a closing that is no record", fileBy(raw(` ${closing().body}`))),
  malformed("closing-body-not-json", "text that is no JSON", fileBy(raw("closed"))),
  malformed("closing-by-decision", "a decision in the closing's place", fileBy(denied())),
  malformed(
    "closings-out-of-order",
    "a closing before that of its own log",
    { ...twice, closings: twice.closings.toReversed() } as File,
    THREE,
  ),
  malformed(
    "closed-by-itself",
    "a log whose end stands in itself",
    changed({ closings: [{ log: ORIGIN, record: { ...only.record, log: ORIGIN } }] }),
  ),
  malformed("closed-by-unknown", "no checkpoint of the log with the closing", changed({ checkpoints: [] })),
  malformed("closing-repeated", "the same closing twice", changed({ closings: [only, only] })),
  malformed(
    "closing-beside-checkpoint",
    "a closing of a log that has a checkpoint",
    changed({ checkpoints: [...honest.checkpoints, { log: ORIGIN, note: closed.checkpoint() }] }),
  ),
  refused("checkpoint", "UNKNOWN_KEY", "2")(
    "closed-log-not-trusted",
    "trust knows only the log with the closing",
    honest,
    {
      ...TRUST,
      logs: TRUST.logs.slice(1),
    },
  ),
  refused("checkpoint", "UNKNOWN_KEY", null)(
    "closing-log-not-trusted",
    "trust knows only the log that was closed",
    honest,
    {
      ...TRUST,
      logs: TRUST.logs.slice(0, 1),
    },
  ),
  refused("checkpoint", "PROOF_WRONG", "2")(
    "closing-not-logged",
    "a closing that is in no log",
    fileBy(closing(), { body: closing({ size: "8" }).body.toString("base64") }),
  ),
  refused("checkpoint", "PROOF_WRONG", "3")(
    "closing-at-other-index",
    "another index",
    fileBy(closing(), { index: "3" }),
  ),
  refused("checkpoint", "PROOF_WRONG", "2")(
    "closing-proof-flipped",
    "one bit of the proof",
    fileBy(closing(), { proof: only.record.proof.map((hash, i) => (i === 0 ? flipBit(hash, 0) : hash)) }),
  ),
  refused("inclusion", "PROOF_WRONG", "3")(
    "closed-with-other-root",
    "a closing with another root",
    fileBy(closing({ root: "cd".repeat(32) })),
  ),
  refused("inclusion", "PROOF_WRONG", "5")("closed-before", "a closing that says that the log ended before", earlyFile),
  refused("checkpoint", "MALFORMED", "3")(
    "closings-missing",
    "neither checkpoint nor closing of the log",
    changed({ closings: undefined }),
  ),
  misformed("closings-object", "an object in place of the list", changed({ closings: {} })),
  misformed("closings-null", "null in place of the list", changed({ closings: null })),
  misformed("closing-is-text", "a text in place of a closing", changed({ closings: [ORIGIN] })),
  misformed("closing-without-record", "no record", changed({ closings: [{ log: ORIGIN }] })),
  misformed("closing-log-number", "a log that is a number", changed({ closings: [{ ...only, log: 1 }] })),
  misformed("closing-without-proof", "no proof", fileBy(closing(), { proof: undefined as never })),
]
