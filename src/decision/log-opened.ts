/** A log's first record: its origin, and the key that signs its checkpoints. */
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

export interface LogOpenedDependencies {
  readonly actor: Actor
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export async function recordLogOpened(deps: LogOpenedDependencies, origin: string, verifierKey: string): Promise<void> {
  for (;;) {
    const { epoch } = deps.control()
    const data = { origin, verifier_key: verifierKey }
    const record = seal(
      { kind: "log_opened", actor: deps.actor, epoch: String(epoch), data },
      null,
      deps.clock.now().wallMs,
    )
    if ((await deps.ledger.append({ record, epoch })).kind === "written") return
  }
}
