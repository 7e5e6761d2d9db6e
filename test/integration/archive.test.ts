/** Archives on a real Postgres, beside a daemon that goes on: written, verified, detached, asked for, restored. */
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { AuthorizeReply } from "../../src/cli/authorize.ts"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { registerRuntime } from "../../src/client/runtime-session.ts"
import { sha256 } from "../../src/crypto.ts"
import { hashLeaf } from "../../src/formats/merkle.ts"
import { detachArchive } from "../../src/store/archive/detach.ts"
import { evidenceFromArchive } from "../../src/store/archive/evidence.ts"
import { exportArchive } from "../../src/store/archive/export.ts"
import { withArchiveFile, writeArchiveFile } from "../../src/store/archive/file.ts"
import { findObstacles } from "../../src/store/archive/obstacles.ts"
import { findPartition } from "../../src/store/archive/partitions.ts"
import { restoreArchive } from "../../src/store/archive/restore.ts"
import { withTool } from "../../src/store/connect.ts"
import { digestsOfFiles } from "../../src/store/fsck/archives.ts"
import { withSnapshot } from "../../src/store/fsck/snapshot.ts"
import { verifyCheckpoint } from "../../src/verify/checkpoint.ts"
import { parseTrust, type Trust, verifyArchive, verifyEvidence, verifyInclusion } from "../../src/verify/index.ts"
import { writ as shell } from "../support/built-daemon.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"
import { hasPython, runPython } from "../support/python-verifier.ts"
import { makeRuntime, RUNTIMES_YAML } from "../support/runtime.ts"
import { makeSmallPartitions, SMALL } from "../support/small-partitions.ts"

const HOUR_MS = 3_600_000
const folder = makeFolder()
const data = join(folder.path, "data")
const policy = join(folder.path, "policy")
const path = (name: string) => join(folder.path, name)
let database: TestDatabase
let writ: TestDaemon
let trust: Trust
let done: AuthorizeReply
let running: AuthorizeReply
let erased: AuthorizeReply
let digest: string

beforeAll(async () => {
  database = await createDatabase()
  await makeSmallPartitions(database)
  cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), policy, { recursive: true })
  writeFileSync(join(policy, "runtimes.yaml"), RUNTIMES_YAML)
  writeFileSync(join(policy, "history.yaml"), "history: { pages: { actions: [http.get], key: subject.id } }\n")
  writ = await startTestDaemon(database.url, { policy }, data)
  const session = await registerRuntime(writ.client("runtime"), makeRuntime({ id: "worker-archived" }))
  await session.beat()
  await writ.stop() // writes the beats
  writ = await startTestDaemon(database.url, { policy }, data)
  const pep = writ.client("pep")
  ;[done, running, erased] = (await Promise.all([authorize(pep), authorize(pep), authorize(pep)])) as [
    AuthorizeReply,
    AuthorizeReply,
    AuthorizeReply,
  ]
  await redeem(done)
  await complete(done)
  await redeem(running)
  await writ
    .client("operator")
    .call("admin", "ErasePayload", { leaf_index: erased.receipt.leaf_index, reason: "asked" })
  await Promise.all(Array.from({ length: SMALL }, () => authorize(pep))) // the first partition is full
  const address = `http://${writ.daemon.addresses.http}`
  trust = parseTrust(await (await fetch(`${address}/.well-known/writ.json`)).text())
  await writ.client("auditor").call("lineage", "GetCheckpoint", { log: "" })
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

const redeem = ({ token }: AuthorizeReply) =>
  writ.client("executor").call("authorization", "RedeemToken", {
    token,
    redemption_id: crypto.randomUUID(),
    parameters_digest: Buffer.alloc(0),
  })
const complete = ({ execution_id }: AuthorizeReply) =>
  writ
    .client("executor")
    .call("authorization", "CompleteExecution", { execution_id, succeeded: true, result_digest: Buffer.alloc(0) })
