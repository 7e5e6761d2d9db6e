import { randomBytes, randomUUID } from "node:crypto"
import pg from "pg"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { sha256 } from "../../src/crypto.ts"
import { emptyRoot } from "../../src/formats/merkle.ts"
import type { AppendBatch, Effect, Head, RequestClaim } from "../../src/ledger/store.ts"
import { connectWriter } from "../../src/store/connect.ts"
import { createLedgerWriter } from "../../src/store/ledger-writer.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const APPEND_TIMEOUT_MS = 2_000

let database: TestDatabase
let writer: ReturnType<typeof createLedgerWriter>
let head: Head

beforeEach(async () => {
  database = await createDatabase()
  writer = createLedgerWriter({
    connect: () => connectWriter(database.connection),
    appendTimeoutMs: APPEND_TIMEOUT_MS,
  })
  head = (await writer.open("test/log", "key", emptyRoot(sha256))) as Head
  await database.query("SELECT writ_ensure_partition($1::smallint, 0)", [head.logId])
})
afterEach(async () => {
  await writer.close()
  await database.drop()
})

/** One record for each claim, after what `head` says; `written` moves it on. */
function batch(claims: readonly (RequestClaim | null)[] = [null], epoch = 0n): AppendBatch {
  const records = claims.map((request) => ({
    record: { leafHash: randomBytes(32), body: randomBytes(300), payload: request && randomBytes(500) },
    request,
  }))
  return { before: head, root: randomBytes(32), records, tiles: [], epoch, requestsExpireMs: Date.now() + 60_000 }
}
function moveOn({ records, root }: AppendBatch): void {
  head = { ...head, size: head.size + records.length, root }
}
const claim = (): RequestClaim => ({ key: randomUUID(), digest: randomBytes(32) })
const change = (...effects: Effect[]) => ({ effects, raisesEpoch: false })
const step = (executionId: string, previous: Uint8Array | null, executeUntilMs?: number): Effect => ({
  kind: "execution",
  executionId,
  previous,
  to: previous === null ? "REDEEMED" : "COMPLETED",
  ...(executeUntilMs !== undefined && { executeUntilMs }),
})
const child = (parentId: string, consent: Uint8Array): Effect => ({
  kind: "child",
  executionId: randomUUID(),
  parentId,
  consent,
  depth: 1,
  authorizedAtMs: Date.now(),
})
const rows = async (text: string) => (await database.query(text)).rows
const sizes = async () =>
  (
    await rows("SELECT (SELECT size FROM log_head)::integer AS size, (SELECT count(*) FROM entry)::integer AS entries")
  )[0]

