/** A log's first record: its origin, the key that signs its checkpoints, and what the log before it signed last. */
import { toHex } from "../formats/bytes.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { SignedState } from "../ledger/checkpointer.ts"
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

/** Of the log that the same daemon wrote before. */
export interface PreviousLog {
  /** Ed25519 key of its checkpoints, base64url. */
  readonly key: string
  readonly signed: SignedState
}

export async function recordLogOpened(
  deps: LogOpenedDependencies,
  origin: string,
  verifierKey: string,
  previous: PreviousLog | null,
): Promise<void> {
  const data = {
    origin,
    verifier_key: verifierKey,
    ...(previous && {
      previous: { key: previous.key, root: toHex(previous.signed.root), size: String(previous.signed.size) },
    }),
  }
  for (;;) {
    const { epoch } = deps.control()
    const record = seal(
      { kind: "log_opened", actor: deps.actor, epoch: String(epoch), data },
      null,
      deps.clock.now().wallMs,
    )
    if ((await deps.ledger.append({ record, epoch })).kind === "written") return
  }
}
