/** What `writ monitor --follow` exports. */
import { Counter, Gauge, Registry } from "prom-client"
import type { MonitorReport } from "./monitor/monitor.ts"

export function createMonitorMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ["origin"]
  const size = new Gauge({
    name: "writ_monitor_size_records",
    help: "Records of the newest good checkpoint.",
    labelNames,
    registers,
  })
  const cosignatures = new Gauge({
    name: "writ_monitor_cosignatures",
    help: "Witnesses that vouch for it.",
    labelNames,
    registers,
  })
  const good = new Gauge({
    name: "writ_monitor_last_good_seconds",
    help: "When the log was last found good, Unix seconds.",
    labelNames,
    registers,
  })
  const alarms = new Counter({
    name: "writ_monitor_alarms_total",
    help: "Alarms, by kind: MISBEHAVED, COSIGNATURES_LACKING, UNREACHABLE.",
    labelNames: ["origin", "alarm"],
    registers,
  })
  return {
    checked(report: MonitorReport): void {
      const { origin } = report
      size.labels(origin).set(report.size)
      cosignatures.labels(origin).set(report.cosignatures)
      if (report.alarms.length === 0) good.labels(origin).setToCurrentTime()
      for (const { alarm } of report.alarms) alarms.labels(origin, alarm).inc()
    },
    text: () => registry.metrics(),
  }
}
