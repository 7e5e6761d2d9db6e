/** `writ trust`: saves what a daemon says its keys are, with the witnesses that an auditor names; whether they are, is for people to compare. */
import { writeFileSync } from "node:fs"
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { ED25519_COSIGNATURE, parseVerifierKey } from "../formats/signed-note.ts"
import { fingerprint } from "../http/discovery.ts"
import { parseTrust } from "../verify/trust.ts"
import { print, printJson } from "./output.ts"
import { type DaemonFile, readDaemonFile } from "./remote.ts"
import { wholeNumber } from "./whole-number.ts"

export interface TrustFlags {
  readonly url?: string
  readonly data: string
  readonly out: string
  readonly witness?: readonly string[]
  readonly quorum?: string
  readonly json?: boolean
}

export async function trustCommand(flags: TrustFlags): Promise<number> {
  const base = flags.url ?? urlOf(readDaemonFile(flags.data))
  const url = new URL("/.well-known/writ.json", base)
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new WritError("NOT_READY", `No daemon answers at ${url.origin}.`, { cause })
  })
  const text = await answer.text()
  if (!answer.ok) throw new WritError("NOT_READY", `${url.href} answered ${answer.status}.`)
  const { logs, tokens, witnesses: served } = parseTrust(text)
  if (served || logs.some((log) => log.witnesses))
    throw new WritError(
      "INVALID_REQUEST",
      `${url.href} names witnesses. Who runs the log cannot say who watches it: get their keys from them, and pass --witness.`,
    )
  const witnesses = readWitnesses(flags)
  const saved = witnesses ? `${JSON.stringify({ ...(JSON.parse(text) as object), witnesses }, null, 2)}\n` : text
  parseTrust(saved)
  writeFileSync(flags.out, saved)
  if (flags.json) printJson(JSON.parse(saved))
  else {
    print(
      `Saved to ${flags.out}. Compare these fingerprints with the operator by another channel before you rely on them:`,
    )
    // Of the keys that were saved, not what the document says of itself.
    for (const log of logs) print(`  log    ${log.origin}  ${fingerprint(log.vkey)}`)
    for (const key of tokens.keys) print(`  token  ${key.kid}  ${fingerprint(key.x)}`)
    print(
      witnesses
        ? `Witnesses that have to vouch for each checkpoint: ${witnesses.quorum} of ${witnesses.vkeys.length}.`
        : "It names no witnesses, so checkpoints rest on the operator alone. Pass --witness VKEY, which the witness gave you.",
    )
  }
  return 0
}

function urlOf({ http, httpTls }: DaemonFile): string {
  return `${httpTls ? "https" : "http"}://${http}`
}

/** Here, and not when evidence is verified, a mistyped key is told. */
function readWitnesses({ witness: vkeys, quorum }: TrustFlags) {
  if (vkeys === undefined) {
    if (quorum !== undefined) throw new WritError("INVALID_REQUEST", "--quorum needs --witness.")
    return null
  }
  for (const vkey of vkeys) parseVerifierKey(sha256, vkey, ED25519_COSIGNATURE)
  return { vkeys, quorum: quorum === undefined ? vkeys.length : wholeNumber("--quorum", quorum, vkeys.length) }
}
