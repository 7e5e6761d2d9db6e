/** Every metric that the daemon exports, named here and nowhere else. Observing costs an array access on the hot path. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from "prom-client"

const PHASE_BUCKETS = [
  0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1,
]
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]

/** Read when scraped. */
export interface Gauges {
  readonly lanes: () => Readonly<
    Record<string, { readonly inHand: number; readonly limit: number; readonly refused: number }>
  >
  readonly ready: () => boolean
  readonly treeSize: () => number
  readonly checkpointSize: () => number
  readonly cosignatures: () => number
  readonly unsoundLogs: () => number
  readonly queueDepth: () => number
  readonly epoch: () => number
  readonly lookupLag: () => number
  readonly facetLag: () => number
  /** By file, Unix milliseconds. */
  readonly certificateEnds: () => Readonly<Record<string, number | null>>
  readonly approvalsWaiting: () => number
  /** Null: no bundle is the shadow. */
  readonly shadow: () => {
    readonly state: string
    readonly counts: Readonly<Record<string, number>>
    readonly dropped: number
  } | null
}

export interface Metrics {
  decision(decision: string, reason: string, evaluateUs: number, appendUs: number, signUs: number): void
  batch(records: number): void
  redeemRefused(reason: string): void
  approvalDecided(outcome: "granted" | "refused"): void
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
  const phases = new PhaseHistogram(
    "writ_phase_seconds",
    "Time of a decision, per phase.",
    "phase",
    ["evaluate", "append", "sign"],
    PHASE_BUCKETS,
  )
  registry.registerMetric(phases.metric())
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
  const approvals = new Counter({
    name: "writ_approvals_decided_total",
    help: "Decisions on approvals, by outcome: each principal's counts.",
    labelNames: ["outcome"],
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
  gauge("writ_checkpoint_cosignatures", "Witnesses that have cosigned it.", gauges.cosignatures)
  gauge(
    "writ_unsound_logs",
    "Other logs whose newest signed head does not verify, or contradicts what this daemon's log has recorded of them.",
    gauges.unsoundLogs,
  )
  gauge("writ_append_queue_records", "Records waiting for the cut.", gauges.queueDepth)
  gauge("writ_control_epoch", "Control epoch that decisions are made under.", gauges.epoch)
  gauge("writ_lookup_lag_records", "Records whose lookup rows are not derived yet.", gauges.lookupLag)
  gauge(
    "writ_facet_lag_records",
    "Records of all logs, but for the last incomplete 256 of each, whose facets are not derived yet.",
    gauges.facetLag,
  )
  new Gauge({
    name: "writ_certificate_expires_seconds",
    help: "When the first certificate of each TLS file ends, Unix seconds.",
    labelNames: ["certificate"],
    registers,
    collect() {
      for (const [file, endsAtMs] of Object.entries(gauges.certificateEnds()))
        if (endsAtMs !== null) this.labels(file).set(Math.floor(endsAtMs / 1000))
    },
  })
  gauge(
    "writ_approvals_pending",
    "Approvals that were asked for and have neither been refused nor used nor lapsed, of all replicas.",
    gauges.approvalsWaiting,
  )
  gauge("writ_shadow_set", "1 when a bundle is set as the shadow.", () => (gauges.shadow() ? 1 : 0))
  gauge("writ_shadow_comparing", "1 when the shadow bundle is given this daemon's decisions.", () =>
    gauges.shadow()?.state === "comparing" ? 1 : 0,
  )
  new Counter({
    name: "writ_shadow_decisions_total",
    help: "Decisions by the shadow bundle, by what they come to; errored ones are among the others. From 0 again with each setting.",
    labelNames: ["outcome"],
    registers,
    collect() {
      const { counts = {}, dropped = 0 } = gauges.shadow() ?? {}
      this.reset()
      for (const [outcome, count] of Object.entries({ ...counts, dropped })) this.labels(outcome).inc(count)
    },
  })
  const ofLanes = (name: string, help: string, read: (lane: ReturnType<Gauges["lanes"]>[string]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ["lane"],
      registers,
      collect() {
        for (const [lane, values] of Object.entries(gauges.lanes())) this.labels(lane).set(read(values))
      },
    })
  ofLanes("writ_calls_in_hand", "Calls in hand, streams and connections open, now.", ({ inHand }) => inHand)
  ofLanes("writ_calls_limit", "How many of all callers may be in hand now.", ({ limit }) => limit)
  new Counter({
    name: "writ_calls_refused_total",
    help: "Calls, streams and connections refused because a limit was reached.",
    labelNames: ["lane"],
    registers,
    collect() {
      this.reset()
      for (const [lane, { refused }] of Object.entries(gauges.lanes())) this.labels(lane).inc(refused)
    },
  })
  /** Counted here, and handed over when they are scraped. */
  const tallies = new Map<string, { readonly counter: Counter.Internal; since: number }>()
  const count = (counter: Counter<string>, name: string, first: string, second: string) => {
    const key = `${name} ${first} ${second}`
    const known = tallies.get(key)
    if (known) known.since++
    else tallies.set(key, { counter: counter.labels(first, second), since: 1 })
  }
  return {
    decision(decision, reason, evaluateUs, appendUs, signUs) {
      count(decisions, "d", decision, reason)
      phases.observe("evaluate", evaluateUs / 1e6)
      phases.observe("append", appendUs / 1e6)
      if (signUs > 0) phases.observe("sign", signUs / 1e6)
    },
    batch: (records) => batches.observe(records),
    redeemRefused: (reason) => refusals.labels(reason).inc(),
    approvalDecided: (outcome) => approvals.labels(outcome).inc(),
    appendFailure: (kind) => failures.labels(kind).inc(),
    rpc: (method, code) => count(calls, "r", method, String(code)),
    beat: (outcome) => beats.labels(outcome).inc(),
    text() {
      for (const tally of tallies.values()) {
        tally.counter.inc(tally.since)
        tally.since = 0
      }
      return registry.metrics()
    },
  }
}

interface Series {
  /** Of each bound the observations up to it, and not up to the one before; last those above all. */
  readonly counts: Float64Array
  sum: number
}

/** A histogram with one label, observed several times a decision: prom-client's own costs a microsecond each time. */
class PhaseHistogram<L extends string> {
  readonly #name: string
  readonly #help: string
  readonly #label: string
  readonly #bounds: readonly number[]
  readonly #series: Readonly<Record<L, Series>>

  /** `bounds` ascend; `values` are all that the label may be. */
  constructor(name: string, help: string, label: string, values: readonly L[], bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#label = label
    this.#bounds = bounds
    this.#series = Object.fromEntries(
      values.map((value) => [value, { counts: new Float64Array(bounds.length + 1), sum: 0 }]),
    ) as Record<L, Series>
  }

  observe(value: L, amount: number): void {
    const series = this.#series[value]
    let i = 0
    while (i < this.#bounds.length && amount > (this.#bounds[i] as number)) i++
    series.counts[i] = (series.counts[i] as number) + 1
    series.sum += amount
  }

  /** As a Registry takes it. */
  metric(): Metric {
    const get = async () => ({
      name: this.#name,
      help: this.#help,
      type: "histogram",
      aggregator: "sum",
      values: Object.entries<Series>(this.#series).flatMap(([value, series]) => this.#samples(value, series)),
    })
    return { name: this.#name, get } as unknown as Metric
  }

  #samples(value: string, { counts, sum }: Series): object[] {
    const labels = { [this.#label]: value }
    let below = 0
    const buckets = [...this.#bounds, "+Inf"].map((le, i) => {
      below += counts[i] as number
      return { metricName: `${this.#name}_bucket`, labels: { le, ...labels }, value: below }
    })
    if (below === 0) return []
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels, value: sum },
      { metricName: `${this.#name}_count`, labels, value: below },
    ]
  }
}
