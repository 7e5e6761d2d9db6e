/**
 * How long a revoked process lives. A real `writ exec` holds a shell that does not end on TERM but says when it gets it; from the
 * answer of RevokeExecution to that word, and to the death of the last that descends from it. One trial after the other: each has
 * a guard, a runtime and an execution of its own.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { connect } from "../src/client/connect.ts"
import { type ExecProcess, startExec } from "../test/support/exec.ts"
import type { Row } from "./compare.ts"
import { percentile } from "./h2-generator.ts"
import { startDaemonProcess } from "./subjects.ts"

const TRIALS = 100
const LIMIT_MS = 50
/** From TERM to KILL: short, to see what else the end costs. */
const GRACE_MS = 100
const STUBBORN = `(setsid sh -c 'trap "" TERM; sleep 301; :' &)
trap "echo TERM" TERM
echo ready
while :; do sleep 300 & wait; done`

export async function benchRevocationLatency(): Promise<Row[]> {
  const daemon = await startDaemonProcess()
  const operator = connect({ target: daemon.address.grpc, key: daemon.operator })
  try {
    const signals: number[] = []
    const deaths: number[] = []
    for (let trial = 0; trial < TRIALS; trial++) {
      const args = ["--data", daemon.data, "--quiet", "--grace", String(GRACE_MS / 1000), "--", "sh", "-c", STUBBORN]
      const run = startExec(args, { cwd: "/" })
      const { execution_id } = await run.next("allowed")
      await heard(run, "ready\n")
      await operator.call("authorization", "RevokeExecution", { execution_id, reason: "bench" })
      const answeredMs = performance.now()
      signals.push((await heard(run, "TERM\n")) - answeredMs)
      const { outcome } = await run.next("ended")
      if (outcome.survivors > 0 || outcome.stopped === null) throw new Error(`not ended: ${JSON.stringify(outcome)}`)
      deaths.push((signals.at(-1) as number) + outcome.stopped.lastEndedMs - outcome.stopped.termMs)
      const code = await run.exited
      if (code !== 122) throw new Error(`the guard exited with ${code}: ${run.stderr()}`)
    }
    return [
      toRow("revocation-latency", signals, `the limit of ${LIMIT_MS} ms`, LIMIT_MS),
      toRow("revocation-death", deaths, `its grace of ${GRACE_MS} ms`, GRACE_MS),
    ]
  } finally {
    operator.close()
    await daemon.stop()
  }
}

/** When it was heard. */
async function heard(run: ExecProcess, text: string): Promise<number> {
  while (!run.stdout().includes(text)) {
    if (run.child.exitCode !== null) throw new Error(`the guard ended before: ${run.stderr()}`)
    await sleep(1)
  }
  return performance.now()
}

function toRow(name: string, values: readonly number[], against: string, againstMs: number): Row {
  const p99 = percentile(values, 0.99)
  return {
    name,
    value: p99,
    unit: `ms p99 (p50 ${percentile(values, 0.5).toFixed(1)})`,
    baseline: { name: against, value: againstMs },
    ratio: p99 / againstMs,
    durable: "revoked durably, then answered",
    spread: [Math.min(...values) / againstMs, Math.max(...values) / againstMs],
    rounds: values.length,
    generator: "writ exec over a shell that ignores TERM",
  }
}
