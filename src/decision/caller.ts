/** What a caller may do by the control state of now: its API key, or the binding of what it has proven to be. */
import { WritError } from "../errors.ts"
import { bindingName } from "./binding.ts"
import { type Asked, type Dimension, findOutside, type Scope } from "./scope.ts"
import { type Caller, type ControlState, isUsable } from "./state.ts"

type Granting = Pick<ControlState, "callers" | "bindings">

/** Null: everything. Throws UNAUTHENTICATED when the key or binding was taken away, or has ended, since the call began. */
export function assertUsable(state: Granting, caller: Caller, wallMs: number): Scope | null {
  const withdrawn = () => new WritError("UNAUTHENTICATED", "The credential is no longer valid.")
  if (caller.proof === "api-key") {
    const key = state.callers.get(caller.keyId)
    if (!isUsable(key, wallMs)) throw withdrawn()
    return key.scope
  }
  const binding = state.bindings.get(bindingName(caller.id, caller.role))
  if (binding?.state !== "active" || wallMs >= (binding.expires_at ?? Number.POSITIVE_INFINITY)) throw withdrawn()
  return binding.scope ?? null
}

/** Throws FORBIDDEN, which says whose right lacks what; UNAUTHENTICATED as above. */
export function assertMaySpeak(state: Granting, caller: Caller, asked: Asked, wallMs: number): void {
  assertCovers(assertUsable(state, caller, wallMs), caller, asked)
}

const ONE: Readonly<Record<Dimension, string>> = {
  subjects: "subject",
  resources: "resource",
  runtimes: "runtime",
  audiences: "audience",
}

/** Throws FORBIDDEN. What was asked for is not repeated: the caller knows it. */
export function assertCovers(scope: Scope | null, { id, role }: Caller, asked: Asked): void {
  const outside = findOutside(scope, asked)
  if (outside === null) return
  const whose = id.startsWith("key:") ? `The API key ${id.slice(4)}` : `The binding of ${id} with role ${role}`
  throw new WritError(
    "FORBIDDEN",
    `${whose} does not cover this ${ONE[outside]}: it is limited to ${outside} ${(scope?.[outside] ?? []).slice(0, 8).join(", ")}.`,
    { details: { lacks: outside } },
  )
}
