import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { WritError } from "../../../src/errors.ts"
import { TreeTail } from "../../../src/formats/tiles.ts"
import {
  Appender,
  type AppenderState,
  type AppendResult,
  type Entry,
  MAX_BATCH_RECORDS,
  MAX_BATCH_ROWS,
  MAX_BATCH_STEPS,
  MAX_QUEUE_RECORDS,
} from "../../../src/ledger/appender.ts"
import { Consumables, type RowName, type RowVersion } from "../../../src/ledger/consumables.ts"
import type { AppendBatch, AppendOutcome, Change, Effect, Head, LedgerWriter } from "../../../src/ledger/store.ts"
import { naiveRoot } from "../../support/naive-merkle.ts"

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest())

interface Sent {
  readonly batch: AppendBatch
  readonly change: Change | undefined
  /** Ends the statement: what the batch came to, or an error; `persist` says whether it is stored all the same. */
  answer(outcome: AppendOutcome | Error, persist?: boolean): Promise<void>
}

/** Postgres on one page: leaves in a list, a fence, and a statement that ends when the test says so. */
class FakeWriter implements LedgerWriter {
  leaves: Uint8Array[] = []
  fence = 1n
  closed = false
  reopened: bigint[] = []
  /** Batches sent and not yet answered; never more than one. */
  readonly open: Sent[] = []
  readonly sent: Sent[] = []
  /** Answers every statement at once when true. */
  automatic = false
  onReopen: () => Head | null | undefined = () => undefined

  head(): Head {
    return { logId: 1, size: this.leaves.length, root: naiveRoot(this.leaves), fence: this.fence }
  }

  append(batch: AppendBatch, change?: Change): Promise<AppendOutcome> {
    if (this.open.length > 0) throw new Error("two statements at once")
    const promise = new Promise<AppendOutcome>((resolve, reject) => {
      const sent: Sent = {
        batch,
        change,
        answer: async (outcome, persist = !(outcome instanceof Error) && outcome.kind === "written") => {
          this.open.splice(this.open.indexOf(sent), 1)
          if (persist) {
            expect(batch.before.size).toBe(this.leaves.length)
            expect(batch.before.root).toEqual(naiveRoot(this.leaves))
            this.leaves.push(...batch.records.map(({ record }) => record.leafHash))
            expect(batch.root).toEqual(naiveRoot(this.leaves))
          }
          if (outcome instanceof Error) reject(outcome)
          else resolve(outcome)
          await turn()
        },
      }
      this.open.push(sent)
      this.sent.push(sent)
      if (this.automatic) void sent.answer({ kind: "written" })
    })
    return promise
  }

