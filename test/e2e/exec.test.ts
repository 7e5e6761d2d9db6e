import { createHash, generateKeyPairSync, randomBytes } from "node:crypto"
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { connect } from "../../src/client/connect.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, MAIN, run as runProgram, startBuilt, writ } from "../support/built-daemon.ts"
import { type ExecOptions, type ExecProcess, startExec } from "../support/exec.ts"
import { makeFolder } from "../support/folder.ts"
import { findHelpers, isRoot, until } from "../support/guard.ts"
import { changedExample } from "../support/policy-folder.ts"
import { has } from "../support/system-package.ts"

const canRun = has("util-linux", ["unshare", "--version"])
const folder = makeFolder()
const data = join(folder.path, "data")
const work = join(folder.path, "work")
const runs: ExecProcess[] = []
let daemon: BuiltDaemon
const exec = (args: readonly string[], options: ExecOptions = {}) => {
  const run = startExec(args, { cwd: work, ...options })
  runs.push(run)
  return run
}
const guarded = (command: readonly string[], flags: readonly string[] = [], options: ExecOptions = {}) =>
  exec(["--data", data, ...flags, "--", ...command], options)
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex")
const sh = (text: string) => ["sh", "-c", text]

/** In the work folder, executable for all. */
function script(name: string, text: string): string {
  const path = join(work, name)
  writeFileSync(path, text)
  chmodSync(path, 0o755)
  return path
}

beforeAll(async () => {
  mkdirSync(work)
  chmodSync(work, 0o777)
  daemon = await startBuilt(data)
})
afterEach(() => {
  const left = runs.splice(0)
  const alive = left.flatMap((run) => run.living())
  for (const run of left) run.clean()
  expect([...alive, ...findHelpers(folder.path)], "processes left behind").toEqual([])
})
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

