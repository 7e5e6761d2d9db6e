/** Start to first answer with an existing folder, and heap growth between decision 20,000 and 100,000. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Row } from "./compare.ts"
import { Generator } from "./h2-generator.ts"
import { AUTHORIZE_PATH, isAllow, requestBodies, startDaemonProcess } from "./subjects.ts"

async function firstAnswer(data: string): Promise<number> {
  const started = performance.now()
  const daemon = await startDaemonProcess([], data)
  const generator = await Generator.connect({
    host: "127.0.0.1",
    port: daemon.port,
    path: AUTHORIZE_PATH,
    key: daemon.key,
    body: requestBodies(),
    accept: isAllow,
  })
  const { refused } = await generator.closedLoop(1, 1)
  const seconds = (performance.now() - started) / 1000
  generator.close()
  await daemon.stop()
  if (refused > 0) throw new Error("the first answer was not an ALLOW")
  return seconds
}

export async function benchStart(): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), "writ-bench-"))
  try {
    await firstAnswer(data)
    const seconds = [await firstAnswer(data), await firstAnswer(data), await firstAnswer(data)].sort((a, b) => a - b)
    const value = seconds[1] as number
    return [
      {
        name: "start-time",
        value,
        unit: "s",
        baseline: { name: "the limit of 3 s", value: 3 },
        ratio: value / 3,
        durable: "existing folder, embedded Postgres",
        spread: [(seconds[0] as number) / 3, (seconds[2] as number) / 3],
        rounds: 3,
        generator: "own HTTP/2 generator",
      },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

/** Collects garbage when asked from outside: what is left is what the daemon holds. */
const GC_ON_SIGNAL = `data:text/javascript,${encodeURIComponent('process.on("SIGUSR2", () => { gc(); gc() })')}`

export async function benchHeap(): Promise<Row[]> {
  const daemon = await startDaemonProcess(["--expose-gc", "--import", GC_ON_SIGNAL])
  const generator = await Generator.connect({
    host: "127.0.0.1",
    port: daemon.port,
    path: AUTHORIZE_PATH,
    key: daemon.key,
    body: requestBodies(),
    accept: isAllow,
  })
  try {
    // asked for from outside, through the metrics that the daemon exports; lookups are derived meanwhile
    const heap = async () => {
      await sleep(3_000)
      daemon.child.kill("SIGUSR2")
      await sleep(1_000)
      const text = await (
        await fetch(`http://${daemon.address.http}/metrics`, {
          headers: { authorization: `Bearer ${daemon.operator}` },
        })
      ).text()
      return Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]) / 1024 / 1024
    }
    await generator.closedLoop(64, 20_000)
    const before = await heap()
    await generator.closedLoop(64, 80_000, 300)
    const value = (await heap()) - before
    return [
      {
        name: "heap-growth",
        value,
        unit: "MiB after gc",
        baseline: { name: "the limit of 16 MiB", value: 16 },
        ratio: value / 16,
        durable: "fsync=on",
        spread: [value / 16, value / 16],
        rounds: 1,
        generator: "own HTTP/2 generator",
      },
    ]
  } finally {
    generator.close()
    await daemon.stop()
  }
}
