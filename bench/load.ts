/** `npm run bench -- load`: an open-loop load test of a deployment of your own. Latency counts from the scheduled send time. */

import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { toWireRequest } from "../src/cli/authorize.ts"
import { connect } from "../src/client/connect.ts"
import type { JsonObject } from "../src/formats/ports.ts"
import { percentile } from "./h2-generator.ts"
import { REQUEST } from "./subjects.ts"

const MAX_SECONDS = 3_600
const MAX_RPS = 100_000

export async function load(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      target: { type: "string" },
      tls: { type: "string" },
      key: { type: "string" },
      rps: { type: "string" },
      seconds: { type: "string" },
      request: { type: "string" },
      stream: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "threshold-p99-ms": { type: "string" },
      "threshold-errors": { type: "string", default: "0" },
    },
  })
  const rps = Number(values.rps)
  const seconds = Number(values.seconds)
  if (!values.target || !(rps > 0 && rps <= MAX_RPS) || !(seconds > 0 && seconds <= MAX_SECONDS)) {
    console.error(
      `usage: npm run bench -- load --target HOST:PORT --rps N --seconds N [--tls CA.pem] [--key KEY] [--stream] [--request FILE] [--threshold-p99-ms N] [--threshold-errors N]\nrps is at most ${MAX_RPS}, seconds at most ${MAX_SECONDS}.`,
    )
    return 2
  }
  const key = values.key ?? process.env["WRIT_KEY"] ?? ""
  const request = values.request ? (JSON.parse(readFileSync(values.request, "utf8")) as JsonObject) : REQUEST
  const wire = toWireRequest(request)
  const client = connect({ target: values.target, key, caFile: values.tls ?? null, maxTries: 1 }) // each failure counts
  const latencies: number[] = []
  const outcomes = new Map<string, number>()
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  const due = new Map<string, number>()
  const stream = values.stream ? client.stream("authorization", "AuthorizeStream") : null
  const total = Math.floor(rps * seconds)
  let answered = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const answer = (scheduledMs: number, outcome: string) => {
    latencies.push(performance.now() - scheduledMs)
    count(outcome)
    if (++answered === total) finish()
  }
  stream?.on("error", (error) => {
    for (const scheduled of due.values()) answer(scheduled, error.message)
    due.clear()
  })
  stream?.on("data", (reply: { sequence: string; response?: { decision: string }; status?: { code: number } }) => {
    const scheduled = due.get(reply.sequence)
    due.delete(reply.sequence)
    if (scheduled !== undefined) answer(scheduled, reply.response?.decision ?? `status ${reply.status?.code}`)
  })
  const start = performance.now()
  for (let sent = 0; sent < total; ) {
    const now = performance.now()
    for (; sent < total && start + (sent / rps) * 1000 <= now; sent++) {
      const scheduled = start + (sent / rps) * 1000
      const one = { ...wire, request_id: randomUUID() }
      if (stream) {
        due.set(String(sent + 1), scheduled)
        stream.write({ sequence: sent + 1, request: one })
      } else {
        void client.call<{ decision: string }>("authorization", "Authorize", one).then(
          (reply) => answer(scheduled, reply.decision),
          (error: { code: string }) => answer(scheduled, error.code),
        )
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, 15_000))])
  stream?.end()
  client.close()
  const p = (q: number) => Number(percentile(latencies, q).toFixed(3))
  const result = {
    target: values.target,
    rps,
    seconds,
    answered,
    p50_ms: p(0.5),
    p99_ms: p(0.99),
    "p99.9_ms": p(0.999),
    outcomes: Object.fromEntries(outcomes),
  }
  const errors =
    total - [...outcomes].filter(([name]) => name.startsWith("DECISION_")).reduce((sum, [, n]) => sum + n, 0)
  const failed =
    errors > Number(values["threshold-errors"]) ||
    (values["threshold-p99-ms"] !== undefined && result.p99_ms > Number(values["threshold-p99-ms"]))
  if (values.json) console.log(JSON.stringify({ ...result, errors, failed }))
  else
    console.log(
      `${answered} of ${total} answered at ${rps}/s from ${values.target}: p50 ${result.p50_ms} ms, p99 ${result.p99_ms} ms, p99.9 ${result["p99.9_ms"]} ms; ${JSON.stringify(result.outcomes)}${failed ? "\nA threshold was crossed." : ""}`,
    )
  return failed ? 1 : 0
}
