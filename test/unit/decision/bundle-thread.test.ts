import { EventEmitter } from "node:events"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { type BundleThread, createBundleThread, IDLE_MS, MAX_WAITING } from "../../../src/decision/bundle-thread.ts"

/** Does what the test says, when it says so. */
class FakeWorker extends EventEmitter {
  readonly jobs: { readonly kind: string }[] = []
  isEnded = false
  postMessage(job: { readonly kind: string }) {
    this.jobs.push(job)
  }
  answer(what: unknown) {
    this.emit("message", what)
  }
  unref() {}
  async terminate() {
    this.isEnded = true
    this.emit("exit", 1)
    return 1
  }
}

const ENOUGH_MS = 10_000
let workers: FakeWorker[]
let thread: BundleThread
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
  workers = []
  thread = createBundleThread(() => {
    const worker = new FakeWorker()
    workers.push(worker)
    return worker as never
  })
})
afterEach(() => vi.useRealTimers())

/** When what was asked has reached the worker. */
const asked = async (count: number) => {
  for (let i = 0; i < 100 && workers.flatMap(({ jobs }) => jobs).length < count; i++) await null
  expect(workers.flatMap(({ jobs }) => jobs)).toHaveLength(count)
}
const check = (limitMs = ENOUGH_MS) => thread.checkFiles({ "policy.yaml": "" }, limitMs) as Promise<unknown>
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    ({ code, message }: { code?: string; message: string }) => code ?? message,
  )

describe("createBundleThread", () => {
  test("one job at a time, in the order of asking, by one worker that is started for the first", async () => {
    expect(workers).toHaveLength(0)
    const one = check()
    const two = thread.checkCanonical(new Uint8Array(), ENOUGH_MS)
    const three = thread.testFiles({}, "", ENOUGH_MS)
    await asked(1)
    workers[0]?.answer("first")
    expect(await one).toBe("first")
    await asked(2)
    workers[0]?.answer("second")
    expect(await two).toBe("second")
    await asked(3)
    workers[0]?.answer("third")
    expect(await three).toBe("third")
    expect(workers.map(({ jobs }) => jobs.map(({ kind }) => kind))).toEqual([["files", "canonical", "tests"]])
  })

  test("a job that takes too long is ended with its worker; the next one has another", async () => {
    const slow = codeOf(check(50))
    const next = check()
    await asked(1)
    await vi.advanceTimersByTimeAsync(50)
    expect(await slow).toBe("DEADLINE_EXCEEDED")
    expect(workers[0]?.isEnded).toBe(true)
    await asked(2)
    workers[1]?.answer("done by another")
    expect(await next).toBe("done by another")
  })

  test("the time in the queue counts: whose deadline has passed before its turn is not begun", async () => {
    const first = check()
    const late = codeOf(check(10))
    await asked(1)
    await vi.advanceTimersByTimeAsync(20)
    workers[0]?.answer("done")
    expect([await first, await late]).toEqual(["done", "DEADLINE_EXCEEDED"])
    expect(workers[0]?.jobs).toHaveLength(1)
  })

  test(`at most ${MAX_WAITING} wait`, async () => {
    const waiting = Array.from({ length: MAX_WAITING }, () => check())
    expect(await codeOf(check())).toBe("QUEUE_FULL")
    for (let done = 1; done <= MAX_WAITING; done++) {
      await asked(done)
      workers[0]?.answer(done)
      expect(await waiting[done - 1]).toBe(done)
    }
    const after = check()
    await asked(MAX_WAITING + 1)
    workers[0]?.answer("again")
    expect(await after).toBe("again")
  })

  test.each([
    ["needs too much memory", { code: "ERR_WORKER_OUT_OF_MEMORY", message: "" }, "REQUEST_TOO_LARGE"],
    ["fails", { message: "a fault of ours" }, "a fault of ours"],
  ])("when the worker %s, who waits for it is told, and the next one has another", async (_, error, told) => {
    const dying = codeOf(check())
    await asked(1)
    workers[0]?.emit("error", error)
    expect(await dying).toBe(told)
    const next = check()
    await asked(2)
    workers[1]?.answer("alive")
    expect(await next).toBe("alive")
  })

  test("the worker is ended when nothing was asked of it for a minute, and not while it works", async () => {
    const one = check()
    await asked(1)
    workers[0]?.answer("done")
    await one
    const long = check(10 * IDLE_MS)
    await asked(2)
    await vi.advanceTimersByTimeAsync(IDLE_MS * 2)
    expect(workers[0]?.isEnded).toBe(false)
    workers[0]?.answer("done")
    await long
    await vi.advanceTimersByTimeAsync(IDLE_MS)
    expect(workers[0]?.isEnded).toBe(true)
  })

  test("stopping ends what runs and what waits", async () => {
    const running = codeOf(check())
    const waiting = codeOf(check())
    await asked(1)
    await thread.stop()
    expect([await running, await waiting, await codeOf(check())]).toEqual(Array(3).fill("SHUTTING_DOWN"))
    expect(workers.map(({ isEnded }) => isEnded)).toEqual([true])
  })
})
