/** VerifyLineage's last step: what was authorized beside what was redeemed, started and reported. Its records have been verified. */
import { fromUtf8 } from "../formats/bytes.ts"
import type { JsonObject } from "../formats/ports.ts"
import { type Lineage, readBody, type StoredRecord } from "../ledger/lineage.ts"
import { PAYLOAD_SALT_BYTES, type RecordBody } from "../ledger/record.ts"

export interface ExecutedCheck {
  /** `erased`: of the parameters, or of what was allowed, nothing can be said any more. */
  readonly result: "ok" | "failed" | "erased"
  readonly detail: string
  readonly fault: { readonly text: string; readonly index: number } | null
}

/** Only who redeemed an execution's token reports on it. */
const REPORTS = ["started", "completed", "completed_late", "terminated"]
const ENDS = ["completed", "completed_late", "terminated"]

/** The execution's own lineage first, then those of what it descends from. */
export function checkExecuted(lineages: readonly [Lineage, ...Lineage[]]): ExecutedCheck {
  for (const { records } of lineages) {
    const fault = findStranger(records)
    if (fault) return { result: "failed", detail: fault.text, fault }
  }
  return { ...tell(lineages[0].records), fault: null }
}

function findStranger(records: readonly StoredRecord[]): ExecutedCheck["fault"] {
  const redeemer = bodyOf(records, ["redeemed"])?.body.actor.id
  for (const { body, index } of records) {
    const { kind, actor } = readBody(body) as RecordBody
    if (REPORTS.includes(kind) && actor.id !== redeemer)
      return { text: `record ${index} (${kind}) is by ${actor.id}, and ${redeemer} redeemed the token`, index }
  }
  return null
}

function tell(records: readonly StoredRecord[]): Pick<ExecutedCheck, "result" | "detail"> {
  const allowed = records.find(({ body }) => readBody(body).state === "AUTHORIZED")
  if (!allowed) return { result: "ok", detail: "nothing was authorized" }
  const content = contentOf(allowed)
  const { action, resource } = (content?.["claims"] ?? {}) as {
    action?: string
    resource?: { type: string; id: string }
  }
  const authorized = content
    ? `authorized: ${action} on ${resource?.type}:${resource?.id}`
    : "what was authorized is erased"
  const redeemed = bodyOf(records, ["redeemed"])
  const told = [authorized]
  if (!redeemed) told.push("never redeemed")
  else {
    const proof = contentOf(redeemed.record)
    const after = seconds((readBody(allowed.body) as RecordBody).time, redeemed.body.time)
    const parameters =
      !content || !proof ? "parameters erased" : proof["dig"] ? "with the same parameters" : "without parameters"
    told.push(`redeemed ${after} later by ${redeemed.body.actor.id}, ${parameters}`, ...tellRun(records, redeemed.body))
  }
  return { result: content && (!redeemed || contentOf(redeemed.record)) ? "ok" : "erased", detail: told.join("; ") }
}

function tellRun(records: readonly StoredRecord[], redeemed: RecordBody): string[] {
  const started = bodyOf(records, ["started"])?.body.data
  const { code, isolation } = (started ?? {}) as { code?: string; isolation?: string }
  const what = [code && `code ${code}`, isolation && `held by ${isolation}`].filter(Boolean).join(", ")
  const end = (bodyOf(records, ENDS) ?? bodyOf(records, ["lost", "revoked"]))?.body
  const until = redeemed.data["execute_until"] as string
  return [
    started ? `started${what && ` (${what})`}` : "its start was not reported",
    end
      ? `${end.kind} after ${seconds(redeemed.time, end.time)}, ${end.time < until ? `${seconds(end.time, until)} before` : `${seconds(until, end.time)} after`} it had to end`
      : `its end is not recorded; it had to end before ${until}`,
  ]
}

function bodyOf(records: readonly StoredRecord[], kinds: readonly string[]) {
  for (const record of records) {
    const body = readBody(record.body) as RecordBody
    if (kinds.includes(body.kind)) return { record, body }
  }
  return null
}

/** Null: erased. */
function contentOf({ payload }: StoredRecord): JsonObject | null {
  return payload && (JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as JsonObject)
}

function seconds(from: string, to: string): string {
  return `${((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(1)} s`
}
