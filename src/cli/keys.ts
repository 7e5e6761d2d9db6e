/** `writ keys`: through AdminService, so that every change is a record. */
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

interface Key {
  readonly id: string
  readonly role: string
  readonly state: string
}

export async function listKeys(flags: Flags): Promise<number> {
  const { caller_keys } = await withClient(flags, "admin", (client) =>
    client.call<{ caller_keys: Key[] }>("admin", "ListCallerKeys", {}),
  )
  if (flags["json"]) printJson(caller_keys)
  else for (const { id, role, state } of caller_keys) print(`${id}  ${role.padEnd(9)} ${state}`)
  return 0
}

export async function createKey(role: string, flags: Flags): Promise<number> {
  const made = await withClient(flags, "admin", (client) =>
    client.call<{ key: string; caller_key: Key }>("admin", "CreateCallerKey", { role }),
  )
  if (flags["json"]) printJson(made)
  else print(`${made.key}\nKeep it: it is not shown again. Its id is ${made.caller_key.id}.`)
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
