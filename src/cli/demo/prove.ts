/** Act V: what happened is proved to who was not there, and what is altered afterwards is found. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { RecordBody } from "../../ledger/record.ts"
import { connectOnce } from "../../store/connect.ts"
import { parseTrust, verifyEvidence } from "../../verify/index.ts"
import type { AuthorizeReply } from "../authorize.ts"
import { describeReport, type VerifyReply } from "../lineage.ts"
import { print } from "../output.ts"
import type { Stage } from "./stage.ts"

interface Told {
  readonly title: string
  readonly executionId: string
  readonly state: string
}

export async function tellProof(
  stage: Stage,
  asked: AuthorizeReply,
  completed: string,
  revoked: string,
): Promise<void> {
  print("\nV. An auditor was not there.\n")
  const told: readonly Told[] = [
    { title: "the page", executionId: asked.execution_id, state: "AUTHORIZED" },
    { title: "the program that ran", executionId: completed, state: "COMPLETED" },
    { title: "the program that would not stop", executionId: revoked, state: "REVOKED" },
  ]
  print("▸ She has the daemon verify the lineage of what was allowed.")
  for (const each of told) await tellLineage(stage, each)
  await tellOffline(stage, told)
  await tellTampered(stage, asked)
}

async function tellLineage({ client }: Stage, { title, executionId, state }: Told): Promise<void> {
  const request = { execution_id: executionId }
  const { records } = await client.call<{ records: { body: Buffer }[] }>("lineage", "GetLineage", request)
  const report = await client.call<VerifyReply>("lineage", "VerifyLineage", request)
  if (!report.valid) throw new Error(`the lineage of ${title} does not verify: ${report.reason}`)
  const kinds = records.map(({ body }) => (JSON.parse(body.toString("utf8")) as RecordBody).kind)
  print(`  ✓ ${title}: ${kinds.join(" → ")}, ${state}`)
}

async function tellOffline(stage: Stage, told: readonly Told[]): Promise<void> {
  print("\n▸ She takes evidence home and checks it offline, as `writ verify` does.")
  const trust = parseTrust(await (await fetch(`http://${stage.address.http}/.well-known/writ.json`)).text())
  let bytes = 0
  let alone = 0
  for (const { title, executionId, state } of told) {
    const { evidence } = await stage.client.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
      execution_id: executionId,
    })
    const anchored = verifyEvidence(evidence, trust)
    if (!anchored.valid || !anchored.anchored || anchored.execution?.state !== state)
      throw new Error(`the evidence of ${title} does not verify: ${anchored.reason}`)
    const { valid, anchored: vouched } = verifyEvidence(evidence, undefined)
    if (!valid || vouched) throw new Error("evidence without trust must be consistent and not anchored")
    bytes += evidence.length
    alone += 1
  }
  print(`  With keys obtained beforehand: ${told.length} files, ${bytes} bytes, valid, and anchored in these keys.`)
  print(`  Without: ${alone} consistent, none anchored. A file cannot vouch for itself.\n`)
}

async function tellTampered({ client, data }: Stage, asked: AuthorizeReply): Promise<void> {
  print("▸ Somebody with superuser rights on the database turns the first record's ALLOW into a DENY.")
  const database = await connectOnce({
    host: join(data, "postgres"),
    port: 5432,
    user: "writ",
    database: "writ",
    password: readFileSync(join(data, "postgres", "password"), "utf8").trim(),
  })
  const alter = () =>
    database.query(
      "UPDATE entry SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"ALLOW\"', '\"DENY\"'), 'UTF8') WHERE idx = $1",
      [asked.receipt.leaf_index],
    )
  const refusal = await alter().then(
    () => "",
    (error: Error) => error.message,
  )
  if (refusal === "") throw new Error("no trigger refused it")
  print(`  At first the database says: ${refusal}. A superuser switches that off, and goes on.`)
  await database.query("SET session_replication_role = replica")
  const changed = await alter()
  await database.end()
  if (changed.rowCount !== 1) throw new Error("no row was altered")
  const report = await client.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: asked.execution_id })
  describeReport(report)
  if (report.valid || report.failed_index !== asked.receipt.leaf_index) throw new Error("the altered row was not found")
  print(`  Found: record ${report.failed_index}, at step ${report.failed_step}.`)
}
