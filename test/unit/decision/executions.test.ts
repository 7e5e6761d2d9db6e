import { describe, expect, test } from "vitest"
import { createExecutions, type ExecutionsDependencies } from "../../../src/decision/executions.ts"
import { seal } from "../../../src/decision/seal.ts"
import type { WritError } from "../../../src/errors.ts"
import { encodeCanonicalJson } from "../../../src/formats/canonical-json.ts"
import type { ExecutionState } from "../../../src/ledger/kinds.ts"
import type { ExecutionRow, StoredRecord } from "../../../src/ledger/lineage.ts"
import { controlOf, FakeClock } from "../../support/decision.ts"
import { EXECUTION, FakeExecution } from "../../support/execution.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

const UNTIL_MS = NOW_MS + 60_000
const UNTIL = { execute_until: new Date(UNTIL_MS).toISOString() }

function setUp(reader: Partial<ExecutionsDependencies["reader"]> = {}) {
  const execution = new FakeExecution()
  const clock = new FakeClock()
  const control = controlOf(stateOf(null))
  const executions = createExecutions({
    clock,
    actor: { id: "writ", proof: "process" },
    control: () => control.current,
    ledger: execution.ledger,
    reader: {
      ...execution.lineage,
      logs: async () => [],
      recordsBefore: async () => [],
      executionRows: async () => new Map(),
      overdue: async () => [EXECUTION],
      ...reader,
    },
  })
  return { execution, clock, executions }
}
const codeOf = async (call: Promise<unknown>) =>
  await call.then(
    () => "OK",
    (error: WritError) => error.code,
  )

describe("get", () => {
  test("an authorization ends with its token, what was redeemed with the time to execute", async () => {
    const { execution, clock, executions } = setUp()
    const exp = NOW_MS + 10_000
    expect(await executions.get(EXECUTION)).toEqual({
      executionId: EXECUTION,
      state: "AUTHORIZED",
      authorizedAtMs: NOW_MS,
      untilMs: exp,
      runtimeId: "runtime-1",
      parentExecutionId: "parent-1",
    })
    clock.wallMs = exp
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "EXPIRED", untilMs: exp })
    execution.add("redeemed", "REDEEMED", UNTIL)
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "REDEEMED", untilMs: UNTIL_MS })
    clock.wallMs = UNTIL_MS
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "LOST" })
    execution.add("completed", "COMPLETED")
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "COMPLETED", untilMs: UNTIL_MS })
  })

  test("without its payload an authorization has ended when no token can live longer", async () => {
    const { execution, clock, executions } = setUp()
    const decision = { ...execution.found.decision, payload: null }
    execution.found = { ...execution.found, decision, records: [decision] }
    clock.wallMs = NOW_MS + 119_999
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "AUTHORIZED", runtimeId: "", parentExecutionId: "" })
    clock.wallMs = NOW_MS + 120_000
    expect(await executions.get(EXECUTION)).toMatchObject({ state: "EXPIRED", untilMs: NOW_MS + 120_000 })
  })

  test("neither an unknown id nor a decision that allowed nothing is an execution", async () => {
    const { execution, executions } = setUp()
    expect(await codeOf(executions.get("x"))).toBe("NOT_FOUND")
    execution.found = { ...execution.found, state: null }
    expect(await codeOf(executions.get(EXECUTION))).toBe("NOT_FOUND")
  })
})

/** Logs of records by their times in seconds; every third one is an ALLOW. */
function logsOf(lists: readonly (readonly number[])[]) {
  const record = (seconds: number, index: number, logId: number): StoredRecord => {
    const kind = (["decision", "decision", "bundle_activated"] as const)[index % 3] as "decision"
    const isAllow = index % 3 === 0
    const id = `00000000-0000-4000-8000-${String(logId).padStart(4, "0")}${String(index).padStart(8, "0")}`
    const sealed = seal(
      {
        kind,
        actor: { id: "x", proof: "api-key" },
        ...(kind === "decision" && { execution_id: id }),
        ...(isAllow && { state: "AUTHORIZED" as const }),
        data: {},
      },
      encodeCanonicalJson({ claims: { exp: NOW_MS / 1000 + seconds + 10 } }),
      NOW_MS + seconds * 1000,
    )
    return { origin: `log-${logId}`, logId, index, ...sealed }
  }
  const logs = new Map(lists.map((times, i) => [i + 1, times.map((time, index) => record(time, index, i + 1))]))
  const rows = new Map<string, ExecutionRow>()
  let reads = 0
  const reader: Partial<ExecutionsDependencies["reader"]> = {
    logs: async () =>
      [...logs].map(([logId, records]) => ({ logId, origin: "", verifierKey: "", size: records.length })),
    recordsBefore: async (logId, before, limit) => {
      reads++
      return (logs.get(logId) ?? []).slice(0, before).reverse().slice(0, limit)
    },
    executionRows: async (ids) => new Map([...rows].filter(([id]) => ids.includes(id))),
  }
  return { reader, rows, readsSoFar: () => reads }
}

