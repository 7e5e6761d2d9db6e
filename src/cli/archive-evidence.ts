/** `writ ledger archive evidence FILE EXECUTION-ID`: what `writ verify` takes, without a database. */
import { evidenceFromArchive } from "../store/archive/evidence.ts"
import { writeDurably } from "../store/signer-state.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { readTrust } from "./read-trust.ts"

export async function archiveEvidenceCommand(file: string, executionId: string, flags: Flags): Promise<number> {
  const { evidence, records } = await evidenceFromArchive(file, executionId, readTrust(flags))
  const out = flags["out"] as string
  writeDurably(out, Buffer.from(evidence).toString("utf8"))
  if (flags["json"]) printJson({ file: out, records })
  else print(`${records} records of ${executionId} are in ${out}. Check them with: writ verify ${out} --trust KEYS`)
  return 0
}