describe.skipIf(!canRun)("writ exec", () => {
  test("a newcomer sees that it ran because it was allowed, was watched, and how to check it; the check succeeds", async () => {
    const run = guarded(sh("echo working; sleep 6; echo done"))
    expect(await run.exited).toBe(0)
    expect(run.stdout()).toBe("working\ndone\n")
    const lines = run.stderr().trim().split("\n")
    expect(lines.length, "one screen").toBeLessThanOrEqual(isRoot ? 7 : 9)
    expect(lines.every((line) => line.startsWith("writ: "))).toBe(true)
    expect(lines[0]).toMatch(
      /^writ: allowed by rule exec-under-guard: execution [0-9a-f-]{36}, record \d+ of the ledger$/,
    )
    expect(lines[1]).toContain("sh (sha256 ")
    expect(run.stderr()).toMatch(
      /ended with exit code 0 after 6\.\d s; measured again [2-9] times while it ran, always/,
    )
    // The commands that it named are run as they stand.
    const commands = lines
      .slice(lines.indexOf("writ: check it yourself:") + 1)
      .map((line) => line.slice("writ:   ".length))
    expect(commands).toHaveLength(3)
    for (const command of commands)
      expect(await runProgram("sh", ["-c", command], { cwd: work })).toMatchObject({ code: 0 })
    const verified = await writ(["verify", join(work, "evidence.json"), "--trust", join(work, "writ-trust.json")])
    expect(verified.out).toContain("ends in the state COMPLETED")
    expect(verified.out).toMatch(
      /executed .*started \(code [0-9a-f]{64}, as the runtime registered that was authorized, with the parameters of the token, held by/,
    )
    expect(verified.out).toContain("Valid, and anchored")
  })

  test("the README's commands do what it says", async () => {
    const readme = readFileSync(join(MAIN, "..", "..", "README.md"), "utf8")
    const block = /## Run a program under guard[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ""
    const commands = block
      .trim()
      .split("\n")
      .map((line) => line.replace("node dist/main.js", `node ${MAIN}`))
    expect(commands).toHaveLength(2)
    const [allowed, denied] = await Promise.all(
      commands.map((command) => runProgram("sh", ["-c", command], { cwd: work, env: { WRIT_DATA: data } })),
    )
    expect(allowed).toMatchObject({ code: 0, out: "42\n" })
    expect(allowed?.err).toContain("allowed by rule exec-under-guard")
    expect(denied).toMatchObject({ code: 120, out: "" })
    expect(denied?.err).toContain("DENIED_BY_RULE")
  })

  test("what the runtime did is counted, and it ends with the run", async () => {
    const run = guarded(["true"], ["--runtime-id", "exec:counted"])
    expect(await run.exited).toBe(0)
    const auditor = connect({ target: daemon.address.grpc, key: readApiKey(data, "auditor") })
    const { runtime } = await auditor.call<{ runtime: Record<string, unknown> }>("verifier", "GetRuntime", {
      runtime_id: "exec:counted",
    })
    auditor.close()
    expect(runtime).toMatchObject({ state: "RUNTIME_STATE_ENDED" })
    const counters = runtime["counters"] as Record<string, string> | null
    if (counters) expect(counters["executions_completed"]).toMatch(/^[01]$/) // the last word is with the end, not in a beat
  })

  test.each([
    ["exit 0", 0],
    ["exit 1", 1],
    ["exit 120", 120],
    ["exit 255", 255],
    ["kill -TERM $$", 143],
    ["kill -KILL $$", 137],
    ["kill -SEGV $$", 139],
  ])("%s is reported as it was", async (text, code) => {
    expect(await guarded(sh(text), ["--quiet"]).exited).toBe(code)
  })

  test("stdin and stdout are the program's, byte for byte", async () => {
    const bytes = randomBytes(3_000_000)
    const run = guarded(["cat"], ["--quiet"])
    run.child.stdin?.end(bytes)
    expect(await run.exited).toBe(0)
    expect(Buffer.from(run.stdout(), "latin1").equals(bytes)).toBe(true)
    expect(run.stderr()).toBe("")
  })

  test("arguments arrive exactly, options of the program's own among them, with and without --", async () => {
    const args = ["--json", "--data", "a b", "", "ü\n", "--", "$HOME", "*"]
    const show = script("show", '#!/bin/sh\nprintf "<%s>" "$@"\n')
    const expected = args.map((word) => `<${word}>`).join("")
    const run = guarded([show, ...args])
    expect(await run.exited).toBe(0)
    expect(Buffer.from(run.stdout(), "latin1").toString("utf8")).toBe(expected)
    const without = exec(["--data", data, show, ...args])
    expect(await without.exited).toBe(0)
    expect(without.stdout()).toBe(run.stdout())
  })

  test("the environment is the caller's but for WRIT_*; its names are measured and no value is", async () => {
    const run = guarded(["env"], [], { env: { WRIT_SECRET: "hidden", writ_lower: "hidden", GREETING: "a-value" } })
    const { measurement } = await run.next("measured")
    expect(await run.exited).toBe(0)
    expect(run.stdout()).toContain("GREETING=a-value\n")
    expect(run.stdout().toUpperCase()).not.toContain("WRIT_")
    expect(measurement.environment).toContain("GREETING")
    expect(JSON.stringify(measurement)).not.toContain("a-value")
  })

  test("a script is measured with its interpreter, and named by its own path", async () => {
    const path = script("job", "#!/usr/bin/env -S sh -e\necho ran $1\n")
    const run = guarded([path, "one"])
    const { measurement } = await run.next("measured")
    expect(measurement.files).toMatchObject([{ path, sha256: sha256(path) }, { sha256: sha256("/bin/sh") }])
    expect(await run.next("registered")).toMatchObject({ runtime_id: `exec:${path}` })
    expect(await run.exited).toBe(0)
    expect(run.stdout()).toBe("ran one\n")
  })

  test("a signal is the program's; a second run of it at the same time has a runtime of its own", async () => {
    const text = 'trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    const [first, second] = [guarded(sh(text)), guarded(sh(text))]
    const ids = await Promise.all([first, second].map((run) => run.next("registered")))
    expect(ids.map(({ runtime_id }) => runtime_id.replace(/^.*\/sh/, "")).sort()).toEqual(["", "#2"])
    for (const run of [first, second]) {
      await until(() => run.stdout() === "ready\n", 10_000, "ready")
      run.child.kill("SIGTERM")
      expect(await run.exited).toBe(9)
      expect(run.stdout()).toBe("ready\nbye\n")
    }
  })

  test("a program that changed while it runs does not run a second time beside the first", async () => {
    const path = script("changing", "#!/bin/sh\necho ran\nread line\n")
    const first = guarded([path])
    await until(() => first.stdout() === "ran\n", 10_000, "ran")
    script("changing", "#!/bin/sh\necho changed\n")
    const second = guarded([path])
    expect(await second.exited, second.stderr()).toBe(120)
    expect(second.stdout()).toBe("")
    expect((await second.next("nothing_ran")).code).toBe("MEASUREMENTS_REFUSED")
    first.child.stdin?.end("\n")
    await first.exited
  })

  test("many short runs of one program at the same time: each runs, whoever registers and ends in between", async () => {
    const many = Array.from({ length: 4 }, () => guarded(["true"]))
    for (const run of many) expect(await run.exited, run.stderr()).toBe(0)
  })

  test("a signal before the start: nothing ran, and the code says which", async () => {
    const file = join(work, "interrupted")
    const taken = guarded(["sleep", "60"], ["--runtime-id", "exec:taken"])
    await taken.next("started")
    const run = guarded(["touch", file], ["--runtime-id", "exec:taken"]) // waits for the id
    await run.next("measured")
    await sleep(300)
    run.child.kill("SIGINT")
    expect(await run.exited).toBe(130)
    expect(run.stderr()).toContain("nothing ran: ")
    expect(existsSync(file)).toBe(false)
    taken.child.kill("SIGTERM")
    await taken.exited
  })

  test("events go to a file too, and --quiet says nothing on stderr", async () => {
    const file = join(work, "events.jsonl")
    const run = exec(["--data", data, "--quiet", "--events", file, "--", "true"])
    expect(await run.exited).toBe(0)
    expect(run.stderr()).toBe("")
    const names = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).event)
    expect(names.filter((name) => name !== "unanswered")).toEqual([
      "measured",
      "registered",
      "allowed",
      "started",
      "ended",
    ])
  })
})

