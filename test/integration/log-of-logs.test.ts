/**
 * The log of logs on a real Postgres: what one log records of the others' heads, what it does not, and what fsck finds by it
 * when a superuser who has a log's own key rewrites or drops that log as a whole.
 */
import type pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type VectorKey, vectorKey } from "../../scripts/vectors/keys.ts"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { recordLogOpened } from "../../src/decision/log-opened.ts"
import { createObserveHeads, type ObserveHeads } from "../../src/decision/observe-heads.ts"
import { seal } from "../../src/decision/seal.ts"
import type { ControlState } from "../../src/decision/state.ts"
import { formatCheckpoint } from "../../src/formats/checkpoint.ts"
import { emptyRoot, hashLeaf, rootFromInclusion, rootOfHashes } from "../../src/formats/merkle.ts"
import { formatNote, formatVerifierKey, noteKeyHash } from "../../src/formats/signed-note.ts"
import { Appender, type Entry } from "../../src/ledger/appender.ts"
import { createCheckpointSigner, type SignedState } from "../../src/ledger/checkpointer.ts"
import { createCheckpointing } from "../../src/ledger/checkpointing.ts"
import { createClock } from "../../src/ledger/clock.ts"
import { type LedgerReader, readBody } from "../../src/ledger/lineage.ts"
import { MAX_HEADS, noteOfHead, parseHeadsData } from "../../src/ledger/observed-heads.ts"
import { buildInclusionProof } from "../../src/ledger/proofs.ts"
import { restoreTree } from "../../src/ledger/restore.ts"
import { connectWriter, openPool } from "../../src/store/connect.ts"
import { fsck } from "../../src/store/fsck/fsck.ts"
import { storeOf } from "../../src/store/fsck/snapshot.ts"
import type { FsckReport } from "../../src/store/fsck/types.ts"
import { createLedgerWriter } from "../../src/store/ledger-writer.ts"
import { createOtherLogs } from "../../src/store/log-heads.ts"
import { ensurePartitions } from "../../src/store/partitions.ts"
import { createReader } from "../../src/store/reader.ts"
import { verifyCheckpoint } from "../../src/verify/checkpoint.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"

const TILE = 256
const ACTOR = { id: "writ", proof: "process" } as const
const clock = createClock(0)

let database: TestDatabase
let pool: pg.Pool
/** One connection: what is asked of it happens in the attack's transaction. */
let tx: pg.Pool
let reader: LedgerReader
let epoch: bigint

/** A log with its writer, its signer and what it records of the others: a daemon without the rest. */
interface TestLog {
  readonly logId: number
  readonly origin: string
  readonly key: VectorKey
  readonly vkey: string
  readonly said: string[]
  readonly observer: ObserveHeads
  readonly size: number
  ledger: { append(entry: Entry): ReturnType<Appender["append"]> }
  add(count: number): Promise<void>
  sign(): Promise<void>
  close(): Promise<void>
}

async function openTestLog(name: string): Promise<TestLog> {
  const origin = `writ.test/${name}`
  const key = vectorKey(name)
  const vkey = formatVerifierKey(sha256, origin, key.publicKey)
  const writer = createLedgerWriter({ connect: () => connectWriter(database.connection), appendTimeoutMs: 10_000 })
  const head = await writer.open(origin, vkey, emptyRoot(sha256))
  if (!head) throw new Error("closed")
  const { logId } = head
  await ensurePartitions(pool, logId, 0)
  const appender = new Appender({
    writer,
    head,
    tree: await restoreTree(reader, head, sha256),
    epoch: () => epoch,
    refresh: async () => {},
    wallMs: () => clock.now().wallMs,
  })
  let signed = null as SignedState | null
  const signer = createCheckpointSigner({
    origin,
    signer: key,
    state: {
      read: () => null,
      async write(state) {
        signed = state
      },
    },
    crypto: nativeCrypto,
  })
  const checkpointing = createCheckpointing({ logId, appender, signer, store: reader, sha256 })
  const control = () => ({ epoch }) as ControlState
  await recordLogOpened({ actor: ACTOR, clock, control, ledger: appender }, origin, vkey, null)
  return {
    logId,
    origin,
    key,
    vkey,
    ledger: appender,
    ...observing(logId, appender, pool),
    get size() {
      return appender.size
    },
    async add(count) {
      const record = () =>
        seal({ kind: "beat_refused", actor: ACTOR, epoch: String(epoch), data: {} }, null, clock.now().wallMs)
      await Promise.all(Array.from({ length: count }, () => appender.append({ record: record(), epoch })))
    },
    async sign() {
      await checkpointing.sign()
      expect(signed?.size).toBe(appender.size)
    },
    async close() {
      await appender.close()
      await writer.close()
    },
  }
}

