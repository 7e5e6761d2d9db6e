/** `writ trust`: saves what a daemon says its keys are; whether they are, is for people to compare. */
import { writeFileSync } from "node:fs"
import { WritError } from "../errors.ts"
import { parseTrust } from "../verify/trust.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { readDaemonFile } from "./remote.ts"

export async function trustCommand(flags: Flags): Promise<number> {
  const base = (flags["url"] as string | undefined) ?? `http://${readDaemonFile(flags["data"] as string).http}`
  const url = new URL("/.well-known/writ.json", base)
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new WritError("NOT_READY", `No daemon answers at ${url.origin}.`, { cause })
  })
  const text = await answer.text()
  if (!answer.ok) throw new WritError("NOT_READY", `${url.href} answered ${answer.status}.`)
  parseTrust(text)
  const out = flags["out"] as string
  writeFileSync(out, text)
  const document = JSON.parse(text) as {
    logs: { origin: string; fingerprint: string }[]
    tokens: { keys: { kid: string; fingerprint: string }[] }
  }
  if (flags["json"]) printJson(document)
  else {
    print(`Saved to ${out}. Compare these fingerprints with the operator by another channel before you rely on them:`)
    for (const log of document.logs) print(`  log    ${log.origin}  ${log.fingerprint}`)
    for (const key of document.tokens.keys) print(`  token  ${key.kid}  ${key.fingerprint}`)
  }
  return 0
}
