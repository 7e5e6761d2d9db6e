import { describe, expect, test } from "vitest"
import { createMetrics } from "../../src/metrics.ts"

const metrics = () =>
  createMetrics({
    lanes: () => ({ decisions: { inHand: 5, limit: 128, refused: 9 }, streams: { inHand: 1, limit: 4, refused: 0 } }),
    shadow: () => null,
    ready: () => true,
    treeSize: () => 7,
    checkpointSize: () => 0,
    cosignatures: () => 2,
    unsoundLogs: () => 0,
    queueDepth: () => 0,
    epoch: () => 0,
    approvalsWaiting: () => 3,
    lookupLag: () => 0,
    facetLag: () => 0,
    certificateEnds: () => ({ server: 1_800_000_000_500, clientCa: null }),
  })

describe("createMetrics", () => {
  test("says when a certificate ends, in whole seconds, and nothing of one that there is not", async () => {
    const scraped = await metrics().text()
    expect(scraped).toContain('writ_certificate_expires_seconds{certificate="server"} 1800000000\n')
    expect(scraped).not.toContain("clientCa")
  })

  test("counts decisions by outcome and reason, the same at every scrape", async () => {
    const { decision, text } = metrics()
    decision("ALLOW", "", 10, 10, 10)
    decision("DENY", "DENIED_BY_RULE", 10, 10, 0)
    decision("DENY", "DENIED_BY_RULE", 10, 10, 0)
    await text()
    decision("DENY", "DENIED_BY_RULE", 10, 10, 0)
    const scraped = await text()
    expect(scraped).toContain('writ_decisions_total{decision="ALLOW",reason=""} 1\n')
    expect(scraped).toContain('writ_decisions_total{decision="DENY",reason="DENIED_BY_RULE"} 3\n')
    expect(await text()).toContain('writ_decisions_total{decision="DENY",reason="DENIED_BY_RULE"} 3\n')
  })

  test("times of a phase stand in cumulative buckets, a bound's own value in it, with sum and count", async () => {
    const { decision, text } = metrics()
    for (const us of [50, 51, 100, 2_000_000]) decision("ALLOW", "", us, 10, 0)
    const scraped = await text()
    const bucket = (le: string) =>
      Number(new RegExp(`^writ_phase_seconds_bucket\\{le="${le}",phase="evaluate"\\} (\\d+)$`, "m").exec(scraped)?.[1])
    expect(["0.00005", "0.0001", "0.0002", "1", "\\+Inf"].map(bucket)).toEqual([1, 3, 3, 3, 4])
    expect(scraped).toMatch(/^writ_phase_seconds_sum\{phase="evaluate"\} 2\.000201$/m)
    expect(scraped).toMatch(/^writ_phase_seconds_count\{phase="evaluate"\} 4$/m)
    expect(scraped).toContain("# TYPE writ_phase_seconds histogram\n")
    expect(scraped).not.toContain('phase="sign"') // nothing was signed
  })

  test("counts RPCs by method and status, and beats by what became of them", async () => {
    const { rpc, beat, text } = metrics()
    rpc("/a/B", 0)
    rpc("/a/B", 7)
    rpc("/a/B", 0)
    beat("taken")
    const scraped = await text()
    expect(scraped).toContain('writ_rpc_total{rpc="/a/B",code="0"} 2\n')
    expect(scraped).toContain('writ_rpc_total{rpc="/a/B",code="7"} 1\n')
    expect(scraped).toContain('writ_beats_total{outcome="taken"} 1\n')
    expect(scraped).toContain("writ_tree_size_records 7\n")
  })
})