function observing(logId: number, ledger: TestLog["ledger"], seen: pg.Pool): Pick<TestLog, "said" | "observer"> {
  const said: string[] = []
  const observer = createObserveHeads({
    actor: ACTOR,
    clock,
    control: () => ({ epoch }) as ControlState,
    ledger,
    others: createOtherLogs(seen, logId),
    onUnsound: (log, reason) => said.push(`${log}: ${reason}`),
  })
  return { said, observer }
}

let one: TestLog
let two: TestLog
let three: TestLog

beforeAll(async () => {
  database = await createDatabase()
  pool = openPool(database.connection)
  tx = openPool(database.connection)
  tx.options.max = 1
  reader = createReader(pool)
  epoch = BigInt((await database.query("SELECT epoch FROM control")).rows[0].epoch)
  one = await openTestLog("one")
  two = await openTestLog("two")
  three = await openTestLog("three")
}, 60_000)
afterAll(async () => {
  await Promise.all([one, two, three].map((log) => log?.close()))
  await tx?.end()
  await pool?.end()
  await database?.drop()
})

/** Heads that the newest record of a log names, if it is one of heads. */
async function newestHeads(log: TestLog) {
  const [record] = await reader.recordsBefore(log.logId, log.size, 1)
  const { kind, data } = readBody(record?.body ?? new Uint8Array())
  return kind === "heads_observed" ? parseHeadsData(data) : []
}
const runFsck = async (trust?: Parameters<typeof fsck>[1]): Promise<FsckReport> => {
  const client = await tx.connect() // the only one: in the transaction
  try {
    return await fsck(storeOf(client), trust, nativeCrypto)
  } finally {
    client.release()
  }
}

