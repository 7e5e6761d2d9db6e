import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { registerRuntime } from "../../src/client/runtime-session.ts"
import { parseTrust, type Trust } from "../../src/verify/index.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { addMember } from "../support/family.ts"
import { makeFolder } from "../support/folder.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"

let database: TestDatabase
const policy = makeFolder()
let writ: TestDaemon
let trust: Trust
let executionId: string
let index: string

beforeAll(async () => {
  database = await createDatabase()
  cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), policy.path, { recursive: true })
  writeFileSync(join(policy.path, "runtimes.yaml"), RUNTIMES_YAML)
  writeFileSync(
    join(policy.path, "approvals.yaml"),
    `rules:
  - id: wait
    effect: require_approval
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url, id: "https://example.com/wait" }]
`,
  )
  writeFileSync(join(policy.path, "history.yaml"), "history: { pages: { actions: [http.get], key: subject.id } }\n")
  writ = await startTestDaemon(database.url, { policy: policy.path, "policy-two-person": "true" })
  const pep = writ.client("pep")
  const replies = []
  for (let i = 0; i < 280; i++) replies.push(authorize(pep)) // one full tile and a rest
  const [first] = await Promise.all(replies)
  executionId = first?.execution_id as string
  index = first?.receipt.leaf_index as string
  await writ.client("operator").call("authorization", "RevokeExecution", { execution_id: executionId, reason: "test" })
  await addMember(writ, await addMember(writ))
  const waits = { resource: { type: "url", id: "https://example.com/wait" } }
  expect((await authorize(pep, readPage(waits))).decision).toBe("DECISION_REQUIRE_APPROVAL")
  const session = await registerRuntime(writ.client("runtime"), makeRuntime({ id: "worker-tampered" }))
  await session.beat()
  await writ.client("operator").call("verifier", "SetRuntimeState", {
    runtime_id: "worker-tampered",
    state: "RUNTIME_STATE_REVOKED",
    reason: "test",
  })
  await writ.client("operator").call("verifier", "PutReferenceValues", {
    reference_values: { name: "builds", claim: "code", digests: [Buffer.alloc(32, 7)] },
  })
  await writ.client("admin").call("admin", "PutBinding", {
    binding: { principal: "spiffe://bank.example/payments", role: "pep", scope: { subjects: ["agent:*"] } },
  })
  const files = [{ path: "policy.yaml", content: readFileSync(join(policy.path, "policy.yaml")) }] // without the runtimes
  const { bundle } = await writ
    .client("author")
    .call<{ bundle: { digest: Buffer } }>("policy", "PublishBundle", { files }, 60_000)
  await writ.client("operator").call("policy", "ActivateBundle", { digest: bundle.digest }, 60_000)
  while ((await database.query("SELECT FROM beat_segment")).rowCount === 0) await sleep(250) // written every 10 s
  await writ.client("auditor").call("lineage", "GetCheckpoint", {})
  trust = parseTrust(await (await fetch(`http://${writ.daemon.addresses.http}/.well-known/writ.json`)).text())
  await new Promise((resolve) => setTimeout(resolve, 600)) // lookups are derived
}, 240_000)
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  policy.remove()
})

