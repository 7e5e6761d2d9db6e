import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { vectorKey } from "../../scripts/vectors/keys.ts"
import { witnessKey } from "../../scripts/vectors/notes.ts"
import { connect } from "../../src/client/connect.ts"
import { ROLES } from "../../src/rpc/roles.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { VERSION } from "../../src/version.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

const ROOT = join(import.meta.dirname, "..", "..")
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
/** The README's first call. */
const READ_PAGE = [
  "--subject",
  "agent:agent:researcher",
  "--property",
  "team=research",
  "--action",
  "http.get",
  "--resource",
  "url:https://example.com/paper",
]

const folder = makeFolder()
const file = (name: string) => join(folder.path, name)
const data = file("data")
afterAll(() => folder.remove())

/** What went wrong, said in one line on stderr, with nothing on stdout. */
const oneLine = (pattern: RegExp) => ({
  out: "",
  err: expect.stringMatching(new RegExp(`^writ: (?:${pattern.source})[^\\n]*\\n$`)),
})

describe("writ", () => {
  test("--help names every command; --version is the package's", async () => {
    const { code, out } = await writ(["--help"])
    expect(code).toBe(0)
    for (const name of [
      "serve",
      "init",
      "authorize",
      "lineage",
      "verify",
      "trust",
      "ledger",
      "policy",
      "approvals",
      "keys",
      "demo",
    ])
      expect(out).toMatch(new RegExp(`^  ${name} `, "m"))
    expect(await writ(["--version"])).toEqual({ code: 0, out: `${VERSION}\n`, err: "" })
  })

  test("serve --help names every setting with its default", async () => {
    const { code, out } = await writ(["serve", "--help"])
    expect(code).toBe(0)
    expect(out).toMatch(/--grpc-port <port>\s.*Default:\s+50051/s)
  })

  test.each([
    [["nonsense"], "unknown command 'nonsense'"],
    [["serve", "--nonsense"], "unknown option '--nonsense'"],
    [["lineage"], "missing required argument 'execution-id'"],
    [["verify", "a", "b"], "too many arguments"],
  ])("%j: said in a line that points to --help, exit code 1", async (args, message) => {
    const { code, out, err } = await writ(args)
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toContain(`error: ${message}`)
    expect(err).toContain("--help")
    expect(err).not.toMatch(/^\s+at /m)
  })
})

describe("writ policy check", () => {
  test.each(["minimal", "agent-tools"])("the example %s: rules, version, digest, exit code 0", async (name) => {
    const { code, out, err } = await writ(["policy", "check", join(ROOT, "examples", name)])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out).toMatch(/^[1-9][0-9]* rules, version \S+, digest [0-9a-f]{64}\n/)
    const json = await writ(["policy", "check", join(ROOT, "examples", name), "--json"])
    const report = JSON.parse(json.out) as { digest: string }
    expect(report).toMatchObject({ ok: true, second_opinion: { disagreements: [] } })
    expect(out).toContain(report.digest)
  })

  const bundle = (rule: readonly string[]) =>
    [
      'version: "1"',
      "types: { subjects: { agent: { known: any } }, resources: { url: {} }, actions: { http.get: {} } }",
      "rules:",
      "  - id: one",
      "    subjects: [{ type: agent }]",
      "    actions: [http.get]",
      "    resources: [{ type: url }]",
      ...rule,
      "",
    ].join("\n")

  test.each([
    ["an effect that there is not", ["    effect: alow"], { line: 8, column: 13 }, /must be one of allow, deny/],
    [
      "a property that is not declared",
      ["    effect: allow", "    when: subject.properties.nope == 1"],
      { line: 9, column: 30 },
      /nope/,
    ],
  ])("%s: file, line, column, a caret, exit code 65", async (_, rule, at, message) => {
    mkdirSync(file("broken"), { recursive: true })
    writeFileSync(file("broken/rules.yaml"), bundle(rule))
    const { code, out } = await writ(["policy", "check", file("broken")])
    expect(code).toBe(65)
    const [first, excerpt, caret] = out.split("\n") as [string, string, string]
    expect(first).toMatch(new RegExp(`^rules\\.yaml:${at.line}:${at.column} .*${message.source}`))
    expect(excerpt.trimEnd()).toBe(`    ${rule.at(-1)}`)
    expect(caret).toBe(`${" ".repeat(4 + at.column - 1)}^`)
    expect(out).toMatch(/^\d+ problems?\.$/m)
    const json = await writ(["policy", "check", file("broken"), "--json"])
    expect(json.code).toBe(65)
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ file: "rules.yaml", ...at }] })
  })

  test("a folder that is not there: one line, exit code 65", async () => {
    expect(await writ(["policy", "check", file("none")])).toEqual({
      code: 65,
      ...oneLine(/The policy folder .*none cannot be read \(ENOENT\)/),
    })
  })
})

