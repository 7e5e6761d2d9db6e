import { generateKeyPairSync } from "node:crypto"
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { VerifyReply } from "../../src/cli/lineage.ts"
import { connect } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt } from "../support/built-daemon.ts"
import { type ExecOptions, type ExecProcess, startExec } from "../support/exec.ts"
import { makeFolder } from "../support/folder.ts"
import { findHelpers, isRoot, until } from "../support/guard.ts"
import { makeNetwork, type Network, startRelay } from "../support/network.ts"
import { has } from "../support/system-package.ts"

/** A lease lives this long from its last beat; what runs ends within it. */
const LEASE_MS = 15_000
const canRun = has("util-linux", ["unshare", "--version"])
const canNetwork = has("iproute2", ["ip", "-V"]) && isRoot && canRun
const folder = makeFolder()
const data = join(folder.path, "data")
const work = join(folder.path, "work")
const runs: ExecProcess[] = []
let daemon: BuiltDaemon
let port: number

/** Everything that a process does to outlive its end: ignores TERM, forks, double-forks, starts sessions. */
const STUBBORN = `trap "" TERM HUP INT
sh -c 'trap "" TERM; sleep 301; :' &
(sleep 302 &)
(setsid sh -c 'sleep 303; :' &)
setsid setsid sh -c '(sleep 304 &) ; sleep 305; :' &
sleep 0.2
echo ready
while :; do sleep 1; done`

const exec = (command: readonly string[], flags: readonly string[] = [], options: ExecOptions = {}) => {
  const run = startExec(["--data", data, ...flags, "--", ...command], { cwd: work, ...options })
  runs.push(run)
  return run
}
const sh = (text: string) => ["sh", "-c", text]
const printed = (run: ExecProcess, text: string) =>
  until(() => run.stdout().includes(text), 20_000, `"${text}" in "${run.stdout()}${run.stderr()}"`)
async function call<Reply>(role: Role, ...args: Parameters<ReturnType<typeof connect>["call"]>): Promise<Reply> {
  const client = connect({ target: `127.0.0.1:${port}`, key: readApiKey(data, role) })
  try {
    return (await client.call(...args)) as Reply
  } finally {
    client.close()
  }
}
const revoke = (execution_id: string) =>
  call("operator", "authorization", "RevokeExecution", { execution_id, reason: "enough" })
async function stateOf(execution_id: string): Promise<string> {
  const { execution } = await call<{ execution: { state: string } }>("auditor", "authorization", "GetExecution", {
    execution_id,
  })
  return execution.state.replace("EXECUTION_STATE_", "")
}
async function kindsOf(execution_id: string): Promise<string[]> {
  const { records } = await call<{ records: { body: Buffer }[] }>("auditor", "lineage", "GetLineage", { execution_id })
  return records.map(({ body }) => JSON.parse(body.toString("utf8")).kind as string)
}
async function verify(execution_id: string): Promise<void> {
  const report = await call<VerifyReply>("auditor", "lineage", "VerifyLineage", { execution_id })
  expect(report).toMatchObject({ valid: true, reason: "" })
}
const killDaemon = () => process.kill(daemon.address.pid, "SIGKILL")
const startDaemon = async () => {
  daemon = await startBuilt(data, ["--grpc-port", String(port)])
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port: free } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return free
}

beforeAll(async () => {
  mkdirSync(work)
  chmodSync(work, 0o777)
  port = await freePort()
  await startDaemon()
})
afterEach(async () => {
  const left = runs.splice(0)
  const living = () => [...left.flatMap((run) => run.living()), ...findHelpers(folder.path)]
  for (const { child } of left) child.kill("SIGKILL") // and everything else must go with it
  await until(() => living().length === 0, 1_000, `${living()} end`).finally(() => {
    for (const run of left) run.clean()
  })
})
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

describe.skipIf(!canRun)("writ exec when the guard is killed", () => {
  test("no descendant lives a second later, and the runtime's id is free for the next run", async () => {
    const run = exec(sh(STUBBORN), ["--runtime-id", "exec:killed"])
    const { execution_id } = await run.next("allowed")
    await printed(run, "ready")
    expect(run.living().length, "the guard, the program and four more at least").toBeGreaterThanOrEqual(6)
    run.child.kill("SIGKILL")
    await until(() => run.living().length === 0, 1_000, `${run.living()} end`)
    const again = exec(sh("exit 0"), ["--runtime-id", "exec:killed"])
    expect(await again.exited, again.stderr()).toBe(0)
    expect(["REDEEMED", "LOST"]).toContain(await stateOf(execution_id))
    await verify(execution_id)
  })
})

