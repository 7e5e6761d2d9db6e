import { createHash } from "node:crypto"
import type { Trust } from "../verify/types.ts"

/** What auditors save, with fingerprints to compare out of band. */
export function describeTrust(trust: Trust, issuer: string): object {
  const fingerprint = (text: string) =>
    `SHA256:${createHash("sha256").update(text).digest("base64").replace(/=+$/, "")}`
  return {
    issuer,
    logs: trust.logs.map((log) => ({ ...log, fingerprint: fingerprint(log.vkey) })),
    tokens: { keys: trust.tokens.keys.map((key) => ({ ...key, fingerprint: fingerprint(key.x) })) },
  }
}