describe("writ init", () => {
  test("makes keys, an API key per role and the policy, which nobody else may read; a second time it finds them", async () => {
    const path = file("made")
    const { code, out } = await writ(["init", "--data", path])
    expect(code).toBe(0)
    expect(out).toMatch(/^Made .*\nNext: writ serve --data /)
    expect(readdirSync(join(path, "api-keys")).sort()).toEqual([...ROLES].sort())
    expect(readdirSync(join(path, "keys")).sort()).toEqual(["checkpoint.key", "policy.key", "token.key"])
    for (const secret of ["api-keys/pep", "keys/token.key"]) expect(statSync(join(path, secret)).mode & 0o077).toBe(0)
    expect(existsSync(join(path, "policy", "policy.yaml"))).toBe(true)
    const key = readFileSync(join(path, "keys", "token.key"), "utf8")
    const again = await writ(["init", "--data", path, "--json"])
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toEqual({ path, created: false, roles: [...ROLES] })
    expect(readFileSync(join(path, "keys", "token.key"), "utf8")).toBe(key)
  })
})

describe("commands without a daemon", () => {
  test("authorize and keys say how to start one, exit code 64", async () => {
    for (const args of [
      ["authorize", ...READ_PAGE],
      ["keys", "list"],
      ["trust", "--out", file("t.json")],
    ]) {
      expect(await writ([...args, "--data", file("none")])).toEqual({
        code: 64,
        ...oneLine(/No daemon is running on the data folder .*writ serve/),
      })
    }
  })

  test("a target where nobody listens: what to do, exit code 1; with --json as JSON", async () => {
    const args = ["authorize", ...READ_PAGE, "--target", "127.0.0.1:1", "--key", `writ_pep_00000000_${"A".repeat(43)}`]
    const { code, out, err } = await writ(args)
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toMatch(/^writ: No daemon answers at 127\.0\.0\.1:1: .*\n +Start a daemon with `writ serve`/)
    const json = await writ([...args, "--json"])
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: "UNREACHABLE", next: expect.any(String) } })
  })

  test("ledger fsck makes no database where there is none, and says when one does not answer", async () => {
    expect(await writ(["ledger", "fsck", "--data", file("none")])).toEqual({
      code: 64,
      ...oneLine(/There is no embedded Postgres in .*--database-url/),
    })
    expect(existsSync(file("none"))).toBe(false)
    expect(await writ(["ledger", "fsck", "--database-url", "postgresql://u:hunter2@127.0.0.1:1/d"])).toEqual({
      code: 74,
      ...oneLine(/The database cannot be reached: connect ECONNREFUSED/),
    })
  })
})

