/**
 * Bindings: which role a principal has, and for what it may speak. One for each principal and role; each change is a record
 * and raises the control epoch, so that no replica decides by the old one.
 */
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Call } from "./authorize.ts"
import { type Binding, bindingKey, bindingName } from "./binding.ts"
import { assertUsable } from "./caller.ts"
import { limitOf } from "./limits.ts"
import { assertPrincipal } from "./principal.ts"
import type { Receipt } from "./runtime-changes.ts"
import { checkScope, type Scope } from "./scope.ts"
import { seal } from "./seal.ts"
import type { ControlState, Role } from "./state.ts"

export const MAX_BINDINGS = 10_000
const MAX_ATTEMPTS = 16

export interface BindingDependencies {
  readonly clock: Clock
  readonly origin: string
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

export interface BindingChanged {
  readonly binding: Binding
  readonly receipt: Receipt
}

export function createBindings(deps: BindingDependencies) {
  async function change(build: (state: ControlState) => Binding, call: Call): Promise<BindingChanged> {
    const { caller } = call
    const limit = limitOf(call, deps.clock.now().monotonicMs)
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const state = deps.control()
      const { wallMs, monotonicMs } = deps.clock.now()
      if (monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      assertUsable(state, caller, wallMs)
      const binding = build(state)
      const content = encodeCanonicalJson(binding as unknown as JsonObject)
      const epoch = state.epoch + 1n
      const key = bindingKey(binding.principal, binding.role)
      const record = seal(
        {
          kind: "binding_changed",
          actor: { id: caller.id, proof: caller.proof },
          epoch: String(epoch),
          data: {
            binding: key,
            content_sha256: toHex(sha256(utf8(content))),
            role: binding.role,
            state: binding.state,
          },
        },
        encodeCanonicalJson({ content: binding as unknown as JsonObject }),
        wallMs,
      )
      const result = await deps.ledger.append({
        record,
        epoch: state.epoch,
        ...limit,
        change: { effects: [{ kind: "binding", key, epoch, content: utf8(content) }], raisesEpoch: true },
      })
      if (result.kind === "written")
        return { binding, receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash } }
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }

  return {
    /** Replaces the one that this principal has with this role. Throws INVALID_REQUEST, REQUEST_TOO_LARGE. */
    async put(
      given: {
        readonly principal: string
        readonly role: Role
        readonly scope: Scope
        readonly expiresAtMs: number | null
      },
      call: Call,
    ): Promise<BindingChanged> {
      const { principal, role, expiresAtMs } = given
      assertPrincipal(principal)
      if (expiresAtMs !== null && expiresAtMs <= deps.clock.now().wallMs)
        throw new WritError("INVALID_REQUEST", "expires_at is in the past.")
      const scope = checkScope(role, given.scope)
      return await change(({ bindings }) => {
        if (bindings.size >= MAX_BINDINGS && !bindings.has(bindingName(principal, role)))
          throw new WritError("REQUEST_TOO_LARGE", `There are ${MAX_BINDINGS} bindings already.`)
        return {
          ...(expiresAtMs !== null && { expires_at: expiresAtMs }),
          principal,
          role,
          ...(scope && { scope }),
          state: "active",
        }
      }, call)
    },

    /** When this resolves, no call that starts from then on is accepted by it, on any replica. Throws NOT_FOUND. */
    async remove(principal: string, role: Role, call: Call): Promise<BindingChanged> {
      return await change(({ bindings }) => {
        const binding = bindings.get(bindingName(principal, role))
        if (binding?.state !== "active")
          throw new WritError("NOT_FOUND", "There is no binding of this principal and role.")
        return { ...binding, state: "removed" }
      }, call)
    },

    /** Those that are not removed, by role and principal, after one. */
    list(after: string, limit: number): { readonly page: readonly Binding[]; readonly next: string } {
      const { bindings } = deps.control()
      const names = [...bindings.keys()].filter((name) => name > after && bindings.get(name)?.state === "active").sort()
      const page = names.slice(0, limit)
      return {
        page: page.map((name) => bindings.get(name) as Binding),
        next: names.length > limit ? (page.at(-1) as string) : "",
      }
    },
  }
}
