import { chmodSync, copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest"
import type { RunningMeasurement } from "../../src/guard/measure-running.ts"
import { makeFolder } from "../support/folder.ts"
import {
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
const work = join(folder.path, "work")
const guards: GuardProcess[] = []
const run = (who: Who, options: GuardOptions) => {
  const guard = startGuard(folder.path, who, { beatMs: 20, ...options })
  guards.push(guard)
  return guard
}
const changed = (guard: GuardProcess) =>
  guard.next("beat", ({ running }) => running !== null && running.changes.length > 0).then(({ running }) => running)

function install(from: string, name: string): string {
  const path = join(work, name)
  copyFileSync(from, path)
  chmodSync(path, 0o755)
  return path
}

beforeAll(() => {
  installGuard(folder.path)
  chmodSync(work, 0o777)
})
afterEach(async () => {
  const left = guards.splice(0)
  for (const guard of left) guard.child.kill("SIGTERM")
  await Promise.all(left.map((guard) => until(() => guard.living().length === 0, 8_000, "the guard's end")))
})
afterAll(() => folder.remove())

describe.skipIf(!canRun).each(USERS)("createMeasureRunning as %s", (who) => {
  test("what runs unchanged has the digest that was measured, in every beat, and its libraries are seen", async () => {
    const guard = run(who, { command: ["sleep", "300"] })
    const { measurement } = await guard.next("measured")
    // The loader maps it a moment after the start; the first beat may be earlier.
    const hasLibc = (running: RunningMeasurement | null) => running?.mappings.some(({ path }) => /libc[.-]/.test(path))
    const { running } = await guard.next("beat", (beat) => hasLibc(beat.running) === true)
    expect(running).toMatchObject({ code: measurement.code, changes: [] })
    expect(running?.mappings.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256 ?? ""))).toBe(true)
    await sleep(200)
    await expect(Promise.race([changed(guard), sleep(300)])).resolves.toBeUndefined()
  })

  test("a process that replaces its own executable is seen", async () => {
    const guard = run(who, { command: ["sh", "-c", "sleep 0.2; exec sleep 300"] })
    const { measurement } = await guard.next("measured")
    const running = await changed(guard)
    expect(running?.changes).toEqual([{ kind: "image-replaced", path: expect.stringMatching(/\/sleep$/) }])
    expect(running?.code).not.toBe(measurement.code)
  })

  test("an executable that is replaced or deleted on disk while it runs is seen, and what runs is still what was measured", async () => {
    const program = install("/bin/sleep", `program-${who}`)
    const guard = run(who, { command: [program, "300"] })
    const { measurement } = await guard.next("measured")
    await guard.next("beat")
    renameSync(install("/bin/sh", `other-${who}`), program)
    const replaced = await changed(guard)
    expect(replaced).toMatchObject({ code: measurement.code, changes: [{ kind: "file-replaced", path: program }] })
    rmSync(program)
    expect((await changed(guard))?.changes).toEqual([{ kind: "file-deleted", path: program }])
  })

  test("a script that is rewritten in place while it runs is seen", async () => {
    const path = join(work, `script-${who}`)
    writeFileSync(path, "#!/bin/sh\nwhile :; do sleep 0.05; done\n")
    chmodSync(path, 0o755)
    const guard = run(who, { command: [path] })
    const { measurement } = await guard.next("measured")
    await guard.next("beat")
    writeFileSync(path, "#!/bin/sh\nwhile :; do sleep 0.06; done\n")
    const running = await changed(guard)
    expect(running?.changes).toEqual([{ kind: "file-rewritten", path }])
    expect(running?.code).not.toBe(measurement.code)
  })

  test("a library that is deleted under a process is seen", async () => {
    const libraries = join(work, `lib-${who}`)
    const guard = run(who, {
      command: [
        "sh",
        "-c",
        `mkdir -p lib-${who}; cp /lib/*-linux-gnu/libc.so.6 lib-${who}/; LD_LIBRARY_PATH=$PWD/lib-${who} exec sleep 300`,
      ],
    })
    const library = join(libraries, "libc.so.6")
    await guard.next("beat", ({ running }) => running?.mappings.some(({ path }) => path === library) ?? false)
    rmSync(library)
    const deleted = await guard.next(
      "beat",
      ({ running }) => running?.changes.some(({ kind }) => kind === "mapping-deleted") ?? false,
    )
    expect(deleted.running?.changes).toContainEqual({ kind: "mapping-deleted", path: library })
  })
})
