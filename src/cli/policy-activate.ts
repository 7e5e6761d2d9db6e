/** `writ policy activate`, `rollback` and `approve`: which bundle decides. */
import { setTimeout as sleep } from "node:timers/promises"
import type { WritClient } from "../client/connect.ts"
import { WritError } from "../errors.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { type Bundle, findDigest, getActive, TIMEOUT_MS, tellReplicas, toHexDigest } from "./policy-show.ts"
import { withClient } from "./remote.ts"

const POLL_MS = 200
/** Not every replica has acknowledged it in time. */
const EXIT_NOT_EVERYWHERE = 2

interface Activated {
  readonly bundle: Bundle
  readonly epoch: string
  readonly activation_id?: string
}

export async function activateCommand(given: string, flags: Flags): Promise<number> {
  return await withClient(flags, "operator", async (client) => {
    const expected = flags["expect"] as string | undefined
    const request = {
      digest: await findDigest(client, given),
      expected_active_digest: expected === undefined ? Buffer.alloc(0) : await findDigest(client, expected),
    }
    return await activate(client, request, flags)
  })
}

/** To an earlier bundle; without a digest to the one that was active before, as long as nobody else changes it meanwhile. */
export async function rollbackCommand(given: string | undefined, flags: Flags): Promise<number> {
  return await withClient(flags, "operator", async (client) => {
    const active = await getActive(client)
    if (given === undefined && active.previous_digest.length === 0)
      throw new WritError("NOT_FOUND", "No bundle was active before this one: there is nothing to go back to.")
    const digest = given === undefined ? active.previous_digest : await findDigest(client, given)
    return await activate(client, { digest, expected_active_digest: active.digest }, flags)
  })
}

/** By an operator with another key than the one who asked. */
export async function approveCommand(id: string, flags: Flags): Promise<number> {
  return await withClient(flags, "operator", async (client) => {
    const request = { activation_id: id, approve: flags["refuse"] !== true, reason: reasonOf(flags) }
    const decided = await client.call<Activated>("policy", "DecideActivation", request, TIMEOUT_MS)
    if (request.approve) return await tellActivated(client, decided, flags)
    if (flags["json"]) printJson(decided)
    else print(`Refused: ${toHexDigest(decided.bundle.digest)} stays ${decided.bundle.state}.`)
    return 0
  })
}

async function activate(client: WritClient, request: object, flags: Flags): Promise<number> {
  const activated = await client.call<Activated>(
    "policy",
    "ActivateBundle",
    { ...request, reason: reasonOf(flags) },
    TIMEOUT_MS,
  )
  return await tellActivated(client, activated, flags)
}

async function tellActivated(client: WritClient, activated: Activated, flags: Flags): Promise<number> {
  const digest = toHexDigest(activated.bundle.digest)
  if (activated.activation_id) {
    if (flags["json"]) printJson({ ...activated, digest })
    else {
      print(`${digest} waits for a second operator.`)
      print(`With another key than yours: writ policy approve ${activated.activation_id} --key KEY`)
    }
    return 0
  }
  const limitMs = flags["wait"] === undefined ? 0 : toSeconds(flags["wait"]) * 1_000
  const bundle = limitMs > 0 ? await waitForAll(client, activated.bundle, limitMs) : activated.bundle
  const isEverywhere = bundle.replicas.every(({ acknowledged }) => acknowledged)
  if (flags["json"]) printJson({ ...activated, bundle, digest, acknowledged_by_all: isEverywhere })
  else {
    print(`${digest} decides on every replica from control epoch ${activated.epoch} on (version ${bundle.version}).`)
    tellReplicas(bundle.replicas)
  }
  return limitMs > 0 && !isEverywhere ? EXIT_NOT_EVERYWHERE : 0
}

/** Until all that are alive have acknowledged it, or another is active, or the time is over. */
async function waitForAll(client: WritClient, activated: Bundle, limitMs: number): Promise<Bundle> {
  const endMs = performance.now() + limitMs
  for (;;) {
    const bundle = await getActive(client)
    if (!bundle.digest.equals(activated.digest))
      throw new WritError("ACTIVE_BUNDLE_CHANGED", "Another bundle was activated meanwhile.")
    if (bundle.replicas.every(({ acknowledged }) => acknowledged) || performance.now() >= endMs) return bundle
    await sleep(POLL_MS)
  }
}

function reasonOf(flags: Flags): string {
  return (flags["reason"] as string | undefined) ?? ""
}

/** `--wait` alone: 30. */
function toSeconds(given: string | boolean): number {
  const seconds = given === true ? 30 : Number(given)
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= 3_600) return seconds
  throw new WritError("INVALID_REQUEST", "--wait takes a number of seconds from 1 to 3600.")
}