describe.skipIf(!canRun)("writ exec when the daemon is killed", () => {
  test("back within the lease: the program lives on, to an end that is recorded", async () => {
    const run = exec(sh("sleep 22; exit 5"))
    const { execution_id } = await run.next("allowed")
    await sleep(2_000)
    killDaemon()
    await sleep(2_000)
    await startDaemon()
    expect(await run.exited, run.stderr()).toBe(5)
    expect(await run.next("ended")).toMatchObject({ cause: null, recorded: true, image: "same" })
    expect(await stateOf(execution_id)).toBe("FAILED")
    await verify(execution_id)
  })

  test("not back within the lease: the program and all of its descendants end with it, 123; nothing runs until it is back", async () => {
    const run = exec(sh(STUBBORN))
    const { execution_id } = await run.next("allowed")
    await printed(run, "ready")
    await sleep(500)
    killDaemon()
    const killedMs = performance.now()
    await run.next("unanswered")
    const later = exec(["touch", join(work, "never")])
    expect(await later.exited).toBe(121)
    expect(performance.now() - killedMs).toBeLessThan(LEASE_MS - 5_000)
    expect(run.living().length, "it still has its lease").toBeGreaterThanOrEqual(6)
    expect(await run.exited).toBe(123)
    expect(performance.now() - killedMs, "no later than the lease, and the report that nobody takes").toBeLessThan(
      LEASE_MS + 2_500,
    )
    expect(run.living()).toEqual([])
    expect(await run.next("stopping")).toMatchObject({ cause: "lease" })
    await startDaemon()
    expect(["REDEEMED", "LOST"]).toContain(await stateOf(execution_id))
    await verify(execution_id)
    expect(await exec(["true"]).exited).toBe(0)
  })
})

describe.skipIf(!canRun)("writ exec and directives", () => {
  test("a revocation ends the program and all of its descendants, which ignore TERM: 122", async () => {
    const run = exec(sh(STUBBORN), ["--grace", "0.5"])
    const { execution_id } = await run.next("allowed")
    await printed(run, "ready")
    await revoke(execution_id)
    const answeredMs = performance.now()
    expect(await run.next("stopping")).toMatchObject({ cause: "directive", directive: { kind: "stop_execution" } })
    const { outcome } = await run.next("ended")
    expect(outcome).toMatchObject({ signal: "SIGKILL", survivors: 0 })
    expect(outcome.stopped?.killMs).toBeGreaterThanOrEqual(500)
    expect(performance.now() - answeredMs).toBeLessThan(2_500)
    expect(await run.exited).toBe(122)
    expect(run.stderr()).toContain("ending it: Writ says stop_execution")
    expect(await stateOf(execution_id)).toBe("REVOKED")
    expect(await kindsOf(execution_id)).toEqual(["decision", "redeemed", "started", "revoked", "terminated"])
    await verify(execution_id)
  })

  test("a revocation of one run leaves another run of the same program alone", async () => {
    const [one, two] = [exec(["sleep", "300"]), exec(["sleep", "300"])]
    const { execution_id } = await one.next("allowed")
    await Promise.all([one.next("started"), two.next("started")])
    await revoke(execution_id)
    expect(await one.exited).toBe(122)
    await sleep(300)
    expect(two.child.exitCode).toBeNull()
    two.child.kill("SIGTERM")
    expect(await two.exited).toBe(143)
  })

  test("a program that replaces its executable is quarantined and killed, and does not run again", async () => {
    const tool = join(work, "shell")
    copyFileSync("/bin/sh", tool)
    chmodSync(tool, 0o755)
    const run = exec([tool, "-c", 'trap "" TERM; sleep 1; exec sleep 300'], ["--grace", "0.2"])
    const { execution_id } = await run.next("allowed")
    expect(await run.next("changed")).toMatchObject({ kind: "image-replaced" })
    expect(await run.next("stopping")).toMatchObject({ directive: { kind: "quarantine" } })
    expect(await run.exited).toBe(122)
    await verify(execution_id)
    const again = exec([tool, "-c", "echo ran"])
    expect(await again.exited).toBe(120)
    expect((await again.next("nothing_ran")).code).toBe("RUNTIME_QUARANTINED")
    expect(again.stdout()).toBe("")
  })

  test("a script that rewrites itself is quarantined and killed", async () => {
    const path = join(work, "rewriting")
    writeFileSync(path, '#!/bin/sh\necho started\nsleep 1\nprintf "# more" >> "$1"\nsleep 300\n')
    chmodSync(path, 0o777)
    const run = exec([path, path], ["--grace", "0.2"])
    expect(await run.next("changed")).toMatchObject({ kind: "file-rewritten" })
    expect(await run.exited).toBe(122)
  })

  test("a program whose file is replaced on disk runs on: what runs is what was measured", async () => {
    const tool = join(work, "replaced")
    copyFileSync("/bin/sleep", tool)
    chmodSync(tool, 0o755)
    const run = exec([tool, "7"])
    await run.next("started")
    writeFileSync(join(work, "newer"), "another")
    renameSync(join(work, "newer"), tool)
    expect(await run.next("changed")).toMatchObject({ kind: "file-replaced", path: tool })
    expect(await run.exited).toBe(0)
    expect(await run.next("ended")).toMatchObject({ image: "same" })
  })

  test("what ends after the token's exp is complete all the same", async () => {
    const run = exec(["sleep", "12"])
    const { execution_id } = await run.next("allowed")
    expect(await run.exited).toBe(0)
    expect(await stateOf(execution_id)).toBe("COMPLETED")
  })
})