describe("createLedgerWriter: append", () => {
  test("what was written is there byte for byte, with its request ids", async () => {
    const sent = batch([claim(), null, claim()])
    expect(await writer.append(sent)).toEqual({ kind: "written" })
    const entries = await rows("SELECT idx::integer, leaf_hash, body, payload FROM entry ORDER BY idx")
    expect(entries).toEqual(
      sent.records.map(({ record }, idx) => ({
        idx,
        leaf_hash: record.leafHash,
        body: record.body,
        payload: record.payload,
      })),
    )
    const requests = await rows(
      "SELECT key, snapshot_digest, log_id, idx::integer, expires_at FROM request ORDER BY idx",
    )
    expect(requests).toEqual(
      [0, 2].map((idx) => ({
        key: sent.records[idx]?.request?.key,
        snapshot_digest: sent.records[idx]?.request?.digest,
        log_id: head.logId,
        idx,
        expires_at: new Date(sent.requestsExpireMs),
      })),
    )
    expect(await rows("SELECT size::integer, root FROM log_head")).toEqual([{ size: 3, root: sent.root }])
  })

  test("full tiles are there, each under the leaf that filled it", async () => {
    const tile = (level: number, index: number) => ({ level, index, hashes: randomBytes(8192), root: randomBytes(32) })
    const tiles = [tile(0, 0), tile(0, 1), tile(1, 0)]
    expect(await writer.append({ ...batch(), tiles })).toEqual({ kind: "written" })
    expect(await rows("SELECT level, last_leaf::integer, hashes, root FROM tile ORDER BY level, last_leaf")).toEqual(
      tiles.map(({ level, hashes, root }, i) => ({ level, last_leaf: [255, 511, 65_535][i], hashes, root })),
    )
  })

  test("another control epoch: stale, and nothing is written", async () => {
    expect(await writer.append(batch([claim()], 7n))).toEqual({ kind: "stale" })
    expect(await sizes()).toEqual({ size: 0, entries: 0 })
    expect(await writer.append(batch())).toEqual({ kind: "written" })
  })

  test("taken request ids are named, whether an earlier batch or this one has them, and nothing is written", async () => {
    const [first, second, fresh] = [claim(), claim(), claim()]
    const sent = batch([first])
    await writer.append(sent)
    moveOn(sent)
    expect(await writer.append(batch([fresh, first, second, second]))).toEqual({
      kind: "taken",
      keys: new Set([first.key, second.key]),
    })
    expect(await sizes()).toEqual({ size: 1, entries: 1 })
    expect(await writer.append(batch([fresh]))).toEqual({ kind: "written" })
  })

  test("one append after the other finds the head without the index, also where it was moved meanwhile", async () => {
    const appendMany = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const sent = batch()
        expect(await writer.append(sent)).toEqual({ kind: "written" })
        moveOn(sent)
      }
    }
    const counters = async () =>
      (
        await rows(
          "SELECT n_tup_upd::integer AS updates, idx_scan::integer AS scans FROM pg_stat_user_tables WHERE relname = 'log_head'",
        )
      )[0]
    await appendMany(20)
    await database.query("VACUUM FULL log_head")
    await appendMany(20)
    await writer.close() // its backend hands in its counters
    await expect.poll(async () => (await counters()).updates, { timeout: 10_000 }).toBe(41) // and the take-over
    expect((await counters()).scans).toBeLessThan(10)
    head = (await writer.reopen(head.fence)) as Head
    await appendMany(1)
    expect(await sizes()).toEqual({ size: 41, entries: 41 })
  })

  test("bytes that the schema refuses freeze the log, and nothing is written", async () => {
    const sent = batch()
    await expect(writer.append({ ...sent, root: randomBytes(31) })).rejects.toMatchObject({ code: "LEDGER_FROZEN" })
    expect(await sizes()).toEqual({ size: 0, entries: 0 })
    await expect(writer.append(sent)).rejects.toThrow(/no connection/)
  })

  test("a warning means that the outcome is unknown; a notice means nothing", async () => {
    await database.query(`
      CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'said'; RETURN NULL; END $$;
      CREATE TRIGGER say AFTER INSERT ON request EXECUTE FUNCTION say()`)
    const noticed = batch([claim()])
    expect(await writer.append(noticed)).toEqual({ kind: "written" })
    moveOn(noticed)
    await database.query(
      "CREATE OR REPLACE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'said'; RETURN NULL; END $$",
    )
    const warned = batch([claim()])
    await expect(writer.append(warned)).rejects.toThrow(/warned.*not known to be durable/)
    expect(await writer.reopen(head.fence)).toMatchObject({
      size: 2,
      root: new Uint8Array(warned.root),
      fence: head.fence + 1n,
    })
  })

  test("an append that waits too long is given up; the take-over waits for it and finds what became of it", async () => {
    const blocker = new pg.Client(database.connection)
    await blocker.connect()
    await blocker.query("BEGIN; LOCK TABLE control")
    const started = performance.now()
    await expect(writer.append(batch())).rejects.toThrow(/longer than 2000 ms/)
    expect(performance.now() - started).toBeLessThan(2 * APPEND_TIMEOUT_MS)
    await expect(writer.append(batch())).rejects.toThrow(/no connection/)
    await blocker.query("COMMIT")
    await blocker.end()
    head = (await writer.reopen(head.fence)) as Head
    expect(head.size === 0 || head.size === 1).toBe(true)
    expect(await sizes()).toEqual({ size: head.size, entries: head.size })
    expect(await writer.append(batch())).toEqual({ kind: "written" })
  })

  test("a connection that dies meanwhile: the append rejects, and whoever took over since is found out", async () => {
    const blocker = new pg.Client(database.connection)
    await blocker.connect()
    await blocker.query("BEGIN; LOCK TABLE control")
    const appending = expect(writer.append(batch())).rejects.toThrow(/terminat/)
    const waiting =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'writ-writer' AND wait_event_type = 'Lock'"
    await expect.poll(async () => (await rows(waiting)).length).toBe(1)
    await database.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS w`)
    await appending
    await blocker.query("COMMIT")
    await blocker.end()
    await database.query("UPDATE log_head SET fence = fence + 1")
    expect(await writer.reopen(head.fence)).toBeNull()
  })
})

describe("createLedgerWriter: append of a change", () => {
  test("every kind of effect is a row of the same transaction", async () => {
    const digest = randomBytes(32)
    const key = randomBytes(32)
    const content = randomBytes(40)
    const id = randomUUID()
    const effects: Effect[] = [
      step(id, null, 1_795_000_000_123),
      child(id, randomBytes(32)),
      {
        kind: "caller_key",
        id: "0123abcd",
        role: "pep",
        secretHash: digest,
        state: "active",
        expiresAtMs: 1_800_000_000_000,
        scope: null,
      },
      {
        kind: "caller_key",
        id: "0123abcd",
        role: "pep",
        secretHash: digest,
        state: "revoked",
        expiresAtMs: null,
        scope: null,
      },
      { kind: "token_key", kid: "kid", publicKey: key, issuer: "issuer", signsFromMs: 1_795_000_000_123 },
      { kind: "token_key_ends", kid: "kid", endsAtMs: 1_800_000_000_000, isCompromised: false },
      { kind: "token_key_ends", kid: "kid", endsAtMs: 1_795_000_000_123, isCompromised: true },
      { kind: "bundle", digest, publishedAtMs: 1_795_000_000_123 },
      { kind: "bundle_signature", digest, publicKey: key, signature: randomBytes(64) },
      { kind: "activate", digest },
      { kind: "shadow", isSet: true },
      {
        kind: "activation_requested",
        id,
        digest,
        previous: digest,
        requestedBy: "0123abcd",
        expiresAtMs: 1_795_000_000_123,
      },
      { kind: "activation_decided", id, outcome: "granted", decidedBy: "3210dcba" },
      { kind: "runtime", key: id, epoch: 1n, content: randomBytes(3) },
      { kind: "runtime", key: id, epoch: 2n, content },
      { kind: "revoked_runtime_key", publicKey: key, epoch: 1n },
      { kind: "directive", epoch: 1n, runtime: id, content },
      { kind: "reference_values", key: id, epoch: 1n, content: randomBytes(3) },
      { kind: "reference_values", key: id, epoch: 2n, content },
    ]
    const sent = batch()
    expect(await writer.append(sent, { effects, raisesEpoch: true })).toEqual({ kind: "written" })
    expect(await rows("SELECT execution_id, state, log_id, idx, leaf_hash, execute_until FROM execution")).toEqual([
      {
        execution_id: id,
        state: "REDEEMED",
        log_id: head.logId,
        idx: "0",
        leaf_hash: sent.records[0]?.record.leafHash,
        execute_until: new Date(1_795_000_000_123),
      },
    ])
    expect(await rows("SELECT parent_id, depth FROM execution_parent")).toEqual([{ parent_id: id, depth: 1 }])
    expect(await rows("SELECT state, expires_at FROM caller_key")).toEqual([
      { state: "revoked", expires_at: new Date(1_800_000_000_000) },
    ])
    expect(await rows("SELECT * FROM token_key")).toEqual([
      {
        kid: "kid",
        public_key: key,
        issuer: "issuer",
        signs_from: new Date(1_795_000_000_123),
        ends_at: new Date(1_795_000_000_123),
        withdrawn_log_id: head.logId,
        withdrawn_idx: "0",
      },
    ])
    const again: Effect = { kind: "token_key_ends", kid: "kid", endsAtMs: 1_900_000_000_000, isCompromised: false }
    moveOn(sent)
    const next = batch([null], 1n)
    expect(await writer.append(next, { effects: [again], raisesEpoch: false }), "withdrawn for good").toEqual({
      kind: "conflict",
    })
    expect(await rows("SELECT log_id, idx, published_at FROM bundle JOIN bundle_signature USING (digest)")).toEqual([
      { log_id: head.logId, idx: "0", published_at: new Date(1_795_000_000_123) },
    ])
    expect(
      await rows("SELECT epoch, active_bundle, active_log_id, active_idx, shadow_log_id, shadow_idx FROM control"),
    ).toEqual([
      {
        epoch: "1",
        active_bundle: digest,
        active_log_id: head.logId,
        active_idx: "0",
        shadow_log_id: head.logId,
        shadow_idx: "0",
      },
    ])
    expect(await rows("SELECT * FROM activation")).toEqual([
      {
        activation_id: id,
        digest,
        previous: digest,
        requested_by: "0123abcd",
        expires_at: new Date(1_795_000_000_123),
        log_id: head.logId,
        idx: "0",
        decided: "granted",
        decided_by: "3210dcba",
        decided_log_id: head.logId,
        decided_idx: "0",
      },
    ])
    expect(await rows("SELECT epoch, content FROM runtime")).toEqual([{ epoch: "2", content }])
    expect(await rows("SELECT epoch FROM revoked_runtime_key")).toEqual([{ epoch: "1" }])
    expect(await rows("SELECT runtime, log_id, idx, content FROM directive")).toEqual([
      { runtime: id, log_id: head.logId, idx: "0", content },
    ])
    expect(await rows("SELECT key, epoch, content FROM reference_values")).toEqual([{ key: id, epoch: "2", content }])
  })

  test("a next step needs the leaf hash of the one before and keeps its time; a first step needs that there was none", async () => {
    const id = randomUUID()
    const first = batch()
    const hash = (first.records[0] as AppendBatch["records"][number]).record.leafHash
    expect(await writer.append(first, change(step(id, null, 1_795_000_000_000)))).toEqual({ kind: "written" })
    moveOn(first)
    expect(await writer.append(batch(), change(step(id, null)))).toEqual({ kind: "conflict" })
    expect(await writer.append(batch(), change(step(id, randomBytes(32))))).toEqual({ kind: "conflict" })
    expect(await writer.append(batch(), change(step(randomUUID(), hash)))).toEqual({ kind: "conflict" })
    expect(await sizes()).toEqual({ size: 1, entries: 1 })
    expect(await writer.append(batch(), change(step(id, hash)))).toEqual({ kind: "written" })
    expect(await rows("SELECT state, execute_until FROM execution")).toEqual([
      { state: "COMPLETED", execute_until: new Date(1_795_000_000_000) },
    ])
  })

  test("a child needs a parent that runs, and a consent of its own", async () => {
    const consent = randomBytes(32)
    const id = randomUUID()
    const hash = async (sent: AppendBatch, ...effects: Effect[]) => {
      expect(await writer.append(sent, change(...effects))).toEqual({ kind: "written" })
      moveOn(sent)
      return (sent.records[0] as AppendBatch["records"][number]).record.leafHash
    }
    expect(await writer.append(batch(), change(child(id, consent)))).toEqual({ kind: "conflict" })
    const redeemed = await hash(batch(), step(id, null))
    await hash(batch(), child(id, consent))
    expect(await writer.append(batch(), change(child(id, consent)))).toEqual({ kind: "conflict" })
    await hash(batch(), step(id, redeemed))
    expect(await writer.append(batch(), change(child(id, randomBytes(32))))).toEqual({ kind: "conflict" })
    expect(await rows("SELECT count(*)::integer AS children FROM execution_parent")).toEqual([{ children: 1 }])
  })

  test("a conflict of the last effect undoes the record and the effects before it, and the epoch stays", async () => {
    const effects: Effect[] = [
      { kind: "reference_values", key: randomUUID(), epoch: 1n, content: randomBytes(9) },
      { kind: "erase_payload", logId: head.logId, index: 0 },
    ]
    expect(await writer.append(batch(), { effects, raisesEpoch: true })).toEqual({ kind: "conflict" })
    expect(await sizes()).toEqual({ size: 0, entries: 0 })
    expect(await rows("SELECT key FROM reference_values")).toEqual([])
    expect(await rows("SELECT epoch FROM control")).toEqual([{ epoch: "0" }])
  })

  test("a payload is erased once", async () => {
    const first = batch([claim()])
    await writer.append(first)
    moveOn(first)
    const erase = batch()
    const effect: Effect = { kind: "erase_payload", logId: head.logId, index: 0 }
    expect(await writer.append(erase, change(effect))).toEqual({ kind: "written" })
    moveOn(erase)
    expect(await rows("SELECT payload FROM entry WHERE idx = 0")).toEqual([{ payload: null }])
    expect(await writer.append(batch(), change(effect))).toEqual({ kind: "conflict" })
  })

  test("two changes that raise the same epoch: the second waits for the first, is stale, and writes nothing", async () => {
    const other = new pg.Client(database.connection)
    await other.connect()
    await other.query("BEGIN; UPDATE control SET epoch = epoch + 1")
    const effect: Effect = { kind: "reference_values", key: randomUUID(), epoch: 1n, content: randomBytes(5) }
    const second = writer.append(batch(), { effects: [effect], raisesEpoch: true })
    const waiting = "SELECT FROM pg_stat_activity WHERE application_name = 'writ-writer' AND wait_event_type = 'Lock'"
    await expect.poll(async () => (await database.query(waiting)).rowCount).toBe(1)
    await other.query("COMMIT")
    await other.end()
    expect(await second).toEqual({ kind: "stale" })
    expect(await sizes()).toEqual({ size: 0, entries: 0 })
    expect(await rows("SELECT key FROM reference_values")).toEqual([])
    expect(await rows("SELECT epoch FROM control")).toEqual([{ epoch: "1" }])
  })

  test("raising the epoch is announced, and not when the change was refused", async () => {
    const listener = new pg.Client(database.connection)
    await listener.connect()
    let heard = 0
    listener.on("notification", () => heard++)
    await listener.query("LISTEN writ_control")
    const conflicting: Effect = { kind: "erase_payload", logId: head.logId, index: 0 }
    await writer.append(batch(), { effects: [conflicting], raisesEpoch: true })
    await listener.query("SELECT 1")
    expect(heard).toBe(0)
    await writer.append(batch(), { effects: [], raisesEpoch: true })
    await expect.poll(() => heard).toBe(1)
    await listener.end()
  })
})