  async reopen(knownFence: bigint): Promise<Head | null> {
    this.reopened.push(knownFence)
    const forced = this.onReopen()
    if (forced !== undefined) return forced
    this.fence++
    return this.head()
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** The statement that is under way. */
  get current(): Sent {
    return this.open[0] as Sent
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function setup(consumables?: Consumables) {
  const writer = new FakeWriter()
  const states: AppenderState[] = []
  const written: { size: number; count: number }[] = []
  const control = { epoch: 1n, next: 1n, refreshes: 0, failing: 0 }
  const appender = new Appender({
    writer,
    head: writer.head(),
    tree: TreeTail.empty(sha256),
    ...(consumables && { consumables }),
    epoch: () => control.epoch,
    async refresh() {
      control.refreshes++
      if (control.failing-- > 0) throw new Error("the database is away")
      control.epoch = control.next
    },
    wallMs: () => 1_000_000,
    onWritten: ({ size, count }) => written.push({ size, count }),
    onState: (state) => states.push(state),
  })
  return { writer, appender, states, written, control }
}

let counter = 0
function entry(more: Partial<Entry> = {}): Entry {
  const body = Buffer.from(`record ${counter++}`)
  return { record: { body, leafHash: sha256(body), payload: null }, epoch: 1n, ...more }
}
const claim = (key: string) => ({ key, digest: sha256(Buffer.from(key)) })
const change = (raisesEpoch = false) => ({ effects: [], raisesEpoch })
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "OK",
    (error: unknown) => (error instanceof WritError ? error.code : String(error)),
  )
const sizes = (writer: FakeWriter) => writer.sent.map(({ batch }) => batch.records.length)
const indexOf = (result: AppendResult) => (result.kind === "written" ? result.index : result.kind)

describe("the cut", () => {
  test("the first entry goes at once, the rest when its outcome is known, with consecutive indexes", async () => {
    const { writer, appender, written } = setup()
    const results = Array.from({ length: 4 }, () => appender.append(entry()))
    await turn()
    expect(sizes(writer)).toEqual([1])
    expect(appender.queueDepth).toBe(3)
    await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 3])
    results.push(appender.append(entry()))
    await turn()
    expect(sizes(writer)).toEqual([1, 3])
    await writer.current.answer({ kind: "written" })
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all(results)).map(indexOf)).toEqual([0, 1, 2, 3, 4])
    expect(written).toEqual([
      { size: 1, count: 1 },
      { size: 4, count: 3 },
      { size: 5, count: 1 },
    ])
    expect(appender.size).toBe(5)
    expect(appender.tree.root()).toEqual(naiveRoot(writer.leaves))
  })

  test("nothing resolves before the batch is durable", async () => {
    const { writer, appender } = setup()
    let done = false
    const result = appender.append(entry()).then(() => {
      done = true
    })
    await turn()
    await turn()
    expect(done).toBe(false)
    await writer.current.answer({ kind: "written" })
    await result
    expect(done).toBe(true)
  })

  test(`a batch holds ${MAX_BATCH_RECORDS} records, the queue ${MAX_QUEUE_RECORDS}; past that QUEUE_FULL`, async () => {
    const { writer, appender } = setup()
    const results = [appender.append(entry())]
    for (let i = 0; i < MAX_QUEUE_RECORDS; i++) results.push(appender.append(entry()))
    expect(await codeOf(appender.append(entry()))).toBe("QUEUE_FULL")
    expect(() => appender.assertOpen()).toThrow(expect.objectContaining({ code: "QUEUE_FULL" }))
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, ...Array.from({ length: 8 }, () => MAX_BATCH_RECORDS)])
    expect((await Promise.all(results)).map(indexOf)).toEqual(results.map((_, i) => i))
    appender.assertOpen()
  })

  test("a batch holds four MiB, a larger single record goes alone, and the queue 32 MiB", async () => {
    const { writer, appender } = setup()
    const big = (bytes: number) => entry({ record: { ...entry().record, payload: new Uint8Array(bytes) } })
    const results = [appender.append(entry())]
    const MiB = 1024 * 1024
    for (const bytes of [3 * MiB, 2 * MiB, 1 * MiB, 5 * MiB, 1]) results.push(appender.append(big(bytes)))
    for (let i = 0; i < 5; i++) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 1, 2, 1, 1])
    await Promise.all(results)
    const more = [appender.append(entry())]
    for (let i = 0; i < 8; i++) more.push(appender.append(big(4 * MiB)))
    expect(await codeOf(appender.append(entry()))).toBe("QUEUE_FULL")
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    await Promise.all(more)
    appender.assertOpen()
  })

  test("a change is appended alone, in its place, with its effects", async () => {
    const { writer, appender } = setup()
    const effects: Effect[] = [{ kind: "activate", digest: new Uint8Array(32) }]
    const results = [
      appender.append(entry()),
      appender.append(entry()),
      appender.append(entry({ change: { effects, raisesEpoch: false } })),
      appender.append(entry({ change: change() })),
      appender.append(entry()),
      appender.append(entry()),
    ]
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 1, 1, 1, 2])
    expect(writer.sent.map((sent) => sent.change?.effects)).toEqual([undefined, undefined, effects, [], undefined])
    expect((await Promise.all(results)).map(indexOf)).toEqual([0, 1, 2, 3, 4, 5])
  })

  const stepOf = (executionId: string) => ({
    effects: [{ kind: "execution", executionId, previous: null, to: "REDEEMED" } as const],
    raisesEpoch: false,
  })
  const childOf = (parentId: string) => ({
    effects: [
      {
        kind: "child",
        parentId,
        executionId: "c",
        consent: sha256(Buffer.from("c")),
        depth: 1,
        authorizedAtMs: 0,
      } as const,
    ],
    raisesEpoch: false,
  })

  test("steps of different executions share a batch with decisions, their effects in the order of the rows they lock", async () => {
    const { writer, appender } = setup()
    const results = [
      appender.append(entry()),
      appender.append(entry({ change: stepOf("b") })),
      appender.append(entry()),
      appender.append(entry({ change: childOf("c") })),
      appender.append(entry({ change: stepOf("a") })),
      appender.append(entry({ change: stepOf("c") })), // the child's parent
      appender.append(entry({ change: { ...stepOf("d"), raisesEpoch: true } })),
    ]
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 4, 1, 1])
    const joined = writer.sent[1]?.change
    expect(joined).toMatchObject({ raisesEpoch: false, at: [3, 0, 2] })
    expect(joined?.effects).toEqual([...stepOf("a").effects, ...stepOf("b").effects, ...childOf("c").effects])
    expect((await Promise.all(results)).map(indexOf)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test(`at most ${MAX_BATCH_STEPS} steps in a batch, and one of each execution`, async () => {
    const { writer, appender } = setup()
    const first = appender.append(entry())
    const results = Array.from({ length: MAX_BATCH_STEPS + 1 }, (_, i) =>
      appender.append(entry({ change: stepOf(`${i}`) })),
    )
    results.push(appender.append(entry({ change: stepOf(`${MAX_BATCH_STEPS}`) })))
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, MAX_BATCH_STEPS, 1, 1])
    expect((await Promise.all([first, ...results])).map(indexOf)).toEqual([...Array(MAX_BATCH_STEPS + 3).keys()])
  })

  test("a change that raises the epoch: what was decided before it is stale, and nothing of it is written", async () => {
    const { writer, appender, control } = setup()
    const first = appender.append(entry({ change: change(true) }))
    const second = appender.append(entry())
    control.next = 2n
    await writer.current.answer({ kind: "written" })
    expect(await first).toEqual({ kind: "written", index: 0 })
    expect(await second).toEqual({ kind: "stale" })
    expect(control.refreshes).toBe(1)
    expect(writer.leaves).toHaveLength(1)
    const third = appender.append(entry({ epoch: 2n }))
    expect(writer.current.batch.epoch).toBe(2n)
    await writer.current.answer({ kind: "written" })
    expect(await third).toEqual({ kind: "written", index: 1 })
  })

  test("a deadline that passed or a caller who left before the cut: rejected, and nothing appended", async () => {
    const { writer, appender } = setup()
    const signal = { aborted: false }
    const first = appender.append(entry())
    const late = codeOf(appender.append(entry({ deadlineMs: performance.now() + 1 })))
    const gone = codeOf(appender.append(entry({ signal })))
    const last = appender.append(entry({ deadlineMs: performance.now() + 60_000, signal: { aborted: false } }))
    signal.aborted = true
    await new Promise((resolve) => setTimeout(resolve, 5))
    await writer.current.answer({ kind: "written" })
    expect(await late).toBe("DEADLINE_EXCEEDED")
    expect(await gone).toBe("CANCELLED")
    await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 1])
    expect([await first, await last].map(indexOf)).toEqual([0, 1])
    expect(await codeOf(appender.append(entry({ signal })))).toBe("CANCELLED")
    expect(writer.leaves).toHaveLength(2)
  })
})

