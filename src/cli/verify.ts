/** `writ verify FILE --trust KEYS`: offline; loads nothing but the verifier. */
import { readFileSync } from "node:fs"
import { WritError } from "../errors.ts"
import { fromUtf8 } from "../formats/bytes.ts"
import { type EvidenceReport, parseTrust, verifyEvidence, verifyGrant } from "../verify/index.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"

export async function verifyCommand(file: string, flags: Flags): Promise<number> {
  const trustFile = flags["trust"] as string | undefined
  const trust = trustFile === undefined ? undefined : parseTrust(fromUtf8(read(trustFile)))
  const tokenFile = flags["token"] as string | undefined
  const report =
    tokenFile === undefined
      ? verifyEvidence(read(file), trust)
      : verifyGrant(fromUtf8(read(tokenFile)).trim(), read(file), trust)
  if (flags["json"]) printJson(report)
  else {
    for (const { step, result, detail } of report.steps)
      print(`  ${result === "failed" ? "✗" : result === "ok" ? "✓" : "·"} ${step.padEnd(12)} ${detail}`)
    if (!report.valid)
      print(
        `NOT VALID at step ${report.failedStep}${report.failedIndex === undefined ? "" : `, record ${report.failedIndex}`}: ${report.reason}`,
      )
    else if (report.anchored) print(`Valid, and anchored in the keys of the trust file. ${describeWitnesses(report)}`)
    else
      print(
        "Consistent, not anchored: nothing from outside the file vouches for it. Pass --trust KEYS, obtained from the operator's daemon (`writ trust`) and compared out of band.",
      )
  }
  return report.valid ? (report.anchored ? 0 : 3) : 1
}

function describeWitnesses({ checkpoints = [] }: EvidenceReport): string {
  const alone = checkpoints.filter(({ cosignatures }) => !cosignatures)
  if (alone.length === 0) return "Its checkpoints are vouched for by witnesses, too."
  const which = alone.length < checkpoints.length ? ` of ${alone.map(({ log }) => log).join(", ")}` : ""
  return `No witness of the trust file vouches for its checkpoints${which}: that there is no other history rests on the operator.`
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new WritError("INVALID_REQUEST", `${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
    })
  }
}
