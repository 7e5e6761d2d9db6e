/** Before the first act: what decides, and that a second engine reads it alike. */
import { join } from "node:path"
import { utf8 } from "../../formats/bytes.ts"
import { readPolicyFolder } from "../../store/policy-folder.ts"
import { print } from "../output.ts"
import type { Stage } from "./stage.ts"

interface Validated {
  readonly valid: boolean
  readonly rule_count: number
  readonly confirmed_count: number
  readonly outside_count: number
}

export async function tellPolicy({ client, data }: Stage): Promise<void> {
  const files = Object.entries(readPolicyFolder(join(data, "policy"))).map(([path, text]) => ({
    path,
    content: Buffer.from(utf8(text)),
  }))
  const { valid, rule_count, confirmed_count, outside_count } = await client.call<Validated>(
    "policy",
    "ValidateBundle",
    { files },
  )
  if (!valid || confirmed_count === 0) throw new Error("the example policy was not confirmed")
  print(
    `▸ Its policy has ${rule_count} rules. cel-js, an engine that shares no code with Writ's, confirmed ${confirmed_count} of its conditions; ${outside_count} are outside of what it can judge.`,
  )
}
