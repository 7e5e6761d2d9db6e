import { chmodSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { makeFolder } from "../support/folder.ts"
import {
  findHelpers,
  type GuardOptions,
  type GuardProcess,
  installGuard,
  startGuard,
  USERS,
  until,
  type Who,
} from "../support/guard.ts"
import { has } from "../support/system-package.ts"

vi.setConfig({ testTimeout: 20_000 })
const canRun = has("util-linux", ["unshare", "--version"])
const folder = makeFolder()
const guards: GuardProcess[] = []
const run = (who: Who, options: GuardOptions, wrapper: readonly string[] = []) => {
  const guard = startGuard(folder.path, who, options, wrapper)
  guards.push(guard)
  return guard
}
const printed = (guard: GuardProcess, text: string) =>
  until(() => guard.output().includes(text), 10_000, `"${text}" in "${guard.output()}"`)

/** Everything that a process does to outlive its end: ignores TERM, forks, double-forks, starts sessions, replaces its executable. */
const STUBBORN = `trap "" TERM HUP INT
sh -c 'sleep 301; :' &
(sleep 302 &)
(setsid sh -c 'sleep 303; :' &)
setsid setsid sh -c '(sleep 304 &) ; exec sleep 305' &
sleep 0.2
echo ready
exec sleep 306`

beforeAll(() => {
  installGuard(folder.path)
  chmodSync(join(folder.path, "work"), 0o777)
})
afterEach(() => {
  const left = guards.splice(0)
  const alive = left.flatMap((guard) => guard.living())
  for (const guard of left) guard.clean()
  expect([...alive, ...findHelpers(folder.path)], "processes left behind").toEqual([])
})
afterAll(() => folder.remove())

const HOLDS = USERS.flatMap((who) => [
  { who, group: false },
  { who, group: true },
])

describe.skipIf(!canRun).each(HOLDS)("supervise as $who, group $group", ({ who, group }) => {
  test("stop ends a process that obeys TERM without KILL, with the time that it took", async () => {
    const text = "trap 'echo bye; exit 3' TERM; (sleep 300 &); echo ready; while :; do sleep 0.05; done"
    const guard = run(who, { command: ["sh", "-c", text], group, stopAfterMs: 300, graceMs: 3_000 })
    expect(await guard.exited).toBe(3)
    expect(guard.output()).toMatch(/^ready\n(Terminated\n)?bye\n$/) // what the shell says of its sleep
    const { times } = await guard.next("stopped")
    expect(times.killMs).toBeNull()
    expect(times.termMs).toBeLessThanOrEqual(times.mainEndedMs)
    expect(times.lastEndedMs).toBeLessThan(1_500)
    expect((await guard.next("ended")).outcome).toMatchObject({ code: 3, signal: null, stopped: times, survivors: 0 })
  })

  test("stop kills what ignores TERM, all of it, after the grace", async () => {
    // Without a namespace a session that its parents have left is out of reach: "guard killed" has that.
    const text = group ? STUBBORN.replaceAll("setsid ", "") : STUBBORN
    const guard = run(who, { command: ["sh", "-c", text], group, stopAfterMs: 600, graceMs: 300 })
    await printed(guard, "ready")
    const many = guard.living().length
    expect(many, "the guard, the process and four more at least").toBeGreaterThanOrEqual(6)
    expect(await guard.exited).toBe(137)
    const { times } = await guard.next("stopped")
    expect(times.killMs).toBeGreaterThanOrEqual(300)
    expect(times.killMs).toBeLessThan(1_000)
    expect(times.lastEndedMs - (times.killMs as number)).toBeLessThan(1_000)
    expect((await guard.next("ended")).outcome).toMatchObject({ code: null, signal: "SIGKILL", survivors: 0 })
  })

  test("stop ends a process that is stopped", async () => {
    const guard = run(who, { command: ["sh", "-c", "kill -STOP $$; sleep 300"], group, stopAfterMs: 300, graceMs: 200 })
    expect(await guard.exited, "TERM reached it").toBe(143)
    expect((await guard.next("ended")).outcome).toMatchObject({ survivors: 0, stopped: { killMs: null } })
  })

  test("a process that stopped and was continued by another is still seen to end", async () => {
    const guard = run(who, { command: ["sh", "-c", "(sleep 0.3; kill -CONT $$) & kill -STOP $$; exit 6"], group })
    await guard.next("ended")
    expect(await guard.exited).toBe(6)
  })

  test("what a process leaves when it ends is killed", async () => {
    const guard = run(who, { command: ["sh", "-c", "(sleep 300 &); sleep 301 & exit 4"], group })
    expect(await guard.exited).toBe(4)
    expect((await guard.next("ended")).outcome).toMatchObject({ code: 4, stopped: null, survivors: 0 })
  })

  test("the guard's signals reach the process", async () => {
    const text =
      'for s in HUP INT USR2; do trap "echo got $s" $s; done; trap "exit 9" TERM; echo ready; while :; do sleep 0.02; done'
    const guard = run(who, { command: ["sh", "-c", text], group })
    await guard.next("started")
    await printed(guard, "ready")
    for (const signal of ["HUP", "INT", "USR2"] as const) {
      guard.child.kill(`SIG${signal}`)
      await printed(guard, `got ${signal}`)
    }
    guard.child.kill("SIGTERM")
    expect(await guard.exited).toBe(9)
  })
})

describe.skipIf(!canRun).each(USERS)("guard killed as %s", (who) => {
  test("no descendant lives a second after the guard was killed", async () => {
    const guard = run(who, { command: ["sh", "-c", STUBBORN] })
    await guard.next("started")
    await printed(guard, "ready")
    expect(guard.living().length).toBeGreaterThanOrEqual(6)
    guard.child.kill("SIGKILL")
    await until(() => guard.living().length === 0, 1_000, `${guard.living()} end`)
  })

  test("a process that stops all that it sees, the lifeline's reader too, ends with the guard", async () => {
    const guard = run(who, { command: ["sh", "-c", "echo ready; kill -STOP -1; sleep 300"] })
    await printed(guard, "ready")
    await sleep(100)
    guard.child.kill("SIGKILL")
    await until(() => guard.living().length === 0, 1_000, `${guard.living()} end`)
  })

  test("killed at any moment of its start, it leaves nothing", async () => {
    for (let delayMs = 20; delayMs <= 160; delayMs += 10) {
      const guard = run(who, { command: ["sh", "-c", "trap '' TERM; sleep 300 & sleep 301"] })
      await sleep(delayMs)
      guard.child.kill("SIGKILL")
      const left = () => [...guard.living(), ...findHelpers(folder.path)]
      await until(() => left().length === 0, 1_000, `${left()} end, the guard killed after ${delayMs} ms`)
    }
  })

  test("in a group, the group dies with the guard; what left it lives, as the shortfall says", async () => {
    const text = "sleep 301 & (setsid sleep 302 &) ; sleep 0.2; echo ready; trap '' TERM; sleep 303"
    const guard = run(who, { command: ["sh", "-c", text], group: true })
    expect((await guard.next("started")).notGuaranteed).toContain("kill-with-guard")
    await printed(guard, "ready")
    guard.child.kill("SIGKILL")
    await until(() => guard.living().length <= 1, 1_000, `${guard.living()} end`)
    expect(guard.living(), "what called setsid").toHaveLength(1)
    guard.clean()
    await until(() => guard.living().length === 0, 1_000, "the test's own kill")
  })
})

describe.skipIf(!canRun).each(USERS)("guard as PID 1 of a container, as %s", (who) => {
  const user = who === "root" ? [] : ["--user", "--map-current-user"]
  const container = ["unshare", ...user, "--pid", "--fork", "--kill-child", "--mount-proc"]
  /** The guard as PID 1 of the container. */
  const signal = (guard: GuardProcess, name: NodeJS.Signals) => {
    const inner = guard
      .living()
      .find((pid) => readNamespacePids(pid).at(-1) === 1 && readNamespacePids(pid).length === 2)
    process.kill(inner as number, name)
  }

  test("it forwards signals, and the orphans of its process are reaped", async () => {
    const text = `for i in 1 2 3 4 5 6 7 8; do (sh -c 'sleep 0.05' &) ; done; sleep 0.5
cat /proc/[0-9]*/stat | grep -c ' Z '; trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.02; done`
    const guard = run(who, { command: ["sh", "-c", text] }, container)
    expect((await guard.next("started")).notGuaranteed).not.toContain("reaped-orphans")
    await printed(guard, "ready")
    const zombies = listZombies(guard)
    signal(guard, "SIGTERM")
    expect(await guard.exited).toBe(5)
    expect(guard.output()).toBe("0\nready\nbye\n")
    expect(zombies, "in the guard's own namespace").toEqual([])
  })

  test("killed from outside, it takes all with it", async () => {
    const guard = run(who, { command: ["sh", "-c", STUBBORN] }, container)
    await printed(guard, "ready")
    signal(guard, "SIGKILL")
    await until(() => guard.living().length === 0, 1_000, `${guard.living()} end`)
  })

  test("without the rights for a namespace of its own it says that orphans stay", async () => {
    const guard = run(who, { command: ["true"], group: true }, container)
    expect((await guard.next("started")).notGuaranteed).toContain("reaped-orphans")
    expect(await guard.exited).toBe(0)
  })
})

/** From the outermost namespace to the innermost. */
function readNamespacePids(pid: number): number[] {
  return statusOf(pid, "NSpid").split(/\s+/).filter(Boolean).map(Number)
}

/** Zombies in a namespace below the test's, whose parent is the guard. */
function listZombies(guard: GuardProcess): number[] {
  const parents = guard.living()
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statusOf(pid, "State").startsWith("Z") && parents.includes(Number(statusOf(pid, "PPid"))))
}

function statusOf(pid: number, field: string): string {
  try {
    return new RegExp(`^${field}:\\s*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? ""
  } catch {
    return ""
  }
}