describe("answers that wrote nothing", () => {
  test("stale: told after the refresh, and the next entry of the new epoch takes the same index", async () => {
    const { writer, appender, control } = setup()
    control.next = 7n
    const result = appender.append(entry())
    await writer.current.answer({ kind: "stale" })
    expect(await result).toEqual({ kind: "stale" })
    expect(control.epoch).toBe(7n)
    const next = appender.append(entry({ epoch: 7n }))
    await writer.current.answer({ kind: "written" })
    expect(await next).toEqual({ kind: "written", index: 0 })
  })

  test("taken: names only its entry; the rest is written, in order, before what came later", async () => {
    const { writer, appender } = setup()
    const first = appender.append(entry())
    const results = ["a", "b", "c"].map((key) => appender.append(entry({ request: claim(key) })))
    await writer.current.answer({ kind: "written" })
    const later = appender.append(entry())
    await writer.current.answer({ kind: "taken", keys: new Set(["b"]) })
    expect(writer.current.batch.records.map(({ request }) => request?.key)).toEqual(["a", "c", undefined])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all([first, ...results, later])).map(indexOf)).toEqual([0, 1, "taken", 2, 3])
    expect(writer.leaves).toHaveLength(4)
  })

  test("conflict in a batch of many: each step is tried by itself, and only whose it was is told", async () => {
    const { writer, appender } = setup()
    const stepOf = (executionId: string) => ({
      effects: [{ kind: "execution", executionId, previous: null, to: "REDEEMED" } as const],
      raisesEpoch: false,
    })
    const first = appender.append(entry())
    const results = [
      appender.append(entry({ change: stepOf("a") })),
      appender.append(entry()),
      appender.append(entry({ change: stepOf("b") })),
      appender.append(entry()),
    ]
    await writer.current.answer({ kind: "written" })
    expect(writer.current.batch.records).toHaveLength(4)
    await writer.current.answer({ kind: "conflict" })
    expect(writer.current.change?.effects).toEqual(stepOf("a").effects)
    await writer.current.answer({ kind: "conflict" })
    while (writer.open.length > 0) await writer.current.answer({ kind: "written" })
    expect(sizes(writer)).toEqual([1, 4, 1, 1, 1, 1])
    expect((await Promise.all([first, ...results])).map(indexOf)).toEqual([0, "conflict", 1, 2, 3])
    expect(appender.queueDepth).toBe(0)
  })

  test("conflict: told, and the log goes on", async () => {
    const { writer, appender } = setup()
    const result = appender.append(entry({ change: change() }))
    const next = appender.append(entry())
    await writer.current.answer({ kind: "conflict" })
    expect(await result).toEqual({ kind: "conflict" })
    await writer.current.answer({ kind: "written" })
    expect(await next).toEqual({ kind: "written", index: 0 })
  })
})