describe.skipIf(!canRun)("writ exec that runs nothing", () => {
  /** The program would leave this file. */
  const trace = join(work, "trace")
  const touch = ["touch", trace]
  afterEach(() => expect(existsSync(trace), "it ran").toBe(false))

  test("denied by a rule: 120, and the denial is in the ledger", async () => {
    const run = guarded([...touch, "/dev/sda"])
    const { code } = await run.next("nothing_ran")
    expect(code).toBe("DENIED_BY_RULE")
    expect(await run.exited).toBe(120)
    expect(run.stderr()).toMatch(/^writ: nothing ran: DENIED_BY_RULE: .*exec-never-raw-disks.*\n$/)
  })

  test("another subject, action or resource than the policy knows: 120", async () => {
    for (const flags of [
      ["--subject", "agent:agent:retired", "--property", "team=x"],
      ["--action", "process.fork"],
      ["--resource", "host:h1"],
    ])
      expect(await guarded(touch, flags).exited, flags.join(" ")).toBe(120)
  })

  test("a program that changed since its first use: 120", async () => {
    const tool = join(work, "tool")
    copyFileSync("/bin/touch", tool)
    chmodSync(tool, 0o755)
    const other = join(work, "other")
    expect(await guarded([tool, other]).exited).toBe(0)
    expect(existsSync(other)).toBe(true)
    writeFileSync(tool, Buffer.concat([readFileSync(tool), Buffer.from("x")]))
    const run = guarded([tool, trace])
    expect(await run.exited).toBe(120)
    expect(run.stderr()).toContain("nothing ran: MEASUREMENTS_REFUSED")
  })

  test("an argument that is not UTF-8: 126, since it could not be authorized exactly", async () => {
    const line = `exec "$0" "$@" -- touch ${trace} "$(printf '\\377')"`
    const result = await runProgram("sh", ["-c", line, process.execPath, MAIN, "exec", "--data", data], { cwd: work })
    expect(result).toMatchObject({ code: 126, out: "" })
    expect(result.err).toContain("not UTF-8")
  })

  test("more arguments than a decision records: 120, unless the rule takes them unseen", async () => {
    const run = guarded([...touch, "x".repeat(40_000)])
    expect((await run.next("nothing_ran")).code).toBe("PARAMETERS_OPAQUE")
    expect(await run.exited).toBe(120)
  })

  test("no such command: 127; none that can be measured: 126", async () => {
    expect(await guarded(["no-such-command"]).exited).toBe(127)
    expect(await guarded(["/etc/passwd"]).exited).toBe(126)
    expect(await guarded([script("plain", "touch nothing\n")]).exited).toBe(126)
  })

  test("no daemon: 121", async () => {
    const run = guarded(touch, ["--target", "127.0.0.1:1"])
    expect(await run.exited).toBe(121)
    expect(run.stderr()).toContain("nothing ran: UNREACHABLE")
    const stopped = exec(["--data", join(folder.path, "nowhere"), "--", ...touch])
    expect(await stopped.exited).toBe(121)
  })

  test("without keys, or with flags that mean nothing: 125, and what to do", async () => {
    const run = guarded(touch, ["--keys", join(folder.path, "no-keys")])
    expect(await run.exited).toBe(125)
    expect(run.stderr()).toContain("no API key for role pep")
    expect(run.stderr()).toContain("--keys")
    for (const flags of [
      ["--grace", "x"],
      ["--image-digest", "latest"],
      ["--user", "no-such-user"],
      ["--events", "2"],
      ["--nonsense"],
    ])
      expect(await guarded(touch, flags).exited, flags.join(" ")).toBe(125)
    expect(await exec(["--data", data]).exited, "no command").toBe(125)
  })

  test("a runtime key that others may read: 125", async () => {
    const file = join(folder.path, "open.key")
    writeFileSync(file, generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }))
    chmodSync(file, 0o644)
    const run = guarded(touch, ["--runtime-key", file])
    expect(await run.exited).toBe(125)
    expect(run.stderr()).toContain("chmod 600")
    chmodSync(file, 0o600)
    writeFileSync(file, "no key")
    expect(await guarded(touch, ["--runtime-key", file]).exited).toBe(125)
  })
})