describe("what a log records of the others", () => {
  test("nothing, while they have signed nothing", async () => {
    await two.observer.observe()
    expect(two.size).toBe(1)
  })

  test("their signed heads: whoever has its checkpoint and the record's proof holds them to these", async () => {
    await one.add(5)
    await one.sign()
    await three.sign()
    await two.observer.observe()
    await two.sign()
    const heads = await newestHeads(two)
    expect(heads.map(({ log, size }) => [log, size])).toEqual([
      [one.origin, 6],
      [three.origin, 1],
    ])
    for (const [i, log] of [one, three].entries()) {
      const note = noteOfHead(heads[i] as (typeof heads)[0], sha256)
      expect(verifyCheckpoint({ note, origin: log.origin, vkey: log.vkey }, nativeCrypto).valid).toBe(true)
    }
    const index = two.size - 1
    const [record] = await reader.records(two.logId, index, 1)
    const checkpoint = await reader.latestCheckpoint(two.logId)
    const verdict = verifyCheckpoint(
      { note: checkpoint as string, origin: two.origin, vkey: two.vkey },
      nativeCrypto,
    ).checkpoint
    const proof = await buildInclusionProof(reader.tiles(two.logId), sha256, index, two.size)
    const leaf = hashLeaf(sha256, record?.body as Uint8Array)
    const root = rootFromInclusion(sha256, BigInt(index), BigInt(two.size), leaf, proof)
    expect(Buffer.from(root as Uint8Array)).toEqual(Buffer.from(verdict?.root as Uint8Array))
  })

  test("idle logs do not keep one another busy: a head of nothing but heads is not news", async () => {
    const settle = async () => {
      const before = [one, two, three].map(({ size }) => size)
      for (const log of [one, two, three]) {
        await log.observer.observe()
        await log.sign()
      }
      return [one, two, three].map(({ size }, i) => size - (before[i] as number))
    }
    // What was new before is recorded once, then nothing more is, however often they look.
    while ((await settle()).some((grown) => grown > 0)) expect(two.size + one.size + three.size).toBeLessThan(20)
    for (let i = 0; i < 5; i++) expect(await settle()).toEqual([0, 0, 0])
    // One real record is recorded by each other log once.
    await one.add(1)
    await one.sign()
    expect(await settle()).toEqual([0, 1, 1])
    for (let i = 0; i < 5; i++) expect(await settle()).toEqual([0, 0, 0])
  })

  test("a thousand records, one head: as much as was signed when it looked", async () => {
    await one.add(TILE + 20)
    await one.sign()
    await one.add(3)
    await two.observer.observe()
    expect((await newestHeads(two)).map(({ log, size }) => [log, size])).toEqual([[one.origin, one.size - 3]])
    await one.sign()
    await two.observer.observe()
    await three.observer.observe()
    await Promise.all([two.sign(), three.sign()])
  })

  test("a daemon that starts goes on from what its log has recorded", async () => {
    const again = observing(two.logId, two.ledger, pool)
    const before = two.size
    await again.observer.observe()
    expect([two.size, again.said]).toEqual([before, []])
    await one.add(1)
    await one.sign()
    await again.observer.observe()
    expect([two.size, again.said]).toEqual([before + 1, []])
    await two.observer.observe() // whose memory is older than its log: it takes the log's word, and there is nothing new
    expect([two.size, two.said]).toEqual([before + 1, []])
    await two.sign()
  })

  test("fsck follows each head to the log that it is of", async () => {
    expect((await runFsck()).findings).toEqual([])
    const logs = [one, two, three].map(({ origin, vkey }) => ({ origin, vkey }))
    expect((await runFsck({ logs, tokens: { keys: [] } } as never)).findings).toEqual([])
  })
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
async function sql(text: string, ...values: unknown[]): Promise<void> {
  expect((await tx.query(text, values)).rowCount, text).toBeGreaterThan(0)
}

/** Another record, with its leaf hash. */
async function rewrite({ logId }: TestLog, index: number): Promise<void> {
  const { rows } = await tx.query("SELECT body FROM entry WHERE log_id = $1 AND idx = $2", [logId, index])
  const body = Buffer.from(rows[0].body.toString().replace('"data":{}', '"data":{"other":1}'))
  expect(body.equals(rows[0].body)).toBe(false)
  await sql(
    "UPDATE entry SET body = $3, leaf_hash = $4 WHERE log_id = $1 AND idx = $2",
    logId,
    index,
    body,
    hashLeaf(sha256, body),
  )
}

/** Tiles, head and one checkpoint as the entries now make them, signed by the log's own key: the log is in order again. */
async function resign({ logId, origin, key }: Pick<TestLog, "logId" | "origin" | "key">): Promise<void> {
  const { rows } = await tx.query<{ leaf_hash: Buffer }>("SELECT leaf_hash FROM entry WHERE log_id = $1 ORDER BY idx", [
    logId,
  ])
  const leaves = rows.map((row) => row.leaf_hash)
  const tile = leaves.slice(0, TILE)
  if (leaves.length >= TILE)
    await sql(
      "UPDATE tile SET hashes = $2, root = $3 WHERE log_id = $1",
      logId,
      Buffer.concat(tile),
      rootOfHashes(sha256, tile),
    )
  const root = rootOfHashes(sha256, leaves)
  await sql("UPDATE log_head SET size = $2, root = $3 WHERE log_id = $1", logId, leaves.length, root)
  await sql("DELETE FROM checkpoint WHERE log_id = $1", logId)
  const text = formatCheckpoint({ origin, size: BigInt(leaves.length), root })
  const keyHash = noteKeyHash(sha256, origin, key.publicKey)
  await putNote(logId, leaves.length, formatNote(text, [{ name: origin, keyHash, signature: key.sign(text) }]))
}
const putNote = (logId: number, size: number, note: string) =>
  sql("INSERT INTO checkpoint (log_id, size, note) VALUES ($1, $2, $3)", logId, size, Buffer.from(note))

async function drop({ logId }: TestLog): Promise<void> {
  const tables = ["entry", "tile", "checkpoint", "log_head", "log_lease", "lookup_mark", "observed_head", "log"]
  for (const table of tables) await tx.query(`DELETE FROM ${table} WHERE log_id = ${logId}`)
  await tx.query(`DELETE FROM observed_head WHERE by_log_id = ${logId}`)
}

const OLD = 3 // a record of `one` that `two` had recorded from its first head on
describe("by a superuser who has the key of a log", () => {
  const seenBy = async (log: TestLog) =>
    (
      await database.query("SELECT size FROM observed_head WHERE by_log_id = $1 AND log_id = $2", [
        log.logId,
        one.logId,
      ])
    ).rows[0]?.size as bigint

  test("the log rewritten wholly, every hash recomputed and its head signed again: found by what others recorded", async () => {
    const attack = async () => {
      await rewrite(one, OLD)
      await resign(one)
    }
    const { findings } = await under(attack, () => runFsck())
    expect(findings.filter(({ log }) => log === one.origin)).toEqual([
      {
        table: "log",
        log: one.origin,
        index: 5, // the last record below the first head that it contradicts
        text: expect.stringMatching(
          /^writ\.test\/two has recorded its head of size 6 in record 1: its first 6 records are not those/,
        ),
      },
      { table: "log", log: one.origin, index: expect.any(Number), text: expect.stringMatching(/^writ\.test\/three /) },
    ])
  })

  test("rewritten behind an older head: the finding says up to where it is good", async () => {
    const attack = async () => {
      await rewrite(one, 100)
      await resign(one)
    }
    const { findings } = await under(attack, () => runFsck())
    const [first] = findings.filter(({ log, text }) => log === one.origin && text.startsWith(two.origin))
    expect(first?.text).toMatch(/are not those any more; up to size 8 it holds what was recorded$/)
    expect(first?.index).toBeGreaterThanOrEqual(100)
  })

  test("its end cut off, and signed again", async () => {
    const attack = async () => {
      await sql("DELETE FROM entry WHERE log_id = $1 AND idx >= 260", one.logId)
      await resign(one)
    }
    const { findings } = await under(attack, () => runFsck())
    expect(findings).toContainEqual({
      table: "log",
      log: one.origin,
      index: 260,
      text: expect.stringMatching(/^writ\.test\/two has recorded its head of size \d+ .*the log has only 260 records/),
    })
  })

  test("the log dropped wholly, with all that named it but the others' records", async () => {
    const { findings } = await under(
      () => drop(one),
      () => runFsck(),
    )
    expect(findings).toEqual(
      [two, three].map(({ origin }) => ({
        table: "log",
        log: one.origin,
        index: 0,
        text: expect.stringMatching(new RegExp(`^${origin} has recorded .*there is no such log any more$`)),
      })),
    )
  })

  test("another key for all of it: the heads name the one that it had", async () => {
    const key = vectorKey("thief")
    const attack = async () => {
      await sql(
        "UPDATE log SET verifier_key = $2 WHERE log_id = $1",
        one.logId,
        formatVerifierKey(sha256, one.origin, key.publicKey),
      )
      await resign({ ...one, key })
    }
    const { findings } = await under(attack, () => runFsck())
    expect(findings).toContainEqual({
      table: "log",
      log: one.origin,
      index: 0,
      text: expect.stringContaining(`the log had another key then, ${one.vkey}`),
    })
  })

  test("a record of heads that its own log's key holder made up: it does not verify", async () => {
    const attack = async () => {
      const { rows } = await tx.query("SELECT body FROM entry WHERE log_id = $1 AND idx = 1", [two.logId])
      const body = Buffer.from(rows[0].body.toString().replace(/"size":"6"/, '"size":"5"'))
      await sql(
        "UPDATE entry SET body = $2, leaf_hash = $3 WHERE log_id = $1 AND idx = 1",
        two.logId,
        body,
        hashLeaf(sha256, body),
      )
      await resign(two)
    }
    const { findings } = await under(attack, () => runFsck())
    expect(findings).toContainEqual({
      table: "entry",
      log: two.origin,
      index: 1,
      text: `the head of ${one.origin} that it names does not verify: SIGNATURE_WRONG: the checkpoint's signature does not verify`,
    })
  })

  test.each([
    ["its size altered", "UPDATE observed_head SET size = size + 1"],
    ["its root altered", "UPDATE observed_head SET root = set_byte(root, 0, get_byte(root, 0) # 1)"],
    ["another record named", "UPDATE observed_head SET idx = idx + 1"],
    ["another log named", "UPDATE observed_head SET log_id = 9"],
    ["said of another log", "UPDATE observed_head SET by_log_id = 9"],
    ["deleted", "DELETE FROM observed_head"],
  ])("the row of what was recorded last, %s", async (_, attack) => {
    const { findings } = await under(
      () => sql(`${attack} WHERE by_log_id = $1 AND log_id = $2`, two.logId, one.logId),
      () => runFsck(),
    )
    expect(findings.map(({ table }) => table)).toContain("observed_head")
    expect(findings.every(({ table }) => table === "observed_head")).toBe(true)
  })

  test("nothing is left of all this", async () => {
    expect((await runFsck()).findings).toEqual([])
  })

  /** A replica that looks while the attack is under way: nothing of `one` may be recorded. */
  async function looking(attack: () => Promise<unknown>): Promise<string[]> {
    const { observer, said } = observing(two.logId, two.ledger, tx)
    await observer.observe() // knows what was recorded
    const before = two.size
    await under(attack, async () => {
      await observer.observe()
      await observer.observe() // says it once
    })
    expect([two.size, observer.unsound]).toEqual([before, 1])
    await observer.observe()
    expect(observer.unsound).toBe(0)
    return said
  }

  test("a replica does not record a head whose signature is forged, and says so", async () => {
    const size = one.size + 1
    const text = formatCheckpoint({ origin: one.origin, size: BigInt(size), root: Buffer.alloc(32, 1) })
    const keyHash = noteKeyHash(sha256, one.origin, one.key.publicKey)
    const signature = vectorKey("stranger").sign(text)
    const note = formatNote(text, [{ name: one.origin, keyHash, signature }])
    expect(await looking(() => putNote(one.logId, size, note))).toEqual([
      `${one.origin}: its newest checkpoint does not verify: SIGNATURE_WRONG: the checkpoint's signature does not verify`,
    ])
  })

  test("nor an old one in the row of a new one: it would never see the new ones", async () => {
    const attack = () =>
      sql("INSERT INTO checkpoint SELECT log_id, size + 1000, note FROM checkpoint WHERE log_id = $1", one.logId)
    expect(await looking(attack)).toEqual([
      expect.stringMatching(/: the row of its newest checkpoint, of size \d+, holds another one$/),
    ])
  })

  test("nor one that contradicts what it recorded before: smaller, another root, another history, or gone", async () => {
    const rewritten = async () => {
      await rewrite(one, OLD)
      await resign(one)
    }
    const seen = Number(await seenBy(two))
    const rest = `${one.origin}: it was rewritten: this log has recorded its head of size ${seen}, and`
    const cutOff = async () => {
      await sql("DELETE FROM entry WHERE log_id = $1 AND idx >= 260", one.logId)
      await resign(one)
    }
    expect(await looking(cutOff)).toEqual([`${rest} its newest checkpoint is of size 260`])
    expect(await looking(() => drop(one))).toEqual([`${rest} it is not in the database any more`])
    expect(await looking(() => sql("DELETE FROM checkpoint WHERE log_id = $1", one.logId))).toEqual([
      `${rest} it has no checkpoint any more`,
    ])
    const key = vectorKey("thief")
    const vkey = formatVerifierKey(sha256, one.origin, key.publicKey)
    const withAnotherKey = async () => {
      await sql("UPDATE log SET verifier_key = $2 WHERE log_id = $1", one.logId, vkey)
      await resign({ ...one, key })
    }
    expect(await looking(withAnotherKey)).toEqual([`${one.origin}: it has another key than before, ${vkey}`])
    if (one.size === seen) expect(await looking(rewritten)).toEqual([`${rest} it has signed another root of that size`])
    await one.add(1) // from here on its head is larger than what was recorded
    expect(await looking(rewritten)).toEqual([`${rest} what it signed at size ${one.size} does not go on from there`])
  })

  test("nor a first one that the records do not lead to", async () => {
    const four = await openTestLog("four")
    await four.add(2)
    await four.sign()
    const { observer, said } = observing(two.logId, two.ledger, tx)
    await under(
      () => sql("UPDATE entry SET leaf_hash = $2 WHERE log_id = $1 AND idx = 1", four.logId, Buffer.alloc(32)),
      () => observer.observe(),
    )
    await four.close()
    expect(said).toEqual([`${four.origin}: its records do not lead to the root that it signed at size 3`])
  })
})

test("of many logs, so many heads a record, and each gets its turn", async () => {
  const many: TestLog[] = []
  for (let i = 0; i < MAX_HEADS + 2; i++) many.push(await openTestLog(`of-many-${i}`))
  for (const log of many) await log.sign()
  const before = three.size
  const { observer } = observing(three.logId, three.ledger, pool)
  const named = new Set<string>()
  for (let i = 0; i < 3; i++) {
    await observer.observe()
    for (const { log } of await newestHeads(three)) named.add(log)
  }
  expect(three.size - before).toBe(2)
  for (const { origin } of many) expect(named).toContain(origin)
  await Promise.all(many.map((log) => log.close()))
  await three.sign()
  expect((await runFsck()).findings).toEqual([])
})
