/** Every metric that the daemon exports, named here and nowhere else. Observing costs an array access on the hot path. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

const PHASE_BUCKETS = [
  0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1,
]
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

/** Read when scraped. */
export interface Gauges {
  readonly ready: () => boolean
  readonly treeSize: () => number
  readonly checkpointSize: () => number
  readonly queueDepth: () => number
  readonly epoch: () => number
  readonly lookupLag: () => number
}

export interface Metrics {
  decision(decision: string, reason: string, evaluateUs: number, appendUs: number, signUs: number): void
  batch(records: number): void
  redeemRefused(reason: string): void
  appendFailure(kind: string): void
  rpc(method: string, code: number): void
  beat(outcome: "taken" | "repeated" | "refused" | "too_fast"): void
  text(): Promise<string>
}

export function createMetrics(gauges: Gauges): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })
  const decisions = new Counter({
    name: "writ_decisions_total",
    help: "Recorded decisions, by outcome and decisive reason.",
    labelNames: ["decision", "reason"],
    registers,
  })
  const phases = new Histogram({
    name: "writ_phase_seconds",
    help: "Time of a decision, per phase.",
    labelNames: ["phase"],
    buckets: PHASE_BUCKETS,
    registers,
  })
  const batches = new Histogram({
    name: "writ_append_batch_records",
    help: "Records written by one statement.",
    buckets: BATCH_BUCKETS,
    registers,
  })
  const failures = new Counter({
    name: "writ_append_failures_total",
    help: "Changes of the log's state away from open.",
    labelNames: ["kind"],
    registers,
  })
  const refusals = new Counter({
    name: "writ_redemptions_refused_total",
    help: "Redemptions refused, by reason; the ledger holds the first of each execution.",
    labelNames: ["reason"],
    registers,
  })
  const calls = new Counter({
    name: "writ_rpc_total",
    help: "RPCs answered, by method and gRPC status number.",
    labelNames: ["rpc", "code"],
    registers,
  })
  const beats = new Counter({
    name: "writ_beats_total",
    help: "Beats of runtimes, by what became of them.",
    labelNames: ["outcome"],
    registers,
  })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge("writ_ready", "1 when decisions can be made and recorded.", () => (gauges.ready() ? 1 : 0))
  gauge("writ_tree_size_records", "Records in this daemon's log.", gauges.treeSize)
  gauge("writ_checkpoint_size_records", "Records covered by the newest signed checkpoint.", gauges.checkpointSize)
  gauge("writ_append_queue_records", "Records waiting for the cut.", gauges.queueDepth)
  gauge("writ_control_epoch", "Control epoch that decisions are made under.", gauges.epoch)
  gauge("writ_lookup_lag_records", "Records whose lookup rows are not derived yet.", gauges.lookupLag)
  const [evaluate, append, sign] = ["evaluate", "append", "sign"].map((phase) => phases.labels(phase)) as [
    Histogram.Internal<"phase">,
    Histogram.Internal<"phase">,
    Histogram.Internal<"phase">,
  ]
  const bound = new Map<string, Counter.Internal>()
  const child = (counter: Counter<string>, name: string, ...labels: string[]) => {
    const key = `${name} ${labels.join(" ")}`
    const known = bound.get(key) ?? counter.labels(...labels)
    bound.set(key, known)
    return known
  }
  return {
    decision(decision, reason, evaluateUs, appendUs, signUs) {
      child(decisions, "d", decision, reason).inc()
      evaluate.observe(evaluateUs / 1e6)
      append.observe(appendUs / 1e6)
      if (signUs > 0) sign.observe(signUs / 1e6)
    },
    batch: (records) => batches.observe(records),
    redeemRefused: (reason) => refusals.labels(reason).inc(),
    appendFailure: (kind) => failures.labels(kind).inc(),
    rpc: (method, code) => child(calls, "r", method, String(code)).inc(),
    beat: (outcome) => child(beats, "b", outcome).inc(),
    text: () => registry.metrics(),
  }
}
