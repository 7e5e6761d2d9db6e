import { createHash } from "node:crypto"
import type { Trust } from "../verify/types.ts"

const ABOUT =
  'Save this, and compare the fingerprints with the operator by another channel. Witnesses are not named here: who runs a log cannot say who watches it. Get their verifier keys from them and add "witnesses": {"vkeys": ["NAME+HASH+KEY"], "quorum": 1}; then evidence whose checkpoints fewer have cosigned is refused.'

/** To compare by eye. */
export const fingerprint = (text: string) =>
  `SHA256:${createHash("sha256").update(text).digest("base64").replace(/=+$/, "")}`

/** What auditors save, with fingerprints to compare out of band. */
export function describeTrust(trust: Trust, issuer: string): object {
  return {
    about: ABOUT,
    issuer,
    logs: trust.logs.map((log) => ({ ...log, fingerprint: fingerprint(log.vkey) })),
    tokens: { keys: trust.tokens.keys.map((key) => ({ ...key, fingerprint: fingerprint(key.x) })) },
  }
}