describe.skipIf(!canRun)("writ exec when replies are lost", () => {
  test("the replies of Authorize and RedeemToken: each is asked for again, and there is one execution, redeemed once", async () => {
    // The requests hold these as they are: the arguments, and the token, which begins as every JWT does.
    const marks = ['"argv"', "eyJ"]
    const lost: string[] = []
    const relay = await startRelay(port, "127.0.0.1", (chunk) => {
      const mark = marks.find((text) => !lost.includes(text) && chunk.includes(text))
      if (mark) lost.push(mark)
      return mark !== undefined
    })
    const run = exec(sh("echo once"), ["--target", `127.0.0.1:${relay.port}`])
    const { execution_id } = await run.next("allowed")
    expect(await run.exited, run.stderr()).toBe(0)
    expect(run.stdout()).toBe("once\n")
    expect(lost).toEqual(marks)
    expect(relay.connections).toBeGreaterThanOrEqual(3)
    await relay.close()
    expect(await kindsOf(execution_id)).toEqual(["decision", "redeemed", "started", "completed"])
    await verify(execution_id)
  })
})

describe.skipIf(!canNetwork)("writ exec when the network is cut", () => {
  let network: Network
  beforeAll(async () => {
    network = await makeNetwork(port)
  })
  afterAll(async () => await network?.remove())
  const within = (command: readonly string[], flags: readonly string[] = []) =>
    exec(command, ["--target", network.target, ...flags], { wrapper: network.wrapper })

  test("and healed within the lease: the program lives on", async () => {
    const run = within(["sleep", "24"])
    const { execution_id } = await run.next("allowed")
    await sleep(1_000)
    network.cut()
    await sleep(7_000)
    network.heal()
    expect(await run.exited, run.stderr()).toBe(0)
    expect(await stateOf(execution_id)).toBe("COMPLETED")
  })

  test("for longer than the lease: the program ends with the lease, 123", async () => {
    const run = within(sh(STUBBORN))
    await run.next("allowed")
    await printed(run, "ready")
    network.cut()
    const cutMs = performance.now()
    try {
      expect(await run.exited, run.stderr()).toBe(123)
      expect(performance.now() - cutMs).toBeLessThan(LEASE_MS + 5_000)
      expect(run.living()).toEqual([])
    } finally {
      network.heal()
    }
  })

  test("before anything: 121, and nothing ran", async () => {
    network.cut()
    try {
      const run = within(["touch", join(work, "never-either")])
      expect(await run.exited).toBe(121)
    } finally {
      network.heal()
    }
  })

  test("two guards with the same key in two namespaces: the second never runs, the first is quarantined and ended", async () => {
    const other = await makeNetwork(port)
    try {
      const file = join(folder.path, "shared.key")
      const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" })
      writeFileSync(file, pem, { mode: 0o600 })
      const flags = ["--runtime-key", file, "--runtime-id", "exec:cloned"]
      const first = within(sh(STUBBORN), [...flags, "--grace", "0.2"])
      await printed(first, "ready")
      const second = exec(sh(`touch ${work}/cloned`), [...flags, "--target", other.target], {
        wrapper: other.wrapper,
      })
      expect(await second.exited, second.stderr()).toBe(120)
      expect(existsSync(join(work, "cloned"))).toBe(false)
      expect(await first.exited, first.stderr()).toBe(122)
    } finally {
      await other.remove()
    }
  })
})
