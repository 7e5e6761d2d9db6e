/** Who calls: API keys. Nothing is cached: each call is checked against the control state of now. */
import { timingSafeEqual } from "node:crypto"
import { sha256OfText } from "../crypto.ts"
import { type Caller, type CallerKey, isUsable, type Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"

const KEY = /^Bearer writ_([a-z]+)_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/
const NOBODY = new Uint8Array(32)

/** Throws UNAUTHENTICATED. `header` is the authorization header's value. */
export function authenticate(header: string | undefined, keys: ReadonlyMap<string, CallerKey>, wallMs: number): Caller {
  const match = header === undefined ? null : KEY.exec(header)
  if (!match) throw new WritError("UNAUTHENTICATED")
  const [, role, keyId, secret] = match as unknown as [string, string, string, string]
  const key = keys.get(keyId)
  // An unknown id costs the same as a wrong secret.
  const matches = timingSafeEqual(sha256OfText(secret), key?.secretHash ?? NOBODY)
  if (!matches || !isUsable(key, wallMs) || key.role !== role) throw new WritError("UNAUTHENTICATED")
  return { id: `key:${key.role}-${keyId}`, keyId, role: key.role, scope: key.scope, proof: "api-key" }
}

/** Throws FORBIDDEN unless the caller's role is one of these. */
export function assertRole(caller: Caller, roles: readonly Role[]): void {
  if (roles.includes(caller.role)) return
  throw new WritError("FORBIDDEN", `Role ${caller.role} may not make this call; it needs ${roles.join(" or ")}.`)
}