describe.skipIf(!canRun)("writ exec and its secrets", () => {
  test("a key of one's own, and an image digest, are what is registered", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const file = join(folder.path, "runtime.key")
    writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 })
    const image = "ab".repeat(32)
    const flags = ["--runtime-key", file, "--runtime-id", "exec:keyed", "--image-digest", `sha256:${image}`]
    expect(await guarded(["true"], flags).exited).toBe(0)
    const auditor = connect({ target: daemon.address.grpc, key: readApiKey(data, "auditor") })
    const { runtime } = await auditor.call<{ runtime: { public_key: Buffer; measurements: Record<string, Buffer> } }>(
      "verifier",
      "GetRuntime",
      { runtime_id: "exec:keyed" },
    )
    auditor.close()
    expect(runtime.public_key.toString("base64url")).toBe(publicKey.export({ format: "jwk" }).x)
    expect(runtime.measurements["image"]?.toString("hex")).toBe(image)
    expect(runtime.measurements["code"]?.toString("hex")).toBe(sha256("/usr/bin/true"))
  })

  test.skipIf(!isRoot)(
    "of root's guard the program can read neither keys nor memory nor environment nor descriptors",
    async () => {
      const text = `cat ${data}/api-keys/* 2>&1; ls -d /proc/[0-9]* | wc -l; cat /proc/1/environ | tr '\\0' '\\n'; ls /proc/self/fd | tr '\\n' ' '; id -u`
      const run = guarded(sh(text))
      expect((await run.next("allowed")).not_guaranteed).toEqual([])
      expect(await run.exited).toBe(0)
      expect(run.stdout()).not.toContain("writ_pep_")
      expect(run.stdout()).toMatch(/65534\n$/)
      expect(run.stdout(), "no descriptor above the executable's").toMatch(/\n0 1 2 3 (4 )?65534\n$/)
    },
  )

  test.skipIf(!isRoot)(
    "an ordinary user runs it with a folder of three keys, and is told what is not guaranteed",
    async () => {
      const home = join(folder.path, "home")
      mkdirSync(join(home, "keys"), { recursive: true })
      for (const role of ["pep", "runtime", "executor"] as const) {
        writeFileSync(join(home, "keys", role), readApiKey(data, role), { mode: 0o600 })
        chownSync(join(home, "keys", role), 65_534, 65_534)
      }
      // Where this user may read it, whatever folder the repository lies in.
      const repository = join(MAIN, "..", "..")
      const mounted = join(home, "writ")
      mkdirSync(mounted)
      const text = 'mount --bind "$0" "$1" && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"'
      const wrapper = ["unshare", "--mount", "sh", "-c", text, repository, mounted]
      const run = exec(["--target", daemon.address.grpc, "--keys", join(home, "keys"), "--", "id", "-u"], {
        wrapper,
        main: join(mounted, "dist", "main.js"),
      })
      expect(await run.exited, run.stderr()).toBe(0)
      expect(run.stdout()).toBe("65534\n")
      expect(run.stderr()).toContain("not guaranteed here: other-user.")
    },
  )
})

