/**
 * The cut. One writer per log takes what is queued when the outcome of the batch before is known, without a timer, and
 * sends it as one statement. What is true after a crash at each step is said beside the step.
 */
import { WritError } from "../errors.ts"
import { equalBytes } from "../formats/bytes.ts"
import type { TreeTail } from "../formats/tiles.ts"
import { advanceHeads, type Consumables, type Heads, type RowUse } from "./consumables.ts"
import type {
  AppendOutcome,
  Change,
  Effect,
  Head,
  LedgerWriter,
  RequestClaim,
  RowChange,
  SealedRecord,
} from "./store.ts"

export const MAX_BATCH_RECORDS = 512
export const MAX_BATCH_BYTES = 4 * 1024 * 1024
/** Steps of executions in one batch: each holds the lock of its row until the commit. */
export const MAX_BATCH_STEPS = 64
/** Versioned rows of one batch: each is locked until the commit. */
export const MAX_BATCH_ROWS = 512
export const MAX_QUEUE_RECORDS = 4_096
export const MAX_QUEUE_BYTES = 32 * 1024 * 1024
/** How long a request id is kept: the longest token life or ten minutes, whichever is more. */
export const REQUEST_LIFE_MS = 10 * 60_000
const FIRST_RETRY_MS = 20
const MAX_RETRY_MS = 1_000

export interface Entry {
  readonly record: SealedRecord
  /** Control epoch under which it was decided. */
  readonly epoch: bigint
  readonly request?: RequestClaim
  /** Monotonic milliseconds after which it is no longer to be cut. */
  readonly deadlineMs?: number
  /** Has the caller gone? Asked at the cut. */
  readonly signal?: { readonly aborted: boolean }
  /**
   * Makes it a change: appended with these effects in the same transaction. Alone, unless all it does is a step of an
   * execution: such share a batch with decisions and with steps of other executions.
   */
  readonly change?: { readonly effects: readonly Effect[]; readonly raisesEpoch: boolean }
  /** Versioned rows that it read, and what it makes of them. */
  readonly uses?: readonly RowUse[]
}

/** "written": durable at `index`. Anything else: nothing of this entry was written, and why. */
export type AppendResult =
  | { readonly kind: "written"; readonly index: number }
  | { readonly kind: "stale" | "taken" | "conflict" | "moved" }

export interface AppenderOptions {
  readonly writer: LedgerWriter
  readonly head: Head
  readonly tree: TreeTail
  /** Rows that entries use; absent: they use none. */
  readonly consumables?: Consumables
  /** The control epoch that the daemon knows now. */
  epoch(): bigint
  /** Loads what changed since; resolves when `epoch()` is current. Rejects when the database cannot be read. */
  refresh(): Promise<void>
  /** Unix milliseconds. */
  wallMs(): number
  /** A batch became durable: `count` records up to `size`. */
  onWritten?(batch: {
    readonly size: number
    readonly root: Uint8Array
    readonly count: number
    readonly ms: number
  }): void
  /** The log can be written (null) or cannot, and why. "fenced" and "frozen" are final. */
  onState?(state: AppenderState, cause?: unknown): void
  /** A try to recover failed; the next one follows. */
  onRetry?(cause: unknown): void
}

export type AppenderState = "open" | "recovering" | "fenced" | "frozen" | "closed"

interface Pending {
  readonly entry: Entry
  readonly bytes: number
  readonly resolve: (result: AppendResult) => void
  readonly reject: (error: WritError) => void
  /** Set after a conflict in a batch of many: whose it was is seen when each is tried by itself. */
  isAlone: boolean
}

