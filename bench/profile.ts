/** `npm run bench -- profile`: microseconds of the daemon's main thread per decision, by step, from a CPU profile. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Generator } from "./h2-generator.ts"
import { AUTHORIZE_PATH, isAllow, requestBodies, startDaemonProcess } from "./subjects.ts"

const COUNT = 40_000

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const STEPS: readonly (readonly [string, RegExp])[] = [
  ["gRPC and HTTP/2", /@grpc\/grpc-js|node:(internal\/)?http2|node:(internal\/)?stream|node:net/],
  ["protobuf", /protobufjs|proto-loader|rpc\/struct|eval at Codegen|^$/],
  ["policy (CEL)", /@bufbuild|\/policy\//],
  ["canonical JSON, hashing", /formats\/|ledger\/record/],
  ["Postgres client", /node_modules\/pg|store\//],
  ["decision path", /\/decision\/|\/ledger\/|\/token\/|\/rpc\/|app\.js|metrics|prom-client/],
]

export async function profile(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "writ-profile-"))
  const daemon = await startDaemonProcess(["--cpu-prof", `--cpu-prof-dir=${folder}`])
  try {
    const generator = await Generator.connect({
      host: "127.0.0.1",
      port: daemon.port,
      path: AUTHORIZE_PATH,
      key: daemon.key,
      body: requestBodies(),
      accept: isAllow,
    })
    await generator.closedLoop(64, COUNT)
    generator.close()
  } finally {
    await daemon.stop()
  }
  const [file] = readdirSync(folder)
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file as string), "utf8")) as Profile
  rmSync(folder, { recursive: true, force: true })
  const self = new Map<number, number>()
  samples.forEach((id, i) => self.set(id, (self.get(id) ?? 0) + (timeDeltas[i] as number)))
  const steps = new Map<string, number>()
  const functions = new Map<string, number>()
  for (const { id, callFrame } of nodes) {
    const us = self.get(id) ?? 0
    const { functionName, url, lineNumber } = callFrame
    if (functionName === "(idle)" || functionName === "(program)") continue
    const step =
      functionName === "(garbage collector)"
        ? "garbage collector"
        : (STEPS.find(([, pattern]) => pattern.test(url))?.[0] ?? "other (node)")
    steps.set(step, (steps.get(step) ?? 0) + us)
    const name = `${functionName || "(anonymous)"} ${url.split("/").slice(-3).join("/")}:${lineNumber + 1}`
    functions.set(name, (functions.get(name) ?? 0) + us)
  }
  const rows = (map: Map<string, number>, most: number) =>
    [...map]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([name, us]) => `${(us / COUNT).toFixed(1).padStart(8)} µs  ${name}`)
  console.log(
    `Main thread per decision, ${COUNT} decisions at 64 in flight:\n${rows(steps, 20).join("\n")}\n\nFunctions:\n${rows(functions, 30).join("\n")}`,
  )
}