describe.skipIf(!canRun)("writ exec with a longest duration", () => {
  test("what runs longer is ended before that is over: 124, and the lineage says why", async () => {
    const policy = changedExample((text) => text.replace("max_duration: 1h", "max_duration: 5s"))
    const limitedData = join(folder.path, "limited-data")
    const limited = await startBuilt(limitedData, ["--policy", policy.path])
    try {
      const run = exec(["--data", limitedData, "--", "sh", "-c", 'trap "" TERM; while :; do sleep 1; done'])
      const { execution_id } = await run.next("allowed")
      const { outcome } = await run.next("ended")
      expect(outcome.durationMs).toBeGreaterThan(3_000)
      expect(outcome.durationMs).toBeLessThan(5_000)
      expect(await run.exited).toBe(124)
      const { out } = await writ(["lineage", execution_id, "--data", limitedData])
      expect(out).toContain("terminated: TIME_LIMIT, SIGKILL")
      expect(out).toContain("State: FAILED")
      expect(out).toContain("Verified.")
    } finally {
      await limited.stop()
      policy.remove()
    }
  })
})

describe.skipIf(!canRun)("writ exec where the policy pins what may run", () => {
  test("only the program of that digest runs, whatever its arguments; a rule may take arguments unseen", async () => {
    const tool = join(work, "pinned")
    copyFileSync("/bin/echo", tool)
    chmodSync(tool, 0o755)
    const policy = changedExample((text) =>
      text
        .replace("measure: trust-on-first-use, claims: [code]", `measurements: { code: ["${sha256(tool)}"] }`)
        .replace(/- id: exec-never-raw-disks[\s\S]*?(?=\n {2}- id:)/, "")
        .replace(
          "runtime: required\n    token: { max_duration: 1h }",
          "runtime: required\n    parameters: opaque\n    token: { max_duration: 1h }",
        ),
    )
    const pinnedData = join(folder.path, "pinned-data")
    const pinned = await startBuilt(pinnedData, ["--policy", policy.path])
    try {
      const at = ["--data", pinnedData, "--"]
      const good = exec([...at, tool, "x".repeat(40_000)])
      expect(await good.exited, good.stderr()).toBe(0)
      expect(good.stdout()).toHaveLength(40_001)
      const evil = exec([...at, "env"])
      expect((await evil.next("nothing_ran")).code).toBe("MEASUREMENTS_REFUSED")
      expect(await evil.exited).toBe(120)
      writeFileSync(tool, Buffer.concat([readFileSync(tool), Buffer.from("x")]))
      const changed = exec([...at, tool])
      expect((await changed.next("nothing_ran")).code).toBe("MEASUREMENTS_REFUSED")
      expect(await changed.exited).toBe(120)
    } finally {
      await pinned.stop()
      policy.remove()
    }
  })
})
