/**
 * What a caller has proven to be, and which rights that gives it by the control state of now. The proof is made once for a
 * call; what it gives is asked again for every message, and once in a while of what is silent.
 */
import { bindingKey, bindingName } from "../decision/binding.ts"
import { type Caller, type ControlState, isUsable, type Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"

export interface Identity {
  readonly proof: Caller["proof"]
  /** The principal; of an API key its id. */
  readonly name: string
  /** Does the proof still hold at this moment? Of an API key the control state says so. */
  holds(wallMs: number): boolean
}

export type Granting = Pick<ControlState, "callers" | "bindings">

/** In the first of these roles that it has. Throws UNAUTHENTICATED, FORBIDDEN. */
export function callerOf(identity: Identity, roles: readonly Role[], state: Granting, wallMs: number): Caller {
  if (!identity.holds(wallMs)) throw new WritError("UNAUTHENTICATED", "The credential is no longer valid.")
  const { proof, name } = identity
  if (proof === "api-key") {
    const key = state.callers.get(name)
    if (!isUsable(key, wallMs)) throw new WritError("UNAUTHENTICATED", "The credential is no longer valid.")
    if (!roles.includes(key.role)) throw forbidden(`Role ${key.role}`, roles)
    return { id: `key:${key.role}-${name}`, keyId: name, role: key.role, scope: key.scope, proof }
  }
  for (const role of roles) {
    const binding = state.bindings.get(bindingName(name, role))
    if (binding?.state === "active" && wallMs < (binding.expires_at ?? Number.POSITIVE_INFINITY))
      return { id: name, keyId: keyOf(name, role), role, scope: binding.scope ?? null, proof }
  }
  throw forbidden(name, roles)
}

/** A hash for each call would cost as much as its check. */
const known = new Map<string, string>()
const MAX_KNOWN = 1_024
function keyOf(principal: string, role: Role): string {
  const name = bindingName(principal, role)
  let key = known.get(name)
  if (key === undefined) {
    if (known.size >= MAX_KNOWN) known.clear()
    key = bindingKey(principal, role)
    known.set(name, key)
  }
  return key
}

function forbidden(who: string, roles: readonly Role[]): WritError {
  return new WritError("FORBIDDEN", `${who} may not make this call; it needs role ${roles.join(" or ")}.`)
}