export class Appender {
  readonly #options: AppenderOptions
  #head: Head
  #tree: TreeTail
  #queue: Pending[] = []
  #queueBytes = 0
  #busy = false
  /** An entry that uses rows was given up since the last cut. */
  #isBroken = false
  #state: AppenderState = "open"
  #idle: (() => void)[] = []

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#head = options.head
    this.#tree = options.tree
  }

  get state(): AppenderState {
    return this.#state
  }
  get size(): number {
    return this.#head.size
  }
  /** Under which it appends. */
  get fence(): bigint {
    return this.#head.fence
  }
  /** The committed tree. Not to be changed. */
  get tree(): TreeTail {
    return this.#tree
  }
  get queueDepth(): number {
    return this.#queue.length
  }

  /** Throws unless an entry could be queued now. Called before evaluation, so that refused work costs nothing. */
  assertOpen(): void {
    if (this.#state !== "open") throw new WritError(STATE_ERRORS[this.#state])
    if (this.#queue.length >= MAX_QUEUE_RECORDS || this.#queueBytes >= MAX_QUEUE_BYTES)
      throw new WritError("QUEUE_FULL")
  }

  /**
   * Queues an entry. When this resolves with "written", the record is durable; when it rejects, the outcome is unknown
   * (LEDGER_UNAVAILABLE) or nothing was written (any other code).
   */
  append(entry: Entry): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.assertOpen()
      if (entry.uses && !this.#rows.queue(entry.uses)) return resolve({ kind: "moved" })
      const bytes = entry.record.body.length + (entry.record.payload?.length ?? 0)
      this.#queue.push({ entry, bytes, resolve, reject, isAlone: false })
      this.#queueBytes += bytes
      if (!this.#busy) this.#cut()
    })
  }

  get #rows(): Consumables {
    if (!this.#options.consumables) throw new Error("an entry uses rows, and there are none")
    return this.#options.consumables
  }

  /** What was signed and what is stored do not agree: nothing more is appended. */
  freeze(cause: unknown): void {
    if (this.#state === "open" || this.#state === "recovering") this.#setState("frozen", cause)
  }

  /** Somebody else has taken the log over, or closed it: nothing more is appended. */
  lose(cause: unknown): void {
    if (this.#state === "open") this.#setState("fenced", cause)
  }

  /** Refuses what comes, waits for what was accepted, then closes the connection. */
  async close(): Promise<void> {
    if (this.#state === "open" || this.#state === "recovering") this.#setState("closed")
    if (this.#busy) await new Promise<void>((resolve) => this.#idle.push(resolve))
    await this.#options.writer.close()
  }

  #setState(state: AppenderState, cause?: unknown): void {
    if (this.#state === state) return
    this.#state = state
    this.#options.onState?.(state, cause)
  }

  /** Takes what is queued and still wanted: up to the limits, one step of each execution, or one change alone. */
  #take(): Pending[] {
    const epoch = this.#options.epoch()
    const now = performance.now()
    const taken: Pending[] = []
    const touched = new Set<string>()
    const heads: Heads = new Map()
    let isBroken = this.#isBroken
    let bytes = 0
    let next = 0
    for (; next < this.#queue.length && taken.length < MAX_BATCH_RECORDS; next++) {
      const pending = this.#queue[next] as Pending
      const { entry } = pending
      const row = entry.change ? rowOf(pending) : undefined
      if (row === null && taken.length > 0) break
      if (row && (touched.has(row) || touched.size >= MAX_BATCH_STEPS)) break
      if (taken.length > 0 && bytes + pending.bytes > MAX_BATCH_BYTES) break
      if (entry.uses && heads.size > 0 && heads.size + entry.uses.length > MAX_BATCH_ROWS) break
      this.#queueBytes -= pending.bytes
      // Before the cut: nothing is appended, nothing reserved.
      if (entry.signal?.aborted) pending.reject(new WritError("CANCELLED"))
      else if (entry.deadlineMs !== undefined && now >= entry.deadlineMs)
        pending.reject(new WritError("DEADLINE_EXCEEDED"))
      else if (entry.epoch !== epoch) pending.resolve({ kind: "stale" })
      else if (entry.uses && !this.#rows.follows(entry.uses, heads)) pending.resolve({ kind: "moved" })
      else {
        taken.push(pending)
        bytes += pending.bytes
        if (row) touched.add(row)
        if (entry.uses) advanceHeads(heads, entry.uses)
        if (row === null) {
          next++
          break
        }
        continue
      }
      isBroken ||= entry.uses !== undefined
    }
    this.#queue = next === this.#queue.length ? [] : this.#queue.slice(next)
    if (isBroken) this.#mend(new Map(heads))
    return taken
  }

  /** Something that later entries counted on is not written: those that read it are decided again. */
  #mend(heads: Heads): void {
    this.#isBroken = false
    this.#queue = this.#queue.filter((pending) => {
      const { uses } = pending.entry
      if (!uses) return true
      if (this.#rows.follows(uses, heads)) {
        advanceHeads(heads, uses)
        return true
      }
      this.#queueBytes -= pending.bytes
      pending.resolve({ kind: "moved" })
      return false
    })
    this.#rows.reset(heads)
  }

  /** Sends the next batch, synchronously up to the socket write, so that signing overlaps the commit. */
  #cut(): void {
    if (this.#state === "frozen") {
      for (const pending of this.#queue) pending.reject(new WritError("LEDGER_FROZEN"))
      this.#queue = []
      this.#queueBytes = 0
    }
    const batch = this.#take()
    if (batch.length === 0) {
      this.#busy = false
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#busy = true
    void this.#commit(batch, performance.now())
  }

  async #commit(batch: readonly Pending[], startedMs: number): Promise<void> {
    const before = this.#head
    const tree = this.#tree.clone()
    const { fullTiles } = tree.append(batch.map((pending) => pending.entry.record.leafHash))
    const root = tree.root()
    const first = batch[0] as Pending
    const { heads, rows } = rowsOf(batch)
    let outcome: AppendOutcome
    try {
      // Crash before the commit: nothing is written and no token has left; the caller repeats its request id.
      outcome = await this.#options.writer.append(
        {
          before,
          root,
          records: batch.map((pending) => ({ record: pending.entry.record, request: pending.entry.request ?? null })),
          tiles: fullTiles,
          epoch: first.entry.epoch,
          requestsExpireMs: this.#options.wallMs() + REQUEST_LIFE_MS,
          ...(rows.length > 0 && { rows }),
        },
        changeOf(batch),
      )
      // Crash from here on: the record stands, a token may or may not have left; a repeat fetches the recorded verdict.
    } catch (cause) {
      await this.#recover(batch, before, { size: tree.size, root, tree }, cause)
      this.#cut()
      return
    }
    if (outcome.kind === "written") {
      this.#head = { ...before, size: tree.size, root }
      this.#tree = tree
      if (rows.length > 0) this.#rows.committed(heads)
      this.#options.onWritten?.({ size: tree.size, root, count: batch.length, ms: performance.now() - startedMs })
      if (first.entry.change?.raisesEpoch) await this.#refresh()
      this.#cut() // the next batch is on its way to Postgres before the answers of this one are encoded
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve({ kind: "written", index: before.size + i })
      return
    }
    // Nothing was written. Those named decide again or fetch what is recorded; the rest goes back to the head of the queue.
    if (outcome.kind !== "conflict" || batch.length === 1) this.#isBroken ||= rows.length > 0
    if (outcome.kind === "stale") {
      await this.#refresh()
      for (const pending of batch) pending.resolve({ kind: "stale" })
    } else if (outcome.kind === "conflict" && batch.length === 1) {
      first.resolve({ kind: "conflict" })
    } else if (outcome.kind === "conflict") {
      for (const pending of batch) {
        this.#queueBytes += pending.bytes
        pending.isAlone = pending.entry.change !== undefined
      }
      this.#queue = [...batch, ...this.#queue]
    } else if (outcome.kind === "moved") {
      const found = new Set(outcome.rows.map(({ key }) => key))
      this.#rows.replace(outcome.rows)
      const hasMoved = ({ entry }: Pending) => entry.uses?.some(({ read }) => found.has(read.key)) === true
      const rest = batch.filter((pending) => !hasMoved(pending))
      for (const pending of rest) this.#queueBytes += pending.bytes
      this.#queue = [...rest, ...this.#queue]
      this.#isBroken = false
      this.#mend(new Map())
      for (const pending of batch) if (hasMoved(pending)) pending.resolve({ kind: "moved" })
      // All of them decide again before the next cut: cut one by one, they would go on losing to the other's batches.
      await new Promise((resolve) => setImmediate(resolve))
    } else {
      const { keys } = outcome
      const isTaken = (pending: Pending) => pending.entry.request !== undefined && keys.has(pending.entry.request.key)
      const rest = batch.filter((pending) => !isTaken(pending))
      for (const pending of rest) this.#queueBytes += pending.bytes
      this.#queue = [...rest, ...this.#queue]
      for (const pending of batch) if (isTaken(pending)) pending.resolve({ kind: "taken" })
    }
    this.#cut()
  }

  /** Loads the control state; while that fails nothing can be decided, so it is the same as a lost database. */
  async #refresh(): Promise<void> {
    try {
      await this.#options.refresh()
    } catch (cause) {
      await this.#recover([], this.#head, null, cause)
    }
  }

  /**
   * The outcome of a batch is unknown, or the database refused it. The callers are told so at once and nothing is tried
   * again blindly: a new connection raises the fence (so the lost statement has ended, one way or the other), and the
   * head it finds is the one before or the one attempted. Anything else is not this log's history: frozen.
   */
  async #recover(
    batch: readonly Pending[],
    before: Head,
    attempt: { readonly size: number; readonly root: Uint8Array; readonly tree: TreeTail } | null,
    cause: unknown,
  ): Promise<void> {
    const ended = this.#state !== "open" && this.#state !== "recovering"
    if (!ended) this.#setState("recovering", cause)
    for (const pending of [...batch, ...this.#queue]) {
      pending.reject(new WritError("LEDGER_UNAVAILABLE", undefined, { cause }))
    }
    this.#queue = []
    this.#queueBytes = 0
    this.#options.consumables?.clear()
    if (cause instanceof WritError && cause.code === "LEDGER_FROZEN") return this.#setState("frozen", cause)
    for (let waitMs = FIRST_RETRY_MS; !ended; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        const head = await this.#options.writer.reopen(before.fence)
        if (head === null) return this.#setState("fenced", cause)
        if (head.size === before.size && equalBytes(head.root, before.root)) this.#head = head
        else if (attempt && head.size === attempt.size && equalBytes(head.root, attempt.root)) {
          this.#head = head // failed, but persisted
          this.#tree = attempt.tree
          this.#options.onWritten?.({ size: head.size, root: head.root, count: batch.length, ms: 0 })
        } else return this.#setState("frozen", cause)
        await this.#options.refresh()
        if (this.state === "recovering") this.#setState("open")
        return
      } catch (failure) {
        if (this.state !== "recovering") return
        this.#options.onRetry?.(failure)
        await new Promise((resolve) => setTimeout(resolve, waitMs))
      }
    }
  }
}