describe("an outcome that is not known", () => {
  const lost = () => new Error("the connection ended")

  test("failed and not persisted: LEDGER_UNAVAILABLE for all that waited, then the same index is taken", async () => {
    const { writer, appender, states, written } = setup()
    const before = appender.append(entry())
    await writer.current.answer({ kind: "written" })
    await before
    const codes = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    await writer.current.answer(lost())
    expect(await Promise.all(codes)).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    expect(states).toEqual(["recovering", "open"])
    expect(writer.reopened).toEqual([1n])
    expect(appender.size).toBe(1)
    const next = appender.append(entry())
    expect(writer.current.batch.before.fence).toBe(2n)
    await writer.current.answer({ kind: "written" })
    expect(await next).toEqual({ kind: "written", index: 1 })
    expect(written.map(({ size }) => size)).toEqual([1, 2])
    expect(appender.tree.root()).toEqual(naiveRoot(writer.leaves))
  })

  test("failed but persisted: LEDGER_UNAVAILABLE all the same, and the next index follows it", async () => {
    const { writer, appender, states, written } = setup()
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(lost(), true)
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    expect(states).toEqual(["recovering", "open"])
    expect(appender.size).toBe(1)
    const next = appender.append(entry())
    await writer.current.answer({ kind: "written" })
    expect(await next).toEqual({ kind: "written", index: 1 })
    expect(written).toEqual([
      { size: 1, count: 1 },
      { size: 2, count: 1 },
    ])
    expect(appender.tree.root()).toEqual(naiveRoot(writer.leaves))
  })

  test("while the database is away entries are refused at once; it is tried again until it answers", async () => {
    const { writer, appender, states } = setup()
    let failures = 2
    writer.onReopen = () => {
      if (failures-- > 0) throw new Error("connection refused")
      return undefined
    }
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(lost())
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    expect(appender.state).toBe("recovering")
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_UNAVAILABLE")
    await expect.poll(() => appender.state).toBe("open")
    expect(states).toEqual(["recovering", "open"])
    expect(writer.reopened).toHaveLength(3)
  })

  test.each([false, true])(
    "persisted %s, and the refresh after it fails once: open on the second try",
    async (kept) => {
      const { writer, appender, control } = setup()
      control.failing = 1
      const code = codeOf(appender.append(entry()))
      await writer.current.answer(lost(), kept)
      expect(await code).toBe("LEDGER_UNAVAILABLE")
      await expect.poll(() => appender.state).toBe("open")
      const next = appender.append(entry())
      await writer.current.answer({ kind: "written" })
      expect(await next).toEqual({ kind: "written", index: kept ? 1 : 0 })
      expect(appender.tree.root()).toEqual(naiveRoot(writer.leaves))
    },
  )

  test("the refresh of a stale batch fails: recovered, told stale, and the log goes on", async () => {
    const { writer, appender, control, states } = setup()
    control.failing = 1
    control.next = 2n
    const result = appender.append(entry())
    await writer.current.answer({ kind: "stale" })
    expect(await result).toEqual({ kind: "stale" })
    expect(states).toEqual(["recovering", "open"])
    const next = appender.append(entry({ epoch: 2n }))
    await writer.current.answer({ kind: "written" })
    expect(await next).toEqual({ kind: "written", index: 0 })
  })
})

