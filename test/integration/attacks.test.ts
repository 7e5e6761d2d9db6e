/**
 * The attacks that must be detected, one row each: by a superuser on a real Postgres, and by one who has the checkpoint key
 * as well. Each is made in a transaction that VerifyLineage and fsck look into, and is then rolled back. What either says
 * first is written down: the step or table, the index that it blames, and why.
 */
import { createPublicKey, type KeyObject, sign } from "node:crypto"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { vectorKey } from "../../scripts/vectors/keys.ts"
import { CLAIMS, CONTENT, decision } from "../../scripts/vectors/lineage.ts"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { createVerifyLineage } from "../../src/decision/verify-lineage.ts"
import { formatAddCheckpoint } from "../../src/formats/add-checkpoint.ts"
import { utf8 } from "../../src/formats/bytes.ts"
import { formatCheckpoint } from "../../src/formats/checkpoint.ts"
import { hashLeaf, rootOfHashes } from "../../src/formats/merkle.ts"
import { formatNote, noteKeyHash } from "../../src/formats/signed-note.ts"
import type { SignedState } from "../../src/ledger/checkpointer.ts"
import { buildEvidence, orderLineage, readBody, readLineages, type StoredRecord } from "../../src/ledger/lineage.ts"
import { openPool } from "../../src/store/connect.ts"
import { fsck } from "../../src/store/fsck/fsck.ts"
import { storeOf } from "../../src/store/fsck/snapshot.ts"
import { openKey } from "../../src/store/key-files.ts"
import { createReader } from "../../src/store/reader.ts"
import { parseTrust, type Trust, type TrustedLog, verifyEvidence, verifyGrant } from "../../src/verify/index.ts"
import { createWitness } from "../../src/witness/witness.ts"
import { authorize, readPage, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

const TILE = 256
const folder = makeFolder()
const data = join(folder.path, "data")
let database: TestDatabase
let writ: TestDaemon
let trust: Trust
let log: TrustedLog
let logKey: KeyObject
/** One connection: what is asked of it happens in the attack's transaction. */
let tx: pg.Pool
/** An execution that was redeemed, started and completed, with its token, and one that was denied. */
let run: string
let token: string
let denied: string
/** Of the run, in order. */
let chain: readonly StoredRecord[]
/** Of the newest checkpoint, and of the oldest that covers the run's decision. */
let size: number
let firstCovering: number

beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url, {}, data)
  const pep = writ.client("pep")
  const executor = writ.client("executor")
  ;({ execution_id: run, token } = await authorize(pep))
  await executor.call("authorization", "RedeemToken", { token, redemption_id: "one" })
  await executor.call("authorization", "StartExecution", { execution_id: run })
  await executor.call("authorization", "CompleteExecution", { execution_id: run, succeeded: true })
  denied = (await authorize(pep, readPage({ action: { name: "unheard.of" } }))).execution_id
  await writ.client("auditor").call("lineage", "GetCheckpoint", {})
  await Promise.all(Array.from({ length: TILE + 20 }, () => authorize(pep))) // one full tile and a rest
  await writ.client("auditor").call("lineage", "GetCheckpoint", {})
  trust = parseTrust(await (await fetch(`http://${writ.daemon.addresses.http}/.well-known/writ.json`)).text())
  log = trust.logs[0] as TrustedLog
  logKey = openKey(join(data, "keys", "checkpoint.key"))
  const areLookupsDerived = "SELECT FROM lookup_mark JOIN log_head USING (log_id, size)"
  while ((await database.query(areLookupsDerived)).rowCount === 0) await sleep(50)
  tx = openPool(database.connection)
  tx.options.max = 1
  chain = orderLineage(await createReader(tx).recordsOf(run))
  const sizes = await tx.query(
    "SELECT max(size) AS newest, min(size) FILTER (WHERE size > $1) AS first FROM checkpoint",
    [at("decision")],
  )
  size = Number(sizes.rows[0].newest)
  firstCovering = Number(sizes.rows[0].first)
}, 120_000)
afterAll(async () => {
  await tx?.end()
  await writ?.stop()
  await database?.drop()
  folder.remove()
})

