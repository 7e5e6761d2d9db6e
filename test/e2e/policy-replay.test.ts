/** docs/policy.md, section "Replay", on the built daemon: its commands word for word. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type BuiltDaemon, MAIN, run, startBuilt } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "policy.md"), "utf8")
const section = page.slice(page.indexOf("\n## Replay\n"))
const commands = /^```sh\n(.*?)^```$/ms.exec(section)?.[1]?.trim().split("\n") ?? []

const bundle = (most: number) => `
version: "most-${most}"
types:
  subjects: { agent: { known: any } }
  resources: { account: {} }
  actions: { pay: { parameters: { amount: { type: int, required: true } } } }
rules:
  - id: small-payments
    effect: allow
    runtime: none
    subjects: [{ type: agent }]
    actions: [pay]
    resources: [{ type: account }]
    when: parameters.amount < ${most}
`
const folder = makeFolder()
const data = join(folder.path, "data")
const active = join(folder.path, "active")
const candidate = join(folder.path, "policy")
let daemon: BuiltDaemon

beforeAll(async () => {
  for (const [path, most] of [
    [active, 100],
    [candidate, 10],
  ] as const) {
    mkdirSync(path)
    writeFileSync(join(path, "policy.yaml"), bundle(most))
  }
  daemon = await startBuilt(data, ["--policy", active])
})
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

const env = { WRIT_DATA: data }
const sh = (line: string) =>
  run("bash", ["-c", `cd "${folder.path}"; writ() { "${process.execPath}" "${MAIN}" "$@"; }; ${line}`], { env })
const pay = (agent: string, amount: number) =>
  sh(`writ authorize --subject agent:${agent} --action pay --resource account:1 --parameters '{"amount":${amount}}'`)

describe("the section Replay", () => {
  test("its commands do what it says", async () => {
    expect(commands).toHaveLength(2)
    const [own, other] = commands as [string, string]
    for (const [agent, amount, code] of [
      ["ann", 5, 0],
      ["ann", 50, 0],
      ["bob", 60, 0],
      ["bob", 500, 10],
    ] as const)
      expect((await pay(agent, amount)).code).toBe(code)

    const same = await sh(own)
    expect(same).toMatchObject({ code: 0, err: "" })
    expect(same.out).toContain("4 the same, 0 different, 0 not replayable.")
    expect(same.out).toContain("4 conditions confirmed, 0 outside its subset.")

    const changed = await sh(other)
    expect(changed).toMatchObject({ code: 0, err: "" })
    expect(changed.out).toContain("2 the same, 2 different, 0 not replayable.")
    expect(changed.out).toContain("2 × ALLOW → DENY by rule small-payments (NO_MATCHING_ALLOW)")
    expect(changed.out).toContain("agent:ann, agent:bob: pay on account:1")

    const { summary, decisions } = JSON.parse((await sh(`${own} --json`)).out)
    expect(summary).toMatchObject({ same_count: "4", complete: true })
    expect(decisions[0]).toMatchObject({
      outcome: "same",
      matched_rules: ["small-payments"],
      bundle_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      input: { subject: { type: "agent", id: "ann" }, action: { name: "pay" } },
    })
    expect((await sh("writ policy replay nowhere")).err).toContain("neither a folder nor the digest of a bundle")
  })
})
