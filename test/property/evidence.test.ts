import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  CONTENT,
  decision,
  denied,
  EXECUTION,
  Log,
  leafHash,
  ORIGIN,
  type Place,
  revoked,
  TRUST,
} from "../../scripts/vectors/lineage.ts"
import { nativeCrypto, sha256 } from "../../src/crypto.ts"
import { fromUtf8 } from "../../src/formats/bytes.ts"
import { buildEvidence, type LineageStore, readLineages } from "../../src/ledger/lineage.ts"
import { verifyEvidence } from "../../src/verify/index.ts"
import { naiveRoot } from "../support/naive-merkle.ts"

interface World {
  readonly places: readonly Place[]
  readonly size: number
  /** Whose payload was erased, by place. */
  readonly erased: readonly boolean[]
}
const world: fc.Arbitrary<World> = fc
  .record({
    size: fc.integer({ min: 2, max: 600 }),
    at: fc.nat(),
    gap: fc.nat(),
    deny: fc.boolean(),
    revoke: fc.boolean(),
    erased: fc.tuple(fc.boolean(), fc.boolean()),
    note: fc.string({ unit: "grapheme", maxLength: 30 }),
  })
  .map(({ size, at, gap, deny, revoke, erased, note }) => {
    const content = { ...CONTENT, request: { note } }
    const first = deny ? denied({}, { ...content, claims: undefined }) : decision({}, content)
    const index = at % (size - 1)
    const places: Place[] = [{ record: first, index }]
    if (!deny && revoke) places.push({ record: revoked(first), index: index + 1 + (gap % (size - index - 1)) })
    return { places, size, erased }
  })

/** What ExportEvidence gives of a log that holds these records. */
async function exported({ places, size, erased }: World): Promise<Uint8Array> {
  const log = new Log(places, { size })
  const store: LineageStore = {
    findExecution: async () => null,
    recordsOf: async () =>
      places.map(({ record, index }, i) => ({
        origin: ORIGIN,
        logId: 1,
        index,
        leafHash: leafHash(record.body),
        body: record.body,
        payload: erased[i] ? null : record.payload,
      })),
    tiles: () => ({
      hashes: async (level, start, count) =>
        Array.from({ length: count }, (_, i) =>
          naiveRoot(log.leaves.slice((start + i) * 256 ** level, (start + i + 1) * 256 ** level)),
        ),
    }),
    checkpoint: async () => log.checkpoint(),
    closing: async () => null,
  }
  return await buildEvidence(store, sha256, await readLineages(store, EXECUTION))
}
const verify = (bytes: Uint8Array) => verifyEvidence(bytes, TRUST, nativeCrypto)
const flip = (bytes: Uint8Array, at: number, bit: number) => {
  const flipped = Uint8Array.from(bytes)
  flipped[at] = (flipped[at] as number) ^ (1 << bit)
  return flipped
}

describe("verifyEvidence", () => {
  test("takes whatever buildEvidence exports, and any byte changed anywhere in it is caught", async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 20, maxLength: 20 }),
        async (world, places) => {
          const bytes = await exported(world)
          expect(verify(bytes)).toMatchObject({ valid: true, anchored: true, reason: "" })
          for (const [place, bit] of places) {
            const at = place % bytes.length
            expect(verify(flip(bytes, at, bit)).valid, `byte ${at} bit ${bit}`).toBe(false)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test("every byte of one file, and every place at which it could be cut", async () => {
    const [sample] = fc.sample(world, { numRuns: 50, seed: 3 }).filter(({ places }) => places.length === 2)
    const bytes = await exported({ ...(sample as World), erased: [false, true] })
    expect(verify(bytes)).toMatchObject({ valid: true, anchored: true })
    for (let at = 0; at < bytes.length; at++) {
      expect(verify(flip(bytes, at, at % 8)).valid, `byte ${at} bit ${at % 8}`).toBe(false)
      expect(verify(bytes.subarray(0, at)).valid, `cut at ${at}`).toBe(false)
    }
  })

  test("whatever the bytes, it answers and never throws; a failure names its step", async () => {
    const bytes = await exported({ places: [{ record: decision(), index: 1 }], size: 5, erased: [] })
    const text = fromUtf8(bytes)
    const honest = verify(bytes)
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(40), fc.string({ unit: "binary", maxLength: 12 }), (at, cut, put) => {
        const damaged = text.slice(0, at) + put + text.slice(at + cut)
        for (const trust of [TRUST, undefined]) {
          const report = verifyEvidence(damaged, trust, nativeCrypto)
          // white space changes nothing; without trust nothing shows that the signature was changed
          if (report.valid) expect(trust ? report : { ...report, anchored: true, steps: honest.steps }).toEqual(honest)
          else expect(report.steps.at(-1)).toMatchObject({ step: report.failedStep, result: "failed" })
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
