/** AdminService: caller keys, bindings, erasure, and what this daemon is. */

import type { Call } from "../decision/authorize.ts"
import type { Binding } from "../decision/binding.ts"
import type { createBindings } from "../decision/bindings.ts"
import type { KeyChanged } from "../decision/caller-keys.ts"
import type { Erased, EraseRequest } from "../decision/erase.ts"
import type { KeyRotated } from "../decision/rotate-key.ts"
import type { Scope } from "../decision/scope.ts"
import type { Caller, CallerKey, ControlState, Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import { VERSION } from "../version.ts"
import { toReceipt } from "./authorization.ts"
import { toIndex } from "./lineage.ts"
import { loadService, SERVICES } from "./load.ts"
import { ROLES } from "./roles.ts"
import type { Service } from "./server.ts"
import { toMilliseconds, toTimestamp, type WireTime } from "./timestamp.ts"

const MAX_PAGE = 500
const DEFAULT_PAGE = 50

interface WireBinding {
  readonly principal: string
  readonly role: string
  readonly scope: Scope | null
  readonly expires_at: WireTime | null
}

export interface AdminPorts {
  control(): ControlState
  createKey(
    role: Role,
    expiresAtMs: number | null,
    scope: Scope,
    actor: Caller,
  ): Promise<KeyChanged & { readonly text: string }>
  revokeKey(id: string, actor: Caller): Promise<KeyChanged>
  readonly bindings: ReturnType<typeof createBindings>
  erase(request: EraseRequest, actor: Caller): Promise<Erased>
  rotateKey(use: string, compromised: boolean, call: Call): Promise<KeyRotated>
  readonly info: {
    readonly origin: string
    readonly verifierKey: string
    readonly development: boolean
    readonly startedAtMs: number
  }
  treeSize(): number
}

export function adminService(ports: AdminPorts): Service {
  return {
    definition: loadService(SERVICES.admin),
    unary: {
      async CreateCallerKey(
        { role, expires_at, scope }: { role: string; expires_at: WireTime | null; scope: Scope | null },
        { caller },
      ) {
        const made = await ports.createKey(toRole(role), toMs(expires_at), scope ?? {}, caller)
        return { key: made.text, caller_key: toCallerKey(made.key), receipt: toReceipt(made.receipt) }
      },
      async ListCallerKeys() {
        return { caller_keys: [...ports.control().callers.values()].map(toCallerKey) }
      },
      async RevokeCallerKey({ id }: { id: string }, { caller }) {
        const revoked = await ports.revokeKey(id, caller)
        return { caller_key: toCallerKey(revoked.key), receipt: toReceipt(revoked.receipt) }
      },
      async PutBinding({ binding }: { binding: WireBinding | null }, call) {
        if (!binding) throw new WritError("INVALID_REQUEST", "binding is missing.", { details: { field: "binding" } })
        const { principal, role, scope, expires_at } = binding
        const given = { principal, role: toRole(role), scope: scope ?? {}, expiresAtMs: toMs(expires_at) }
        const put = await ports.bindings.put(given, call)
        return { binding: toBinding(put.binding), receipt: toReceipt(put.receipt) }
      },
      async ListBindings({ page_size, page_token }: { page_size: number; page_token: string }) {
        if (page_size < 0 || page_size > MAX_PAGE)
          throw new WritError("INVALID_REQUEST", `page_size must be 0 to ${MAX_PAGE}.`)
        const { page, next } = ports.bindings.list(page_token, page_size || DEFAULT_PAGE)
        return { bindings: page.map(toBinding), next_page_token: next }
      },
      async RemoveBinding({ principal, role }: { principal: string; role: string }, call) {
        const removed = await ports.bindings.remove(principal, toRole(role), call)
        return { binding: toBinding(removed.binding), receipt: toReceipt(removed.receipt) }
      },
      async ErasePayload(request: { log: string; leaf_index: string; reason: string }, { caller }) {
        const { log, leaf_index, reason } = request
        const { receipt } = await ports.erase({ log, index: toIndex(leaf_index), reason }, caller)
        return { receipt: toReceipt(receipt) }
      },
      async RotateKey({ use, compromised }: { use: string; compromised: boolean }, call) {
        const rotated = await ports.rotateKey(use, compromised, call)
        return {
          key_id: rotated.kid,
          receipt: toReceipt(rotated.receipt),
          signs_from: toTimestamp(rotated.signsFromMs),
          old_key_ends_at: toTimestamp(rotated.oldEndsAtMs),
          revoked_executions: String(rotated.revoked),
          is_revoking: rotated.isRevoking,
        }
      },
      async GetServerInfo() {
        const { epoch, active } = ports.control()
        const { origin, verifierKey, development, startedAtMs } = ports.info
        return {
          version: VERSION,
          log: origin,
          verifier_key: verifierKey,
          bundle_digest: active ? Buffer.from(fromHex(active.policy.digest)) : Buffer.alloc(0),
          bundle_version: active?.policy.version ?? "",
          epoch: epoch.toString(),
          development,
          started_at: { seconds: Math.floor(startedAtMs / 1000), nanos: (startedAtMs % 1000) * 1_000_000 },
          tree_size: String(ports.treeSize()),
        }
      },
    },
  }
}

function toCallerKey({ id, role, state, expiresAtMs, scope }: CallerKey): object {
  return {
    id,
    role,
    state,
    ...(expiresAtMs !== null && { expires_at: toTimestamp(expiresAtMs) }),
    ...(scope && { scope }),
  }
}

function toBinding({ principal, role, scope, expires_at }: Binding): object {
  return {
    principal,
    role,
    ...(scope && { scope }),
    ...(expires_at !== undefined && { expires_at: toTimestamp(expires_at) }),
  }
}

/** Throws INVALID_REQUEST. */
function toRole(text: string): Role {
  if (ROLES.includes(text as Role)) return text as Role
  throw new WritError("INVALID_REQUEST", `role must be one of ${ROLES.join(", ")}.`)
}

/** Unix milliseconds; null: never. */
function toMs(time: WireTime | null): number | null {
  return time && toMilliseconds(time)
}
