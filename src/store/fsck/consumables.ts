/** Rows of histories and budgets, derived again: every record's step, in the order of the versions that they made. */
import { rowName } from "../../decision/past.ts"
import { fromUtf8, toHex } from "../../formats/bytes.ts"
import { encodeCanonicalJson } from "../../formats/canonical-json.ts"
import type { JsonObject } from "../../formats/ports.ts"
import { PAYLOAD_SALT_BYTES } from "../../ledger/record.ts"
import { applyStep, type Consumed, kindOf } from "../../policy/past.ts"
import type { Finding, FsckStore } from "./types.ts"

/** What one record did to one row. */
export interface ConsumedStep {
  readonly step: Consumed
  readonly timeMs: number
  readonly log: number
  readonly origin: string
  readonly index: number
}

/** By row; what cannot be read is found by those who check payloads. */
export function learnConsumed(
  steps: Map<string, ConsumedStep[]>,
  payload: Buffer | null,
  at: Omit<ConsumedStep, "step">,
): void {
  if (!payload?.includes('"consumed":[')) return
  for (const step of readConsumed(payload)) {
    const { key } = rowName({ kind: kindOf(step), name: step.name, key: step.key })
    const known = steps.get(key) ?? []
    steps.set(key, known)
    known.push({ step, ...at })
  }
}

function readConsumed(payload: Buffer): readonly Consumed[] {
  try {
    return (JSON.parse(fromUtf8(payload.subarray(PAYLOAD_SALT_BYTES))) as { consumed?: Consumed[] }).consumed ?? []
  } catch {
    return []
  }
}

/** `isErased`: payloads were erased, so that steps may be missing; a row is then held to what is left of its steps. */
export async function checkConsumables(
  store: FsckStore,
  steps: Map<string, ConsumedStep[]>,
  isErased: boolean,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{
    key: string
    family: string
    version: bigint
    content: Buffer
    log_id: number
    idx: bigint
  }>("SELECT * FROM consumable")
  for (const row of rows) {
    const made = (steps.get(row.key) ?? []).sort((a, b) => a.step.version - b.step.version)
    steps.delete(row.key)
    const says = (text: string) => find({ table: "consumable", text: `the row ${row.key} ${text}` })
    const isWhole = made.every(({ step }, i) => step.version === i + 1) && made.length === Number(row.version)
    if (!isWhole && isErased) continue
    const last = made.at(-1)
    if (!isWhole || !last) says(`is in version ${row.version}, and ${made.length} records say that they changed it`)
    else if (last.log !== row.log_id || last.index !== Number(row.idx)) says("names another record than the last one")
    else if (contentAfter(made) !== toHex(row.content) || familyAfter(last) !== row.family)
      says("is not what the records say")
  }
  for (const [key, [first]] of steps) {
    const { index, origin: log } = first as ConsumedStep
    find({ table: "consumable", text: `the row ${key} is missing`, index, log })
  }
}

/** Hex of the row's bytes; empty where a step was not possible. */
function contentAfter(made: readonly ConsumedStep[]): string {
  let content: JsonObject | null = null
  for (const { step, timeMs } of made) {
    content = applyStep(content, step, timeMs)
    if (!content) return ""
  }
  return Buffer.from(encodeCanonicalJson(content ?? {})).toString("hex")
}
function familyAfter({ step }: ConsumedStep): string {
  return rowName({ kind: kindOf(step), name: step.name, key: step.key }).family
}
