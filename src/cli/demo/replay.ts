/** Act IV: a runtime says by signed beats that it is still what it was. Somebody has recorded one. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { makeRuntimeKey } from "../../client/runtime-key.ts"
import { type HeartbeatReply, type HeartbeatRequest, registerRuntime } from "../../client/runtime-session.ts"
import { PACKAGE_ROOT } from "../../rpc/api.ts"
import { print } from "../output.ts"
import type { Stage } from "./stage.ts"

const RUNTIME_ID = "exec:scheduler"

export async function tellReplayed({ client }: Stage): Promise<void> {
  print("\nIV. A runtime lives by its signed beats. Somebody has recorded one.\n")
  const code = createHash("sha256")
    .update(readFileSync(join(PACKAGE_ROOT, "package.json")))
    .digest("hex")
  const session = await registerRuntime(client, { id: RUNTIME_ID, key: makeRuntimeKey(), measurements: { code } })
  const recorded = session.nextBeat()
  const first = await session.beat()
  const second = await session.beat()
  if (!first.accepted || !second.accepted) throw new Error("an honest beat was refused")
  print(`▸ The runtime ${RUNTIME_ID} registers and beats twice: it is ${toState(second)}.`)

  print("▸ The first of these beats, signature and all, is sent again.")
  print(`  Refused: ${refusal(await send(recorded))}`)
  print("▸ The same with the number of the beat that is due now.")
  print(`  Refused: ${refusal(await send({ ...recorded, sequence: session.nextBeat().sequence }))}`)

  const next = await session.beat()
  if (!next.accepted || toState(next) !== "TRUSTED") throw new Error("a replay harmed the runtime")
  print(`▸ The runtime itself beats on: beat ${next.sequence} is accepted, it is ${toState(next)}. No harm was done.`)
  await session.end()

  async function send(beat: HeartbeatRequest): Promise<HeartbeatReply> {
    return await client.call<HeartbeatReply>("verifier", "Heartbeat", beat)
  }
}

function refusal({ accepted, reasons }: HeartbeatReply): string {
  const [reason] = reasons
  if (accepted || !reason) throw new Error("a replayed beat was accepted")
  return `${reason.code}. ${reason.text}`
}

function toState({ state }: HeartbeatReply): string {
  return state.replace("RUNTIME_STATE_", "")
}
