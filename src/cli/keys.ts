/** `writ keys`: API keys of callers and signing keys, through AdminService, so that every change is a record. */
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"
import { describeLimits, type ScopeFlags, toLimits, type WireLimits } from "./scope.ts"

interface Key extends WireLimits {
  readonly id: string
  readonly role: string
  readonly state: string
}

export async function listKeys(flags: Flags): Promise<number> {
  const { caller_keys } = await withClient(flags, "admin", (client) =>
    client.call<{ caller_keys: Key[] }>("admin", "ListCallerKeys", {}),
  )
  if (flags["json"]) printJson(caller_keys)
  else
    for (const key of caller_keys)
      print(`${key.id}  ${key.role.padEnd(9)} ${key.state.padEnd(8)} ${describeLimits(key)}`)
  return 0
}

export async function createKey(role: string, flags: Flags & ScopeFlags): Promise<number> {
  const made = await withClient(flags, "admin", (client) =>
    client.call<{ key: string; caller_key: Key }>("admin", "CreateCallerKey", { role, ...toLimits(flags) }),
  )
  if (flags["json"]) printJson(made)
  else
    print(
      `${made.key}\nKeep it: it is not shown again. Its id is ${made.caller_key.id}; it speaks for ${describeLimits(made.caller_key)}.`,
    )
  return 0
}

export async function revokeKey(id: string, flags: Flags): Promise<number> {
  const revoked = await withClient(flags, "admin", (client) =>
    client.call<{ caller_key: Key }>("admin", "RevokeCallerKey", { id }),
  )
  if (flags["json"]) printJson(revoked)
  else print(`Key ${revoked.caller_key.id} (${revoked.caller_key.role}) is revoked.`)
  return 0
}

interface Rotation {
  readonly key_id: string
  readonly signs_from: { readonly seconds: string }
  readonly old_key_ends_at: { readonly seconds: string }
  readonly revoked_executions: string
  readonly is_revoking: boolean
}

export async function rotateKey(use: string, flags: Flags): Promise<number> {
  const compromised = flags["compromised"] === true
  const rotated = await withClient(flags, "operator", (client) =>
    client.call<Rotation>("admin", "RotateKey", { use, compromised }),
  )
  if (flags["json"]) printJson(rotated)
  else if (compromised) {
    const rest = rotated.is_revoking ? ", and others are being revoked" : ""
    print(
      `Key ${rotated.key_id} signs from now on. The old key is withdrawn; ${rotated.revoked_executions} executions that it had started are revoked${rest}.`,
    )
    print("Executors that keep a key set take the old key until they fetch it again: restart them, or wait for that.")
  } else
    print(
      `Key ${rotated.key_id} is published, and signs from ${toTime(rotated.signs_from)} on. The old key counts until ${toTime(rotated.old_key_ends_at)}.`,
    )
  return 0
}

function toTime({ seconds }: { readonly seconds: string }): string {
  return new Date(Number(seconds) * 1000).toISOString()
}
