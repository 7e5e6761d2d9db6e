import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { connect, type WritClient } from "../../src/client/connect.ts"
import type { Role } from "../../src/decision/state.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import type { EvidenceReport } from "../../src/verify/index.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { readPage } from "../support/daemon.ts"
import { addMember, authorizeIt } from "../support/family.ts"
import { makeFolder } from "../support/folder.ts"
import { askPython, hasPython, runPython } from "../support/python-verifier.ts"
import { RUNTIMES_YAML } from "../support/runtime.ts"

const BUILT = pathToFileURL(join(import.meta.dirname, "..", "..", "dist", "verify", "index.js")).href

/** A file that the daemon exported, open to be tampered with. */
interface Evidence {
  execution_id: string
  checkpoints: { log: string; note: string }[]
  records: { log: string; index: string; body: string; payload: string | null; proof: string[] }[]
  ancestors?: Pick<Evidence, "execution_id" | "records">[]
}

describe.skipIf(!hasPython())("evidence of the built daemon, on another machine", () => {
  const folder = makeFolder()
  const file = (name: string) => join(folder.path, name)
  const clients: WritClient[] = []
  const exported: Record<string, Evidence> = {}
  let daemon: BuiltDaemon
  /** Of the child. */
  let token = ""
  let verifier: typeof import("../../src/verify/index.ts")

  beforeAll(async () => {
    verifier = await import(BUILT)
    cpSync(join(import.meta.dirname, "..", "..", "examples", "agent-tools"), file("policy"), { recursive: true })
    writeFileSync(file("policy/runtimes.yaml"), RUNTIMES_YAML)
    daemon = await startBuilt(file("data"), ["--policy", file("policy")])
    const client = (role: Role) => {
      const made = connect({ target: daemon.address.grpc, key: readApiKey(file("data"), role), maxTries: 1 })
      clients.push(made)
      return made
    }
    const call = async <T>(role: Role, method: string, request: object) =>
      await client(role).call<T>("authorization", method, request)
    const parent = await addMember({ client })
    const child = await addMember({ client }, parent)
    token = child.token
    await call("executor", "CompleteExecution", { execution_id: child.execution_id, succeeded: true })
    const stopped = await addMember({ client }, parent)
    const denied = await authorizeIt({ client }, readPage({ action: { name: "unheard.of" } }))
    await call("operator", "RevokeExecution", { execution_id: parent.execution_id, reason: "the order was withdrawn" })
    for (const [name, execution_id] of Object.entries({
      parent: parent.execution_id,
      child: child.execution_id,
      stopped: stopped.execution_id,
      denied: denied.execution_id,
    })) {
      const auditor = client("auditor")
      // It has a checkpoint signed that covers all records.
      expect(await auditor.call<object>("lineage", "VerifyLineage", { execution_id })).toMatchObject({ valid: true })
      const { evidence } = await auditor.call<{ evidence: Buffer }>("lineage", "ExportEvidence", {
        execution_id,
      })
      writeFileSync(file(`${name}.json`), evidence)
      exported[name] = JSON.parse(evidence.toString()) as Evidence
    }
    expect((await writ(["trust", "--data", file("data"), "--out", file("trust.json")])).code).toBe(0)
  }, 120_000)
  afterAll(async () => {
    for (const client of clients) client.close()
    const code = await daemon?.stop()
    folder.remove()
    expect(code).toBe(0)
  })

  const python = (name: string) => {
    const { code, out } = runPython([file(name), "--trust", file("trust.json"), "--json"])
    return { code, report: JSON.parse(out) }
  }
  /** The built package. */
  const judge = (evidence: string | Uint8Array) =>
    verifier.verifyEvidence(evidence, verifier.parseTrust(readFileSync(file("trust.json"), "utf8")))
  const node = async (name: string) => {
    const { code, out } = await writ(["verify", file(name), "--trust", file("trust.json"), "--json"])
    return { code, report: JSON.parse(out) as EvidenceReport }
  }

  test.each([
    ["parent", "ALLOW", "REVOKED", 0],
    ["child", "ALLOW", "COMPLETED", 1],
    ["stopped", "ALLOW", "REVOKED", 1],
    ["denied", "DENY", null, 0],
  ])("%s: valid and anchored, by both", (name, decision, state, ancestors) => {
    const theirs = python(`${name}.json`)
    expect(theirs).toMatchObject({ code: 0, report: { valid: true, anchored: true, execution: { decision, state } } })
    expect(theirs.report.ancestors).toHaveLength(ancestors)
    const ours = judge(readFileSync(file(`${name}.json`)))
    expect(Object.entries(theirs.report.steps)).toEqual(ours.steps.map(({ step, result }) => [step, result]))
    expect(theirs.report.execution).toEqual(ours.execution)
  })

  test("without keys from elsewhere: consistent, not anchored; what cannot be read verifies nothing", async () => {
    expect(runPython([file("child.json")])).toMatchObject({
      code: 3,
      out: expect.stringMatching(/\nConsistent, not anchored/),
    })
    expect((await writ(["verify", file("child.json")])).code).toBe(3)
    expect(runPython([file("nothing.json")])).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("cannot be read"),
    })
    expect(runPython([file("child.json"), "--trust", file("child.json")])).toMatchObject({
      code: 2,
      err: expect.stringContaining("is no trust file"),
    })
  })

  test("the token that was given out is the one that was granted, and not by another decision", async () => {
    writeFileSync(file("token"), `${token}\n`)
    const held = ["--trust", file("trust.json"), "--token", file("token")]
    for (const [name, code, said] of [
      ["child.json", 0, /grant/],
      ["denied.json", 1, /NOT VALID at step grant, record \d+: LINK_WRONG/],
    ] as const) {
      expect(runPython([file(name), ...held])).toMatchObject({ code, out: expect.stringMatching(said) })
      expect(await writ(["verify", file(name), ...held])).toMatchObject({ code, out: expect.stringMatching(said) })
    }
  })

  test("a file that is no text is refused by both, whatever member holds it", async () => {
    const text = readFileSync(file("child.json"), "latin1")
    writeFileSync(file("latin.json"), text.replace("{", '{"x":"\xff",'), "latin1")
    expect(python("latin.json")).toMatchObject({ code: 1, report: { failed_step: "format", code: "MALFORMED" } })
    expect(await node("latin.json")).toMatchObject({ code: 1, report: { failedStep: "format" } })
  })

  test("what a hostile file says does not reach the terminal as it is", async () => {
    const hostile = structuredClone(exported["denied"] as Evidence)
    for (const entry of [...hostile.checkpoints, ...hostile.records]) entry.log = "\u001b[2Jlog\u009b1m"
    writeFileSync(file("hostile.json"), JSON.stringify(hostile))
    for (const { code, out } of [
      await writ(["verify", file("hostile.json"), "--trust", file("trust.json")]),
      runPython([file("hostile.json"), "--trust", file("trust.json")]),
    ]) {
      expect(code).toBe(1)
      expect(out).toContain("NOT VALID at step checkpoint")
      expect(out).toContain("\ufffd[2Jlog\ufffd1m")
    }
  })

  const flip = (base64: string, at = 3) => {
    const bytes = Buffer.from(base64, "base64")
    bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ 1
    return bytes.toString("base64")
  }
  const edit = (base64: string, from: string, to: string) => {
    const text = Buffer.from(base64, "base64").toString()
    expect(text).toContain(from)
    return Buffer.from(text.replace(from, to)).toString("base64")
  }
  type Of<T> = T extends readonly (infer Item)[] ? Item : never
  const first = (evidence: Evidence) => evidence.records[0] as Of<Evidence["records"]>
  const note = (evidence: Evidence) => evidence.checkpoints[0] as Of<Evidence["checkpoints"]>
  const ancestor = (evidence: Evidence) => evidence.ancestors?.[0] as Of<NonNullable<Evidence["ancestors"]>>
  const TAMPERING: readonly [what: string, step: string, change: (evidence: Evidence) => void][] = [
    ["no version", "format", (of) => Object.assign(of, { v: undefined })],
    ["no records", "format", (of) => Object.assign(of, { records: [] })],
    ["a body that is no base64", "format", (of) => Object.assign(first(of), { body: "?" })],
    ["another log's name", "checkpoint", (of) => Object.assign(note(of), { log: "other.example" })],
    ["no checkpoint", "checkpoint", (of) => Object.assign(of, { checkpoints: [] })],
    ["stripped signatures", "checkpoint", (of) => Object.assign(note(of), { note: note(of).note.split("\n\n")[0] })],
    [
      "a bit of the signature",
      "checkpoint",
      (of) =>
        Object.assign(note(of), { note: note(of).note.replace(/\S+\n$/, (line) => `${flip(line.trim(), 30)}\n`) }),
    ],
    [
      "a bit of the root",
      "checkpoint",
      (of) =>
        Object.assign(note(of), {
          note: note(of).note.replace(/^([^\n]*\n[^\n]*\n)(\S+)/, (_, head, root) => head + flip(root)),
        }),
    ],
    ["a larger size", "checkpoint", (of) => Object.assign(note(of), { note: note(of).note.replace(/\n\d/, "\n9") })],
    ["spaces in a body", "record", (of) => Object.assign(first(of), { body: edit(first(of).body, ":", ": ") })],
    [
      "another kind",
      "record",
      (of) => Object.assign(first(of), { body: edit(first(of).body, '"decision","', '"permission","') }),
    ],
    [
      "DENY for ALLOW",
      "inclusion",
      (of) => Object.assign(first(of), { body: edit(first(of).body, '"ALLOW"', '"DENY"') }),
    ],
    ["another place", "inclusion", (of) => Object.assign(first(of), { index: String(Number(first(of).index) - 1) })],
    [
      "a bit of a proof",
      "inclusion",
      (of) => Object.assign(first(of), { proof: first(of).proof.with(0, flip(first(of).proof[0] as string)) }),
    ],
    ["a proof cut off", "inclusion", (of) => Object.assign(first(of), { proof: first(of).proof.slice(1) })],
    ["a bit of the salt", "payload", (of) => Object.assign(first(of), { payload: flip(first(of).payload as string) })],
    [
      "another amount in the payload",
      "payload",
      (of) =>
        Object.assign(first(of), {
          payload: edit(first(of).payload as string, "https://example.com/", "https://example.org/"),
        }),
    ],
    ["a record left out", "lineage", (of) => of.records.splice(1, 1)],
    ["records exchanged", "lineage", (of) => of.records.reverse()],
    ["another execution named", "lineage", (of) => Object.assign(of, { execution_id: ancestor(of).execution_id })],
    ["no parent", "lineage", (of) => Object.assign(of, { ancestors: undefined })],
    ["a parent that was never redeemed", "lineage", (of) => ancestor(of).records.splice(1)],
    ["a parent that is its own", "lineage", (of) => of.ancestors?.push(ancestor(of))],
  ]
  let answers: ReadonlyMap<string, unknown> | undefined
  /** What Python says of all of them, by one process. */
  const answerOf = (name: string) => {
    const trust = JSON.parse(readFileSync(file("trust.json"), "utf8")) as object
    const ask = (evidence: Evidence) => ({
      family: "evidence",
      name: "",
      input: { evidence: JSON.stringify(evidence), trust },
    })
    answers ??= new Map(
      askPython(TAMPERING.map(([, , change]) => ask(tampered(change)))).map((said, i) => [
        TAMPERING[i]?.[0] as string,
        said,
      ]),
    )
    return answers.get(name)
  }
  const tampered = (change: (evidence: Evidence) => void) => {
    const evidence = structuredClone(exported["child"] as Evidence)
    change(evidence)
    return evidence
  }
  test.each(TAMPERING)("%s: both say %s", (name, step, change) => {
    const report = judge(JSON.stringify(tampered(change)))
    expect(report).toMatchObject({ valid: false, failedStep: step })
    expect(answerOf(name)).toEqual({
      valid: false,
      failed_step: step,
      failed_index: report.failedIndex ?? null,
      code: report.reason.split(":")[0],
    })
  })
})