/** A change to one column of one table by a superuser, and which table fsck must blame. Null: why it need not notice. */
const ATTACKS: Readonly<Record<string, readonly [sql: string, blamed: string] | { readonly exempt: string }>> = {
  "log.log_id": { exempt: "a foreign key of log_head, checkpoint and lookup_mark: the database refuses" },
  "log.origin": ["UPDATE log SET origin = 'else'", "log"],
  "log.verifier_key": ["UPDATE log SET verifier_key = 'else+00000000+AAAA'", "log"],
  "log_head.log_id": { exempt: "a foreign key: the database refuses" },
  "log_head.size": ["UPDATE log_head SET size = size - 1", "entry"],
  "log_head.root": ["UPDATE log_head SET root = set_byte(root, 0, get_byte(root, 0) # 1)", "log_head"],
  "log_head.fence": ["UPDATE log_head SET fence = 0", "log_head"],
  "entry.log_id": ["ALTER TABLE entry DETACH PARTITION entry_1_0", "entry"],
  "entry.idx": ["UPDATE entry SET idx = 5000 WHERE idx = $1", "entry"],
  "entry.leaf_hash": [
    "UPDATE entry SET leaf_hash = set_byte(leaf_hash, 3, get_byte(leaf_hash, 3) # 1) WHERE idx = $1",
    "entry",
  ],
  "entry.body": ["UPDATE entry SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE idx = $1", "entry"],
  "entry.payload": [
    "UPDATE entry SET payload = set_byte(payload, 40, get_byte(payload, 40) # 1) WHERE idx = $1",
    "entry",
  ],
  "tile.log_id": ["UPDATE tile SET log_id = 1, last_leaf = last_leaf + 256", "tile"],
  "tile.last_leaf": ["UPDATE tile SET last_leaf = last_leaf + 1", "tile"],
  "tile.level": ["UPDATE tile SET level = 1", "tile"],
  "tile.hashes": ["UPDATE tile SET hashes = set_byte(hashes, 8000, get_byte(hashes, 8000) # 1)", "tile"],
  "tile.root": ["UPDATE tile SET root = set_byte(root, 0, get_byte(root, 0) # 1)", "tile"],
  "checkpoint.log_id": { exempt: "a foreign key: the database refuses" },
  "checkpoint.size": ["UPDATE checkpoint SET size = size + 100000", "checkpoint"],
  "checkpoint.note": ["UPDATE checkpoint SET note = set_byte(note, 40, get_byte(note, 40) # 1)", "checkpoint"],
  "cosigned_checkpoint.log_id": { exempt: "a foreign key: the database refuses" },
  "cosigned_checkpoint.size": [
    "INSERT INTO cosigned_checkpoint SELECT log_id, size + 100000, note FROM checkpoint",
    "cosigned_checkpoint",
  ],
  "cosigned_checkpoint.note": [
    "INSERT INTO cosigned_checkpoint SELECT log_id, size, set_byte(note, 40, get_byte(note, 40) # 1) FROM checkpoint",
    "cosigned_checkpoint",
  ],
  "control.singleton": { exempt: "only true is possible" },
  "control.epoch": ["UPDATE control SET epoch = epoch + 1", "control"],
  "control.active_bundle": ["UPDATE control SET active_bundle = NULL", "control"],
  "control.active_log_id": ["UPDATE control SET active_log_id = 9", "control"],
  "control.active_idx": ["UPDATE control SET active_idx = active_idx + 1", "control"],
  "control.shadow_log_id": ["UPDATE control SET shadow_log_id = 1, shadow_idx = 1", "control"],
  "control.shadow_idx": ["UPDATE control SET shadow_log_id = 1, shadow_idx = 0", "control"],
  "activation.activation_id": ["UPDATE activation SET activation_id = gen_random_uuid()", "activation"],
  "activation.digest": ["UPDATE activation SET digest = (SELECT active_bundle FROM control)", "activation"],
  "activation.previous": ["UPDATE activation SET previous = digest", "activation"],
  "activation.requested_by": ["UPDATE activation SET requested_by = 'ffffffff'", "activation"],
  "activation.expires_at": ["UPDATE activation SET expires_at = expires_at + interval '1 day'", "activation"],
  "activation.log_id": ["UPDATE activation SET log_id = 9", "activation"],
  "activation.idx": ["UPDATE activation SET idx = idx + 1", "activation"],
  ...Object.fromEntries(
    ["decided", "decided_by", "decided_log_id", "decided_idx"].map((column) => [
      `activation.${column}`, // one of them alone: the database refuses
      [
        "UPDATE activation SET decided = 'granted', decided_by = 'ffffffff', decided_log_id = 1, decided_idx = 1",
        "activation",
      ],
    ]),
  ),
  ...Object.fromEntries(
    ["log_id", "epoch", "digest", "problem", "seen_at", "shadow"].map((column) => [
      `replica.${column}`,
      { exempt: "soft state of seconds: what each replica says of itself" },
    ]),
  ),
  "request.key": ["UPDATE request SET key = gen_random_uuid() WHERE idx = $1", "request"],
  "request.snapshot_digest": [
    "UPDATE request SET snapshot_digest = set_byte(snapshot_digest, 0, get_byte(snapshot_digest, 0) # 1) WHERE idx = $1",
    "request",
  ],
  "request.log_id": ["UPDATE request SET log_id = 9 WHERE idx = $1", "request"],
  "request.idx": ["UPDATE request SET idx = idx + 1 WHERE idx = $1", "request"],
  "request.expires_at": ["UPDATE request SET expires_at = expires_at + interval '1 day' WHERE idx = $1", "request"],
  "execution.execution_id": ["UPDATE execution SET execution_id = gen_random_uuid()", "execution"],
  "execution.state": ["UPDATE execution SET state = 'AUTHORIZED'", "execution"],
  "execution.log_id": ["UPDATE execution SET log_id = 9", "execution"],
  "execution.idx": ["UPDATE execution SET idx = 3", "execution"],
  "execution.leaf_hash": [
    "UPDATE execution SET leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)",
    "execution",
  ],
  "execution.execute_until": ["UPDATE execution SET execute_until = now()", "execution"],
  "execution.runtime": ["UPDATE execution SET runtime = gen_random_uuid()", "execution"],
  "execution.lease_id": ["UPDATE execution SET lease_id = gen_random_uuid()", "execution"],
  "approval.key": ["UPDATE approval SET key = gen_random_uuid()", "approval"],
  "approval.approval_id": ["UPDATE approval SET approval_id = gen_random_uuid()", "approval"],
  "approval.caller": ["UPDATE approval SET caller = gen_random_uuid()", "approval"],
  "approval.bundle": ["UPDATE approval SET bundle = set_byte(bundle, 0, get_byte(bundle, 0) # 1)", "approval"],
  "approval.log_id": ["UPDATE approval SET log_id = 9", "approval"],
  "approval.idx": ["UPDATE approval SET idx = idx + 1", "approval"],
  "approval.needed": ["UPDATE approval SET needed = 0", "approval"],
  "approval.given": ["UPDATE approval SET given = 1", "approval"],
  "approval.requested_at": ["UPDATE approval SET requested_at = requested_at - interval '1 second'", "approval"],
  "approval.expires_at": ["UPDATE approval SET expires_at = expires_at + interval '1 day'", "approval"],
  "consumable.key": ["UPDATE consumable SET key = gen_random_uuid()", "consumable"],
  "consumable.family": ["UPDATE consumable SET family = gen_random_uuid()", "consumable"],
  "consumable.version": ["UPDATE consumable SET version = version + 1", "consumable"],
  "consumable.content": ["UPDATE consumable SET content = overlay(content placing '3' from 3)", "consumable"],
  "consumable.log_id": ["UPDATE consumable SET log_id = 9", "consumable"],
  "consumable.idx": ["UPDATE consumable SET idx = 3", "consumable"],
  "execution_parent.child_id": ["UPDATE execution_parent SET child_id = gen_random_uuid()", "execution_parent"],
  "execution_parent.parent_id": ["UPDATE execution_parent SET parent_id = gen_random_uuid()", "execution_parent"],
  "execution_parent.depth": ["UPDATE execution_parent SET depth = depth + 1", "execution_parent"],
  "execution_parent.consent": [
    "UPDATE execution_parent SET consent = set_byte(consent, 0, get_byte(consent, 0) # 1)",
    "execution_parent",
  ],
  "execution_parent.authorized_at": ["UPDATE execution_parent SET authorized_at = now()", "execution_parent"],
  "lookup.key": ["UPDATE lookup SET key = gen_random_uuid() WHERE idx = $1", "lookup"],
  "lookup.log_id": ["UPDATE lookup SET log_id = 9 WHERE idx = $1", "lookup"],
  "lookup.idx": ["UPDATE lookup SET idx = idx + 1000 WHERE idx = $1", "lookup"],
  "lookup_mark.log_id": { exempt: "a foreign key: the database refuses" },
  "lookup_mark.size": ["UPDATE lookup_mark SET size = 20", "lookup_mark"],
  "lookup_mark.facets": ["UPDATE lookup_mark SET facets = facets + 1", "lookup_mark"],
  "lookup_mark.redo": ["UPDATE lookup_mark SET redo = 100000", "lookup_mark"],
  "facet.key": ["UPDATE facet SET key = gen_random_uuid()", "facet"],
  "facet.log_id": ["UPDATE facet SET log_id = 9", "facet"],
  "facet.block": ["UPDATE facet SET block = block + 1", "facet"],
  "facet.hits": ["UPDATE facet SET hits = ~hits", "facet"],
  "facet_key.singleton": { exempt: "only true is possible" },
  "facet_key.inner_pad": ["UPDATE facet_key SET inner_pad = set_byte(inner_pad, 1, 0)", "facet"],
  "facet_key.outer_pad": ["UPDATE facet_key SET outer_pad = set_byte(outer_pad, 1, 0)", "facet"],
  "bundle.digest": { exempt: "a foreign key of bundle_signature: the database refuses" },
  "bundle_part.content": [
    "UPDATE bundle_part SET content = set_byte(content, 10, get_byte(content, 10) # 1)",
    "bundle",
  ],
  "bundle_part.digest": ["UPDATE bundle_part SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1)", "bundle"],
  "bundle_part.part": [
    "INSERT INTO bundle_part SELECT digest, part + 1, content FROM bundle_part", // of one, its place says nothing
    "bundle",
  ],
  "bundle.log_id": ["UPDATE bundle SET log_id = 9", "bundle"],
  "bundle.idx": ["UPDATE bundle SET idx = idx + 1", "bundle"],
  "bundle.published_at": ["UPDATE bundle SET published_at = published_at + interval '1 ms'", "bundle"],
  "bundle_signature.digest": { exempt: "a foreign key: the database refuses" },
  "bundle_signature.public_key": [
    "UPDATE bundle_signature SET public_key = set_byte(public_key, 0, get_byte(public_key, 0) # 1)",
    "bundle_signature",
  ],
  "bundle_signature.signature": [
    "UPDATE bundle_signature SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1)",
    "bundle_signature",
  ],
  "caller_key.id": ["UPDATE caller_key SET id = 'ffffffff' WHERE role = 'pep'", "caller_key"],
  "caller_key.role": ["UPDATE caller_key SET role = 'admin' WHERE role = 'pep'", "caller_key"],
  "caller_key.secret_hash": [
    "UPDATE caller_key SET secret_hash = set_byte(secret_hash, 0, get_byte(secret_hash, 0) # 1) WHERE role = 'pep'",
    "caller_key",
  ],
  "caller_key.state": ["UPDATE caller_key SET state = 'revoked' WHERE role = 'pep'", "caller_key"],
  "caller_key.expires_at": ["UPDATE caller_key SET expires_at = now() WHERE role = 'pep'", "caller_key"],
  "caller_key.scope": ["UPDATE caller_key SET scope = '{}' WHERE role = 'pep'", "caller_key"],
  "binding.key": ["UPDATE binding SET key = gen_random_uuid()", "binding"],
  "binding.epoch": ["UPDATE binding SET epoch = epoch + 1", "binding"],
  "binding.content": ["UPDATE binding SET content = set_byte(content, 9, get_byte(content, 9) # 1)", "binding"],
  "token_key.kid": ["UPDATE token_key SET kid = 'else'", "token_key"],
  "token_key.public_key": [
    "UPDATE token_key SET public_key = set_byte(public_key, 0, get_byte(public_key, 0) # 1)",
    "token_key",
  ],
  "token_key.issuer": ["UPDATE token_key SET issuer = 'else'", "token_key"],
  "token_key.signs_from": ["UPDATE token_key SET signs_from = signs_from - interval '1 ms'", "token_key"],
  "token_key.ends_at": ["UPDATE token_key SET ends_at = now()", "token_key"],
  "token_key.withdrawn_log_id": ["UPDATE token_key SET withdrawn_log_id = 1", "token_key"],
  "token_key.withdrawn_idx": ["UPDATE token_key SET withdrawn_idx = 0", "token_key"],
  "runtime.key": ["UPDATE runtime SET key = gen_random_uuid()", "runtime"],
  "runtime.epoch": ["UPDATE runtime SET epoch = epoch + 1", "runtime"],
  "runtime.content": ["UPDATE runtime SET content = set_byte(content, 9, get_byte(content, 9) # 1)", "runtime"],
  "reference_values.key": ["UPDATE reference_values SET key = gen_random_uuid()", "reference_values"],
  "reference_values.epoch": ["UPDATE reference_values SET epoch = epoch + 1", "reference_values"],
  "reference_values.content": [
    "UPDATE reference_values SET content = set_byte(content, 9, get_byte(content, 9) # 1)",
    "reference_values",
  ],
  "revoked_runtime_key.public_key": [
    "UPDATE revoked_runtime_key SET public_key = set_byte(public_key, 0, get_byte(public_key, 0) # 1)",
    "revoked_runtime_key",
  ],
  "revoked_runtime_key.epoch": ["UPDATE revoked_runtime_key SET epoch = epoch + 1", "revoked_runtime_key"],
  "directive.epoch": ["UPDATE directive SET epoch = epoch + 1000", "directive"],
  "directive.runtime": ["UPDATE directive SET runtime = gen_random_uuid()", "directive"],
  "directive.log_id": ["UPDATE directive SET log_id = 9", "directive"],
  "directive.idx": ["UPDATE directive SET idx = idx + 1", "directive"],
  "directive.content": ["UPDATE directive SET content = set_byte(content, 9, get_byte(content, 9) # 1)", "directive"],
  "beat_segment.sha256": [
    "UPDATE beat_segment SET sha256 = set_byte(sha256, 9, get_byte(sha256, 9) # 1)",
    "beat_segment",
  ],
  "beat_segment.segment": [
    "UPDATE beat_segment SET segment = set_byte(segment, 9, get_byte(segment, 9) # 1)",
    "beat_segment",
  ],
  ...Object.fromEntries(
    ["lease_id", "log_id", "sequence", "beat_hash", "expires_at"].map((column) => [
      `runtime_lease.${column}`,
      { exempt: "soft state of seconds: what was heard of a runtime, between replicas" },
    ]),
  ),
  ...Object.fromEntries(
    ["log_id", "first", "past", "digest", "newest", "detached_at"].map((column) => [
      `archived.${column}`,
      { exempt: "no projection of the log: where to look for records that are not here (archive.test.ts)" },
    ]),
  ),
  "log_closing.log_id": { exempt: "a foreign key: the database refuses" },
  "log_closing.size": ["INSERT INTO log_closing SELECT log_id, 5, root, log_id, 0 FROM log_head", "log_closing"],
  "log_closing.root": [
    "INSERT INTO log_closing SELECT log_id, size, sha256(root), log_id, 0 FROM log_head",
    "log_closing",
  ],
  "log_closing.by_log_id": { exempt: "a foreign key: the database refuses" },
  "log_closing.idx": ["INSERT INTO log_closing SELECT log_id, size, root, log_id, 7 FROM log_head", "log_closing"],
  ...Object.fromEntries(
    ["log_id", "fence", "beat", "is_held"].map((column) => [
      `log_lease.${column}`,
      { exempt: "soft state of seconds: whether a log's writer lives; what ends a log is its fence" },
    ]),
  ),
  "observed_head.by_log_id": { exempt: "a foreign key: the database refuses" },
  "observed_head.log_id": { exempt: "a foreign key: the database refuses" },
  "observed_head.size": ["INSERT INTO observed_head SELECT log_id, log_id, 5, root, 0 FROM log_head", "observed_head"],
  "observed_head.root": [
    "INSERT INTO observed_head SELECT log_id, log_id, size, sha256(root), 0 FROM log_head",
    "observed_head",
  ],
  "observed_head.idx": [
    "INSERT INTO observed_head SELECT log_id, log_id, size, root, 7 FROM log_head",
    "observed_head",
  ],
  "nonce_key.singleton": { exempt: "only true is possible" },
  "nonce_key.secret": { exempt: "random, not of the ledger: another one makes runtimes ask for a new nonce" },
  "schema_migration.version": { exempt: "checked when the daemon starts (store.test.ts), not part of the ledger" },
  "schema_migration.name": { exempt: "for people" },
  "schema_migration.sha256": { exempt: "checked when the daemon starts" },
  "schema_migration.additive": { exempt: "whether an older program may start; not part of the ledger" },
  "schema_migration.applied_at": { exempt: "for people" },
}