/** The execution whose row a step changes or locks; null where an entry does anything else, or is to be tried by itself. */
function rowOf({ entry: { change }, isAlone }: Pending): string | null {
  if (isAlone || !change || change.raisesEpoch || change.effects.length !== 1) return null
  const [effect] = change.effects
  return effect?.kind === "execution" ? effect.executionId : effect?.kind === "child" ? effect.parentId : null
}

/** The effects of all, in the order of the rows that they lock: two replicas that wait for one another would both fail. */
function changeOf(batch: readonly Pending[]): Change | undefined {
  if (batch.length === 1) return batch[0]?.entry.change
  const steps = batch.flatMap((pending, at) => {
    const [effect] = pending.entry.change?.effects ?? []
    return effect ? [{ at, effect, row: rowOf(pending) as string }] : []
  })
  if (steps.length === 0) return undefined
  steps.sort((a, b) => (a.row < b.row ? -1 : 1))
  return { effects: steps.map(({ effect }) => effect), at: steps.map(({ at }) => at), raisesEpoch: false }
}

/** Each row once, by key, so that two replicas lock them in one order; `heads`: what is true when the batch is written. */
function rowsOf(batch: readonly Pending[]): { readonly heads: Heads; readonly rows: readonly RowChange[] } {
  const heads: Heads = new Map()
  const found = new Map<string, { -readonly [name in keyof RowChange]: RowChange[name] }>()
  for (let at = 0; at < batch.length; at++) {
    const { uses } = (batch[at] as Pending).entry
    if (!uses) continue
    for (const { read, next } of uses) {
      const { key, family, version } = read
      const row = found.get(key) ?? { key, family, read: version, next: null }
      if (next) row.next = { version: next.version, content: next.content, at }
      found.set(key, row)
    }
    advanceHeads(heads, uses)
  }
  return { heads, rows: [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) }
}

const STATE_ERRORS = {
  recovering: "LEDGER_UNAVAILABLE",
  fenced: "LEDGER_FENCED",
  frozen: "LEDGER_FROZEN",
  closed: "SHUTTING_DOWN",
} as const