describe("what is final", () => {
  test("reopen finds another daemon: fenced", async () => {
    const { writer, appender, states } = setup()
    writer.onReopen = () => null
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(new Error("lost"))
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    expect(states).toEqual(["recovering", "fenced"])
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FENCED")
  })

  test.each<[string, (head: Head) => Head]>([
    ["of another size", (head) => ({ ...head, size: head.size + 9 })],
    ["of the size before with another root", (head) => ({ ...head, root: new Uint8Array(32) })],
    ["of the size attempted with another root", (head) => ({ ...head, size: head.size + 1, root: new Uint8Array(32) })],
  ])("reopen finds a head %s: frozen", async (_name, change) => {
    const { writer, appender, states } = setup()
    const done = appender.append(entry())
    await writer.current.answer({ kind: "written" })
    await done
    writer.onReopen = () => change(writer.head())
    const codes = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    await writer.current.answer(new Error("lost"))
    expect(await Promise.all(codes)).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    expect(states).toEqual(["recovering", "frozen"])
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FROZEN")
    expect(writer.open).toEqual([])
  })

  test("the database says that the log is frozen: frozen, and no new connection is tried", async () => {
    const { writer, appender, states } = setup()
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(new WritError("LEDGER_FROZEN"))
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    expect(states).toEqual(["recovering", "frozen"])
    expect(writer.reopened).toEqual([])
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FROZEN")
  })

  test("lose(): the log is somebody else's, and stays so whatever the batch under way came to", async () => {
    const { writer, appender, states } = setup()
    expect(appender.fence).toBe(1n)
    const codes = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    appender.lose(new Error("the lease is gone"))
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FENCED")
    await writer.current.answer(new Error("the log head is not the one this writer knows"))
    expect(await Promise.all(codes)).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    await turn()
    appender.lose(new Error("once more"))
    await appender.close()
    expect([states, writer.reopened, writer.closed]).toEqual([["fenced"], [], true])
  })

  test("freeze() refuses what comes", async () => {
    const { appender, states } = setup()
    appender.freeze(new Error("the signature is not of this tree"))
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FROZEN")
    expect(states).toEqual(["frozen"])
  })

  test("freeze() while a batch is under way: that one has its outcome, what waits behind it is refused", async () => {
    const { writer, appender } = setup()
    const first = appender.append(entry())
    const waiting = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    appender.freeze(new Error("the signature is not of this tree"))
    await writer.current.answer({ kind: "written" })
    expect(await first).toEqual({ kind: "written", index: 0 })
    expect(await Promise.all(waiting)).toEqual(["LEDGER_FROZEN", "LEDGER_FROZEN"])
    expect([sizes(writer), appender.queueDepth]).toEqual([[1], 0])
    await appender.close()
    expect([appender.state, writer.closed]).toEqual(["frozen", true])
  })

  test.each([
    ["is lost", new Error("lost")],
    ["says that the log is frozen", new WritError("LEDGER_FROZEN")],
  ])("freeze() while a batch is under way whose answer %s: nothing opens the log again", async (_, answer) => {
    const { writer, appender, states } = setup()
    const codes = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    appender.freeze(new Error("the signature is not of this tree"))
    await writer.current.answer(answer)
    expect(await Promise.all(codes)).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    await turn()
    expect([states, writer.reopened]).toEqual([["frozen"], []])
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FROZEN")
  })

  test("freeze() while the database is away: it is not waited for any more", async () => {
    const { writer, appender, states } = setup()
    writer.onReopen = () => {
      appender.freeze(new Error("the signature is not of this tree"))
      throw new Error("connection refused")
    }
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(new Error("lost"))
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    await appender.close()
    expect([states, writer.reopened.length, writer.closed]).toEqual([["recovering", "frozen"], 1, true])
  })

  test("a log that was closed is not frozen afterwards, and one that is fenced stays fenced", async () => {
    const closed = setup()
    await closed.appender.close()
    closed.appender.freeze(new Error("too late"))
    expect(closed.states).toEqual(["closed"])
    const fenced = setup()
    fenced.writer.onReopen = () => null
    const code = codeOf(fenced.appender.append(entry()))
    await fenced.writer.current.answer(new Error("lost"))
    await code
    fenced.appender.freeze(new Error("too late"))
    await fenced.appender.close()
    expect(fenced.states).toEqual(["recovering", "fenced"])
  })

  test("freeze() while it recovers: it stays frozen when the database is back", async () => {
    const { writer, appender, states } = setup()
    const code = codeOf(appender.append(entry()))
    writer.onReopen = () => {
      appender.freeze(new Error("the signature is not of this tree"))
      return undefined
    }
    await writer.current.answer(new Error("lost"))
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    await turn()
    expect(states).toEqual(["recovering", "frozen"])
    expect(await codeOf(appender.append(entry()))).toBe("LEDGER_FROZEN")
  })
})

