/** What callers notice while a bundle of 40,000 rules is read, compiled, published and becomes active. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "../src/client/connect.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, percentile } from "./h2-generator.ts"
import { accessRules } from "./rule-sets.ts"
import { AUTHORIZE_PATH, isAllow, readKey, requestBodies, startDaemonProcess } from "./subjects.ts"

const RULES = 40_000
const RATE = 200
const IDLE_SECONDS = 6
/** Each is a whole activation. */
const ROUNDS = 3
const LIMIT_MS = 120_000

export async function benchPolicyReload(): Promise<Row[]> {
  // A machine that is busy otherwise may take long to commit; that is part of what is compared.
  const daemon = await startDaemonProcess([], undefined, ["--append-timeout-ms", "10000"])
  const client = connect({ target: daemon.address.grpc, key: readKey(daemon, "admin") })
  const generator = await Generator.connect({
    host: "127.0.0.1",
    port: daemon.port,
    path: AUTHORIZE_PATH,
    key: daemon.key,
    body: requestBodies(),
    accept: isAllow,
  })
  const activeDigest = async () => {
    const { bundle_digest } = await client.call<{ bundle_digest: Uint8Array }>("admin", "GetServerInfo", {})
    return Buffer.from(bundle_digest).toString("hex")
  }
  const forSeconds = async (seconds: number): Promise<readonly number[]> => {
    const { latenciesMs, refused } = await generator.openLoop(RATE, seconds)
    if (refused > 0) throw new Error(`${refused} calls were not allowed`)
    return latenciesMs
  }
  let round = 0
  const whileActivating = async (): Promise<number> => {
    const before = await activeDigest()
    writeFileSync(join(daemon.data, "policy", "many.yaml"), manyRules(round++))
    const endMs = performance.now() + LIMIT_MS
    const latencies: number[] = []
    while ((await activeDigest()) === before) {
      if (performance.now() > endMs) throw new Error("the bundle did not become active")
      latencies.push(...(await forSeconds(1)))
    }
    return percentile(latencies, 0.99)
  }
  try {
    await forSeconds(IDLE_SECONDS)
    return [
      await compare(
        {
          name: "policy-reload",
          unit: "ms p99",
          durable: "fsync=on",
          generator: `own HTTP/2 generator, open loop, ${RATE} rps`,
          against: "the same daemon, idle",
        },
        whileActivating,
        async () => percentile(await forSeconds(IDLE_SECONDS), 0.99),
        ROUNDS,
      ),
    ]
  } finally {
    generator.close()
    client.close()
    await daemon.stop()
  }
}

/** Beside the example's own; other rules in each round, so that it is another bundle. */
function manyRules(round: number): string {
  const rules = accessRules(RULES).map(({ id, effect, action, resource, team, amount }) => ({
    id,
    effect,
    subjects: [{ type: "agent" }],
    actions: [action === "http.post" ? "http.post" : "http.get"],
    resources: [{ type: "url", id: resource }],
    when: `subject.properties.team == "${team}" && subject.properties.?autonomy.orValue(0) < ${amount + round}`,
  }))
  return JSON.stringify({ rules })
}
