/** API keys: made, revoked, each change a record. The text is `writ_ROLE_ID_SECRET`; only the secret's hash is kept. */
import { randomBytes } from "node:crypto"
import { sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import { checkScope, encodeScope, type Scope } from "./scope.ts"
import { seal } from "./seal.ts"
import type { Caller, CallerKey, ControlState, Role } from "./state.ts"

const MAX_ATTEMPTS = 16

export interface KeyChanged {
  readonly key: CallerKey
  readonly receipt: { readonly origin: string; readonly index: number; readonly leafHash: Uint8Array }
}

export interface CallerKeyDependencies {
  readonly clock: Clock
  readonly origin: string
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
}

/** A new key's text. */
export function makeApiKey(role: Role): string {
  return `writ_${role}_${randomBytes(4).toString("hex")}_${randomBytes(32).toString("base64url")}`
}

/** Null when the text is not an API key. */
export function parseApiKey(
  text: string,
): { readonly role: Role; readonly id: string; readonly secretHash: Uint8Array } | null {
  const match = /^writ_([a-z]+)_([0-9a-f]{8})_([A-Za-z0-9_-]{43})$/.exec(text)
  return (
    match && {
      role: match[1] as Role,
      id: match[2] as string,
      secretHash: sha256(Buffer.from(match[3] as string, "latin1")),
    }
  )
}

export function createCallerKeys(deps: CallerKeyDependencies) {
  async function change(build: () => CallerKey, actor: Actor): Promise<KeyChanged> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { epoch } = deps.control()
      const key = build()
      const { id, role, state, expiresAtMs, secretHash, scope } = key
      const record = seal(
        {
          kind: "caller_key_changed",
          actor,
          epoch: String(epoch + 1n),
          data: { id, role, state, expires_at_ms: expiresAtMs },
        },
        encodeCanonicalJson({ ...(scope && { scope: scope as JsonObject }), secret_hash: toHex(secretHash) }),
        deps.clock.now().wallMs,
      )
      const result = await deps.ledger.append({
        record,
        epoch,
        change: { effects: [{ kind: "caller_key", ...key, scope: scope && encodeScope(scope) }], raisesEpoch: true },
      })
      if (result.kind === "written")
        return { key, receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash } }
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }

  return {
    /** Registers a key whose text exists already (made with the data folder). */
    async register(text: string, actor: Actor): Promise<KeyChanged> {
      const parsed = parseApiKey(text)
      if (!parsed)
        throw new WritError(
          "DATA_FOLDER_UNFIT",
          "A file under api-keys/ does not hold an API key. Remove it to get a new one.",
        )
      return await change(() => ({ ...parsed, state: "active", expiresAtMs: null, scope: null }), actor)
    },

    async create(
      role: Role,
      expiresAtMs: number | null,
      limits: Scope,
      caller: Caller,
    ): Promise<KeyChanged & { readonly text: string }> {
      if (expiresAtMs !== null && expiresAtMs <= deps.clock.now().wallMs)
        throw new WritError("INVALID_REQUEST", "expires_at is in the past.")
      const scope = checkScope(role, limits)
      const text = makeApiKey(role)
      const parsed = parseApiKey(text) as NonNullable<ReturnType<typeof parseApiKey>>
      return {
        ...(await change(() => ({ ...parsed, state: "active", expiresAtMs, scope }), {
          id: caller.id,
          proof: caller.proof,
        })),
        text,
      }
    },

    /** When this resolves, no call that starts from then on is accepted with the key. Throws NOT_FOUND. */
    async revoke(id: string, caller: Caller): Promise<KeyChanged> {
      return await change(
        () => {
          const key = deps.control().callers.get(id)
          if (!key) throw new WritError("NOT_FOUND", "There is no key with this id.")
          return { ...key, state: "revoked" }
        },
        { id: caller.id, proof: caller.proof },
      )
    },
  }
}
