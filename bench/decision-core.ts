/** The six determinations alone, in process, against the same rules written by hand. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { sha256 } from "../src/crypto.ts"
import { determine } from "../src/decision/determine.ts"
import { snapshot, toPolicyRequest } from "../src/decision/snapshot.ts"
import { loadPolicy } from "../src/policy/load.ts"
import { decodeAuthorizeRequest } from "../src/rpc/authorize-codec.ts"
import { Malformed } from "../src/rpc/load.ts"
import { compare, type Row } from "./compare.ts"
import { requestBodies } from "./subjects.ts"

const COUNT = 20_000

export async function benchDecisionCore(): Promise<Row[]> {
  const text = readFileSync(join(import.meta.dirname, "..", "examples", "agent-tools", "policy.yaml"), "utf8")
  const loaded = loadPolicy({ "policy.yaml": text }, sha256)
  if (!loaded.ok) throw new Error("the example bundle does not load")
  const state = {
    epoch: 0n,
    active: { policy: loaded.policy, problems: [] },
    callers: new Map(),
    bindings: new Map(),
    runtimes: new Map(),
    references: new Map(),
    revokedKeys: new Set<string>(),
    tokenKeys: [],
  }
  const raw = decodeAuthorizeRequest(Buffer.from(requestBodies()(1)))
  if (raw instanceof Malformed) throw raw.error
  const request = snapshot(raw)
  const time = (work: () => boolean) => async () => {
    const started = performance.now()
    let allowed = 0
    for (let i = 0; i < COUNT; i++) if (work()) allowed++
    if (allowed !== COUNT) throw new Error("a decision was not an ALLOW")
    return ((performance.now() - started) * 1000) / COUNT
  }
  const subject = time(() => determine(state, request, toPolicyRequest(request, Date.now())).decision === "ALLOW")
  const teams = ["research", "platform"]
  const byHand = time(() => {
    const { subject: who, action, resource, context } = request
    return (
      who.type === "agent" &&
      action.name === "http.get" &&
      resource.id.startsWith("https://") &&
      teams.includes(who.properties["team"] as string) &&
      context["working_hours"] !== false
    )
  })
  return [
    await compare(
      {
        name: "decision-core",
        unit: "µs",
        durable: "nothing is stored",
        generator: "in process",
        against: "hand-written JavaScript",
      },
      subject,
      byHand,
    ),
  ]
}
