/**
 * What runtimes are told to do. A directive is a row of the change that causes it, so it reaches every replica with the
 * control state and is as durable as its cause; here it is handed to those who watch.
 */
import { WritError } from "../errors.ts"
import { runtimeKey } from "../runtime/runtime.ts"
import { isOpen } from "../runtime/states.ts"
import type { ControlState } from "./state.ts"

export interface DirectiveRow {
  /** The control epoch of its cause: rises with each. */
  readonly number: bigint
  /** `runtimeKey`. */
  readonly runtime: string
  readonly directive: Directive
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

export type Directive = {
  readonly kind: "stop_execution" | "stop_all" | "quarantine"
  /** Empty: all. */
  readonly execution_id: string
  readonly code: string
  readonly text: string
  /** Unix milliseconds. */
  readonly issued_at: number
}

/** Repeated in the answers to beats, for who does not watch. */
const MAX_REPEATED = 64

interface Watcher {
  readonly runtime: string
  readonly leaseId: string
  readonly onDirective: (row: DirectiveRow) => void
  readonly onEnd: (error?: WritError) => void
}

export interface DirectiveDependencies {
  control(): ControlState
  /** Of one runtime, after a number, oldest first. */
  read(runtime: string, after: bigint): Promise<readonly DirectiveRow[]>
}

export class Directives {
  readonly #deps: DirectiveDependencies
  readonly #watchers = new Set<Watcher>()
  readonly #recent = new Map<string, DirectiveRow[]>()

  constructor(deps: DirectiveDependencies) {
    this.#deps = deps
  }

  /** The control state has changed, and these came with it. */
  publish(state: ControlState, rows: readonly DirectiveRow[]): void {
    for (const row of rows) {
      const recent = [...(this.#recent.get(row.runtime) ?? []), row]
      this.#recent.set(row.runtime, recent.slice(-MAX_REPEATED))
    }
    for (const watcher of [...this.#watchers]) {
      for (const row of rows) if (row.runtime === watcher.runtime) watcher.onDirective(row)
      const runtime = state.runtimes.get(watcher.runtime)
      if (runtime?.lease_id !== watcher.leaseId || !isOpen(runtime.state)) watcher.onEnd()
    }
  }

  /** Lets go of all who watch: the daemon stops. */
  close(): void {
    for (const { onEnd } of [...this.#watchers]) onEnd(new WritError("SHUTTING_DOWN"))
  }

  /** Those that came since this process started, after a number. */
  recent(runtime: string, after: bigint): readonly DirectiveRow[] {
    return (this.#recent.get(runtime) ?? []).filter(({ number }) => number > after)
  }

  /** Each directive after `after` once and in order, then what comes, until the lease is over. Answers how to stop. */
  watch(
    id: string,
    leaseId: string,
    after: bigint,
    onDirective: (row: DirectiveRow) => void,
    onEnd: (error?: WritError) => void,
  ): () => void {
    const key = runtimeKey(id)
    const runtime = this.#deps.control().runtimes.get(key)
    if (runtime?.lease_id !== leaseId || !isOpen(runtime.state))
      throw new WritError("NOT_FOUND", "There is no such lease.")
    let last = after
    let waiting: DirectiveRow[] | null = []
    const deliver = (rows: readonly DirectiveRow[]) => {
      for (const row of rows) {
        if (row.number <= last) continue
        last = row.number
        onDirective(row)
      }
    }
    const watcher: Watcher = {
      runtime: key,
      leaseId,
      onDirective: (row) => (waiting ? waiting.push(row) : deliver([row])),
      onEnd: (error) => {
        this.#watchers.delete(watcher)
        deliver(waiting ?? [])
        onEnd(error)
      },
    }
    this.#watchers.add(watcher) // before what is stored is read: what comes meanwhile waits
    this.#deps.read(key, after).then(
      (rows) => {
        deliver([...rows, ...(waiting ?? [])])
        waiting = null
      },
      (error: unknown) => {
        this.#watchers.delete(watcher)
        onEnd(new WritError("LEDGER_UNAVAILABLE", undefined, { cause: error }))
      },
    )
    return () => void this.#watchers.delete(watcher)
  }
}
