/** AdminService: caller keys, erasure, and what this daemon is. */

import type { Call } from "../decision/authorize.ts"
import type { KeyChanged } from "../decision/caller-keys.ts"
import type { Erased, EraseRequest } from "../decision/erase.ts"
import type { KeyRotated } from "../decision/rotate-key.ts"
import type { Caller, CallerKey, ControlState, Role } from "../decision/state.ts"
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import { VERSION } from "../version.ts"
import { toReceipt } from "./authorization.ts"
import { toIndex } from "./lineage.ts"
import { loadService, SERVICES } from "./load.ts"
import { ROLES } from "./roles.ts"
import type { Service } from "./server.ts"
import { toTimestamp } from "./timestamp.ts"

export interface AdminPorts {
  control(): ControlState
  createKey(role: Role, expiresAtMs: number | null, actor: Caller): Promise<KeyChanged & { readonly text: string }>
  revokeKey(id: string, actor: Caller): Promise<KeyChanged>
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
        { role, expires_at }: { role: string; expires_at: { seconds: string; nanos: number } | null },
        { caller },
      ) {
        if (!ROLES.includes(role as Role))
          throw new WritError("INVALID_REQUEST", `role must be one of ${ROLES.join(", ")}.`)
        const expiresAtMs = expires_at ? Number(expires_at.seconds) * 1000 : null
        const made = await ports.createKey(role as Role, expiresAtMs, caller)
        return { key: made.text, caller_key: toCallerKey(made.key), receipt: toReceipt(made.receipt) }
      },
      async ListCallerKeys() {
        return { caller_keys: [...ports.control().callers.values()].map(toCallerKey) }
      },
      async RevokeCallerKey({ id }: { id: string }, { caller }) {
        const revoked = await ports.revokeKey(id, caller)
        return { caller_key: toCallerKey(revoked.key), receipt: toReceipt(revoked.receipt) }
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

function toCallerKey({ id, role, state, expiresAtMs }: CallerKey): object {
  return {
    id,
    role,
    state,
    ...(expiresAtMs !== null && { expires_at: { seconds: Math.floor(expiresAtMs / 1000), nanos: 0 } }),
  }
}
