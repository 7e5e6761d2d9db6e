/** A runtime's change: a record, its row, perhaps a directive, and a higher control epoch, in one transaction. */
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromHex, toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { Environment } from "../formats/runtime-messages.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { type Runtime, runtimeKey } from "../runtime/runtime.ts"
import { nextState, type RuntimeEvent, type RuntimeState } from "../runtime/states.ts"
import type { Directive } from "./directives.ts"
import type { Limit } from "./limits.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"
import type { InTurn } from "./turns.ts"

const MAX_ATTEMPTS = 16

export interface Receipt {
  readonly origin: string
  readonly index: number
  readonly leafHash: Uint8Array
}

export interface RuntimeChanged {
  readonly runtime: Runtime
  readonly receipt: Receipt
}

export interface RuntimeChangeDependencies {
  readonly clock: Clock
  readonly origin: string
  control(): ControlState
  /** Of all changes that raise the control epoch. */
  readonly inTurn?: InTurn
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export interface Step {
  readonly kind: "runtime_registered" | "runtime_state_changed" | "runtime_ended"
  readonly runtime: Runtime
  /** Codes and states, nothing that a caller wrote. */
  readonly data: JsonObject
  /** What somebody wrote about it. */
  readonly note?: string
  readonly directive?: Omit<Directive, "issued_at">
  readonly revokesKey?: boolean
}

export interface More {
  /** What somebody wrote about it. */
  readonly note?: string
  /** Where it runs from now on. */
  readonly environment?: Environment
  readonly limit?: Limit
}

export interface RuntimeChanges {
  /** Builds the step again whenever the control state moved; null: nothing is to be done. Its own errors pass through. */
  apply(build: (state: ControlState) => Step | null, actor: Actor, limit?: Limit): Promise<RuntimeChanged | null>
  /** Lets an event happen to a runtime, as long as it still holds this lease; null when that changes nothing. */
  happen(
    key: string,
    leaseId: string,
    event: RuntimeEvent,
    reasons: readonly string[],
    actor: Actor,
    more?: More,
  ): Promise<RuntimeChanged | null>
}

const STOPS: Readonly<Partial<Record<RuntimeState, Omit<Directive, "issued_at">>>> = {
  QUARANTINED: {
    kind: "quarantine",
    execution_id: "",
    code: "RUNTIME_QUARANTINED",
    text: "The runtime is quarantined: stop everything.",
  },
  REVOKED: {
    kind: "stop_all",
    execution_id: "",
    code: "RUNTIME_REVOKED",
    text: "The runtime's key is revoked: stop everything.",
  },
}

export function createRuntimeChanges(deps: RuntimeChangeDependencies): RuntimeChanges {
  const { inTurn = (work) => work() } = deps
  const apply: RuntimeChanges["apply"] = (build, actor, limit) => inTurn(() => change(build, actor, limit))

  async function change(
    build: (state: ControlState) => Step | null,
    actor: Actor,
    limit?: Limit,
  ): Promise<RuntimeChanged | null> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control()
      const step = build(state)
      if (!step) return null
      const { wallMs: nowMs, monotonicMs } = deps.clock.now()
      if (limit && monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      const epoch = state.epoch + 1n
      const { runtime, kind, data, note, revokesKey = false } = step
      const key = runtimeKey(runtime.id)
      const content = encodeCanonicalJson(runtime as unknown as JsonObject)
      const directive =
        step.directive && encodeCanonicalJson({ ...step.directive, issued_at: nowMs } as unknown as JsonObject)
      const record = seal(
        {
          kind,
          actor: { id: actor.id, proof: actor.proof },
          epoch: String(epoch),
          data: {
            ...data,
            boot_epoch: runtime.boot_epoch,
            content_sha256: toHex(sha256(utf8(content))),
            ...(directive !== undefined && { directive_sha256: toHex(sha256(utf8(directive))) }),
            lease_id: runtime.lease_id,
            reasons: runtime.reasons,
            ...(revokesKey && { revoked_key: runtime.public_key }),
            runtime: key,
            state: runtime.state,
          },
        },
        encodeCanonicalJson({ content: runtime as unknown as JsonObject, ...(note !== undefined && { note }) }),
        nowMs,
      )
      const effects: Effect[] = [{ kind: "runtime", key, epoch, content: utf8(content) }]
      if (revokesKey) effects.push({ kind: "revoked_runtime_key", publicKey: fromHex(runtime.public_key), epoch })
      if (directive !== undefined) effects.push({ kind: "directive", epoch, runtime: key, content: utf8(directive) })
      const change = { effects, raisesEpoch: true }
      const result = await deps.ledger.append({ record, epoch: state.epoch, change, ...limit })
      if (result.kind === "written")
        return { runtime, receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash } }
      // stale: somebody else changed something first; look again
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }

  return {
    apply,
    async happen(key, leaseId, event, reasons, actor, { note, environment, limit } = {}) {
      return await apply(
        (state) => {
          const before = state.runtimes.get(key)
          const to = before?.lease_id === leaseId ? nextState(before.state, event) : null
          if (!before || to === null) return null
          const directive = STOPS[to]
          const { contested, ...rest } = before
          return {
            kind: to === "ENDED" ? "runtime_ended" : "runtime_state_changed",
            runtime: {
              ...rest,
              ...(environment && { environment }),
              contested: event === "released" ? null : contested,
              state: to,
              reasons,
            },
            data: { event, from: before.state },
            ...(note !== undefined && { note }),
            ...(directive && { directive }),
            revokesKey: to === "REVOKED",
          }
        },
        actor,
        limit,
      )
    },
  }
}
