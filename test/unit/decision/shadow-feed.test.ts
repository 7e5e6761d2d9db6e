import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import {
  BATCH_BYTES,
  FILL_MS,
  MAX_BATCH_RECORDS,
  type ShadowBatch,
  ShadowFeed,
} from "../../../src/decision/shadow-feed.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const recordOf = (n: number, first = 0, size = 4) => ({
  leafHash: Uint8Array.of(first, 0, 0, 0),
  body: Buffer.alloc(size, n),
  payload: Buffer.alloc(2, n + 1),
})
function setUp(samplePerMillion = 1_000_000) {
  const sent: ShadowBatch[] = []
  const feed = new ShadowFeed((batch) => sent.push(batch), samplePerMillion)
  return { sent, feed }
}

describe("ShadowFeed", () => {
  test("nothing is sent in the turn of the decision; then all that came is one batch", () => {
    const { sent, feed } = setUp()
    feed.offer(recordOf(1))
    feed.offer(recordOf(3))
    expect(sent).toHaveLength(0)
    vi.advanceTimersByTime(FILL_MS)
    expect(sent).toHaveLength(1)
    const [batch] = sent as [ShadowBatch]
    expect(batch.lengths).toEqual([4, 2, 4, 2])
    expect([...batch.bytes.subarray(0, 12)]).toEqual([1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4])
  })

  test("while the thread has a batch the next is filled, and sent when it is back", () => {
    const { sent, feed } = setUp()
    feed.offer(recordOf(1))
    vi.advanceTimersByTime(FILL_MS)
    feed.offer(recordOf(2))
    vi.advanceTimersByTime(60_000)
    expect(sent).toHaveLength(1)
    feed.giveBack((sent[0] as ShadowBatch).bytes, 0)
    vi.advanceTimersByTime(FILL_MS)
    expect(sent.map(({ lengths }) => lengths.length)).toEqual([2, 2])
    feed.giveBack((sent[1] as ShadowBatch).bytes, 0)
    vi.advanceTimersByTime(60_000)
    expect(sent).toHaveLength(2)
  })

  test("what finds no room is dropped and counted, as is what the thread did not get to", () => {
    const { sent, feed } = setUp()
    for (let i = 0; i < MAX_BATCH_RECORDS + 3; i++) feed.offer(recordOf(1))
    expect(feed.dropped).toBe(3)
    vi.advanceTimersByTime(FILL_MS)
    expect(sent[0]?.lengths).toHaveLength(2 * MAX_BATCH_RECORDS)
    feed.giveBack((sent[0] as ShadowBatch).bytes, 5)
    expect(feed.dropped).toBe(8)
    feed.offer(recordOf(1, 0, BATCH_BYTES - 2)) // fills it
    feed.offer(recordOf(1))
    expect(feed.dropped).toBe(9)
  })

  test("a share of the decisions is drawn by their leaf hashes", () => {
    const { sent, feed } = setUp(250_000)
    for (let first = 0; first < 256; first++) feed.offer(recordOf(1, first))
    vi.advanceTimersByTime(FILL_MS)
    expect(sent[0]?.lengths).toHaveLength(2 * 64)
    expect(feed.dropped).toBe(0)
  })

  test("nothing is sent after its end", () => {
    const { sent, feed } = setUp()
    feed.offer(recordOf(1))
    feed.close()
    feed.offer(recordOf(1))
    vi.advanceTimersByTime(60_000)
    expect(sent).toHaveLength(0)
  })
})
