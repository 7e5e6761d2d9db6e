/** What callers notice of a shadow bundle of which every decision costs as much as one may. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { connect } from "../src/client/connect.ts"
import { compare, type Row } from "./compare.ts"
import { Generator, percentile } from "./h2-generator.ts"
import { AUTHORIZE_PATH, isAllow, readKey, requestBodies, startDaemonProcess } from "./subjects.ts"

const RATE = 200
const SECONDS = 10
const ROUNDS = 7
const LIMIT_MS = 60_000

interface Shadow {
  readonly replicas: readonly { readonly state: string; readonly counts: { readonly errored: string } | null }[]
}

export async function benchPolicyShadow(): Promise<Row[]> {
  // A machine that is busy otherwise may take long to commit; that is part of what is compared.
  const daemon = await startDaemonProcess([], undefined, ["--append-timeout-ms", "10000"])
  const client = connect({ target: daemon.address.grpc, key: readKey(daemon, "author") })
  const generator = await Generator.connect({
    host: "127.0.0.1",
    port: daemon.port,
    path: AUTHORIZE_PATH,
    key: daemon.key,
    body: requestBodies(),
    accept: isAllow,
  })
  const p99 = async (): Promise<number> => {
    await generator.openLoop(RATE, 1)
    const { latenciesMs, refused } = await generator.openLoop(RATE, SECONDS)
    if (refused > 0) throw new Error(`${refused} calls were not allowed`)
    return percentile(latenciesMs, 0.99)
  }
  const setShadow = (digest: Uint8Array) => client.call("policy", "SetShadowBundle", { digest }, LIMIT_MS)
  const told = async () => (await client.call<Shadow>("policy", "GetShadow", {}, LIMIT_MS)).replicas[0]
  try {
    const { bundle } = await client.call<{ bundle: { digest: Uint8Array } }>(
      "policy",
      "PublishBundle",
      { files: [{ path: "policy.yaml", content: costlyPolicy(daemon.data) }] },
      LIMIT_MS,
    )
    const withShadow = async (): Promise<number> => {
      await setShadow(bundle.digest)
      const endMs = performance.now() + LIMIT_MS
      while ((await told())?.state !== "comparing") {
        if (performance.now() > endMs) throw new Error("the shadow does not compare")
        await sleep(100)
      }
      const value = await p99()
      if (Number((await told())?.counts?.errored) === 0) throw new Error("no decision of the shadow reached its cost")
      await setShadow(Buffer.alloc(0))
      return value
    }
    await generator.openLoop(RATE, SECONDS)
    return [
      await compare(
        {
          name: "policy-shadow",
          unit: "ms p99",
          durable: "fsync=on",
          generator: `own HTTP/2 generator, open loop, ${RATE} rps`,
          against: "the same daemon without a shadow",
        },
        withShadow,
        p99,
        ROUNDS,
      ),
    ]
  } finally {
    generator.close()
    client.close()
    await daemon.stop()
  }
}

/** The example's, and a rule that uses up the cost of every decision. */
function costlyPolicy(data: string): Buffer {
  const text = readFileSync(join(data, "policy", "policy.yaml"), "utf8")
  const costly = `rules:
  - id: a-costly-one
    effect: deny
    subjects: [{ type: agent }]
    actions: [http.get]
    resources: [{ type: url }]
    when: lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))
`
  return Buffer.from(text.replace(/^rules:\n/m, costly))
}