/** What `look` sees after the attack; then it is as before. */
async function under<T>(attack: () => Promise<unknown>, look: () => Promise<T>): Promise<T> {
  await tx.query("BEGIN")
  try {
    await tx.query("SET LOCAL session_replication_role = replica") // triggers and foreign keys are no hindrance
    await attack()
    return await look()
  } finally {
    await tx.query("ROLLBACK")
  }
}

const verifyLineage = () =>
  createVerifyLineage({
    store: createReader(tx),
    trust: async () => trust,
    checkpointNow: async () => {},
    replay: async () => [],
  })(run)
const runFsck = async () => {
  const client = await tx.connect() // the only one: in the transaction
  try {
    return await fsck(storeOf(client), trust, nativeCrypto)
  } finally {
    client.release()
  }
}
const exportEvidence = async (id = run) => {
  const reader = createReader(tx)
  return await buildEvidence(reader, sha256, await readLineages(reader, id))
}

/** A statement that must change something. */
async function sql(text: string, ...values: unknown[]): Promise<void> {
  expect((await tx.query(text, values)).rowCount, text).toBeGreaterThan(0)
}
const flip = (column: string, at: number) => `${column} = set_byte(${column}, ${at}, get_byte(${column}, ${at}) # 1)`
const at = (kind: string) => chain.find(({ body }) => readBody(body).kind === kind)?.index as number

/** A record with its leaf hash; the rest of the log says what it said. */
async function rewrite(index: number, change: (body: string) => string): Promise<void> {
  const { rows } = await tx.query("SELECT body FROM entry WHERE idx = $1", [index])
  const body = Buffer.from(change(rows[0].body.toString()))
  expect(body.equals(rows[0].body)).toBe(false)
  await sql("UPDATE entry SET body = $2, leaf_hash = $3 WHERE idx = $1", index, body, hashLeaf(sha256, body))
}
async function leafAt(index: number): Promise<string> {
  return (await tx.query("SELECT encode(leaf_hash, 'hex') AS hash FROM entry WHERE idx = $1", [index])).rows[0].hash
}
async function link(index: number, to: number): Promise<void> {
  const hash = await leafAt(to)
  await rewrite(index, (body) => body.replace(/"previous":"[0-9a-f]{64}"/, `"previous":"${hash}"`))
}

/** Tiles and head as the entries now make them. */
async function rehash(): Promise<{ readonly size: number; readonly root: Uint8Array }> {
  const { rows } = await tx.query<{ leaf_hash: Buffer }>("SELECT leaf_hash FROM entry ORDER BY idx")
  const leaves = rows.map((row) => row.leaf_hash)
  const tile = leaves.slice(0, TILE)
  await sql("UPDATE tile SET hashes = $1, root = $2", Buffer.concat(tile), rootOfHashes(sha256, tile))
  const root = rootOfHashes(sha256, leaves)
  await sql("UPDATE log_head SET size = $1, root = $2", leaves.length, root)
  return { size: leaves.length, root }
}

const own = () => createPublicKey(logKey).export({ format: "der", type: "spki" }).subarray(-32)
function noteOf(text: string, publicKey: Uint8Array, signature: Uint8Array): string {
  return formatNote(text, [{ name: log.origin, keyHash: noteKeyHash(sha256, log.origin, publicKey), signature }])
}
/** With the operator's own key: everything is rehashed, and the one checkpoint that is left is signed again. */
async function resign(): Promise<string> {
  const { size, root } = await rehash()
  const text = formatCheckpoint({ origin: log.origin, size: BigInt(size), root })
  const note = noteOf(text, own(), sign(null, utf8(text), logKey))
  await sql("DELETE FROM checkpoint WHERE size < $1", size)
  await sql("UPDATE checkpoint SET size = $1, note = $2", size, Buffer.from(note))
  return note
}
const newestText = async () =>
  `${(await tx.query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")).rows[0].note.toString().split("\n\n")[0]}\n`
const putNote = (note: string) => sql("UPDATE checkpoint SET note = $1", Buffer.from(note))
const STRANGER = vectorKey("stranger")

