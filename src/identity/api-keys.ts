/** API keys: the secret is compared each time, and nothing is remembered of it. */
import { timingSafeEqual } from "node:crypto"
import { sha256OfText } from "../crypto.ts"
import { type CallerKey, isUsable } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import type { Identity } from "./identity.ts"

const KEY = /^Bearer writ_([a-z]+)_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/
const NOBODY = new Uint8Array(32)
const always = () => true

/** Throws UNAUTHENTICATED. `header` is the authorization header's value. */
export function proveKey(header: string, keys: ReadonlyMap<string, CallerKey>, wallMs: number): Identity {
  const match = KEY.exec(header)
  if (!match) throw new WritError("UNAUTHENTICATED")
  const [, role, keyId, secret] = match as unknown as [string, string, string, string]
  const key = keys.get(keyId)
  // An unknown id costs the same as a wrong secret.
  const matches = timingSafeEqual(sha256OfText(secret), key?.secretHash ?? NOBODY)
  if (!matches || !isUsable(key, wallMs) || key.role !== role) throw new WritError("UNAUTHENTICATED")
  return { proof: "api-key", name: keyId, holds: always }
}
