/**
 * `npm run disk-full`: a real Postgres 15 whose disk fills up under a built daemon, as root on Linux (it mounts a small tmpfs and
 * unmounts it). Nothing may be allowed without its record, what was acknowledged must be there, and decisions go on with the room.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { type AuthorizeReply, toWireRequest } from "../src/cli/authorize.ts"
import { connect } from "../src/client/connect.ts"
import { readApiKey } from "../src/store/data-folder.ts"
import { startBuilt, writ } from "../test/support/built-daemon.ts"
import { readPage } from "../test/support/daemon.ts"
import { makeFolder } from "../test/support/folder.ts"
import { startPostgres15 } from "../test/support/postgres-15.ts"

const LEFT_BYTES = 300 * 1024
const LIMIT_MS = 60_000

const folder = makeFolder()
const disk = join(folder.path, "disk")
mkdirSync(disk)
execFileSync("mount", ["-t", "tmpfs", "-o", "size=150m,mode=711", "writ-disk-full", disk])
try {
  await fillUp()
} finally {
  execFileSync("umount", ["--lazy", disk])
  folder.remove()
}

async function fillUp(): Promise<void> {
  const postgres = await startPostgres15(["max_wal_size=48MB", "min_wal_size=32MB"], disk)
  await postgres.query("postgres", "CREATE DATABASE writ")
  const data = join(folder.path, "data")
  const daemon = await startBuilt(data, ["--database-url", postgres.url("writ"), "--log-level", "fatal"])
  const client = connect({ target: daemon.address.grpc, key: readApiKey(data, "pep"), maxTries: 1 })
  const allowed: string[] = []
  /** ALLOW, or the code of the refusal. */
  const ask = async (): Promise<string> => {
    try {
      const request = toWireRequest(
        readPage({ resource: { type: "url", id: `https://example.com/${"x".repeat(450)}` } }),
      )
      const { decision, execution_id } = await client.call<AuthorizeReply>("authorization", "Authorize", request)
      if (decision === "DECISION_ALLOW") allowed.push(execution_id)
      return decision
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const until = async (wanted: string) => {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(50)) {
      const outcomes = new Set(await Promise.all(Array.from({ length: 16 }, ask)))
      if (outcomes.has(wanted)) return
    }
    throw new Error(`no ${wanted} within ${LIMIT_MS} ms`)
  }
  const readiness = async () => (await fetch(`http://${daemon.address.http}/readyz`)).status
  try {
    await until("DECISION_ALLOW")
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(join(disk, "ballast"), Buffer.alloc(bavail * bsize - LEFT_BYTES))
    await until("LEDGER_UNAVAILABLE")
    const atFull = allowed.length
    const whenFull: number[] = []
    for (let i = 0; i < 40; i++, await sleep(50)) {
      await ask()
      whenFull.push(await readiness())
    }
    rmSync(join(disk, "ballast"))
    for (const end = Date.now() + LIMIT_MS; (await readiness()) !== 200; await sleep(50))
      if (Date.now() > end) throw new Error(`not ready within ${LIMIT_MS} ms of there being room`)
    await until("DECISION_ALLOW")
    const { rows } = await postgres.query(
      "writ",
      "SELECT convert_from(body, 'UTF8')::json ->> 'execution_id' AS id FROM entry WHERE position('\"kind\":\"decision\"'::bytea IN body) > 0",
    )
    const there = new Set(rows.map(({ id }) => id as string))
    const lost = allowed.filter((id) => !there.has(id)).length
    const fsck = await writ(["ledger", "fsck", "--database-url", postgres.url("writ")])
    console.log(
      `allowed until the disk was full ${atFull}, afterwards ${allowed.length - atFull}, without a record ${lost}`,
    )
    const ready = whenFull.filter((status) => status === 200).length
    console.log(`ready ${ready} of ${whenFull.length} times while it was full, and again with the room`)
    console.log(fsck.out.trimEnd())
    if (ready > 0 || lost > 0 || fsck.code !== 0) process.exitCode = 1
  } finally {
    client.close()
    await daemon.stop()
    await postgres.stop()
  }
}