describe("fsck", () => {
  test("every column of every table is in the list of attacks", async () => {
    const { rows } = await database.query(
      "SELECT c.table_name || '.' || c.column_name AS name FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name !~ '_[0-9]+_[0-9]+$' ORDER BY 1",
    )
    expect(Object.keys(ATTACKS).sort()).toEqual(rows.map((row) => row.name).sort())
  })

  test("is clean before the attacks", async () => {
    expect((await checkDatabase(database.connection, trust, false)).findings).toEqual([])
  })

  for (const [column, attack] of Object.entries(ATTACKS)) {
    if ("exempt" in attack) continue
    test(`${column} altered: ${attack[1]} is blamed`, async () => {
      const copy = await cloneDatabase()
      try {
        const changed = await copy.tamper(attack[0], attack[0].includes("$1") ? [index] : [])
        if (attack[0].startsWith("UPDATE")) expect(changed.rowCount).toBeGreaterThan(0)
        const report = await checkDatabase(copy.connection, trust, false)
        expect(report.clean).toBe(false)
        expect(report.findings.map((finding) => finding.table)).toContain(attack[1])
        if (["entry.leaf_hash", "entry.body", "entry.payload"].includes(column))
          expect(String(report.findings.find((finding) => finding.table === "entry")?.index)).toBe(index)
      } finally {
        await copy.drop()
      }
    })
  }
})

