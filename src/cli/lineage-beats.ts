/** `writ lineage beats INDEX`: the beats behind one record, and whether they are what it commits to (docs/spec/beats.md). */
import { readFileSync } from "node:fs"
import { inflateRawSync } from "node:zlib"
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { BEAT_DOMAIN } from "../formats/runtime-messages.ts"
import type { RecordBody } from "../ledger/record.ts"
import { type BeatsReport, type RuntimeKeys, verifyBeats } from "../verify/beats.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

const MAX_SEGMENT_BYTES = 256 * 1024 * 1024
const NOT_ANCHORED = 3

interface BeatsReply {
  readonly record: { readonly body: Buffer }
  readonly segment: Buffer
}
interface BeatLine {
  readonly signed: { readonly runtime_id: string; readonly sequence: string; readonly issued_at: string }
  readonly reasons: readonly string[]
  readonly signature: string
}

/** Exit codes as those of `writ verify`: without keys the beats are consistent, and anchored in nothing. */
export async function beatsCommand(index: string, flags: Flags): Promise<number> {
  const keys = readKeys(flags["keys"] as string | undefined)
  const request = { log: (flags["log"] as string | undefined) ?? "", leaf_index: index }
  const reply = await withClient(flags, "auditor", (client) => client.call<BeatsReply>("lineage", "GetBeats", request))
  const record = JSON.parse(reply.record.body.toString("utf8")) as RecordBody
  const { report, lines } = checkBeats(record, reply.segment, keys)
  if (flags["json"]) printJson({ record, beats: lines, verification: report })
  else describe(record, lines, report)
  return report.valid ? (report.anchored ? 0 : NOT_ANCHORED) : 1
}

function readKeys(file: string | undefined): RuntimeKeys | undefined {
  if (file === undefined) return undefined
  try {
    const keys: unknown = JSON.parse(readFileSync(file, "utf8"))
    const isKeys = (value: unknown) => Array.isArray(value) && value.every((key) => typeof key === "string")
    if (typeof keys === "object" && keys !== null && Object.values(keys).every(isKeys)) return keys as RuntimeKeys
  } catch (cause) {
    throw new WritError("CONFIG_INVALID", `${file} cannot be read as JSON: ${(cause as Error).message}`)
  }
  throw new WritError("CONFIG_INVALID", `${file} must hold lists of keys in hex by runtime id: {"RUNTIME": ["KEY"]}.`)
}

export function checkBeats(
  { data }: RecordBody,
  stored: Buffer,
  keys: RuntimeKeys | undefined,
): { readonly report: BeatsReport; readonly lines: readonly BeatLine[] } {
  const refuse = (reason: string) => ({ report: { valid: false, reason, anchored: false, gaps: [] }, lines: [] })
  if (toHex(sha256(stored)) !== data["segment_sha256"])
    return refuse("PROOF_WRONG: the segment is not the one that the record names")
  let segment: Buffer
  try {
    segment = inflateRawSync(stored, { maxOutputLength: MAX_SEGMENT_BYTES })
  } catch (cause) {
    return refuse(`MALFORMED: the segment cannot be inflated: ${(cause as Error).message}`)
  }
  const input = { count: data["count"] as number, root: data["root"] as string, segment }
  const report = verifyBeats(input, keys, nativeCrypto)
  return { report, lines: report.valid ? segment.toString("utf8").split("\n").map(readLine) : [] }
}

/** Of a segment that was verified. */
function readLine(line: string): BeatLine {
  const { leaf, signed, signature } = JSON.parse(line) as Record<"leaf" | "signed" | "signature", string>
  const { reasons } = JSON.parse(leaf) as { reasons: readonly string[] }
  return { signed: JSON.parse(signed.slice(BEAT_DOMAIN.length)) as BeatLine["signed"], reasons, signature }
}

function describe(record: RecordBody, lines: readonly BeatLine[], report: BeatsReport): void {
  print(`${record.data["count"]} beats, recorded ${record.time}`)
  for (const { signed, reasons } of lines)
    print(
      `  ${new Date(Number(signed.issued_at)).toISOString()}  ${signed.runtime_id}  #${signed.sequence}${reasons.map((reason) => `  !${reason}`).join("")}`,
    )
  for (const { lease_id, after, before } of report.gaps)
    print(`  gap: of the lease ${lease_id} the beats between ${after} and ${before} are not here`)
  if (!report.valid)
    print(
      `NOT VERIFIED${report.failedStep ? ` at step ${report.failedStep}` : ""}${report.failedLine === undefined ? "" : `, line ${report.failedLine}`}: ${report.reason}`,
    )
  else
    print(
      report.anchored
        ? "Verified: these beats are those of the record, each signed by its runtime."
        : "Consistent, not anchored: these beats are those of the record. Name their runtimes' keys with --keys to check the signatures.",
    )
}
