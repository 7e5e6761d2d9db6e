/** docs/operations.md, run as it is printed: PostgreSQL 15, its own tools, and the built program. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/cli/authorize.ts"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { parseTrust, verifyEvidence } from "../../src/verify/index.ts"
import { type BuiltDaemon, type Finished, MAIN, run, startBuilt, writ } from "../support/built-daemon.ts"
import { readPage } from "../support/daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { BIN, type Postgres15, startPostgres15 } from "../support/postgres-15.ts"
import { has } from "../support/system-package.ts"

const runbook = readFileSync(join(import.meta.dirname, "..", "..", "docs", "operations.md"), "utf8")

/** The commands below a heading. */
function blockOf(heading: string): string {
  const section = runbook.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`))
  const block = section && /^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1]
  if (!block) throw new Error(`docs/operations.md has no commands under "${heading}"`)
  return block
}

describe.runIf(has("postgresql-15", [join(BIN, "pg_dump"), "--version"]))("the runbook", () => {
  const folder = makeFolder()
  const path = (name: string) => join(folder.path, name)
  const data = path("data")
  let postgres: Postgres15
  let daemon: BuiltDaemon | null = null
  let env: NodeJS.ProcessEnv
  const clients: WritClient[] = []

  beforeAll(async () => {
    mkdirSync(path("bin"))
    writeFileSync(path("bin/writ"), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`, { mode: 0o755 })
    mkdirSync(path("backup"))
    postgres = await startPostgres15()
    await postgres.query("postgres", "CREATE DATABASE writ")
    env = {
      PATH: `${path("bin")}:${BIN}:/usr/bin:/bin`,
      BACKUP: path("backup"),
      DATA: data,
      DATABASE_URL: postgres.url("writ"),
      ADMIN_URL: postgres.url("postgres"),
      RESTORED_URL: postgres.url("writ_restored"),
    }
    await start("writ")
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    await daemon?.stop()
    await postgres?.stop()
    folder.remove()
  })

  async function start(database: string): Promise<void> {
    daemon = await startBuilt(data, ["--database-url", postgres.url(database)])
  }
  async function stop(): Promise<void> {
    await daemon?.stop()
    daemon = null
  }
  const follow = async (heading: string): Promise<Finished> =>
    await run("bash", ["-euo", "pipefail", "-c", blockOf(heading)], { env })
  const call = async <Reply>(role: Role, service: string, method: string, request: object): Promise<Reply> => {
    const client = connect({ target: daemon?.address.grpc as string, key: readApiKey(data, role), maxTries: 1 })
    clients.push(client)
    return await client.call<Reply>(service as "lineage", method, request)
  }
  const decide = () => call<AuthorizeReply>("pep", "authorization", "Authorize", toWireRequest(readPage()))
  const clean = { code: 0, err: "" }
  let before: AuthorizeReply
  let after: AuthorizeReply

  test("a backup is taken beside a daemon that goes on", async () => {
    before = await decide()
    await call("auditor", "lineage", "GetCheckpoint", { log: "" }) // one that is in the backup covers it
    expect(await follow("Back up")).toMatchObject(clean)
    after = await decide()
    expect(existsSync(path("backup/writ.dump"))).toBe(true)
    const { out } = await run("tar", ["--list", "--file", path("backup/data.tar.gz")])
    expect(out).toMatch(/^\.\/keys\/$/m)
    expect(out).not.toMatch(/checkpoint\.state|postgres|daemon\.json/)
  })

  test("the restored database is whole, and the daemon refuses to go on with a log that is behind what it signed", async () => {
    await call("auditor", "lineage", "GetCheckpoint", { log: "" })
    await stop()
    const { code, out } = await follow("Restore an older state")
    expect([code, out]).toEqual([0, expect.stringContaining("Clean: every table is what the records say.")])
    const refused = await writ([
      "serve",
      "--data",
      data,
      "--grpc-port",
      "0",
      "--http-port",
      "0",
      "--database-url",
      postgres.url("writ_restored"),
    ])
    expect(refused.code).toBe(75)
    expect(refused.err).toMatch(/The database holds \d+ records, but a checkpoint of \d+ was signed/)
  })

  test("a new log begins; the old one is proved as far as it reaches, and nothing of it is written any more", async () => {
    expect(await follow("Begin a new log")).toMatchObject({ code: 0 })
    await start("writ_restored")
    const reply = await decide()
    expect([reply.decision, reply.receipt.log === before.receipt.log]).toEqual(["DECISION_ALLOW", false])
    const { evidence } = await call<{ evidence: Buffer }>("auditor", "lineage", "ExportEvidence", {
      execution_id: before.execution_id,
    })
    const trust = parseTrust(readFileSync(path("backup/trust.json"), "utf8"))
    expect(verifyEvidence(evidence, trust)).toMatchObject({ valid: true, anchored: true })
    await expect(call("auditor", "lineage", "GetLineage", { execution_id: after.execution_id })).rejects.toMatchObject({
      code: "NOT_FOUND",
    })
    const fsck = await writ(["ledger", "fsck", "--database-url", postgres.url("writ_restored")])
    expect([fsck.code, fsck.out]).toEqual([0, expect.stringContaining("Clean")])
  })

  test("the partitions are shown, with what is still needed of them", async () => {
    const { code, out } = await follow("Archives")
    expect(code).toBe(0)
    expect(out).toMatch(/0 to 1048575, [\d.]+ MiB: here: it is still written\n/)
  })

  test("of a partition that is still written no archive is made, and what is no archive is told so", async () => {
    const args = ["ledger", "archive", "write", "0", path("archive"), "--database-url", postgres.url("writ")]
    expect(await writ(args)).toMatchObject({ err: expect.stringMatching(/still written/) })
    writeFileSync(path("none"), "no archive\n")
    expect(await writ(["ledger", "archive", "verify", path("none")])).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^NOT VALID at step format: MALFORMED: /),
    })
  })
})
