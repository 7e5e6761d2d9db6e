import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createClock, toRecordTime } from "../../../src/ledger/clock.ts"

describe("createClock", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "performance"] }))
  afterEach(() => void vi.useRealTimers())

  test("wall time follows the system clock, and holds still while that is behind", () => {
    const clock = createClock()
    vi.setSystemTime(5_000)
    expect(clock.now().wallMs).toBe(5_000)
    vi.setSystemTime(3_000)
    expect(clock.now().wallMs).toBe(5_000)
    vi.setSystemTime(5_001)
    expect(clock.now().wallMs).toBe(5_001)
  })

  test("never before the newest record of the log", () => {
    vi.setSystemTime(1_000)
    const clock = createClock(9_000)
    expect(clock.now().wallMs).toBe(9_000)
    vi.setSystemTime(9_500)
    expect(clock.now().wallMs).toBe(9_500)
  })

  test("monotonic time goes on while the system clock is set back", () => {
    const clock = createClock()
    vi.setSystemTime(5_000)
    const before = clock.now()
    vi.advanceTimersByTime(250)
    vi.setSystemTime(0)
    const after = clock.now()
    expect(after.monotonicMs - before.monotonicMs).toBeCloseTo(250, 6)
    expect(after.wallMs).toBeGreaterThanOrEqual(before.wallMs)
  })
})

describe("toRecordTime", () => {
  test("RFC 3339 UTC with milliseconds, whose order as text is that of time", () => {
    expect(toRecordTime(0)).toBe("1970-01-01T00:00:00.000Z")
    expect(toRecordTime(1_800_000_000_007)).toBe("2027-01-15T08:00:00.007Z")
    expect(toRecordTime(1_800_000_000_007) < toRecordTime(1_800_000_000_010)).toBe(true)
  })
})
