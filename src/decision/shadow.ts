/**
 * The shadow bundle on this replica: it sees decisions after they were made, in a thread of its own (`shadow-worker.ts`), and
 * what it comes to is counted and goes nowhere else. Whatever becomes of the thread, decisions go on; it is started again.
 */
import type { Worker } from "node:worker_threads"
import { startThread } from "./background-thread.ts"
import { ShadowFeed } from "./shadow-feed.ts"
import type { ShadowSetting } from "./shadow-setting.ts"
import { NOTHING_TALLIED, type Tallied } from "./shadow-tally.ts"
import type { FromShadowWorker, ToShadowWorker } from "./shadow-worker.ts"

/** Of what a bundle is compiled to; a thread that needs more ends. */
const MAX_HEAP_MIB = 1_024
/** A thread that has not answered for so long is ended: a batch takes half a second of its own. */
const SILENCE_MS = 60_000
/** A bundle of 40,000 rules takes half a minute to compile, and much more where the processors have nothing left. */
const LOAD_MS = 600_000
/** After a failure. */
const RETRY_MS = 60_000
/** How long whoever asks for counts waits for new ones. */
const TELL_MS = 1_000

export type ShadowState = "starting" | "comparing" | "failed"

/** What a replica says of the shadow. Counts are those of this thread, since it began to compare. */
export interface ShadowReport extends Tallied {
  /** Names the setting. */
  readonly id: string
  readonly state: ShadowState
  /** Why it failed; else empty. */
  readonly problem: string
  /** Unix milliseconds; null: it has not begun. */
  readonly sinceMs: number | null
  /** Decisions that it was not given, since it was behind. */
  readonly dropped: number
}

export interface ShadowOptions {
  /** Canonical bytes of a stored bundle; null: it is not stored. */
  contentOf(digest: string): Promise<Uint8Array | null>
  /** Unix milliseconds. */
  wallMs(): number
  onState(state: ShadowState, setting: ShadowSetting, problem: string): void
  readonly start?: () => Worker
  readonly retryMs?: number
  /** Instead of both limits. */
  readonly silenceMs?: number
}

interface Run {
  readonly setting: ShadowSetting
  state: ShadowState
  problem: string
  sinceMs: number | null
  tallied: Tallied
  worker: Worker | null
  feed: ShadowFeed | null
  /** What the thread owes an answer to is overdue; or, when it has failed, it is time for the next try. */
  timer: NodeJS.Timeout | undefined
  told: (() => void)[]
}

export class Shadow {
  readonly #options: ShadowOptions
  #run: Run | null = null
  /** Where durable decisions go; null while no shadow compares. */
  feed: ShadowFeed | null = null

  constructor(options: ShadowOptions) {
    this.#options = options
  }

  /** What is set from now on. The same again changes nothing. */
  apply(setting: ShadowSetting | null): void {
    if (this.#run?.setting.id === setting?.id) return
    this.stop()
    if (setting) this.#start(setting)
  }

  /** As it was told last. Null: none is set. */
  report(): ShadowReport | null {
    if (!this.#run) return null
    const { setting, state, problem, sinceMs, tallied, feed } = this.#run
    return { id: setting.id, state, problem, sinceMs, dropped: feed?.dropped ?? 0, ...tallied }
  }

  /** Resolves when the report holds what the thread has counted by now, or it is too busy to say. A setting ends here. */
  async refresh(): Promise<void> {
    const run = this.#run
    if (!run) return
    if (this.#options.wallMs() >= run.setting.endsAtMs) return this.stop()
    if (run.state !== "comparing") return
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, TELL_MS).unref()
      run.told.push(() => {
        clearTimeout(late)
        resolve()
      })
      if (run.told.length === 1) post(run, { kind: "tell" })
    })
  }

  stop(): void {
    const run = this.#run
    this.#run = null
    if (run) end(run)
    this.feed = null
  }

  #start(setting: ShadowSetting): void {
    const run: Run = {
      setting,
      state: "starting",
      problem: "",
      sinceMs: null,
      tallied: NOTHING_TALLIED,
      worker: null,
      feed: null,
      timer: undefined,
      told: [],
    }
    this.#run = run
    void this.#load(run).catch((error: Error) => this.#fail(run, error.message))
  }

  async #load(run: Run): Promise<void> {
    const { digest } = run.setting
    const content = await this.#options.contentOf(digest)
    if (this.#run !== run) return
    if (!content) throw new Error("the bundle is not stored")
    const { start = () => startThread("shadow-worker", { resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB } }) } =
      this.#options
    const worker = start()
    run.worker = worker
    worker.on("message", (message: FromShadowWorker) => this.#take(run, message))
    worker.on("error", (error: Error) => this.#fail(run, error.message))
    worker.on("exit", (code) => this.#fail(run, `the thread ended with code ${code}`))
    post(run, { kind: "load", digest, content })
    this.#expect(run, LOAD_MS)
  }

  #take(run: Run, message: FromShadowWorker): void {
    if (this.#run !== run || run.state === "failed") return
    switch (message.kind) {
      case "loaded":
        clearTimeout(run.timer)
        run.sinceMs = this.#options.wallMs()
        this.feed = run.feed = new ShadowFeed((batch) => {
          post(run, { kind: "decide", batch }, batch.bytes.buffer)
          this.#expect(run, SILENCE_MS)
        }, run.setting.samplePerMillion)
        this.#enter(run, "comparing")
        break
      case "refused":
        this.#fail(run, message.problem)
        break
      case "done":
        clearTimeout(run.timer)
        run.feed?.giveBack(message.bytes, message.dropped)
        break
      case "told":
        run.tallied = message.tallied
        for (const resolve of run.told.splice(0)) resolve()
    }
  }

  /** Of what it was given last, it has to be through by then. */
  #expect(run: Run, usualMs: number): void {
    const silenceMs = this.#options.silenceMs ?? usualMs
    clearTimeout(run.timer)
    run.timer = setTimeout(() => this.#fail(run, `the thread has not answered for ${silenceMs / 1000} s`), silenceMs)
    run.timer.unref()
  }

  #fail(run: Run, problem: string): void {
    if (this.#run !== run || run.state === "failed") return
    end(run)
    this.feed = null
    run.problem = problem
    run.timer = setTimeout(() => {
      if (this.#run === run) this.#start(run.setting)
    }, this.#options.retryMs ?? RETRY_MS)
    run.timer.unref()
    this.#enter(run, "failed")
  }

  #enter(run: Run, state: ShadowState): void {
    run.state = state
    this.#options.onState(state, run.setting, run.problem)
  }
}

function end(run: Run): void {
  clearTimeout(run.timer)
  run.feed?.close()
  for (const resolve of run.told.splice(0)) resolve()
  void run.worker?.terminate()
}

function post({ worker }: Run, message: ToShadowWorker, given?: ArrayBuffer): void {
  worker?.postMessage(message, given ? [given] : [])
}
