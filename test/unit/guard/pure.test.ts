import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { EXIT_CODES } from "../../../src/errors.ts"
import { scrubEnvironment } from "../../../src/guard/environment.ts"
import { GUARD_EXITS, toExitCode } from "../../../src/guard/exit-codes.ts"
import { mayEnter } from "../../../src/guard/may-enter.ts"
import { parseExecutableMappings } from "../../../src/guard/measure-running.ts"
import { findDescendants, type ProcessRow, parseStat } from "../../../src/guard/process-table.ts"
import { SHORTFALLS, toShortfalls } from "../../../src/guard/shortfalls.ts"

describe("toExitCode", () => {
  test.each([
    [{ code: 0, signal: null }, 0],
    [{ code: 255, signal: null }, 255],
    [{ code: null, signal: "SIGKILL" as const }, 137],
    [{ code: null, signal: null }, GUARD_EXITS.GUARD_FAILED],
  ])("%j is %i", (exit, code) => {
    expect(toExitCode(exit)).toBe(code)
  })
})

describe("GUARD_EXITS", () => {
  test("each is distinct, below those of signals, and none means something else to the command line", () => {
    const codes = Object.values(GUARD_EXITS)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.every((code) => code >= 120 && code < 128)).toBe(true)
    const { GUARD_FAILED, COMMAND_NOT_EXECUTABLE, COMMAND_NOT_FOUND, ...others } = EXIT_CODES
    expect([GUARD_FAILED, COMMAND_NOT_EXECUTABLE, COMMAND_NOT_FOUND]).toEqual([
      GUARD_EXITS.GUARD_FAILED,
      GUARD_EXITS.NOT_EXECUTABLE,
      GUARD_EXITS.NOT_FOUND,
    ])
    expect(Object.values(others).filter((code) => codes.includes(code as never))).toEqual([])
  })
})

describe("scrubEnvironment", () => {
  test("everything stays but what is Writ's, however it is written", () => {
    const environment = { A: "1", WRIT_KEY: "k", writ_key: "k", WRITER: "x", MY_WRIT_: "y", E: "", U: undefined }
    expect(scrubEnvironment(environment)).toEqual({ A: "1", WRITER: "x", MY_WRIT_: "y", E: "" })
  })
})

describe("toShortfalls", () => {
  const all = {
    pidNamespace: true,
    ownProc: true,
    otherUser: true,
    noNewPrivileges: true,
    proc: true,
    runningImage: true,
    first: true,
  }

  test("with everything there, nothing is missing", () => {
    expect(toShortfalls(all)).toEqual([])
  })

  test("with nothing there, every shortfall is named once", () => {
    const nothing = Object.fromEntries(Object.keys(all).map((key) => [key, key === "first"])) as unknown as typeof all
    const found = toShortfalls(nothing)
    expect([...found].sort()).toEqual(Object.keys(SHORTFALLS).sort())
    expect(found.length, "the API takes 16").toBeLessThanOrEqual(16)
  })

  test("orphans are reaped by another init where the guard is not PID 1", () => {
    expect(toShortfalls({ ...all, pidNamespace: false, first: false })).toEqual(["pid-namespace", "kill-with-guard"])
  })
})

describe("parseStat", () => {
  test("a name may hold spaces and parentheses", () => {
    const line = `42 (a) R 1 (b)) S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1000 200`
    expect(parseStat(line)).toEqual({ pid: 42, state: "S", parent: 7, group: 8, startTicks: "123456" })
  })
})

describe("findDescendants", () => {
  const row = (pid: number, parent: number, group = pid, state = "S"): ProcessRow => ({
    pid,
    parent,
    group,
    state,
    startTicks: "1",
  })
  const rows = [row(5, 4), row(2, 1), row(3, 2), row(4, 3, 4, "Z"), row(9, 1, 3), row(10, 9), row(6, 1)]

  test("children of children, in any order, through zombies, without the root", () => {
    expect(
      findDescendants(rows, [2])
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([3, 5])
  })

  test("members of a group with their descendants, the leader too", () => {
    const found = findDescendants(rows, [3], [3]).map(({ pid }) => pid)
    expect(found.sort((a, b) => a - b)).toEqual([3, 5, 9, 10])
  })

  test("a circle, which a table read while it changes may show, ends", () => {
    expect(findDescendants([row(2, 3), row(3, 2)], [2]).map(({ pid }) => pid)).toEqual([3])
  })
})

describe("parseExecutableMappings", () => {
  test("executable files once, sorted; no data, no anonymous memory, names as they are", () => {
    const maps = `55d000-55e000 r--p 00000000 fe:00 10                       /usr/bin/a
55e000-55f000 r-xp 00001000 fe:00 10                       /usr/bin/z b
55f000-560000 r-xp 00002000 fe:00 10                       /usr/bin/z b
7f0000-7f1000 r-xp 00000000 fe:00 11                       /lib/x.so (deleted)
7f1000-7f2000 r-xp 00000000 fe:00 12                       /lib/new\\012line
7f2000-7f3000 rwxp 00000000 00:00 0 
7ffd00-7ffd01 r-xp 00000000 00:00 0                        [vdso]
`
    expect(parseExecutableMappings(maps)).toEqual(["/lib/new\nline", "/lib/x.so (deleted)", "/usr/bin/z b"])
  })
})

describe("mayEnter", () => {
  const folder = mkdtempSync(join(tmpdir(), "writ-enter-"))
  const inner = join(folder, "inner")
  mkdirSync(inner)
  const { uid, gid } = statSync(inner)
  const other = { uid: uid + 1, gid: gid + 1 }
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([
    ["others may", 0o711, 0o711, other, true],
    ["others may not", 0o711, 0o770, other, false],
    ["others may not enter the folder above", 0o700, 0o777, other, false],
    ["its group may", 0o711, 0o710, { uid: other.uid, gid }, true],
    ["its group may not, whatever others may", 0o711, 0o701, { uid: other.uid, gid }, false],
    ["root may always", 0o700, 0o700, { uid: 0, gid: 0 }, true],
  ])("%s", (_, above, mode, user, may) => {
    chmodSync(folder, above)
    chmodSync(inner, mode)
    expect(mayEnter(inner, user)).toBe(may)
  })

  test("a folder that is not there is nobody's to enter", () => {
    expect(mayEnter(join(inner, "missing"), other)).toBe(false)
  })
})