/** As the issue names it; what is done; what VerifyLineage and fsck say first. Null: it is none of its business. */
type Attack = readonly [
  name: string,
  attack: () => Promise<unknown>,
  lineage: readonly [step: string, index: (() => number) | null, reason: RegExp] | null,
  found: readonly [table: string, index: (() => number) | null, text: RegExp] | null,
]
const notInTree = /^PROOF_WRONG: /
const notTheRoot = /^the root signed at size \d+ is not that of the records$/

const BY_SUPERUSER: readonly Attack[] = [
  [
    "edited body",
    () =>
      sql(
        `UPDATE entry SET body = convert_to(replace(convert_from(body, 'UTF8'), '"ALLOW"', '"DENY"'), 'UTF8') WHERE idx = $1`,
        at("decision"),
      ),
    ["inclusion", () => at("decision"), notInTree],
    ["entry", () => at("decision"), /leaf hash is not that of the body/],
  ],
  [
    "edited leaf hash",
    () => sql(`UPDATE entry SET ${flip("leaf_hash", 5)} WHERE idx = $1`, at("started")),
    ["database", () => at("started"), /^DATABASE_DIFFERS: the stored leaf hash of record/],
    ["entry", () => at("started"), /leaf hash is not that of the body/],
  ],
  [
    "edited tile",
    () => sql(`UPDATE tile SET ${flip("hashes", 32 * at("completed"))}`),
    ["inclusion", () => at("decision"), notInTree], // the first whose proof needs that hash
    ["tile", () => at("completed"), /is not what the records give/],
  ],
  [
    "edited index column",
    () => sql("UPDATE execution SET idx = idx - 1 WHERE execution_id = $1", run),
    ["database", () => at("completed"), /^DATABASE_DIFFERS: the execution's row names another record/],
    ["execution", null, /is not what the records say/],
  ],
  [
    "edited index column, of a lookup",
    () => sql("UPDATE lookup SET idx = idx + 1000 WHERE idx = $1", at("decision")),
    ["lineage", () => at("redeemed"), /^LINK_WRONG: a lineage begins with its one decision/],
    ["lookup", () => at("decision"), /is missing/],
  ],
  [
    "edited payload",
    () => sql(`UPDATE entry SET ${flip("payload", 60)} WHERE idx = $1`, at("decision")),
    ["payload", () => at("decision"), /^PAYLOAD_DIFFERS: /],
    ["entry", () => at("decision"), /payload is not the one/],
  ],
  [
    "swapped rows",
    () =>
      sql(
        `UPDATE entry a SET leaf_hash = b.leaf_hash, body = b.body, payload = b.payload FROM entry b
          WHERE a.idx IN ($1, $2) AND b.idx = $1 + $2 - a.idx`,
        at("started"),
        at("completed"),
      ),
    ["inclusion", () => at("completed"), notInTree], // there `started` stands now, which comes first in the chain
    ["tile", () => at("started"), /is not what the records give/],
  ],
  [
    "deleted row",
    () => sql("DELETE FROM entry WHERE idx = $1", at("redeemed")),
    ["lineage", () => at("started"), /^LINK_WRONG: .* does not link to the record before it/],
    ["entry", () => at("redeemed"), /is missing/],
  ],
  [
    "truncated tail, with head and tiles to fit",
    async () => {
      await sql("DELETE FROM entry WHERE idx >= $1", TILE)
      await rehash()
    },
    null, // what is left of this lineage is as it was; a start of the daemon finds it, too: below
    ["checkpoint", () => TILE, /a checkpoint of size \d+ was signed, the log has only 256 records/],
  ],
  [
    "log rewritten with recomputed hashes and head",
    async () => {
      await rewrite(at("decision"), (body) => body.replace('"ALLOW"', '"DENY"'))
      await rehash()
    },
    ["inclusion", () => at("decision"), notInTree],
    ["checkpoint", () => firstCovering - 1, notTheRoot], // the last record below the first checkpoint that it contradicts
  ],
  [
    "replayed old checkpoint",
    () => sql("UPDATE checkpoint SET note = (SELECT note FROM checkpoint ORDER BY size LIMIT 1)"),
    ["database", () => at("decision"), /^DATABASE_DIFFERS: The checkpoint of size \d+ does not cover/],
    ["checkpoint", null, /holds a checkpoint of another size/],
  ],
  [
    "forged signature",
    async () => {
      const text = await newestText()
      await putNote(noteOf(text, own(), STRANGER.sign(text)))
    },
    ["checkpoint", null, /^SIGNATURE_WRONG: /],
    ["checkpoint", null, /does not verify: SIGNATURE_WRONG/],
  ],
  [
    "stripped signature",
    async () => {
      const line = { name: "w.example", keyHash: Buffer.alloc(4), signature: Buffer.alloc(72) }
      await putNote(formatNote(await newestText(), [line]))
    },
    ["checkpoint", null, /^UNKNOWN_KEY: /],
    ["checkpoint", null, /does not verify: UNKNOWN_KEY/],
  ],
  [
    "foreign signature",
    async () => {
      const text = await newestText()
      await putNote(noteOf(text, STRANGER.publicKey, STRANGER.sign(text)))
    },
    ["checkpoint", null, /^UNKNOWN_KEY: /],
    ["checkpoint", null, /does not verify: UNKNOWN_KEY/],
  ],
  [
    "record from another log",
    () => putForeign(),
    ["inclusion", () => at("decision"), notInTree],
    ["tile", () => at("decision"), /is not what the records give/],
  ],
  [
    "lineage link to a leaf that is not its parent",
    () => link(at("completed"), at("decision")),
    ["inclusion", () => at("completed"), notInTree],
    ["tile", () => at("completed"), /is not what the records give/],
  ],
]

/** An honest record of somewhere else, made to name this execution. */
async function putForeign(): Promise<void> {
  const claims = { ...CLAIMS, execution_id: run, jti: run }
  const { body, payload } = decision({ execution_id: run }, { ...CONTENT, claims })
  const row = [at("decision"), body, hashLeaf(sha256, body), payload]
  await sql("UPDATE entry SET body = $2, leaf_hash = $3, payload = $4 WHERE idx = $1", ...row)
}
/** Each record links to the one before as it now is. */
async function relink(...indexes: readonly number[]): Promise<void> {
  for (const [i, index] of indexes.entries()) if (i > 0) await link(index, indexes[i - 1] as number)
}

/** The log is in order again down to its signature: only what the records say can show it. */
const WITH_THE_KEY: readonly Attack[] = [
  [
    "record from another log",
    async () => {
      await putForeign()
      await relink(...chain.map(({ index }) => index))
      await resign()
    },
    ["claims", () => at("decision"), /^CLAIMS_WRONG: the token names another log/],
    null,
  ],
  [
    "token whose leaf says DENY",
    async () => {
      await rewrite(at("decision"), (body) => body.replace('"ALLOW"', '"DENY"'))
      await relink(...chain.map(({ index }) => index))
      await resign()
    },
    ["transitions", () => at("decision"), /^TRANSITION_WRONG: .* and nothing was allowed/],
    null,
  ],
  [
    "lineage link to a leaf that is not its parent",
    async () => {
      await link(at("completed"), at("decision"))
      await resign()
    },
    ["lineage", () => at("completed"), /^LINK_WRONG: .* does not link to the record before it/],
    ["entry", () => at("completed"), /is not linked to the others/],
  ],
  [
    "skipped transition",
    async () => {
      await sql("DELETE FROM lookup WHERE idx = $1", at("redeemed")) // it is somebody else's now
      await rewrite(at("redeemed"), (body) => body.replaceAll(run, denied))
      await link(at("started"), at("decision"))
      await link(at("completed"), at("started"))
      await resign()
    },
    ["transitions", () => at("started"), /^TRANSITION_WRONG: a record of kind started cannot lead from .* AUTHORIZED/],
    ["execution", () => at("redeemed"), /is missing/], // of whom the redemption names now
  ],
]

describe.each([
  ["a superuser", BY_SUPERUSER],
  ["a superuser who has the log's key", WITH_THE_KEY],
] as const)("by %s", (_, attacks) => {
  test.each(attacks)("%s", async (_, attack, lineage, found) => {
    const seen = await under(attack, async () => ({ report: await verifyLineage(), ...(await runFsck()) }))
    if (lineage) {
      const [failedStep, index, reason] = lineage
      expect(seen.report).toMatchObject({ valid: false, failedStep, reason: expect.stringMatching(reason) })
      expect(seen.report.failedIndex).toBe(index ? String(index()) : undefined)
    }
    if (found) {
      const [table, index, text] = found
      const finding = seen.findings.find((one) => one.table === table && text.test(one.text))
      expect(finding, JSON.stringify(seen.findings.slice(0, 5))).toMatchObject({ text: expect.stringMatching(text) })
      expect(finding?.index).toBe(index?.())
    }
  })
})

test("nothing is left of them: VerifyLineage and fsck are content", async () => {
  expect(await verifyLineage()).toMatchObject({ valid: true, reason: "" })
  expect((await runFsck()).findings).toEqual([])
})

test("token whose leaf says DENY: evidence of the denial does not grant it", async () => {
  const evidence = await exportEvidence(denied)
  const [{ index }] = (await createReader(tx).recordsOf(denied)) as [StoredRecord]
  expect(verifyGrant(token, evidence, trust)).toMatchObject({
    valid: false,
    failedStep: "grant",
    failedIndex: String(index),
  })
  expect(verifyGrant(token, await exportEvidence(), trust)).toMatchObject({ valid: true })
})

test("two histories shown to two auditors: each is in order, and a witness vouches for the first only", async () => {
  const kept = new Map<string, SignedState>()
  const witness = createWitness({
    name: "w.example/one",
    signer: vectorKey("witness 1"),
    logs: [log.vkey],
    stateOf: (origin) => ({
      read: () => kept.get(origin) ?? null,
      write: async (state) => void kept.set(origin, state),
    }),
    crypto: nativeCrypto,
    wallMs: () => 0,
  })
  const watched = { ...trust, witnesses: { vkeys: [witness.verifierKey], quorum: 1 } }
  /** As the operator would show it: with the cosignature, if he gets one. */
  const show = async (oldSize: number) => {
    const { rows } = await tx.query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    const checkpoint = rows[0].note.toString()
    const answer = await witness.addCheckpoint(formatAddCheckpoint({ oldSize: BigInt(oldSize), proof: [], checkpoint }))
    const evidence = JSON.parse(Buffer.from(await exportEvidence()).toString())
    evidence.checkpoints[0].note = checkpoint + (answer.status === 200 ? answer.body : "")
    return { status: answer.status, evidence: JSON.stringify(evidence) }
  }
  const other = async () => {
    await rewrite(size - 1, (body) => body.replace('"ALLOW"', '"DENY"')) // of somebody else
    await resign()
  }
  await under(resign, async () => {
    const { status, evidence } = await show(0)
    expect(status).toBe(200)
    expect(verifyEvidence(evidence, watched)).toMatchObject({ valid: true, checkpoints: [{ cosignatures: 1 }] })
  })
  await under(other, async () => {
    const { status, evidence } = await show(size)
    expect(status).toBe(409)
    expect(verifyEvidence(evidence, trust)).toMatchObject({ valid: true, checkpoints: [{ cosignatures: null }] })
    expect(verifyEvidence(evidence, watched)).toMatchObject({
      valid: false,
      failedStep: "checkpoint",
      reason: expect.stringMatching(/^COSIGNATURES_LACKING: 0 /),
    })
  })
})

test("truncated tail, restored backup: the daemon does not start on less than was signed", async () => {
  await writ.stop()
  await database.tamper("DELETE FROM entry WHERE idx >= $1", [TILE])
  await under(rehash, () => tx.query("COMMIT"))
  await expect(startTestDaemon(database.url, {}, data)).rejects.toMatchObject({
    code: "LEDGER_FROZEN",
    message: expect.stringMatching(/holds 256 records, but a checkpoint of \d+ was signed/),
  })
})
