/** `writ ledger archive verify FILE`: offline, no database. */
import { nativeCrypto } from "../crypto.ts"
import { withArchiveFile } from "../store/archive/file.ts"
import { verifyArchive } from "../verify/archive.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { readTrust } from "./read-trust.ts"

export async function archiveVerifyCommand(file: string, flags: Flags): Promise<number> {
  const trust = readTrust(flags)
  const report = await withArchiveFile(file, (source) => verifyArchive(source, { trust, crypto: nativeCrypto }))
  const { valid, reason, anchored, digest, erased, failedStep, failedIndex, head } = report
  if (flags["json"])
    printJson({
      valid,
      reason,
      anchored,
      digest,
      erased,
      ...(head && { log: head.log, first: head.first, past: head.past }),
      ...(failedStep && { failed_step: failedStep }),
      ...(failedIndex !== undefined && { failed_index: failedIndex }),
    })
  else if (!valid)
    print(`NOT VALID at step ${failedStep}${failedIndex === undefined ? "" : `, record ${failedIndex}`}: ${reason}`)
  else {
    print(
      `Records ${head?.first} to ${(head?.past ?? 0) - 1} of ${head?.log}, digest ${digest}. ${erased} payloads were erased before it was written.`,
    )
    print(
      anchored
        ? "Valid, and anchored in the keys of the trust file."
        : "Consistent, not anchored: pass --trust KEYS, obtained from the operator's daemon (`writ trust`) and compared out of band.",
    )
  }
  return valid ? (anchored ? 0 : 3) : 1
}