const failureOf = async (promise: Promise<unknown>) =>
  await promise.then(
    () => ({ code: "OK", message: "" }),
    (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
  )
const write = async (name: string) => {
  const partition = await withTool(database.connection, (client) => findPartition(client, "", 0))
  await withSnapshot(database.connection, (store) => writeArchiveFile(path(name), exportArchive(store, partition)))
  return readFileSync(path(name))
}
const verify = (name: string, keys?: Trust) =>
  withArchiveFile(path(name), (source) => verifyArchive(source, { trust: keys }))
const detach = (name: string, nowMs = Date.now() + HOUR_MS) =>
  withTool(database.connection, (client) => detachArchive(client, path(name), trust, nowMs))
const restore = (name: string) => withTool(database.connection, (client) => restoreArchive(client, path(name), trust))
const findings = async (...files: string[]) =>
  (await checkDatabase(database.connection, trust, false, await digestsOfFiles(files.map(path)))).findings
const lineage = <Reply>(method: string, request: object) =>
  writ.client("auditor").call<Reply>("lineage", method, request)
const settle = async () => {
  for (;;) {
    const { rows } = await database.query("SELECT FROM lookup_mark WHERE size >= $1", [SMALL])
    if (rows.length > 0) break
  }
  await database.query("DELETE FROM request WHERE idx < $1", [SMALL]) // ten minutes later
}

describe("an archive", () => {
  test("is good, and of the same bytes each time; only its owner may read it, and it is never written over", async () => {
    const first = await write("a")
    expect((await write("b")).equals(first)).toBe(true)
    expect(statSync(path("a")).mode & 0o777).toBe(0o600)
    expect(existsSync(path("a.new"))).toBe(false)
    expect(await failureOf(write("a"))).toMatchObject({ message: expect.stringMatching(/is there already/) })
    const report = await verify("a", trust)
    expect(report).toMatchObject({ valid: true, anchored: true, erased: 1, head: { first: 0, past: SMALL } })
    digest = report.digest
    expect(await verify("a")).toMatchObject({ valid: true, anchored: false, digest })
  })

  test("gives evidence without a database, which anybody can check", async () => {
    const { evidence, records } = await evidenceFromArchive(path("a"), done.execution_id, trust)
    expect(records).toBe(3)
    expect(verifyEvidence(evidence, trust)).toMatchObject({
      valid: true,
      anchored: true,
      execution: { id: done.execution_id, state: "COMPLETED" },
    })
    const { evidence: other } = await evidenceFromArchive(path("a"), erased.execution_id, trust)
    expect(verifyEvidence(other, trust).steps).toContainEqual(
      expect.objectContaining({ step: "payload", result: "erased" }),
    )
    expect(await failureOf(evidenceFromArchive(path("a"), crypto.randomUUID(), trust))).toMatchObject({
      code: "NOT_FOUND",
    })
  })
})

describe("detaching", () => {
  test("is refused while something is still needed, and says what", async () => {
    const { message } = await failureOf(detach("a", Date.now()))
    expect(message).toMatch(/1 executions have not ended/)
    expect(message).toMatch(/request ids may still be repeated/)
    expect(message).toMatch(/less than ten minutes old/)
    await settle()
    await complete(running)
    expect(
      await withTool(database.connection, async (client) =>
        findObstacles(client, await findPartition(client, "", 0), Date.now() + HOUR_MS),
      ),
    ).toEqual([])
  })

  test("is refused with a file that is damaged, of another log, or older than an erasure", async () => {
    const bytes = readFileSync(path("a"))
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 1
    writeFileSync(path("damaged"), bytes)
    expect((await failureOf(detach("damaged"))).message).toMatch(/not a good archive, step format: .*damaged/)
    const others = { logs: trust.logs.map((log) => ({ ...log, origin: "else" })), tokens: { keys: [] } }
    expect(
      (
        await failureOf(
          withTool(database.connection, (client) => detachArchive(client, path("a"), others, Date.now() + HOUR_MS)),
        )
      ).message,
    ).toMatch(/UNKNOWN_KEY/)
    await writ
      .client("operator")
      .call("admin", "ErasePayload", { leaf_index: running.receipt.leaf_index, reason: "later" })
    expect((await failureOf(detach("a"))).message).toMatch(/erased after this archive was written/)
    expect(await findings()).toEqual([])
    await write("c")
    expect((await verify("c", trust)).erased).toBe(2)
  })

  test("a superuser's change of a row is found before anything is detached", async () => {
    const index = done.receipt.leaf_index
    const { rows } = await database.query("SELECT body FROM entry WHERE log_id = 1 AND idx = $1", [index])
    await database.tamper("UPDATE entry SET body = body || ' ' WHERE log_id = 1 AND idx = $1", [index])
    expect((await failureOf(detach("c"))).message).toMatch(
      new RegExp(`Record ${index}: the database holds another one`),
    )
    await database.tamper("UPDATE entry SET body = $2 WHERE log_id = 1 AND idx = $1", [index, rows[0].body])
  })

  test("the records leave, the partition shrinks, what tables rest on stays", async () => {
    const { rows: before } = await database.query(
      "SELECT count(*)::int AS count FROM entry WHERE log_id = 1 AND idx < $1",
      [SMALL],
    )
    const { kept } = await detach("c")
    digest = (await verify("c")).digest
    expect(before[0].count).toBe(SMALL)
    expect(kept).toBeGreaterThan(5)
    expect(kept).toBeLessThan(40)
    const { rows } = await database.query(
      "SELECT convert_from(body, 'UTF8')::json ->> 'kind' AS kind FROM entry WHERE log_id = 1 AND idx < $1",
      [SMALL],
    )
    expect(rows).toHaveLength(kept)
    expect(new Set(rows.map(({ kind }) => kind))).toEqual(
      new Set([
        "log_opened",
        "signing_key_changed",
        "caller_key_changed",
        "bundle_published",
        "bundle_activated",
        "runtime_registered",
        "runtime_state_changed",
        "payload_erased",
      ]),
    )
    expect((await database.query("SELECT FROM beat_segment")).rowCount).toBe(0)
    expect((await failureOf(detach("c"))).message).toMatch(/detached before/)
  })
})

describe("a daemon whose records are in an archive", () => {
  test("goes on deciding, and starts again", async () => {
    expect((await authorize(writ.client("pep"))).decision).toBe("DECISION_ALLOW")
    await writ.stop()
    writ = await startTestDaemon(database.url, { policy }, data)
    expect((await authorize(writ.client("pep"))).decision).toBe("DECISION_ALLOW")
  })

  test("proves an archived record, and its log's growth, as before", async () => {
    const { checkpoint, tree_size } = await lineage<{ checkpoint: string; tree_size: string }>("GetCheckpoint", {
      log: "",
    })
    const { proof, leaf_hash } = await lineage<{ proof: Buffer[]; leaf_hash: Buffer }>("GetInclusionProof", {
      log: "",
      leaf_index: done.receipt.leaf_index,
      tree_size,
    })
    expect(leaf_hash).toEqual(done.receipt.leaf_hash)
    const log = trust.logs[0] as Trust["logs"][number]
    const root = verifyCheckpoint({ note: checkpoint, origin: log.origin, vkey: log.vkey }).checkpoint
      ?.root as Uint8Array
    const leafIndex = BigInt(done.receipt.leaf_index)
    expect(
      verifyInclusion({ leafIndex, treeSize: BigInt(tree_size), leafHash: leaf_hash, proof, rootHash: root }),
    ).toMatchObject({ valid: true })
    expect(await lineage("GetConsistencyProof", { log: "", size1: "100", size2: tree_size })).toMatchObject({
      size2: tree_size,
    })
    const tile = await fetch(`http://${writ.daemon.addresses.http}/tile/0/000`)
    expect([tile.status, (await tile.arrayBuffer()).byteLength]).toEqual([200, 8_192])
  })

  test("names the archive, and what to do, wherever a body is asked for", async () => {
    const { execution_id, receipt } = done
    const says = { code: "RECORD_ARCHIVED", message: expect.stringContaining(digest) }
    expect(await failureOf(lineage("GetRecord", { log: "", leaf_index: receipt.leaf_index }))).toEqual(says)
    expect(await failureOf(lineage("GetRecord", { execution_id, leaf_hash: receipt.leaf_hash }))).toEqual(says)
    for (const method of ["GetLineage", "VerifyLineage", "ExportEvidence"])
      expect(await failureOf(lineage(method, { execution_id })), method).toEqual(says)
    expect(await failureOf(lineage("ListRecords", { log: "", start_index: "200" }))).toEqual(says)
    const call = (role: "operator" | "executor" | "pep", method: string, request: object) =>
      failureOf(writ.client(role).call("authorization", method, request))
    expect(await call("operator", "GetExecution", { execution_id })).toEqual(says)
    expect(await call("operator", "RevokeExecution", { execution_id, reason: "" })).toEqual(says)
    expect(
      await call("executor", "RedeemToken", {
        token: done.token,
        redemption_id: crypto.randomUUID(),
        parameters_digest: Buffer.alloc(0),
      }),
    ).toMatchObject({ code: expect.stringMatching(/TOKEN_REFUSED|RECORD_ARCHIVED/) })
    const erase = writ.client("operator").call("admin", "ErasePayload", { leaf_index: receipt.leaf_index, reason: "" })
    expect(await failureOf(erase)).toEqual(says)
    const entries = await fetch(`http://${writ.daemon.addresses.http}/tile/entries/000`, {
      headers: { authorization: `Bearer ${writ.key("auditor")}` },
    })
    expect([entries.status, await entries.json()]).toEqual([
      410,
      { error: { code: "RECORD_ARCHIVED", message: expect.stringContaining(digest) } },
    ])
  })

  test("lists what it has, up to the archive, and then says so", async () => {
    const { records, next_index } = await lineage<{ records: unknown[]; next_index: string }>("ListRecords", {
      log: "",
      start_index: String(SMALL),
      page_size: 10,
    })
    expect([records.length, next_index]).toEqual([10, String(SMALL + 10)])
    const list = (page_token: string) =>
      writ
        .client("operator")
        .call<{ executions: unknown[]; next_page_token: string }>("authorization", "ListExecutions", {
          page_size: 500,
          page_token,
        })
    const page = await list("")
    expect(page.executions.length).toBeGreaterThan(0)
    expect(page.next_page_token).not.toBe("")
    expect(await failureOf(list(page.next_page_token))).toMatchObject({ code: "RECORD_ARCHIVED" })
  })

  test("fsck is clean with the file and without it, and finds what is changed in either case", async () => {
    expect(await findings()).toEqual([])
    expect(await findings("c")).toEqual([])
    const { logs } = await checkDatabase(database.connection, trust, false)
    expect(logs[0]?.archived).toEqual([{ first: 0, past: SMALL, digest, read: false }])
    const change = async (sql: string, undo: string) => {
      await database.tamper(sql)
      const found = [await findings(), await findings("c")]
      await database.tamper(undo)
      return found
    }
    const flipped = "overlay(hashes placing '\\x00' from 40 for 1)"
    await database.query("CREATE TABLE was AS SELECT * FROM tile")
    const tiles = await change(
      `UPDATE tile SET hashes = ${flipped} WHERE level = 0`,
      "UPDATE tile t SET hashes = was.hashes FROM was WHERE (was.log_id, was.level, was.last_leaf) = (t.log_id, t.level, t.last_leaf)",
    )
    expect(tiles.map((list) => list.length > 0)).toEqual([true, true])
    // What only the records know, only the file can tell.
    const row = await change(
      `UPDATE execution SET state = 'LOST' WHERE execution_id = '${done.execution_id}'`,
      `UPDATE execution SET state = 'COMPLETED' WHERE execution_id = '${done.execution_id}'`,
    )
    expect(row).toEqual([[], [expect.objectContaining({ table: "execution" })]])
    const key = await change(
      "UPDATE caller_key SET role = 'admin' WHERE role = 'pep'",
      "UPDATE caller_key SET role = 'pep' WHERE id IN (SELECT id FROM caller_key WHERE role = 'admin' ORDER BY id) AND NOT EXISTS (SELECT FROM was WHERE false) AND id = '" +
        writ.key("pep").split("_")[2] +
        "'",
    )
    expect(key.map((list) => list.length > 0)).toEqual([true, true])
    expect(await findings("c")).toEqual([])
  })
})

describe("restoring", () => {
  test("takes the very archive that was detached, and no other", async () => {
    expect((await failureOf(restore("a"))).message).toMatch(/left with the archive/)
    expect((await failureOf(restore("damaged"))).message).toMatch(/not a good archive/)
  })

  test("brings everything back as it was: lineage, beats, fsck, and the same archive again", async () => {
    await restore("c")
    const report = await lineage<VerifyReply>("VerifyLineage", { execution_id: done.execution_id })
    expect(report.valid).toBe(true)
    const record = await lineage<{ record: { body: Buffer } }>("GetRecord", {
      log: "",
      leaf_index: done.receipt.leaf_index,
    })
    expect(Buffer.from(hashLeaf(sha256, record.record.body))).toEqual(done.receipt.leaf_hash)
    expect(await findings()).toEqual([])
    expect((await database.query("SELECT FROM beat_segment")).rowCount).toBe(1)
    expect((await failureOf(restore("c"))).message).toMatch(/are in the database/)
    expect((await write("d")).equals(readFileSync(path("c")))).toBe(true)
  })

  test("what was erased stays erased: the payload of a kept record that was erased meanwhile does not come back", async () => {
    await detach("d")
    const { rows } = await database.query(
      'SELECT idx FROM entry WHERE log_id = 1 AND idx < $1 AND payload IS NOT NULL AND position(\'"kind":"payload_erased"\'::bytea IN body) > 0',
      [SMALL],
    )
    await writ.client("operator").call("admin", "ErasePayload", { leaf_index: String(rows[0].idx), reason: "" })
    await restore("d")
    const { record } = await lineage<{ record: { payload_erased: boolean } }>("GetRecord", {
      log: "",
      leaf_index: String(rows[0].idx),
    })
    expect(record.payload_erased).toBe(true)
    expect(await findings()).toEqual([])
  })
})

describe("from a shell", () => {
  /** The ten minutes that must have passed have passed. */
  const LATER = "data:text/javascript,const%20now=Date.now;Date.now=()=>now()+3600000"
  const tool = async (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    await shell(["ledger", "archive", name, ...args], { env })
  const onDatabase = () => ["--database-url", database.url]
  const trusting = () => ["--trust", path("trust.json")]

  test("records are written to a file, leave the database, and come back", async () => {
    writeFileSync(path("trust.json"), JSON.stringify(trust))
    expect(await tool("write", ["0", path("shell"), ...onDatabase()])).toMatchObject({ code: 0, err: "" })
    expect(await tool("verify", [path("shell"), ...trusting()])).toMatchObject({ code: 0 })
    const early = await tool("detach", [path("shell"), ...trusting(), ...onDatabase()])
    expect(early.code).toBe(1)
    expect(early.err).toMatch(/less than ten minutes old/)
    const detached = await tool("detach", [path("shell"), ...trusting(), ...onDatabase()], {
      NODE_OPTIONS: `--import=${LATER}`,
    })
    expect(detached.code, detached.err).toBe(0)
    expect(detached.out).toMatch(/^Records 0 to 255 of \S+ left the database; \d+ of them stay/)
    const { receipt } = done
    expect(await failureOf(lineage("GetRecord", { log: "", leaf_index: receipt.leaf_index }))).toMatchObject({
      code: "RECORD_ARCHIVED",
    })
    const out = path("from-archive.json")
    const evidence = await tool("evidence", [path("shell"), done.execution_id, ...trusting(), "--out", out])
    expect(evidence).toMatchObject({ code: 0, out: expect.stringMatching(/^3 records of /) })
    expect(await shell(["verify", out, ...trusting()])).toMatchObject({ code: 0 })
    const restored = await tool("restore", [path("shell"), ...trusting(), ...onDatabase()])
    expect(restored).toMatchObject({ code: 0, out: expect.stringMatching(/are in the database again\.$/m) })
    expect(await lineage("GetRecord", { log: "", leaf_index: receipt.leaf_index })).toBeTruthy()
    expect(await findings()).toEqual([])
  })

  test.skipIf(!hasPython())("the verifier in Python reads what a daemon's log left behind", () => {
    const says = runPython(["--archive", path("shell"), ...trusting()])
    expect(says).toMatchObject({ code: 0, out: expect.stringMatching(/records 0 to 255 of .*\nValid, and anchored/) })
    expect(runPython(["--archive", path("shell")]).code).toBe(3)
    const damaged = runPython(["--archive", path("damaged"), ...trusting()])
    expect(damaged).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^NOT VALID at step format, record \d+: MALFORMED/),
    })
    expect(runPython(["--archive", path("nowhere")]).code).toBe(2)
  })
})
