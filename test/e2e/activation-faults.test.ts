/** The built daemon is killed at every step from PublishBundle to what ActivateBundle answers: what decides then is one bundle whole. */
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, expect, test } from "vitest"
import { type AuthorizeReply, toWireRequest } from "../../src/client/authorize-request.ts"
import { connect } from "../../src/client/connect.ts"
import { readApiKey } from "../../src/store/data-folder.ts"
import { type BuiltDaemon, startBuilt, writ } from "../support/built-daemon.ts"
import { makeFolder } from "../support/folder.ts"

/** After which step, and how many milliseconds later, it is killed. */
const MOMENTS = [
  ["publish", 0],
  ["publish", 20],
  ["publish", 150],
  ["publish", 600],
  ["published", 0],
  ["activate", 0],
  ["activate", 10],
  ["activate", 40],
  ["activate", 200],
  ["activated", 0],
  ["activated", 20],
] as const
type Step = (typeof MOMENTS)[number][0]

/** Every other one denies what the others allow, each by a rule of its own name. */
const effectOf = (n: number) => (n % 2 === 0 ? "allow" : "deny")
const policyOf = (n: number) => `
version: "v${n}"
types:
  subjects: { agent: { known: any } }
  resources: { url: {} }
  actions: { http.get: {} }
rules:
  - id: rule-${n}
    effect: ${effectOf(n)}${effectOf(n) === "allow" ? "\n    runtime: none" : ""}
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url }]
`

const folder = makeFolder()
const data = join(folder.path, "data")
let daemon: BuiltDaemon | undefined
afterAll(async () => {
  await daemon?.stop()
  folder.remove()
})

type Role = "author" | "operator" | "pep"
async function call<T>(
  to: BuiltDaemon,
  role: Role,
  service: "policy" | "authorization",
  method: string,
  request: object,
) {
  const client = connect({ target: to.address.grpc, key: readApiKey(data, role), maxTries: 1 })
  try {
    return await client.call<T>(service, method, request, 30_000)
  } finally {
    client.close()
  }
}
const publish = async (to: BuiltDaemon, n: number) => {
  const files = [{ path: "policy.yaml", content: Buffer.from(policyOf(n)) }]
  const { bundle } = await call<{ bundle: { digest: Buffer } }>(to, "author", "policy", "PublishBundle", { files })
  return bundle.digest
}
const activeDigest = async (of: BuiltDaemon) =>
  (await call<{ bundle: { digest: Buffer } }>(of, "operator", "policy", "GetBundle", {})).bundle.digest.toString("hex")

test("killed between publication and what the activation answers, it decides by the last that was acknowledged or the next", {
  timeout: 900_000,
}, async () => {
  daemon = await startBuilt(data)
  let acknowledged = await activeDigest(daemon)
  const outcomes: Record<"before" | "after", number> = { before: 0, after: 0 }
  const digests = new Map<string, number>()
  for (const [n, [moment, afterMs]] of MOMENTS.entries()) {
    const running: BuiltDaemon = daemon
    let killed: Promise<void> | undefined
    const reached = (step: Step) => {
      if (step === moment) killed = sleep(afterMs).then(() => void process.kill(running.address.pid, "SIGKILL"))
    }
    let published: string | undefined
    let isAsked = false
    let isAnswered = false
    try {
      reached("publish")
      const digest = await publish(running, n)
      published = digest.toString("hex")
      reached("published")
      if (moment === "published") await killed
      isAsked = true
      const activation = call(running, "operator", "policy", "ActivateBundle", { digest, reason: "" })
      reached("activate")
      await activation
      isAnswered = true
      reached("activated")
    } catch {} // it is being killed
    expect(killed, `${moment} was reached`).toBeDefined()
    await killed

    daemon = await startBuilt(data)
    const active = await activeDigest(daemon)
    const digest = (await publish(daemon, n)).toString("hex") // again, or for the first time
    expect(digest).toBe(published ?? digest)
    digests.set(digest, n)
    if (isAnswered) expect(active, `${moment}+${afterMs}`).toBe(digest)
    else expect(isAsked ? [acknowledged, digest] : [acknowledged], `${moment}+${afterMs}`).toContain(active)
    outcomes[active === digest ? "after" : "before"]++
    acknowledged = active

    const request = {
      request_id: `r-${n}`,
      audience: "tool-runner",
      subject: { type: "agent", id: "ada" },
      action: { name: "http.get" },
      resource: { type: "url", id: "https://example.com/" },
    }
    const reply = await call<AuthorizeReply & { bundle_digest: Buffer; matched_rules: string[] }>(
      daemon,
      "pep",
      "authorization",
      "Authorize",
      toWireRequest(request),
    )
    expect(reply.bundle_digest.toString("hex")).toBe(active)
    const by = digests.get(active)
    if (by !== undefined) {
      expect(reply.matched_rules).toEqual([`rule-${by}`])
      expect(reply.decision).toBe(effectOf(by) === "allow" ? "DECISION_ALLOW" : "DECISION_DENY")
    }
  }
  expect(outcomes.before).toBeGreaterThan(0)
  expect(outcomes.after).toBeGreaterThan(0)
  expect(await daemon.stop()).toBe(0)
  daemon = undefined
  const checked = await writ(["ledger", "fsck", "--data", data])
  expect([checked.code, checked.err]).toEqual([0, expect.any(String)])
})