describe("list", () => {
  const all = async (
    executions: ReturnType<typeof createExecutions>,
    size: number,
    state: ExecutionState | null = null,
  ) => {
    const found: string[] = []
    const sizes: number[] = []
    let token = ""
    do {
      const page = await executions.list(size, token, state)
      sizes.push(page.executions.length)
      found.push(...page.executions.map(({ executionId, authorizedAtMs }) => `${executionId} ${authorizedAtMs}`))
      token = page.nextPageToken
    } while (token !== "")
    return { found, sizes }
  }
  const times = (count: number, step: number) => Array.from({ length: count }, (_, i) => i * step)

  test("of all logs, newest first, each once, whatever the size of a page", async () => {
    const { reader } = logsOf([times(700, 3), times(40, 50), [], [5]])
    const { executions } = setUp(reader)
    const { found } = await all(executions, 500)
    expect(found).toHaveLength(234 + 14 + 1)
    expect(new Set(found).size).toBe(found.length)
    const at = found.map((line) => Number(line.split(" ")[1]))
    expect(at).toEqual([...at].sort((a, b) => b - a))
    for (const size of [1, 7, 50, 249]) {
      const paged = await all(executions, size)
      expect(paged.found, `pages of ${size}`).toEqual(found)
      expect(Math.max(...paged.sizes)).toBe(Math.min(size, found.length))
    }
    expect((await executions.list(0, "", null)).executions).toHaveLength(50)
  })

  test("filtered by state as it reads now, one page at a time, with a bound on what one page looks at", async () => {
    const { reader, rows, readsSoFar } = logsOf([times(12_000, 0)])
    const id = "00000000-0000-4000-8000-000100000003"
    rows.set(id, { state: "REDEEMED", executeUntilMs: UNTIL_MS })
    const { executions, clock } = setUp(reader)
    const first = await executions.list(5, "", "REDEEMED")
    expect(first.executions).toEqual([])
    expect(first.nextPageToken).not.toBe("")
    expect(readsSoFar()).toBeLessThan(30)
    expect((await all(executions, 5, "REDEEMED")).found).toEqual([`${id} ${NOW_MS}`])
    expect((await all(executions, 500, "AUTHORIZED")).found).toHaveLength(3_999)
    clock.wallMs = UNTIL_MS
    expect((await all(executions, 500, "REDEEMED")).found).toEqual([])
    expect((await all(executions, 500, "LOST")).found).toEqual([`${id} ${NOW_MS}`])
    expect((await all(executions, 500, "EXPIRED")).found).toHaveLength(3_999)
  })

  test("nothing recorded is an empty last page", async () => {
    const { executions } = setUp(logsOf([[]]).reader)
    expect(await executions.list(10, "", null)).toEqual({ executions: [], nextPageToken: "" })
  })

  test.each([
    ["a size below zero", -1, ""],
    ["a size over 500", 501, ""],
    ["a token that no page gave", 1, "x"],
    ["a token of another shape", 1, Buffer.from('[[1,"2"]]').toString("base64url")],
    ["a token that is no list", 1, Buffer.from('{"1":2}').toString("base64url")],
  ])("%s is refused", async (_, size, token) => {
    expect(await codeOf(setUp(logsOf([[1]]).reader).executions.list(size, token, null))).toBe("INVALID_REQUEST")
  })
})

describe("recordLost", () => {
  test("nothing before the time is over, then one record, by the daemon", async () => {
    const { execution, clock, executions } = setUp()
    execution.add("redeemed", "REDEEMED", UNTIL)
    const before = execution.found.last
    clock.wallMs = UNTIL_MS - 1 // the row says otherwise; the record counts
    expect(await executions.recordLost()).toBe(0)
    clock.wallMs = UNTIL_MS
    expect(await executions.recordLost()).toBe(1)
    expect(await executions.recordLost()).toBe(0)
    expect(execution.kinds()).toEqual(["decision", "redeemed", "lost"])
    expect(execution.ledger.bodies()).toMatchObject([
      { kind: "lost", state: "LOST", actor: { id: "writ", proof: "process" }, data: UNTIL, payload: null },
    ])
    expect(execution.ledger.entries[0]?.change).toEqual({
      raisesEpoch: false,
      effects: [{ kind: "execution", executionId: EXECUTION, previous: before.leafHash, to: "LOST" }],
    })
  })

  test("what ended otherwise, was never redeemed, or is unknown is left alone", async () => {
    const { execution, clock, executions } = setUp()
    clock.wallMs = UNTIL_MS
    expect(await executions.recordLost()).toBe(0)
    execution.add("redeemed", "REDEEMED", UNTIL)
    execution.add("completed", "COMPLETED")
    expect(await executions.recordLost()).toBe(0)
    expect(await setUp({ findExecution: async () => null }).executions.recordLost()).toBe(0)
    expect(execution.ledger.entries).toEqual([])
  })

  test("when another replica was first nothing is counted", async () => {
    const { execution, clock, executions } = setUp()
    execution.add("redeemed", "REDEEMED", UNTIL)
    clock.wallMs = UNTIL_MS
    execution.ledger.answers.push("conflict")
    expect(await executions.recordLost()).toBe(0)
    expect(execution.kinds()).toEqual(["decision", "redeemed"])
  })
})
