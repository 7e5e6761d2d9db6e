import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { listProcesses } from "../../src/guard/process-table.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt } from "../support/built-daemon.ts"
import { type Container, type ContainerOptions, makeContainer } from "../support/container.ts"
import { type ExecProcess, startExec } from "../support/exec.ts"
import { makeFolder } from "../support/folder.ts"
import { isRoot, until } from "../support/guard.ts"
import { has } from "../support/system-package.ts"

const canUnshare = has("util-linux", ["unshare", "--version"]) && isRoot
const canContain = has("crun", ["crun", "--version"]) && canUnshare
const folder = makeFolder()
const data = join(folder.path, "data")
const keys = join(folder.path, "keys")
const runs: ExecProcess[] = []
const containers: Container[] = []
let daemon: BuiltDaemon

/** Orphans that end, and a process that says how it is told to. */
const TEXT = `for i in 1 2 3 4 5 6 7 8 9 10; do (sleep 0.1 &); done
sleep 0.5
trap "echo told; exit 9" TERM
trap "echo interrupted" INT
echo ready
while :; do sleep 0.05; done`

beforeAll(async () => {
  daemon = await startBuilt(data)
  mkdirSync(keys, { mode: 0o700 })
  for (const role of ["pep", "runtime", "executor"] as const)
    writeFileSync(join(keys, role), readApiKey(data, role), { mode: 0o600 })
})
afterEach(async () => {
  const left = runs.splice(0)
  for (const container of containers.splice(0)) container.remove()
  const living = () => left.flatMap((run) => run.living())
  await until(() => living().length === 0, 1_000, `${living()} end`).finally(() => {
    for (const run of left) run.clean()
  })
})
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

const printed = (run: ExecProcess, text: string) =>
  until(() => run.stdout().includes(text), 20_000, `"${text}" in "${run.stdout()}${run.stderr()}"`)

/** How many PID namespaces, from this one down, a process is in; and its pid in the last. */
function placeOf(pid: number): { readonly depth: number; readonly own: string | undefined } {
  const pids = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]?.split("\t") ?? []
  return { depth: pids.length, own: pids.at(-1) }
}

/** The guard's pid as seen from here. */
function findGuard(run: ExecProcess): number {
  const isGuard = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("main.js")
  const guard = run.living().find((pid) => placeOf(pid).own === "1" && isGuard(pid))
  if (guard === undefined) throw new Error(`no guard is PID 1 in ${run.living()}`)
  return guard
}

/** Zombies as deep down as the guard, or deeper. */
function countZombies(guard: number): number {
  return listProcesses().filter(({ pid, state }) => state === "Z" && placeOf(pid).depth >= placeOf(guard).depth).length
}

describe.skipIf(!canUnshare)("writ exec as PID 1 of a namespace", () => {
  test("forwards signals, leaves no zombies, and exits as the program does", async () => {
    const wrapper = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    const run = startExec(["--data", data, "--", "sh", "-c", TEXT], { wrapper })
    runs.push(run)
    expect((await run.next("allowed")).not_guaranteed).toEqual([])
    await printed(run, "ready")
    const guard = findGuard(run)
    expect(countZombies(guard)).toBe(0)
    process.kill(guard, "SIGINT")
    await printed(run, "interrupted")
    process.kill(guard, "SIGTERM")
    expect(await run.exited, run.stderr()).toBe(9)
    expect(run.stdout()).toContain("told\n")
  })
})

describe.skipIf(!canContain)("writ exec as a container's entry point", () => {
  const start = (
    options: Omit<ContainerOptions, "keys">,
    command: readonly string[],
    flags: readonly string[] = [],
  ) => {
    const container = makeContainer(folder.path, { keys, ...options })
    containers.push(container)
    const run = startExec(["--target", daemon.address.grpc, "--keys", "/keys", ...flags, "--", ...command], {
      launch: container.launch,
    })
    runs.push(run)
    return { run, container }
  }

  test("with an engine's usual rights: a PID namespace of its own, which reaps; signals reach the program", async () => {
    const { run, container } = start({}, ["sh", "-c", TEXT], ["--image-digest", "cd".repeat(32)])
    const { isolation, not_guaranteed } = await run.next("allowed")
    expect(isolation).toContain("a PID namespace")
    expect(not_guaranteed).not.toContain("reaped-orphans")
    await printed(run, "ready")
    expect(countZombies(findGuard(run))).toBe(0)
    container.kill("SIGINT")
    await printed(run, "interrupted")
    container.kill("SIGTERM")
    expect(await run.exited, run.stderr()).toBe(9)
    expect(run.stdout()).toContain("told\n")
  })

  test("with CAP_SYS_ADMIN and CAP_SYS_PTRACE: as another user, and nothing is missing", async () => {
    const { run } = start({ add: ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"] }, ["sh", "-c", "id -u; cat /keys/pep; exit 3"])
    expect((await run.next("allowed")).not_guaranteed.filter((code) => code !== "own-proc")).toEqual([])
    expect(await run.exited, run.stderr()).toBe(3)
    expect(run.stdout()).toBe("65534\n")
  })

  test("where the engine forbids namespaces: a process group, and it says that orphans are not reaped", async () => {
    const { run, container } = start({ forbidNamespaces: true }, ["sh", "-c", TEXT])
    const { not_guaranteed } = await run.next("allowed")
    expect(not_guaranteed).toEqual(expect.arrayContaining(["pid-namespace", "kill-with-guard", "reaped-orphans"]))
    await printed(run, "ready")
    expect(countZombies(findGuard(run)), "its ten orphans, which only a PID 1 that waits for them would end").toBe(10)
    container.kill("SIGTERM")
    expect(await run.exited, run.stderr()).toBe(9)
  })

  test("the whole container ends when the guard is killed", async () => {
    const { run } = start({}, ["sh", "-c", TEXT])
    await printed(run, "ready")
    process.kill(findGuard(run), "SIGKILL")
    await until(() => run.living().length === 0, 1_000, `${run.living()} end`)
  })
})
