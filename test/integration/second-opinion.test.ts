import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest"
import type { PolicyJob } from "../../src/decision/policy-job.ts"
import type { JobThread } from "../../src/decision/policy-thread.ts"
import type { Scope } from "../../src/policy/condition.ts"
import { startTestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { makeFolder } from "../support/folder.ts"

/** The engine lowers conditions as if they were written so; nothing is changed unless a test says. */
const engine = vi.hoisted(() => ({ lower: (source: string) => source }))
vi.mock("../../src/policy/condition.ts", async (importOriginal) => {
  const real = await importOriginal<typeof import("../../src/policy/condition.ts")>()
  return {
    ...real,
    compileCondition(source: string, scope: Scope) {
      const compiled = real.compileCondition(source, scope)
      const lowered = real.compileCondition(engine.lower(source), scope)
      return "problems" in compiled || "problems" in lowered ? compiled : { ...compiled, evaluate: lowered.evaluate }
    },
  }
})
/** What the thread would do is done here, where the engine is the changed one. */
vi.mock("../../src/decision/policy-thread.ts", async (importOriginal) => {
  const real = await importOriginal<typeof import("../../src/decision/policy-thread.ts")>()
  const { EventEmitter } = await import("node:events")
  const { doPolicyJob } = await import("../../src/decision/policy-job.ts")
  class ThisThread extends EventEmitter {
    async postMessage(job: PolicyJob) {
      this.emit("message", await doPolicyJob(job))
    }
    ref() {}
    unref() {}
    async terminate() {}
  }
  return { ...real, createPolicyThread: () => real.createPolicyThread(() => new ThisThread() as unknown as JobThread) }
})
const mutate = (source: string) => source.replaceAll(/>(?!=)/g, ">=")

const EXAMPLE = join(import.meta.dirname, "..", "..", "examples", "agent-tools")

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase()
})
afterAll(() => database?.drop())
beforeEach(() => {
  engine.lower = (source) => source
})

test("a daemon whose engine reads a condition otherwise than cel-js does not make the bundle active", async () => {
  engine.lower = mutate
  await expect(startTestDaemon(database.url)).rejects.toMatchObject({
    code: "POLICY_INVALID",
    message: expect.stringMatching(/parameters\.amount > 2000: this engine says true, cel-js says false/),
  })
})

test("a running daemon keeps the last good bundle", async () => {
  const writ = await startTestDaemon(database.url)
  try {
    const file = join(writ.data, "policy", "policy.yaml")
    const admin = writ.client("admin")
    const version = async () =>
      (await admin.call<{ bundle_version: string }>("admin", "GetServerInfo", {})).bundle_version
    const publish = async (name: string) => {
      writeFileSync(file, readFileSync(file, "utf8").replace(/^version: .*$/m, `version: "${name}"`))
      await writ.daemon.reloadPolicy()
    }
    await publish("good")
    expect(await version()).toBe("good")
    engine.lower = mutate
    await publish("misread")
    expect(await version()).toBe("good")
    engine.lower = (source) => source
    await publish("better")
    expect(await version()).toBe("better")
  } finally {
    await writ.stop()
  }
})

test("what the tests in the folder ask for is asked of both engines, too", async () => {
  const folder = makeFolder()
  const fresh = await Promise.all([createDatabase(), createDatabase()])
  // Wrong about one amount, which no input that is made up has, and one of the bundle's own tests.
  engine.lower = (source) =>
    source.replace("parameters.amount > 2000", "(parameters.amount > 2000 || parameters.amount == 1002)")
  try {
    copyFileSync(join(EXAMPLE, "policy.yaml"), join(folder.path, "policy.yaml"))
    await (await startTestDaemon(fresh[0].url, { policy: folder.path })).stop()
    copyFileSync(join(EXAMPLE, "policy_test.yaml"), join(folder.path, "policy_test.yaml"))
    await expect(startTestDaemon(fresh[1].url, { policy: folder.path })).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringMatching(/parameters\.amount > 2000[\s\S]*1002/),
    })
  } finally {
    for (const one of fresh) await one.drop()
    folder.remove()
  }
})
