/** docs/policy.md, section "Approvals", on the built daemon: its bundle, and its commands word for word. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { GUARD_EXITS } from "../../src/guard/exit-codes.ts"
import { type BuiltDaemon, MAIN, run, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "policy.md"), "utf8")
const section = page.slice(page.indexOf("\n## Approvals\n"))
const block = (language: string) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(section)?.[1] as string
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** For `writ exec`, beside the page's bundle. */
const EXEC = `
types:
  subjects: { user: { known: any } }
  resources: { program: {} }
  actions: { process.exec: { parameters: { argv: { type: list<string>, required: true } } } }
runtimes: [{ id: "exec:*", measure: trust-on-first-use, claims: [code] }]
rules:
  - { id: exec, effect: allow, subjects: [{ type: user }], actions: [process.exec], resources: [{ type: program }] }
  - { id: exec-waits, effect: require_approval, subjects: [{ type: user }], actions: [process.exec], resources: [{ type: program, id: "*/echo" }] }
`

const folder = makeFolder()
const data = join(folder.path, "data")
const policy = join(folder.path, "policy")
let daemon: BuiltDaemon

beforeAll(async () => {
  mkdirSync(policy)
  writeFileSync(join(policy, "policy.yaml"), block("yaml"))
  writeFileSync(join(policy, "exec.yaml"), EXEC)
  daemon = await startBuilt(data, ["--policy", policy, "--append-timeout-ms", "10000"])
})
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

const env = { WRIT_DATA: data }
/** A line of the page, with what it leaves to the reader filled in. */
const sh = (line: string) => run("bash", ["-c", `writ() { "${process.execPath}" "${MAIN}" "$@"; }; ${line}`], { env })

describe("the section Approvals", () => {
  test("its commands do what it says", async () => {
    const lines = block("sh").trim().split("\n")
    expect(lines).toHaveLength(7)
    const [ask, list, grant, makeKey, grantToo, askAgain, lineage] = lines as [string, ...string[]] as string[]
    const asked = await sh(ask as string)
    expect(asked).toMatchObject({ code: 11, err: "" })
    expect(asked.out).toContain("APPROVAL_REQUIRED")
    const id = /writ approvals grant (\S+)`/.exec(asked.out)?.[1] as string
    expect(id).toMatch(UUID)
    const fill = (line = "", key = "") => line.replace("ID", id).replace("OTHER_KEY", key)

    const listed = await sh(list as string)
    expect(listed).toMatchObject({ code: 0, err: "" })
    expect(listed.out).toContain(`${id}  0 of 2 granted`)
    expect(listed.out).toContain("wants      agent:treasurer payment.send account:42")
    expect(listed.out).toContain('parameters "{\\"amount\\":5000}"')
    expect(listed.out).toContain("rules      large-payments-need-two")

    expect((await sh(fill(grant))).out).toContain("Granted, 1 of 2; 1 more must grant it")
    expect((await sh(fill(askAgain))).out).toContain("APPROVAL_PENDING")
    const key = (await sh(fill(makeKey))).out.split("\n")[0] as string
    expect((await sh(fill(grantToo, key))).out).toContain("Granted, 2 of 2; it can be used now")
    expect((await sh(list as string)).out).toBe("Nothing waits for an approval.\n")

    const allowed = await sh(fill(askAgain))
    expect(allowed).toMatchObject({ code: 0, err: "" })
    expect(allowed.out).toContain(`execution  ${id}`)
    expect(allowed.out).toMatch(/token {6}\S+/)
    expect((await sh(fill(askAgain))).out).toContain("APPROVAL_USED")

    const shown = await sh(fill(lineage))
    expect(shown.code).toBe(0)
    expect(shown.out).toMatch(/decision REQUIRE_APPROVAL .* by key:pep-/)
    expect(shown.out.match(/approval granted {2}by key:operator-/g)).toHaveLength(2)
    expect(shown.out).toMatch(/decision ALLOW by .* by key:pep-/)
    expect(shown.out).toContain("State: AUTHORIZED")
    expect(shown.out).toContain("Verified.")
  })

  test("a refusal is final, JSON is JSON, and the wrong role is told", async () => {
    const request = ["--subject", "agent:treasurer", "--action", "payment.send", "--resource", "account:7"]
    const ask = ["authorize", ...request, "--parameters", '{"amount":6000}', "--json", "--data", data]
    const { approval_id: id } = JSON.parse((await writ(ask)).out) as { approval_id: string }
    const pep = readFileSync(join(data, "api-keys", "pep"), "utf8").trim()
    const forbidden = await writ(["approvals", "grant", id, "--key", pep, "--data", data])
    expect(forbidden.code).toBe(1)
    expect(forbidden.err).toContain("Role pep may not make this call")
    const refused = await writ(["approvals", "refuse", id, "--reason", "no invoice", "--data", data])
    expect(refused).toMatchObject({ code: 0, out: expect.stringMatching(/^Refused, for good\.\n/) })
    expect((await writ(["approvals", "grant", id, "--data", data])).err).toContain("has been refused")
    expect(JSON.parse((await writ(["approvals", "list", "--json", "--data", data])).out)).toEqual([])
    expect((await writ([...ask, "--approval", id])).code).toBe(10)
    const headers = { authorization: `Bearer ${readFileSync(join(data, "api-keys", "operator"), "utf8").trim()}` }
    const metrics = await (await fetch(`http://${daemon.address.http}/metrics`, { headers })).text()
    expect(metrics).toContain('writ_approvals_decided_total{outcome="granted"} 2')
    expect(metrics).toContain('writ_approvals_decided_total{outcome="refused"} 1')
    expect(metrics).toMatch(/^writ_approvals_pending \d+$/m)
  })

  test("a program waits for its approval as well, and runs once", async () => {
    const exec = (...args: readonly string[]) => writ(["exec", "--data", data, ...args, "--", "echo", "it ran"])
    const waits = await exec()
    expect(waits).toMatchObject({ code: GUARD_EXITS.DENIED, out: "" })
    const id = /run the same with --approval (\S+)\./.exec(waits.err)?.[1] as string
    expect(id).toMatch(UUID)
    expect((await writ(["approvals", "list", "--data", data])).out).toContain("exec-waits")
    await writ(["approvals", "grant", id, "--data", data])
    expect(await exec("--approval", id)).toMatchObject({ code: 0, out: "it ran\n" })
    const used = await exec("--approval", id)
    expect(used).toMatchObject({ code: GUARD_EXITS.DENIED, out: "" })
    expect(used.err).toContain("APPROVAL_USED")
  })
})
