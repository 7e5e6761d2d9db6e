/** `writ bindings`: which roles principals have without an API key, through AdminService, so that every change is a record. */
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"
import { describeLimits, type ScopeFlags, toLimits, type WireLimits } from "./scope.ts"

interface Binding extends WireLimits {
  readonly principal: string
  readonly role: string
}

export async function putBinding(principal: string, role: string, flags: Flags & ScopeFlags): Promise<number> {
  const made = await withClient(flags, "admin", (client) =>
    client.call<{ binding: Binding }>("admin", "PutBinding", { binding: { principal, role, ...toLimits(flags) } }),
  )
  if (flags["json"]) printJson(made)
  else print(`${principal} is ${role} from now on, for ${describeLimits(made.binding)}.`)
  return 0
}

export async function listBindings(flags: Flags): Promise<number> {
  const bindings = await withClient(flags, "admin", async (client) => {
    const all: Binding[] = []
    let token = ""
    do {
      const page = await client.call<{ bindings: Binding[]; next_page_token: string }>("admin", "ListBindings", {
        page_size: 500,
        page_token: token,
      })
      all.push(...page.bindings)
      token = page.next_page_token
    } while (token !== "")
    return all
  })
  if (flags["json"]) printJson(bindings)
  else
    for (const binding of bindings) print(`${binding.role.padEnd(9)} ${binding.principal}  ${describeLimits(binding)}`)
  return 0
}

export async function removeBinding(principal: string, role: string, flags: Flags): Promise<number> {
  const removed = await withClient(flags, "admin", (client) =>
    client.call<{ binding: Binding }>("admin", "RemoveBinding", { principal, role }),
  )
  if (flags["json"]) printJson(removed)
  else print(`${principal} is not ${role} any more.`)
  return 0
}
