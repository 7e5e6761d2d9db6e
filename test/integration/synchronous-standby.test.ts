/** The database fails over: a primary with a synchronous standby is killed under load, and the standby promoted. */
import { execFileSync } from "node:child_process"
import { chownSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import type { AuthorizeReply } from "../../src/client/authorize-request.ts"
import type { WritClient } from "../../src/client/connect.ts"
import { type EmbeddedPostgres, startEmbedded } from "../../src/store/embedded.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"

const IN_FLIGHT = 8
const folder = makeFolder()
const primaryFolder = join(folder.path, "primary")
const standbyFolder = join(folder.path, "standby")
/** What DATABASE_URL names, as a virtual address would: it leads to the one, later to the other. */
const address = join(folder.path, "address")

let primary: EmbeddedPostgres
let standby: EmbeddedPostgres
let daemon: TestDaemon

async function ask<Row extends pg.QueryResultRow>(
  of: EmbeddedPostgres,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client(of.connection)
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}
function leadTo({ connection }: EmbeddedPostgres): void {
  symlinkSync(connection.host as string, `${address}.new`)
  renameSync(`${address}.new`, address)
}

beforeAll(async () => {
  // Made once, stopped, and copied: a base backup of a server that does not run.
  mkdirSync(primaryFolder, { mode: 0o711 }) // as root, Postgres runs as another user
  await (await startEmbedded({ dataFolder: primaryFolder })).stop()
  execFileSync("cp", ["-a", primaryFolder, standbyFolder]) // with its owner
  const { uid, gid } = statSync(join(primaryFolder, "postgres", "cluster"))
  const signal = join(standbyFolder, "postgres", "cluster", "standby.signal")
  writeFileSync(signal, "")
  chownSync(signal, uid, gid)
  primary = await startEmbedded({ dataFolder: primaryFolder, settings: ["synchronous_standby_names=*"] })
  const { host, port, user, password } = primary.connection
  const from = `host=${host} port=${port} user=${user} password=${password} application_name=standby`
  standby = await startEmbedded({ dataFolder: standbyFolder, settings: [`primary_conninfo=${from}`] })
  const isInSync = "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'"
  while ((await ask(primary, isInSync)).length === 0) await sleep(20)
  leadTo(primary)
  const url = `postgresql://${user}:${encodeURIComponent(password as string)}@/writ?host=${encodeURIComponent(address)}&port=${port}`
  daemon = await startTestDaemon(url)
})
afterAll(async () => {
  await daemon?.stop()
  await Promise.all([primary?.stop(), standby?.stop()])
  folder.remove()
})

describe("a primary with a synchronous standby, killed by -9 under load", () => {
  test("the standby has all that was acknowledged; the daemon goes on by itself in the same log; fsck is clean", async () => {
    const acknowledged: AuthorizeReply[] = []
    let isOver = false
    const decide = async (client: WritClient) => {
      while (!isOver) {
        const reply = await authorize(client).catch(() => null)
        if (reply) acknowledged.push(reply)
        else await sleep(20)
      }
    }
    const load = Array.from({ length: IN_FLIGHT }, () => decide(daemon.client("pep")))
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(200)
    process.kill(primary.pid, "SIGKILL")
    const before = acknowledged.length
    await ask(standby, "SELECT pg_promote()")
    leadTo(standby)
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(before + 200)
    isOver = true
    await Promise.all(load)

    const logs = new Set(acknowledged.map(({ receipt }) => receipt.log))
    expect([...logs]).toHaveLength(1)
    const stored = await ask<{ idx: bigint; leaf_hash: Buffer }>(standby, "SELECT idx, leaf_hash FROM entry")
    const hashes = new Map(stored.map(({ idx, leaf_hash }) => [String(idx), leaf_hash.toString("hex")]))
    const lost = acknowledged.filter(
      ({ receipt }) => hashes.get(receipt.leaf_index) !== Buffer.from(receipt.leaf_hash).toString("hex"),
    )
    expect(lost).toEqual([])
    const { tree_size } = await daemon.client("auditor").call<{ tree_size: string }>("lineage", "GetCheckpoint", {})
    expect(Number(tree_size)).toBeGreaterThanOrEqual(acknowledged.length)
    expect((await checkDatabase(standby.connection, undefined, false)).findings).toEqual([])
  })
})
