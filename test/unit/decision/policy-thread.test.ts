import { EventEmitter } from "node:events"
import { afterEach, describe, expect, test } from "vitest"
import { bundleSigningInput } from "../../../src/decision/control.ts"
import { createPolicyThread, type JobThread, type PolicyThread } from "../../../src/decision/policy-thread.ts"
import { utf8 } from "../../../src/formats/bytes.ts"
import { testSigner } from "../../support/decision.ts"
import { load, requestOf } from "../../support/policy.ts"

const bundle = (version: string) => ({
  version,
  types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
  rules: [
    {
      id: "one",
      effect: "allow",
      subjects: [{ type: "a" }],
      actions: ["go"],
      resources: [{ type: "r" }],
      runtime: "none",
    },
  ],
})
const filesOf = (text: string) => ({ "policy.yaml": new Uint8Array(Buffer.from(text)) })

let thread: PolicyThread | undefined
afterEach(() => thread?.stop())

/** Answers nothing; the test says when it dies. */
class DeafThread extends EventEmitter {
  readonly jobs: unknown[] = []
  postMessage(job: unknown) {
    this.jobs.push(job)
  }
  ref() {}
  unref() {}
  async terminate() {
    this.emit("exit", 1)
    return 1
  }
}

describe("createPolicyThread", () => {
  test("compiles files and stored bytes to the policy that loading them here gives", async () => {
    thread = createPolicyThread()
    const here = load(bundle("1")).policy
    const compiled = await thread.compileFiles(filesOf(JSON.stringify(bundle("1"))), { unless: null })
    if (!compiled.ok) throw new Error("it is refused")
    expect(compiled.opinions).toEqual({ confirmed: 1, outside: 0, disagreements: [] })
    expect(compiled.policy.digest).toBe(here.digest)
    expect(compiled.policy.evaluate(requestOf().policy, [])).toEqual(here.evaluate(requestOf().policy, []))
    const stored = await thread.compileCanonical(here.canonicalBytes.slice())
    expect(stored?.canonicalBytes).toEqual(here.canonicalBytes)
  })

  test("tells problems at their place, and that bytes are no bundle or not in their canonical form", async () => {
    thread = createPolicyThread()
    const compiled = await thread.compileFiles(filesOf('version: "1"\nrules: [{ id: a, effect: alow }]\n'), null)
    expect(compiled).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ line: 2 })]),
    })
    expect(await thread.compileCanonical(utf8("[]"))).toBeNull()
    const spaced = Buffer.from(load(bundle("1")).policy.canonicalBytes)
      .toString()
      .replace("{", "{ ")
    expect(await thread.compileCanonical(utf8(spaced))).toBeNull()
  })

  test("says whether a key has signed a bundle", async () => {
    thread = createPolicyThread()
    const { publicKey, sign } = testSigner(1)
    const { canonicalBytes } = load(bundle("1")).policy
    const signature = sign(bundleSigningInput(canonicalBytes))
    expect(await thread.hasSigned(publicKey, canonicalBytes, signature)).toBe(true)
    expect(await thread.hasSigned(testSigner(2).publicKey, canonicalBytes, signature)).toBe(false)
    expect(await thread.hasSigned(publicKey, utf8("other"), signature)).toBe(false)
  })

  test("when the thread dies who waits is told, and the next job starts another", async () => {
    const started: DeafThread[] = []
    thread = createPolicyThread(() => {
      started.push(new DeafThread())
      return started.at(-1) as unknown as JobThread
    })
    const first = thread.compileCanonical(utf8("{}"))
    started[0]?.emit("error", new Error("out of memory"))
    await expect(first).rejects.toThrow("out of memory")
    started[0]?.emit("exit", 1)
    const second = thread.compileCanonical(utf8("{}"))
    expect(started).toHaveLength(2)
    started[1]?.emit("exit", 7)
    await expect(second).rejects.toThrow("code 7")
  })

  test("a stop ends what waits, and refuses what comes", async () => {
    thread = createPolicyThread(() => new DeafThread() as unknown as JobThread)
    const waiting = thread.compileCanonical(utf8("{}"))
    const told = expect(waiting).rejects.toMatchObject({ code: "SHUTTING_DOWN" })
    await thread.stop()
    await told
    await expect(thread.compileCanonical(utf8("{}"))).rejects.toMatchObject({ code: "SHUTTING_DOWN" })
  })
})