/** The daemon keeps its database; the attack is made on a dump of it, by way of a template. */
async function cloneDatabase(): Promise<TestDatabase> {
  const copy = await createDatabase()
  for (const table of [
    "log",
    "log_head",
    "checkpoint",
    "control",
    "request",
    "execution",
    "approval",
    "consumable",
    "execution_parent",
    "lookup",
    "lookup_mark",
    "facet",
    "facet_key",
    "bundle",
    "bundle_part",
    "bundle_signature",
    "activation",
    "caller_key",
    "binding",
    "token_key",
    "runtime",
    "reference_values",
    "revoked_runtime_key",
    "directive",
    "beat_segment",
  ]) {
    await copyTable(copy, table)
  }
  await copy.query("SELECT writ_ensure_partition(1::smallint, 0)")
  for (const table of ["entry", "tile"]) await copyTable(copy, table)
  return copy
}

async function copyTable(copy: TestDatabase, table: string): Promise<void> {
  await copy.tamper(`DELETE FROM ${table}`)
  const { rows, fields } = await database.query(`SELECT * FROM ${table}`)
  const names = fields.map((field) => field.name)
  for (let start = 0; start < rows.length; start += 100) {
    const page = rows.slice(start, start + 100)
    const places = page.map((_, r) => `(${names.map((__, c) => `$${r * names.length + c + 1}`).join(", ")})`).join(", ")
    await copy.query(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES ${places}`,
      page.flatMap((row) => names.map((name) => row[name])),
    )
  }
}

describe("VerifyLineage", () => {
  const flip = (column: string, at: number) => `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`
  test.each([
    ["the body", `UPDATE entry SET ${flip("body", 100)} WHERE idx = $1`, ["record", "inclusion"]],
    ["the payload", `UPDATE entry SET ${flip("payload", 60)} WHERE idx = $1`, ["payload"]],
    ["the leaf hash", `UPDATE entry SET ${flip("leaf_hash", 5)} WHERE idx = $1`, ["database", "inclusion", "lineage"]],
  ] as const)(
    "%s altered: the record and the step are named, and restored it verifies again",
    async (_, attack, steps) => {
      const auditor: WritClient = writ.client("auditor")
      const before = await database.query("SELECT body, payload, leaf_hash FROM entry WHERE idx = $1", [index])
      await database.tamper(attack, [index])
      const report = await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: executionId })
      expect(report.valid).toBe(false)
      expect(steps).toContain(report.failed_step)
      expect(report.failed_index).toBe(index)
      const { body, payload, leaf_hash } = before.rows[0]
      await database.tamper("UPDATE entry SET body = $2, payload = $3, leaf_hash = $4 WHERE idx = $1", [
        index,
        body,
        payload,
        leaf_hash,
      ])
      expect((await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: executionId })).valid).toBe(
        true,
      )
    },
  )

  test("an execution row set back to AUTHORIZED is found", async () => {
    const auditor = writ.client("auditor")
    await database.query("UPDATE execution SET state = 'AUTHORIZED'")
    const report = await auditor.call<VerifyReply>("lineage", "VerifyLineage", { execution_id: executionId })
    expect(report).toMatchObject({ valid: false, failed_step: "database" })
    await database.query("UPDATE execution SET state = 'REVOKED'")
  })
})
