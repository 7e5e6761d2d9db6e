/** The life of a bundle by the commands of docs/policy.md, in their order, against the built daemon. */
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

/** The first shell block of the section, without its comments. */
function documented(): string[] {
  const page = readFileSync(join(ROOT, "docs", "policy.md"), "utf8")
  const section = page.slice(page.indexOf("## Life of a bundle"))
  const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ""
  return block.split("\n").flatMap((line) => (line.startsWith("writ ") ? [line.replace(/\s+#.*$/, "")] : []))
}

const run = async (line: string) => {
  const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? (plain as string))
  const done = await writ([...words.slice(1), "--data", data], { cwd: ROOT, limitMs: 120_000 })
  expect(done.err, line).toBe("")
  expect(done.code, line).toBe(0)
  return done.out
}

test("the documented commands publish, activate, show and roll back", { timeout: 480_000 }, async () => {
  const commands = documented()
  expect(commands).toHaveLength(6)
  const [publish = "", list = "", explain = "", activate = "", show = "", rollback = ""] = commands
  const before = await run(show)
  const published = await run(publish)
  const digest = /^[0-9a-f]{64}$/m.exec(published)?.[0] as string
  expect(digest).toBeDefined()
  expect(await run(list)).toMatch(new RegExp(`^${digest}  published .*\n[0-9a-f]{64}  active`))
  const explained = await run(explain.replace("DIGEST", digest.slice(0, 12)))
  expect(explained).toMatch(/^ALLOW\n[\s\S]*✓ allow read-docs\n/)
  const activated = await run(activate.replace("DIGEST", digest.slice(0, 12)))
  expect(activated).toContain(`${digest} decides on every replica`)
  expect(activated).toMatch(/^ {2}decides by it /m)
  expect(await run(show)).toContain(`${digest}  active`)
  await run(`${rollback} --wait`)
  expect((await run(show)).split("\n")[0]).toBe(before.split("\n")[0])

  const unknown = await writ(["policy", "activate", "0".repeat(64), "--data", data], { limitMs: 120_000 })
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining("Publish it first")])
})
