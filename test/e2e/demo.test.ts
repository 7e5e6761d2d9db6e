import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { MAIN } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"
import { isRoot } from "../support/guard.ts"
import { has } from "../support/system-package.ts"

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
const canIsolate = has("util-linux", ["unshare", "--version"])
const folder = makeFolder()
let temporary: string
let mark: string
let number = 0

interface Demo {
  readonly child: ChildProcess
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
  out(): string
  err(): string
}

/** The built command line. `wrapper`: what it stands behind; `main`: where it is then. */
function startDemo(wrapper: readonly string[] = [], main = MAIN): Demo {
  const [command, ...args] = [...wrapper, process.execPath, main, "demo"] as unknown as [string, ...string[]]
  const child = spawn(command, args, {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TMPDIR: temporary, DEMO_MARK: mark },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let out = ""
  let err = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  )
  return { child, ended, out: () => out, err: () => err }
}

/** Command lines of what has the mark in its environment. */
function living(): string[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/environ`, "latin1").includes(mark)) return []
      return [readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ")]
    } catch {
      return [] // it ended meanwhile
    }
  })
}

/** Every act, with what only a real run can know. */
function expectStory(out: string): void {
  const execution = (act: string) => new RegExp(`allowed by rule exec-under-guard: execution (${UUID})`).exec(act)?.[1]
  const [opening, asking, running, stopping, beating, proving] = out.split(/^[IV]+\. .*\n/m) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  expect(opening).toMatch(/It answers on 127\.0\.0\.1:\d+ \(gRPC\)/)
  expect(opening).toMatch(/Its policy has \d+ rules\. cel-js, .* confirmed [1-9]\d* of its conditions/)

  expect(asking).toMatch(/ALLOW by rule http-get-public: evaluated in \d+ µs, recorded durably in \d+ µs/)
  const index = /Recorded as leaf (\d+) of the log/.exec(asking)?.[1]
  expect(asking).toContain("DENIED_BY_RULE")
  expect(asking).toContain("REQUEST_ID_REUSED")

  expect(running).toContain("  │ 3 invoices, together 4711 EUR\n")
  expect(running.match(/4711/g), "the changed program printed nothing").toHaveLength(1)
  expect(running).toMatch(/ended with exit code 0 after \d+\.\d s/)
  expect(running).toContain("nothing ran: MEASUREMENTS_REFUSED")
  expect(running).toContain("exit code 120")

  expect(stopping).toContain("ending it: Writ says stop_execution")
  expect(stopping).toContain("ended by SIGKILL")
  expect(stopping).toMatch(/TERM reached it \d+\.\d ms (after|before) .*\. It went on\./)
  const [, gone] = /last of its processes was gone (\d+\.\d) ms after/.exec(stopping) ?? []
  expect(Number(gone), "KILL, half a second after TERM").toBeGreaterThan(300)
  expect(Number(gone)).toBeLessThan(5_000)
  expect(execution(stopping)).not.toBe(execution(running))

  expect(beating).toContain("Refused: SEQUENCE_OLD.")
  expect(beating).toContain("Refused: NONCE_UNKNOWN.")
  expect(beating).toContain("beat 3 is accepted, it is TRUSTED")

  expect(proving).toMatch(/✓ the program that ran: decision → redeemed → .*completed, COMPLETED/)
  expect(proving).toMatch(/✓ the program that would not stop: decision → redeemed → .*revoked → \w+, REVOKED/)
  expect(proving).toMatch(/3 files, \d{4,} bytes, valid, and anchored/)
  expect(proving).toContain(`Found: record ${index}, at step inclusion.\n\nThat was Writ`)
}

beforeEach(() => {
  mark = randomUUID()
  temporary = join(folder.path, String(number++))
  mkdirSync(temporary)
  chmodSync(temporary, 0o777)
})
afterEach(async () => {
  expect(readdirSync(temporary), "files left behind").toEqual([])
  await vi.waitFor(() => expect(living(), "processes left behind").toEqual([]), 1_000)
})
afterAll(() => folder.remove())

describe("writ demo", () => {
  test("tells its story to the end, exit code 0", async () => {
    const demo = startDemo()
    expect({ code: await demo.ended, err: demo.err() }).toEqual({ code: 0, err: "" })
    expectStory(demo.out())
  })

  test("interrupted while a program runs that does not want to stop, it ends what it started", async () => {
    const demo = startDemo()
    while (!demo.out().includes("An operator revokes it.")) {
      expect(demo.child.exitCode, demo.err()).toBeNull()
      await sleep(5)
    }
    expect(living().length, "the daemon, Postgres, the guard and the program").toBeGreaterThan(4)
    demo.child.kill("SIGINT")
    expect({ code: await demo.ended, err: demo.err() }).toEqual({ code: 130, err: "" })
  })

  const INTERRUPTS: readonly (readonly [
    what: string,
    when: string,
    code: number,
    interrupt: (demo: Demo) => unknown,
  ])[] = [
    ["by SIGTERM while its daemon starts", "A daemon starts", 143, ({ child }) => child.kill("SIGTERM")],
    ["by SIGHUP while a program runs", "$ writ exec", 129, ({ child }) => child.kill("SIGHUP")],
    ["by whoever reads its output and goes", "It answers on", 0, ({ child }) => child.stdout?.destroy()],
  ]
  test.each(INTERRUPTS)("interrupted %s, it ends what it started", async (_, when, code, interrupt) => {
    const demo = startDemo()
    // It says so a moment before it starts it.
    while (!demo.out().includes(when) || living().length < 2) {
      expect(demo.child.exitCode, demo.err()).toBeNull()
      await sleep(5)
    }
    interrupt(demo)
    expect({ code: await demo.ended, err: demo.err() }).toEqual({ code, err: "" })
  })

  test.skipIf(!isRoot || !canIsolate)("an ordinary user sees it too, and what is weaker then", async () => {
    // Where this user may read it, whatever folder the repository lies in.
    const mounted = join(folder.path, "writ")
    mkdirSync(mounted)
    const text = 'mount --bind "$0" "$1" && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"'
    const wrapper = ["unshare", "--mount", "sh", "-c", text, join(MAIN, "..", ".."), mounted]
    const demo = startDemo(wrapper, join(mounted, "dist", "main.js"))
    expect({ code: await demo.ended, err: demo.err() }).toEqual({ code: 0, err: "" })
    expectStory(demo.out())
    expect(demo.out()).toContain("not guaranteed here: other-user.")
  })

  test.skipIf(!isRoot || !canIsolate)("without util-linux it says what is not guaranteed, and works", async () => {
    const text =
      'for tool in setpriv nsenter unshare; do mount --bind /bin/false "/usr/bin/$tool"; done; exec "$0" "$@"'
    const demo = startDemo(["unshare", "--mount", "sh", "-c", text])
    expect({ code: await demo.ended, err: demo.err() }).toEqual({ code: 0, err: "" })
    expectStory(demo.out())
    expect(demo.out()).toContain("runs in a process group")
    expect(demo.out()).toContain("not guaranteed here: pid-namespace.")
  })
})