describe("commands on a running daemon", () => {
  let daemon: BuiltDaemon
  let execution: string
  const on = (args: readonly string[]) => writ([...args, "--data", data])
  const json = async (args: readonly string[]) => JSON.parse((await on([...args, "--json"])).out)

  beforeAll(async () => {
    daemon = await startBuilt(data)
  })
  afterAll(async () => {
    await daemon?.stop()
  })

  test("authorize: ALLOW with six checks, execution, record and token, exit code 0", async () => {
    const { code, out, err } = await on(["authorize", ...READ_PAGE])
    expect({ code, err }).toEqual({ code: 0, err: "" })
    expect(out).toMatch(/^ALLOW\n/)
    expect(out.match(/^ {2}✓ /gm)).toHaveLength(6)
    expect(out).toMatch(/^ {2}record {5}writ\.local\/[0-9a-f]{16} #\d+$/m)
    expect(out).toMatch(/^ {2}token {6}eyJ[\w-]+\.[\w-]+\.[\w-]+$/m)
    execution = out.match(new RegExp(`execution  (${UUID})`))?.[1] as string
  })

  test("authorize: DENY with its reason, exit code 10, no token", async () => {
    const { code, out } = await on(["authorize", ...READ_PAGE.slice(0, -1), "url:ftp://example.com/"])
    expect(code).toBe(10)
    expect(out).toMatch(/^DENY\n/)
    expect(out).toMatch(/✗ execution_eligibility +NO_MATCHING_ALLOW: /)
    expect(out).not.toContain("eyJ")
  })

  test("authorize: a request from a file, JSON out, REQUIRE_APPROVAL is exit code 11", async () => {
    const request = {
      request_id: "payment-1",
      subject: { type: "agent", id: "agent:treasurer", properties: { team: "finance" } },
      action: { name: "payment.send" },
      resource: { type: "account", id: "DE02", properties: { currency: "EUR" } },
      parameters: { amount: 2500, instalments: 5 },
    }
    writeFileSync(file("request.json"), JSON.stringify(request))
    const { code, out } = await on(["authorize", file("request.json"), "--json"])
    expect(code).toBe(11)
    expect(JSON.parse(out)).toMatchObject({ decision: "DECISION_REQUIRE_APPROVAL", token: "" })
    writeFileSync(file("request.json"), JSON.stringify({ ...request, parameters: { amount: 2501, instalments: 5 } }))
    const reused = await on(["authorize", file("request.json")])
    expect(reused.code).toBe(1)
    expect(reused.err).toMatch(/^writ: This request_id was already used .*\n +Choose a new request_id/)
  })

  test("authorize: what is wrong with the input is one line", async () => {
    expect(await on(["authorize", "--subject", "nobody"])).toEqual({
      code: 1,
      ...oneLine(/--subject takes type:id, not "nobody"/),
    })
    expect(await on(["authorize", file("not-there.json")])).toMatchObject({ code: 1, ...oneLine(/.*not-there\.json/) })
    writeFileSync(file("twice.json"), '{"action":1,"action":2}')
    expect(await on(["authorize", file("twice.json")])).toMatchObject({ code: 1, ...oneLine(/.*action/) })
  })

  test("keys: a new one is shown once and works, until it is revoked", async () => {
    const { key, caller_key } = (await json(["keys", "create", "pep"])) as { key: string; caller_key: { id: string } }
    expect(key).toMatch(new RegExp(`^writ_pep_${caller_key.id}_`))
    const ask = () => on(["authorize", ...READ_PAGE, "--key", key])
    expect((await ask()).code).toBe(0)
    const listed = await on(["keys", "list"])
    expect(listed.out).toMatch(new RegExp(`^${caller_key.id}  pep +active +everything$`, "m"))
    expect(listed.out).not.toContain(key.slice(18))
    expect(await on(["keys", "revoke", caller_key.id])).toEqual({
      code: 0,
      out: `Key ${caller_key.id} (pep) is revoked.\n`,
      err: "",
    })
    const after = await ask()
    expect(after.code).toBe(1)
    expect(after.err).toMatch(/^writ: A valid credential is needed.*\n +Pass --key/)
    expect((await on(["keys", "list"])).out).toMatch(new RegExp(`^${caller_key.id}  pep +revoked +everything$`, "m"))
    expect(await on(["keys", "create", "emperor"])).toEqual({ code: 1, ...oneLine(/role must be one of pep, /) })
  })

  test("keys and bindings: for what they hold is said, an end too", async () => {
    const scoped = (await json(["keys", "create", "pep", "--subject", "agent:no-*", "--expires", "90d"])) as {
      key: string
      caller_key: { id: string }
    }
    const listed = (await on(["keys", "list"])).out
    expect(listed).toMatch(new RegExp(`^${scoped.caller_key.id}  pep +active +subjects agent:no-\\*  until 20`, "m"))
    const refused = await on(["authorize", ...READ_PAGE, "--key", scoped.key])
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(
      /^writ: The API key pep-[0-9a-f]{8} does not cover this subject: it is limited to subjects/,
    )
    const who = "spiffe://bank.example/payments"
    expect((await on(["bindings", "put", who, "executor", "--audience", "runner"])).out).toBe(
      `${who} is executor from now on, for audiences runner.\n`,
    )
    expect((await on(["bindings", "list"])).out).toBe(`executor  ${who}  audiences runner\n`)
    expect((await on(["bindings", "remove", who, "executor"])).out).toBe(`${who} is not executor any more.\n`)
    expect((await on(["bindings", "list"])).out).toBe("\n".repeat(0))
    expect(await on(["bindings", "put", "somebody", "pep"])).toEqual({ code: 1, ...oneLine(/principal must be /) })
    expect(await on(["keys", "create", "auditor", "--subject", "agent:a"])).toEqual({
      code: 1,
      ...oneLine(/scope.subjects cannot limit role auditor/),
    })
    expect(await on(["keys", "create", "pep", "--expires", "soon"])).toEqual({ code: 1, ...oneLine(/--expires is /) })
  })

  test("lineage: records and steps, evidence exported; an unknown execution is not found", async () => {
    const { code, out } = await on(["lineage", execution, "--export", file("evidence.json")])
    expect(code).toBe(0)
    expect(out).toMatch(/^#\d+ {2}\S+ {2}decision ALLOW by http-get-public {2}by key:pep-/)
    expect(out).toMatch(/^Verified\.$/m)
    expect(out).not.toContain("✗")
    const report = (await json(["lineage", execution])) as { records: { record: { kind: string } }[] }
    expect(report).toMatchObject({ execution_id: execution, verification: { valid: true } })
    expect(report.records.map(({ record }) => record.kind)).toEqual(["decision"])
    const unknown = await on(["lineage", "00000000-0000-4000-8000-000000000000"])
    expect(unknown.code).toBe(1)
    expect(unknown.err).toMatch(/^writ: There is no execution with this id\.\n +Check the id/)
  })

  test("lineage find and graph, also after ledger reindex, which runs beside the daemon", async () => {
    const find = async (...flags: string[]) =>
      (await json(["lineage", "find", ...flags])) as { decisions: { execution_id: string }[]; next_page_token: string }
    const idsOf = async (...flags: string[]) => (await find(...flags)).decisions.map(({ execution_id }) => execution_id)
    const wanted = ["--subject", "agent:agent:researcher", "--action", "http.get", "--since", "1h"]
    const ids = await idsOf(...wanted)
    expect(ids).toContain(execution)
    const [{ next_page_token }, second] = [await find(...wanted, "--limit", "1"), ids[1]]
    expect(await idsOf(...wanted, "--limit", "1", "--page-token", next_page_token)).toEqual(second ? [second] : [])
    expect((await on(["lineage", "find", "--action", "http"])).out).toBe("No decision is like this.\n")
    expect(await on(["lineage", "find", "--since", "soon"])).toEqual({
      code: 1,
      ...oneLine(/--since is so long ago, like 24h/),
    })
    const { code, out } = await on(["ledger", "reindex"])
    expect([code, out]).toEqual([0, expect.stringMatching(/^Derived anew: the lookups of \d+ records/)])
    expect(await idsOf(...wanted)).toEqual(ids)
    const graph = await on(["lineage", "graph", execution])
    expect(graph.code).toBe(0)
    expect(graph.out).toMatch(
      new RegExp(`^▶ ${execution} {2}(AUTHORIZED|EXPIRED) {2}agent:agent:researcher http.get url:`),
    )
    expect(graph.out).toMatch(/\n {4}#\d+ {2}\S+ {2}decision ALLOW by http-get-public/)
  })

  test("lineage: what became of an execution after its decision, and the same offline", async () => {
    const { token, execution_id } = (await json(["authorize", ...READ_PAGE])) as Record<
      "token" | "execution_id",
      string
    >
    const executor = connect({ target: daemon.address.grpc, key: readApiKey(data, "executor") })
    const call = (method: string, request: object) => executor.call<object>("authorization", method, request)
    const refused = call("RedeemToken", { token, redemption_id: "first", parameters_digest: Buffer.alloc(32) })
    await expect(refused).rejects.toMatchObject({ code: "TOKEN_REFUSED" })
    await call("RedeemToken", { token, redemption_id: "second" })
    await call("CompleteExecution", { execution_id, succeeded: false })
    executor.close()
    const { code, out } = await on(["lineage", execution_id, "--export", file("executed.json")])
    expect(code).toBe(0)
    expect(out).toMatch(/ {2}redeem_refused: PARAMETERS_DIFFER {2}by key:executor-/)
    expect(out).toMatch(/ {2}redeemed, to end before \d{4}-\S+Z {2}by key:executor-/)
    expect(out).toMatch(/ {2}completed: failed {2}by key:executor-.*\nState: FAILED\n/)
    expect(out).toMatch(/^Verified\.$/m)
    await on(["trust", "--out", file("trust.json")])
    const offline = await writ(["verify", file("executed.json"), "--trust", file("trust.json")])
    expect(offline.code).toBe(0)
    expect(offline.out).toMatch(/transitions +ends in the state FAILED/)
    expect(offline.out).toMatch(
      /executed +authorized: http\.get on .*; its start was not reported, so nothing shows what ran;/,
    )
  })

  test("trust: saved, with fingerprints to compare", async () => {
    const { code, out } = await on(["trust", "--out", file("trust.json")])
    expect(code).toBe(0)
    expect(out).toMatch(/Compare these fingerprints/)
    expect(out).toMatch(/^ {2}log {4}writ\.local\/[0-9a-f]{16} {2}\S+$/m)
    expect(JSON.parse(readFileSync(file("trust.json"), "utf8"))).toMatchObject({ logs: [{}], tokens: { keys: [{}] } })
  })

  test("trust with witnesses: what nobody has cosigned is refused", async () => {
    const vkey = witnessKey("w.example/one", vectorKey("witness 1"))
    const to = ["--out", file("witnessed.json")]
    const { code, out } = await on(["trust", ...to, "--witness", vkey])
    expect(code).toBe(0)
    expect(out).toMatch(/\nWitnesses that have to vouch for each checkpoint: 1 of 1\.\n$/)
    const refused = await writ(["verify", file("evidence.json"), "--trust", file("witnessed.json")])
    expect(refused.code).toBe(1)
    expect(refused.out).toMatch(/NOT VALID at step checkpoint: COSIGNATURES_LACKING: 0 of the trusted witnesses/)
    for (const wrong of [
      ["--witness", `${vkey}A`],
      ["--witness", vkey, "--quorum", "2"],
      ["--quorum", "1"],
    ])
      expect((await on(["trust", ...to, ...wrong])).code).not.toBe(0)
  })

  test.each([
    [
      "witnesses of the operator's own choice are refused",
      { witnesses: { vkeys: [], quorum: 0 } },
      1,
      /names witnesses/,
    ],
    [
      "fingerprints are those of the keys, whatever is said of them",
      {},
      0,
      /^ {2}log {4}log\.example {2}SHA256:(?!false)/m,
    ],
  ])("trust: %s", async (_, more, code, says) => {
    const logs = [{ origin: "log.example", vkey: "log.example+00000000+AAAA", fingerprint: "SHA256:false" }]
    const server = createServer((_, response) => response.end(JSON.stringify({ logs, ...more })))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const said = await writ(["trust", "--url", url, "--out", file("other.json")])
    await new Promise((resolve) => server.close(resolve))
    expect(said.code === 0 ? 0 : 1).toBe(code)
    expect(said.out + said.err).toMatch(says)
  })

  test("verify: exit code 0 with trust, 3 without", async () => {
    const anchored = await writ(["verify", file("evidence.json"), "--trust", file("trust.json")])
    expect(anchored.code).toBe(0)
    expect(anchored.out).toMatch(
      /\nValid, and anchored in the keys of the trust file\. No witness .* rests on the operator\.\n$/,
    )
    const alone = await writ(["verify", file("evidence.json")])
    expect(alone.code).toBe(3)
    expect(alone.out).toMatch(/\nConsistent, not anchored: /)
    const report = await writ(["verify", file("evidence.json"), "--json"])
    expect(report.code).toBe(3)
    expect(JSON.parse(report.out)).toMatchObject({ valid: true, anchored: false })
  })

  test("verify: evidence with one byte changed, and another daemon's trust: not valid, the step is named, exit code 1", async () => {
    const evidence = readFileSync(file("evidence.json"), "utf8")
    const body = /"body":"([A-Za-z0-9+/_-]{40})/.exec(evidence)
    const at = (body?.index ?? 0) + '"body":"'.length + 20
    const changed = `${evidence.slice(0, at)}${evidence[at] === "A" ? "B" : "A"}${evidence.slice(at + 1)}`
    expect(changed.length).toBe(evidence.length)
    writeFileSync(file("tampered.json"), changed)
    for (const more of [[], ["--trust", file("trust.json")]]) {
      const { code, out } = await writ(["verify", file("tampered.json"), ...more])
      expect(code).toBe(1)
      expect(out).toMatch(/^ {2}✗ \w+/m)
      expect(out).toMatch(/^NOT VALID at step \w+.*: [A-Z_]+/m)
    }
    const trust = JSON.parse(readFileSync(file("trust.json"), "utf8")) as { logs: { vkey: string }[] }
    const [name, id, key] = (trust.logs[0]?.vkey ?? "").split("+") as [string, string, string]
    trust.logs[0]!.vkey =
      `${name}+${id}+${Buffer.from(Buffer.from(key, "base64").map((b, i) => (i === 9 ? b ^ 1 : b))).toString("base64")}`
    writeFileSync(file("other-trust.json"), JSON.stringify(trust))
    const other = await writ(["verify", file("evidence.json"), "--trust", file("other-trust.json")])
    expect(other.code).toBe(1)
    expect(`${other.out}${other.err}`).not.toMatch(/^\s+at /m)
  })

  test("verify: a file that is not there, or is no evidence", async () => {
    expect(await writ(["verify", file("none.json")])).toEqual({ code: 1, ...oneLine(/.*none\.json cannot be read/) })
    const { code, out } = await writ(["verify", file("trust.json")])
    expect(code).toBe(1)
    expect(out).toMatch(/^NOT VALID at step format: MALFORMED/m)
  })

  test("ledger fsck: clean beside the daemon and without it; after superuser SQL it names the record, exit code 1", async () => {
    const beside = await on(["ledger", "fsck", "--trust", file("trust.json")])
    expect(beside.code).toBe(0)
    expect(beside.out).toMatch(/^writ\.local\/.*: \d+ records, .*signed by the trusted key$/m)
    expect(beside.out).toMatch(/^Clean: /m)

    const client = new pg.Client({
      host: join(data, "postgres"),
      user: "writ",
      database: "writ",
      password: readFileSync(join(data, "postgres", "password"), "utf8").trim(),
    })
    await client.connect()
    await client.query("SET session_replication_role = replica") // triggers refuse it otherwise
    const { rows } = await client.query(
      "UPDATE entry SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"ALLOW\"', '\"DENY\"'), 'UTF8') WHERE idx = (SELECT max(idx) FROM entry WHERE convert_from(body, 'UTF8') LIKE '%\"ALLOW\"%') RETURNING idx",
    )
    await client.end()
    expect(rows).toHaveLength(1)
    const index = Number(rows[0].idx)
    expect(await daemon.stop()).toBe(0)

    const after = await on(["ledger", "fsck"])
    expect(after.code).toBe(1)
    expect(after.out).toMatch(new RegExp(`^  ✗ entry.* #${index}: `, "m"))
    expect(after.out).toMatch(/^\d+ findings\. /m)
    const report = (await json(["ledger", "fsck"])) as { clean: boolean; findings: { index?: number }[] }
    expect(report.clean).toBe(false)
    expect(report.findings.map((finding) => Number(finding.index))).toContain(index)
    // It started Postgres for this, and stopped it again.
    expect(existsSync(join(data, "postgres", "cluster", "postmaster.pid"))).toBe(false)
  })
})
