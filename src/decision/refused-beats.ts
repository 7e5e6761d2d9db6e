/** Refused beats are recorded, a few of them: whoever sends them must not be able to fill the ledger. */
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

/** One record per lease and reason in this time. */
const QUIET_MS = 10_000
/** Records of all runtimes together in that time; beyond it refusals are only answered. */
const MAX_RECORDS = 64

export interface RefusedBeatsDependencies {
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export function createRefusedBeats(deps: RefusedBeatsDependencies) {
  let recorded = new Set<string>()
  let untilMs = 0

  /** Never waits and never fails: the refusal stands without its record. */
  return (runtime: string, leaseId: string, bootEpoch: string, sequence: string, reason: string): void => {
    const { wallMs, monotonicMs } = deps.clock.now()
    if (monotonicMs >= untilMs) {
      recorded = new Set()
      untilMs = monotonicMs + QUIET_MS
    }
    const what = `${leaseId} ${reason}`
    if (recorded.has(what) || recorded.size >= MAX_RECORDS) return
    recorded.add(what)
    const { epoch } = deps.control()
    const record = seal(
      {
        kind: "beat_refused",
        actor: { id: "writ", proof: "process" },
        epoch: String(epoch),
        data: { boot_epoch: bootEpoch, lease_id: leaseId, reason, runtime, sequence },
      },
      null,
      wallMs,
    )
    deps.ledger.append({ record, epoch }).catch(() => {})
  }
}
