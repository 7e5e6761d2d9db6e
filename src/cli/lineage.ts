/** `writ lineage ID`: the records of an execution in order, and whether they verify. */
import { writeFileSync } from "node:fs"
import type { RecordBody } from "../ledger/record.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

interface WireRecord {
  readonly receipt: { readonly log: string; readonly leaf_index: string }
  readonly body: Buffer
  readonly payload_erased: boolean
}
export interface VerifyReply {
  readonly valid: boolean
  readonly reason: string
  readonly steps: readonly { readonly step: string; readonly result: string; readonly detail: string }[]
  readonly failed_step: string
  readonly failed_index?: string
}

export async function lineageCommand(id: string, flags: Flags): Promise<number> {
  return await withClient(flags, "auditor", async (client) => {
    const lineage = await client.call<{
      records: WireRecord[]
      state: string
      ancestors: { execution_id: string; state: string }[]
    }>("lineage", "GetLineage", { execution_id: id })
    const report = await client.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: id })
    const out = flags["export"] as string | undefined
    if (out !== undefined) {
      const { evidence } = await client.call<{ evidence: Buffer }>("lineage", "ExportEvidence", { execution_id: id })
      writeFileSync(out, evidence)
    }
    const records = lineage.records.map(({ receipt, body, payload_erased }) => ({
      log: receipt.log,
      index: receipt.leaf_index,
      payload_erased,
      record: JSON.parse(body.toString("utf8")) as RecordBody,
    }))
    const ancestors = lineage.ancestors.map(({ execution_id, state }) => ({ execution_id, state }))
    if (flags["json"]) printJson({ execution_id: id, state: lineage.state, records, ancestors, verification: report })
    else {
      for (const { index, record } of records)
        print(`#${index}  ${record.time}  ${describeRecord(record)}  by ${record.actor.id} (${record.actor.proof})`)
      print(
        `State: ${lineage.state.replace("EXECUTION_STATE_", "").replace("UNSPECIFIED", "none, nothing was allowed")}`,
      )
      for (const { execution_id, state } of ancestors)
        print(`Descends from ${execution_id}, ${state.replace("EXECUTION_STATE_", "")}`)
      describeReport(report)
      if (out !== undefined)
        print(`Evidence saved to ${out}. Check it offline: writ verify ${out} --trust KEYS (see writ trust).`)
    }
    return report.valid ? 0 : 1
  })
}

export function describeReport(report: VerifyReply): void {
  for (const { step, result, detail } of report.steps)
    print(`  ${result === "failed" ? "✗" : result === "ok" ? "✓" : "·"} ${step.padEnd(12)} ${detail}`)
  print(
    report.valid
      ? "Verified."
      : `NOT VERIFIED at step ${report.failed_step}${report.failed_index === undefined ? "" : `, record ${report.failed_index}`}: ${report.reason}`,
  )
}

export function describeRecord(record: RecordBody): string {
  const { decision, matched_rules } = record.data as { decision?: string; matched_rules?: readonly string[] }
  if (decision) return `${record.kind} ${decision}${matched_rules?.length ? ` by ${matched_rules.join(", ")}` : ""}`
  const { execute_until, reason, succeeded, cause, signal, exit_status, isolation } = record.data
  if (record.kind === "approval_decided") return `approval ${record.data["approve"] ? "granted" : "refused"}`
  if (record.kind === "redeemed") return `redeemed, to end before ${execute_until}`
  if (record.kind === "redeem_refused") return `redeem_refused: ${reason}`
  if (record.kind === "started") return `started${isolation ? `, held by ${isolation}` : ""}`
  const end = signal ? `, ${signal}` : exit_status === undefined ? "" : `, status ${exit_status}`
  if (record.kind === "terminated") return `terminated: ${cause}${end}`
  if (record.kind.startsWith("completed")) return `${record.kind}: ${succeeded ? "succeeded" : "failed"}${end}`
  if (cause !== undefined) return `${record.kind}: ${cause}`
  return record.kind
}
