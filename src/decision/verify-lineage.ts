/**
 * VerifyLineage: evidence built from the stored bytes and verified as an auditor would, then what only the database shows,
 * then each decision made again.
 */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import {
  buildEvidence,
  type FoundExecution,
  isIntact,
  type LineageStore,
  orderLineage,
  readBody,
  readLineages,
  type StoredRecord,
} from "../ledger/lineage.ts"
import { verifyEvidence } from "../verify/evidence.ts"
import type { Trust } from "../verify/types.ts"
import { checkReplay, type createLineageReplay } from "./verify-replay.ts"

export interface LineageReport {
  readonly valid: boolean
  readonly reason: string
  readonly steps: readonly { readonly step: string; readonly result: string; readonly detail: string }[]
  readonly failedStep?: string
  readonly failedIndex?: string
  readonly checkpoint: string
  /** Conditions of the replayed decisions on which cel-js came to the same, and those that are outside its subset. */
  readonly confirmed: number
  readonly outside: number
}

export interface VerifyLineageDependencies {
  readonly store: LineageStore
  /** The daemon's own keys: its memory, not the database's. */
  trust(): Promise<Trust>
  checkpointNow(): Promise<void>
  readonly replay: ReturnType<typeof createLineageReplay>
}

/** Throws NOT_FOUND. A lineage that does not hold is a report, not an error. */
export function createVerifyLineage({
  store,
  trust,
  checkpointNow,
  replay,
}: VerifyLineageDependencies): (executionId: string) => Promise<LineageReport> {
  return async (executionId) => {
    const lineages = await readLineages(store, executionId)
    await checkpointNow()
    const evidence = await buildEvidence(store, sha256, lineages).catch(readUnfit)
    if (!(evidence instanceof Uint8Array)) return evidence
    const report = verifyEvidence(evidence, await trust(), nativeCrypto)
    const { checkpoints } = JSON.parse(Buffer.from(evidence).toString("utf8")) as { checkpoints: { note: string }[] }
    const checkpoint = checkpoints.map(({ note }) => note).join("\n")
    if (!report.valid) {
      return {
        valid: false,
        reason: report.reason,
        steps: report.steps,
        checkpoint,
        confirmed: 0,
        outside: 0,
        ...(report.failedStep && { failedStep: report.failedStep }),
        ...(report.failedIndex && { failedIndex: report.failedIndex }),
      }
    }
    const states = [report.execution, ...(report.ancestors ?? [])].map((execution) => execution?.state ?? null)
    let fault: ReturnType<typeof checkDatabase> = null
    for (const [i, lineage] of lineages.entries())
      fault ??= checkDatabase(lineage.records, await store.findExecution(lineage.executionId), states[i] ?? null)
    const database = {
      step: "database",
      result: fault ? "failed" : "ok",
      detail: fault?.text ?? "stored leaf hashes and the execution's row agree with the records",
    }
    if (fault) {
      return {
        valid: false,
        reason: `DATABASE_DIFFERS: ${fault.text}`,
        steps: [...report.steps, database],
        checkpoint,
        failedStep: "database",
        failedIndex: String(fault.index),
        confirmed: 0,
        outside: 0,
      }
    }
    const decisions = lineages.flatMap(({ records }) =>
      records.filter(({ body }) => readBody(body).kind === "decision"),
    )
    const { result, detail, fault: unlike, confirmed, outside } = await checkReplay(decisions, replay)
    const steps = [...report.steps, database, { step: "replay", result, detail }]
    const common = { checkpoint, confirmed, outside }
    if (unlike)
      return {
        valid: false,
        reason: `${unlike.code}: ${unlike.text}`,
        steps,
        failedStep: "replay",
        failedIndex: String(unlike.index),
        ...common,
      }
    return { valid: true, reason: "", steps, ...common }
  }
}

/** Nobody asked for a checkpoint by name, so what is wrong with it is the database's fault. Rethrows everything else. */
function readUnfit(error: unknown): LineageReport {
  if (!(error instanceof WritError) || error.code !== "INVALID_REQUEST") throw error
  const { message, details } = error
  return {
    valid: false,
    reason: `DATABASE_DIFFERS: ${message}`,
    steps: [{ step: "database", result: "failed", detail: message }],
    checkpoint: "",
    failedStep: "database",
    ...(details["index"] && { failedIndex: details["index"] }),
    confirmed: 0,
    outside: 0,
  }
}

/**
 * Columns beside the bodies: derived, but read on the way to a decision. The execution was read after its records and may
 * have gone on since: its row is held against the record that it names, which is none before the last of `records`.
 */
function checkDatabase(
  records: readonly StoredRecord[],
  execution: FoundExecution | null,
  state: string | null,
): { readonly text: string; readonly index: number } | null {
  for (const record of records) {
    if (!isIntact(record, sha256))
      return { text: `the stored leaf hash of record ${record.index} is not that of its body`, index: record.index }
  }
  const last = records.at(-1) as StoredRecord
  const since = orderLineage(execution?.records ?? []).slice(records.length)
  const named = [last, ...since].findIndex(
    ({ index, origin }) => execution?.last.index === index && execution.last.origin === origin,
  )
  const recorded = since.slice(0, Math.max(named, 0)).reduce((now, { body }) => readBody(body).state ?? now, state)
  if (!execution || execution.state !== recorded)
    return {
      text: `the execution's row says ${execution?.state ?? "nothing"}, its records say ${recorded ?? "nothing"}`,
      index: last.index,
    }
  if (named < 0) return { text: "the execution's row names another record as its newest", index: last.index }
  return null
}
