/** A shadow bundle by the commands of docs/policy.md, in their order, against the built daemon. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const folder = makeFolder()
const data = join(folder.path, "data")
let daemon: BuiltDaemon

beforeAll(async () => {
  daemon = await startBuilt(data)
}, 240_000)
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

/** The shell block of the section, without its comments. */
function documented(): string[] {
  const page = readFileSync(join(ROOT, "docs", "policy.md"), "utf8")
  const section = page.slice(page.indexOf("## A shadow"))
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ""
  return block.split("\n").flatMap((line) => (line.startsWith("writ ") ? [line.replace(/\s+#.*$/, "")] : []))
}

const run = async (line: string) => {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? (plain as string))
  const done = await writ([...words.slice(1), "--data", data], { cwd: ROOT, limitMs: 120_000 })
  expect([done.err, done.code], line).toEqual(["", 0])
  return done.out
}
interface Status {
  readonly digest: string | null
  readonly replicas: readonly {
    readonly state: string
    readonly counts: { readonly newly_denied: string } | null
    readonly changes: readonly { readonly execution_ids: readonly string[] }[]
  }[]
}
const patient = { timeout: 120_000, interval: 500 }

test("the documented commands set a shadow, show what it would have done, and end it", {
  timeout: 480_000,
}, async () => {
  const [publish = "", set = "", status = "", replay = "", off = "", ...rest] = documented()
  expect([off, rest]).toEqual(["writ policy shadow --off", []])
  expect(await run(status)).toBe("No bundle is the shadow.\n")
  const digest = /^[0-9a-f]{64}$/m.exec(await run(publish))?.[0] as string
  expect(await run(set.replace("DIGEST", digest.slice(0, 12)))).toContain(`${digest} sees live traffic`)
  const told = async () => JSON.parse(await run(`${status} --json`)) as Status
  await expect.poll(async () => (await told()).replicas.map(({ state }) => state), patient).toEqual(["comparing"])

  const ask = ["authorize", "--subject", "agent:agent:researcher", "--property", "team=research"]
  const request = [...ask, "--action", "http.get", "--resource", "url:https://example.com/"]
  const allowed = await writ([...request, "--data", data], { limitMs: 120_000 })
  expect(allowed.code, allowed.err).toBe(0)
  await expect.poll(async () => (await told()).replicas[0]?.counts?.newly_denied, patient).toBe("1")
  expect(await run(status)).toMatch(/1 newly denied[\s\S]*1 × ALLOW → DENY/)
  const [id] = (await told()).replicas[0]?.changes[0]?.execution_ids ?? []
  expect(allowed.out).toContain(id)
  await run(replay.replace("DIGEST", digest))

  expect(await run(off)).toBe("No bundle is the shadow any more.\n")
  expect((await told()).digest).toBeNull()
  const both = await writ(["policy", "shadow", digest, "--off", "--data", data], { limitMs: 120_000 })
  expect([both.code, both.err]).toEqual([1, expect.stringContaining("one of them")])
})
