/** An honest evidence file, ways to change it, and what a verifier must then say. */
import { naiveCanonicalJson } from "../../test/support/naive-canonical-json.ts"
import { decision, type Entry, type File, fileOf, Log, ORIGIN, places, revoked, type Sealed, TRUST } from "./lineage.ts"
import type { Vector } from "./vector.ts"

/** A file, its text, or its bytes where they are no text. */
type Written = File | string | Buffer
const evidence = (file: Written) => {
  if (Buffer.isBuffer(file)) return { evidence_base64: file.toString("base64") }
  return { evidence: typeof file === "string" ? file : naiveCanonicalJson(JSON.parse(JSON.stringify(file))) }
}
const vector = (name: string, description: string, file: Written, trust: object | null, expected: object): Vector => ({
  name,
  description,
  input: { ...evidence(file), trust },
  expected,
})
export interface Taken {
  readonly state: string | null
  readonly decision?: string
  readonly trust?: object | null
  /** Of each checkpoint's witnesses, where the trust file names any. */
  readonly cosignatures?: readonly (number | null)[]
  /** Steps that read otherwise than "ok". */
  readonly steps?: Readonly<Record<string, string>>
}
export const taken = (
  name: string,
  description: string,
  file: File,
  { state, decision = "ALLOW", trust = TRUST, cosignatures, steps = {} }: Taken,
) =>
  vector(name, description, file, trust, {
    valid: true,
    anchored: trust !== null,
    ...(cosignatures && { cosignatures }),
    decision,
    state,
    steps,
  })
/** `index`: the record to blame, null where none is. */
export const refused =
  (step: string, code: string, index: string | null) =>
  (name: string, description: string, file: Written, trust: object | null = TRUST) =>
    vector(name, description, file, trust, { valid: false, failed_step: step, failed_index: index, code })

export const allow = decision()
export const lineage = places(allow, revoked(allow))
export const honest = fileOf(lineage)
export const log = new Log(lineage)
export const alone = fileOf(places(allow))
export const record = (file: File, at: number, change: Partial<Entry>): File => ({
  ...file,
  records: file.records.map((entry, i) => (i === at ? { ...entry, ...change } : entry)),
})
export const note = (text: string, file = honest): File => ({ ...file, checkpoints: [{ log: ORIGIN, note: text }] })
export const entryOf = (file: File, at: number) => file.records[at] as Entry
export const flipBit = (base64: string, at: number) => {
  const bytes = Buffer.from(base64, "base64")
  bytes[at] = (bytes[at] as number) ^ 1
  return bytes.toString("base64")
}

/** A log that really holds what it must not: every layer below the record is in order. */
export const logged = (...records: readonly Sealed[]) => fileOf(places(...records))
export const raw = (body: string | Buffer): Sealed => ({ body: Buffer.from(body), payload: null })
