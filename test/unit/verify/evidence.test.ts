import { describe, expect, test } from "vitest"
import { nativeCrypto } from "../../../src/crypto.ts"
import { portableCrypto, type Trust, verifyEvidence, verifyGrant } from "../../../src/verify/index.ts"
import { EVIDENCE_STEPS, REASONS } from "../../../src/verify/types.ts"
import { readVectors, titled } from "../../support/vectors.ts"

/** The file's text, or its bytes where they are none. */
type Input = { readonly trust: Trust | null; readonly token?: string } & (
  | { readonly evidence: string }
  | { readonly evidence_base64: string }
)
const fileOf = (input: Input) => ("evidence" in input ? input.evidence : Buffer.from(input.evidence_base64, "base64"))
type Taken = {
  readonly valid: true
  readonly anchored: boolean
  /** Of each checkpoint, where the trust file names witnesses. */
  readonly cosignatures?: readonly (number | null)[]
  readonly decision: string
  readonly state: string | null
  /** Steps that read otherwise than "ok". */
  readonly steps: Readonly<Record<string, string>>
}
type Refused = {
  readonly valid: false
  readonly failed_step: string
  readonly failed_index: string | null
  readonly code: string
}
const vectors = readVectors<Input, Taken | Refused>("evidence", 90)
const hostile = vectors.filter(({ expected }) => !expected.valid)

describe.each([
  ["native", nativeCrypto],
  ["portable", portableCrypto],
] as const)("verifyEvidence with %s primitives", (_, crypto) => {
  test.each(titled(vectors))("%s", (_, { input, expected }) => {
    const { token, trust } = input
    const report =
      token === undefined
        ? verifyEvidence(fileOf(input), trust ?? undefined, crypto)
        : verifyGrant(token, fileOf(input), trust ?? undefined, crypto)
    const all = token === undefined ? EVIDENCE_STEPS : [...EVIDENCE_STEPS, "grant"]
    if (expected.valid) {
      expect(report).toMatchObject({ valid: true, reason: "", anchored: expected.anchored })
      const counts = report.checkpoints?.map(({ cosignatures }) => cosignatures)
      expect(counts).toEqual(expected.cosignatures ?? counts?.map(() => null))
      if (trust)
        expect(/rests on the operator/.test(report.steps[1]?.detail ?? "")).toBe(counts?.some((count) => !count))
      expect(report.execution).toMatchObject({ decision: expected.decision, state: expected.state })
      expect(report.steps.map(({ step, result }) => [step, result])).toEqual(
        all.map((step) => [step, expected.steps[step] ?? "ok"]),
      )
      return
    }
    expect({
      valid: report.valid,
      anchored: report.anchored,
      failed_step: report.failedStep,
      failed_index: report.failedIndex ?? null,
      code: report.reason.split(": ")[0],
    }).toEqual({ ...expected, anchored: false })
    // What is behind the failure was not checked, and nothing is said of it.
    expect(report.steps.map(({ step }) => step)).toEqual(all.slice(0, all.indexOf(expected.failed_step as never) + 1))
    expect(report.steps.at(-1)?.result).toBe("failed")
    expect(report.execution).toBeUndefined()
  })

  test("bytes are read as text is", () => {
    const { input } = vectors.find(({ name }) => name === "revoked") as (typeof vectors)[number]
    expect(verifyEvidence(Buffer.from(fileOf(input)), input.trust ?? undefined, crypto)).toEqual(
      verifyEvidence(fileOf(input), input.trust ?? undefined, crypto),
    )
    expect(verifyEvidence(Uint8Array.of(0xff), undefined, crypto)).toMatchObject({ valid: false, failedStep: "format" })
  })
})

describe("the hostile vectors", () => {
  test("there is one for every step", () => {
    const steps = new Set(hostile.map(({ expected }) => (expected as Refused).failed_step))
    expect(steps).toEqual(new Set([...EVIDENCE_STEPS, "grant"]))
    for (const { expected } of hostile) expect(REASONS).toContain((expected as Refused).code)
  })
})
