import { createHash } from "node:crypto"
import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import { makeFolder } from "../support/folder.ts"
import {
  type GuardOptions,
  type GuardProcess,
  installGuard,
  isRoot,
  startGuard,
  USERS,
  type Who,
} from "../support/guard.ts"
import { has } from "../support/system-package.ts"

vi.setConfig({ testTimeout: 20_000 })
const canRun = has("util-linux", ["unshare", "--version"])
const folder = makeFolder()
const work = join(folder.path, "work")
const guards: GuardProcess[] = []
const run = (who: Who, options: GuardOptions, wrapper: readonly string[] = []) => {
  const guard = startGuard(folder.path, who, options, wrapper)
  guards.push(guard)
  return guard
}
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex")

/** In the work folder, executable for all. */
function script(name: string, text: string): string {
  const path = join(work, name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

beforeAll(() => {
  installGuard(folder.path)
  chmodSync(work, 0o777)
})
afterEach(() => {
  const left = guards.splice(0)
  const alive = left.flatMap((guard) => guard.living())
  for (const guard of left) guard.clean()
  expect(alive, "processes left behind").toEqual([])
})
afterAll(() => folder.remove())

const HOLDS = USERS.flatMap((who) => [
  { who, group: false },
  { who, group: true },
])

describe.skipIf(!canRun).each(HOLDS)("start as $who, group $group", ({ who, group }) => {
  test.each([
    ["exit 0", { code: 0, signal: null }, 0],
    ["exit 143", { code: 143, signal: null }, 143],
    ["kill -TERM $$", { code: null, signal: "SIGTERM" }, 143],
    ["kill -KILL $$", { code: null, signal: "SIGKILL" }, 137],
  ])("%s is reported as it was", async (text, exit, code) => {
    const guard = run(who, { command: ["sh", "-c", text], group })
    expect(await guard.exited).toBe(code)
    expect((await guard.next("ended")).outcome).toMatchObject({ ...exit, stopped: null, survivors: 0 })
  })

  test("the process has the guard's stdio, working folder and arguments, and not its secrets or descriptors", async () => {
    const text = 'read line; echo "$line|$0|$1|$PWD"; env | grep -c ^WRIT_; ls /proc/$$/fd'
    const guard = run(who, { command: ["sh", "-c", text, "a b", "ü"], group })
    guard.child.stdin?.end("from stdin\n")
    await guard.exited
    const [line, secrets, ...descriptors] = guard.output().trim().split("\n")
    expect(line).toBe(`from stdin|a b|ü|${work}`)
    expect(secrets).toBe("0")
    expect(descriptors, "stdio and the executable").toEqual(["0", "1", "2", "3"])
  })

  test("the process finds its own name, and may be what the wrappers are", async () => {
    copyFileSync("/bin/sh", join(work, "other-name"))
    const guard = run(who, { command: ["./other-name", "-c", 'basename "$0"; setpriv --dump | grep no_new'], group })
    await guard.exited
    expect(guard.output()).toBe("other-name\nno_new_privs: 1\n")
    const wrapper = run(who, { command: ["setpriv", "--version"], group })
    expect(await wrapper.exited).toBe(0)
    expect(wrapper.output()).toContain("util-linux")
  })

  test("a program that is swapped between measuring and starting does not run: the measured one does", async () => {
    const go = join(work, `go-${who}-${group}`)
    const program = join(work, `program-${who}-${group}`)
    copyFileSync("/bin/sh", program)
    chmodSync(program, 0o755)
    const guard = run(who, { command: [program, "-c", "echo measured; exit 7"], group, waitFor: go })
    const { measurement } = await guard.next("measured")
    expect(measurement.code).toBe(sha256("/bin/sh"))
    renameSync(script(`evil-${who}-${group}`, "#!/bin/sh\necho swapped\n"), program)
    writeFileSync(go, "")
    expect(await guard.exited).toBe(7)
    expect(guard.output()).toBe("measured\n")
  })

  test("a script runs as it was measured, by the interpreter that was measured", async () => {
    const go = join(work, `go-script-${who}-${group}`)
    const interpreter = join(work, `interpreter-${who}-${group}`)
    copyFileSync("/bin/sh", interpreter)
    chmodSync(interpreter, 0o755)
    const path = script(`script-${who}-${group}`, `#!${interpreter} -e\necho "measured $1"\nfalse\necho not reached\n`)
    const guard = run(who, { command: [path, "one"], group, waitFor: go })
    const { measurement } = await guard.next("measured")
    expect(measurement.files).toEqual([
      { path, sha256: sha256(path) },
      { path: interpreter, sha256: sha256(interpreter) },
    ])
    renameSync(script(`evil-script-${who}-${group}`, "#!/bin/sh\necho swapped\n"), path)
    renameSync(script(`evil-interpreter-${who}-${group}`, "#!/bin/sh\necho swapped\n"), interpreter)
    writeFileSync(go, "")
    expect(await guard.exited).toBe(1)
    expect(guard.output()).toBe("measured one\n")
  })

  test("a script that is rewritten in place between measuring and starting is refused and ended", async () => {
    const go = join(work, `go-rewritten-${who}-${group}`)
    const path = script(`rewritten-${who}-${group}`, "#!/bin/sh\nexec sleep 30\n")
    const guard = run(who, { command: [path], group, waitFor: go })
    await guard.next("measured")
    writeFileSync(path, "#!/bin/sh\nexec sleep 60\n")
    writeFileSync(go, "")
    await expect(guard.next("ended")).rejects.toThrow("COMMAND_NOT_EXECUTABLE")
    expect(await guard.exited).toBe(125)
  })

  test("an env script is measured with what env would find", async () => {
    const path = script(`env-${who}-${group}`, "#!/usr/bin/env -S sh -e\necho ran\n")
    const guard = run(who, { command: [path], group })
    const { measurement } = await guard.next("measured")
    expect(measurement.files.map((file) => file.sha256)).toEqual([sha256(path), sha256("/bin/sh")])
    expect(await guard.exited).toBe(0)
    expect(guard.output()).toBe("ran\n")
  })
})

describe.skipIf(!canRun).each(USERS)("isolation as %s", (who) => {
  const DUMP =
    "id -u; ls -d /proc/[0-9]* | wc -l; grep -E '^(NoNewPrivs|CapEff|CapBnd)' /proc/self/status | tr -s '\\t' ' '"

  test("a PID namespace hides every other process, and the process has no rights", async () => {
    const guard = run(who, { command: ["sh", "-c", DUMP] })
    const { notGuaranteed } = await guard.next("started")
    await guard.exited
    const [uid, processes, ...status] = guard.output().trim().split("\n")
    expect(uid).toBe(who === "self" ? String(process.getuid?.()) : "65534")
    expect(Number(processes)).toBeLessThanOrEqual(6)
    expect(status).toContain("CapEff: 0000000000000000")
    expect(status).toContain("NoNewPrivs: 1")
    expect(notGuaranteed).toEqual(who === "root" ? [] : ["other-user"])
  })

  test("without the rights it runs in a group and says what is not guaranteed", async () => {
    const guard = run(who, { command: ["true"], group: true })
    const { notGuaranteed } = await guard.next("started")
    expect(await guard.exited).toBe(0)
    const always = ["pid-namespace", "kill-with-guard", "own-proc"]
    expect(notGuaranteed).toEqual(who === "root" ? always : [...always, "other-user"])
  })
})

describe.skipIf(!canRun || !isRoot)("isolation of root without all rights", () => {
  const TEXT = "id -u; grep -E '^Cap(Eff|Bnd)' /proc/self/status | tr -s '\\t' ' '"
  /** What container engines leave to root. */
  const CONTAINER = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap,+sys_chroot"

  test("root that may make namespaces in a user namespace only does that, and its process has no rights there", async () => {
    const wrapper = ["setpriv", `--bounding-set=${CONTAINER}`, "--inh-caps=-all", "--"]
    const guard = run("root", { command: ["sh", "-c", TEXT] }, wrapper)
    expect((await guard.next("probed")).namespace).toContain("--user")
    expect((await guard.next("started")).notGuaranteed).toEqual(["other-user"])
    await guard.exited
    expect(guard.output()).toBe("0\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\n")
  })

  test("another user's process runs where its image cannot be seen, and that is said", async () => {
    const wrapper = ["setpriv", `--bounding-set=${CONTAINER}`, "--inh-caps=-all", "--"]
    const guard = run("root", { command: ["id", "-u"], group: true, user: { uid: 65_534, gid: 65_534 } }, wrapper)
    const { notGuaranteed } = await guard.next("started")
    expect(notGuaranteed).toEqual(["pid-namespace", "kill-with-guard", "own-proc", "running-image"])
    await guard.exited
    expect(guard.output()).toBe("65534\n")
  })

  test("root without any right runs in a group, as itself", async () => {
    const guard = run("root", { command: ["id", "-u"] }, ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"])
    expect((await guard.next("probed")).namespace).toBeNull()
    const { notGuaranteed } = await guard.next("started")
    expect(notGuaranteed).toEqual(["pid-namespace", "kill-with-guard", "own-proc", "other-user"])
    await guard.exited
    expect(guard.output()).toBe("0\n")
  })
})