describe("close", () => {
  test("refuses what comes, waits for what was accepted, then closes the connection", async () => {
    const { writer, appender } = setup()
    const results = [appender.append(entry()), appender.append(entry())]
    let closed = false
    const closing = appender.close().then(() => {
      closed = true
    })
    expect(await codeOf(appender.append(entry()))).toBe("SHUTTING_DOWN")
    await writer.current.answer({ kind: "written" })
    expect([closed, writer.closed]).toEqual([false, false])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all(results)).map(indexOf)).toEqual([0, 1])
    await closing
    expect(writer.closed).toBe(true)
  })

  test("an outcome that is lost while closing: told, no new connection, and closed", async () => {
    const { writer, appender } = setup()
    const codes = [codeOf(appender.append(entry())), codeOf(appender.append(entry()))]
    const closing = appender.close()
    await writer.current.answer(new Error("lost"))
    expect(await Promise.all(codes)).toEqual(["LEDGER_UNAVAILABLE", "LEDGER_UNAVAILABLE"])
    await closing
    expect([writer.closed, writer.reopened]).toEqual([true, []])
  })

  test("closed while it recovers: does not wait for the database", async () => {
    const { writer, appender } = setup()
    writer.onReopen = () => {
      throw new Error("connection refused")
    }
    const code = codeOf(appender.append(entry()))
    await writer.current.answer(new Error("lost"))
    expect(await code).toBe("LEDGER_UNAVAILABLE")
    await appender.close()
    expect([appender.state, writer.closed]).toEqual(["closed", true])
  })
})

describe("rows that entries use", () => {
  const name = (key: string): RowName => ({ key, family: "f" })
  async function withRows(...keys: string[]) {
    const consumables = new Consumables({
      rows: async (names) => names.map((row) => ({ ...row, version: 0, content: null })),
    })
    await consumables.load(keys.map(name))
    const made = setup(consumables)
    /** Adds one to each of these rows, and reads those. */
    const adding = (changed: readonly string[], read: readonly string[] = [], more: Partial<Entry> = {}) => {
      const uses = [...changed, ...read].map((key) => {
        const row = consumables.newest(key) as RowVersion
        const next = changed.includes(key)
          ? { ...row, version: row.version + 1, content: { n: row.version + 1 } }
          : null
        return { read: row, next }
      })
      return made.appender.append(entry({ uses, ...more }))
    }
    const rowsSent = () =>
      made.writer.current.batch.rows?.map(({ key, read, next }) => [key, read, next && [next.version, next.at]])
    return { ...made, consumables, adding, rowsSent }
  }

  test("an entry that uses none sends none, with or without a cache of them", async () => {
    const { writer, appender } = await withRows()
    void appender.append(entry())
    expect(writer.current.batch).not.toHaveProperty("rows")
    const none = setup()
    expect(await codeOf(none.appender.append(entry({ uses: [] })))).toContain("there are none")
  })

  test("each row goes once, by key: as it was before the batch, and as it is after it", async () => {
    const { writer, appender, adding, rowsSent } = await withRows("a", "b", "c")
    const first = appender.append(entry())
    const results = [first, adding(["b"], ["c"]), adding(["b", "a"]), adding([], ["b"])]
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toEqual([
      ["a", 0, [1, 1]],
      ["b", 0, [2, 1]],
      ["c", 0, null],
    ])
    results.push(adding(["b"]))
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toEqual([["b", 2, [3, 0]]])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all(results)).map(indexOf)).toEqual([0, 1, 2, 3, 4])
  })

  test("who read what is not the newest any more is not queued", async () => {
    const { appender, adding, consumables } = await withRows("a")
    const read = consumables.newest("a") as RowVersion
    void adding(["a"])
    expect(await appender.append(entry({ uses: [{ read, next: null }] }))).toEqual({ kind: "moved" })
  })

  test("one that is given up takes those with it that counted on it, and nobody else", async () => {
    const { writer, appender, adding, rowsSent, consumables } = await withRows("a", "b")
    const first = appender.append(entry())
    const signal = { aborted: false }
    const gone = codeOf(adding(["a"], [], { signal }))
    const counted = adding(["b"], ["a"])
    const other = appender.append(entry())
    const after = adding(["b"])
    signal.aborted = true
    await writer.current.answer({ kind: "written" })
    expect([await gone, await counted, await after]).toEqual(["CANCELLED", { kind: "moved" }, { kind: "moved" }])
    expect(rowsSent()).toBeUndefined()
    expect(consumables.newest("a")?.version).toBe(0)
    const again = adding(["a", "b"])
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toEqual([
      ["a", 0, [1, 0]],
      ["b", 0, [1, 0]],
    ])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all([first, other, again])).map(indexOf)).toEqual([0, 1, 2])
  })

  test("beyond the batch too, those that still hold stay in the queue", async () => {
    const { writer, appender, adding } = await withRows("a", "b")
    const first = appender.append(entry())
    const signal = { aborted: false }
    const gone = codeOf(adding(["a"], [], { signal }))
    const fill = Array.from({ length: MAX_BATCH_RECORDS }, () => appender.append(entry()))
    const [broken, whole, plain] = [adding(["a"]), adding(["b"]), appender.append(entry())]
    signal.aborted = true
    await writer.current.answer({ kind: "written" })
    expect([await gone, await broken]).toEqual(["CANCELLED", { kind: "moved" }])
    await writer.current.answer({ kind: "written" })
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all([first, whole, plain])).map(indexOf)).toEqual([0, 513, 514])
    await Promise.all(fill)
  })

  test("rows that moved: those who used them decide again, the rest is cut anew", async () => {
    const { writer, appender, adding, rowsSent, consumables } = await withRows("a", "b")
    const first = appender.append(entry())
    const results = [adding(["a"]), appender.append(entry()), adding(["b"]), adding([], ["a", "b"])]
    await writer.current.answer({ kind: "written" })
    const fresh: RowVersion = { key: "a", family: "f", version: 7, content: { n: 7 } }
    await writer.current.answer({ kind: "moved", rows: [fresh] })
    await turn()
    expect([await results[0], await results[3]]).toEqual([{ kind: "moved" }, { kind: "moved" }])
    expect(consumables.newest("a")).toBe(fresh)
    expect(rowsSent()).toEqual([["b", 0, [1, 1]]])
    const again = adding(["a"])
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toEqual([["a", 7, [8, 0]]])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all([first, results[1], results[2], again])).map((r) => r && indexOf(r))).toEqual([
      0, 1, 2, 3,
    ])
  })

  test.each(["stale", "taken", "conflict"] as const)("%s: what was to be written is not counted on", async (kind) => {
    const { writer, adding, consumables } = await withRows("a")
    const first = adding(["a"], [], { request: claim("k"), change: change() })
    const second = adding(["a"])
    await writer.current.answer(kind === "taken" ? { kind, keys: new Set(["k"]) } : { kind })
    expect([await first, await second]).toEqual([{ kind }, { kind: "moved" }])
    expect(consumables.newest("a")?.version).toBe(0)
  })

  test("a conflict of a batch of many is tried again with the same rows", async () => {
    const { writer, appender, adding, rowsSent } = await withRows("a")
    const first = appender.append(entry())
    const effect: Effect = { kind: "execution", executionId: "x", previous: null, to: "REDEEMED" }
    const step = adding(["a"], [], { change: { effects: [effect], raisesEpoch: false } })
    const second = adding(["a"])
    await writer.current.answer({ kind: "written" })
    await writer.current.answer({ kind: "conflict" })
    expect(rowsSent()).toEqual([["a", 0, [1, 0]]])
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toEqual([["a", 1, [2, 0]]])
    await writer.current.answer({ kind: "written" })
    expect((await Promise.all([first, step, second])).map(indexOf)).toEqual([0, 1, 2])
  })

  test("when the outcome is unknown, nothing is known of the rows", async () => {
    const { writer, adding, consumables } = await withRows("a")
    const first = codeOf(adding(["a"]))
    await writer.current.answer(new Error("the connection is gone"), true)
    expect(await first).toBe("LEDGER_UNAVAILABLE")
    expect(consumables.newest("a")).toBeUndefined()
  })

  test(`one batch uses at most ${MAX_BATCH_ROWS} rows`, async () => {
    const pairs = Array.from({ length: MAX_BATCH_ROWS / 2 + 1 }, (_, i) => [`a${i}`, `b${i}`])
    const { writer, appender, adding, rowsSent } = await withRows(...pairs.flat())
    const first = appender.append(entry())
    const results = pairs.map((keys) => adding(keys))
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toHaveLength(MAX_BATCH_ROWS)
    await writer.current.answer({ kind: "written" })
    expect(rowsSent()).toHaveLength(2)
    await writer.current.answer({ kind: "written" })
    await Promise.all([first, ...results])
  })
})
