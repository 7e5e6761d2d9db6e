/** `writ policy list` and `writ policy show`: which bundles there are, which one decides, and where. */
import { writeFileSync } from "node:fs"
import type { WritClient } from "../client/connect.ts"
import { BUNDLE_PAYLOAD_TYPE } from "../decision/control.ts"
import { WritError } from "../errors.ts"
import { encodeDsseEnvelope, parseDsseEnvelope } from "../formats/dsse.ts"
import type { Flags } from "./cli.ts"
import { print, printJson } from "./output.ts"
import { withClient } from "./remote.ts"

/** What is checked may be large. */
export const TIMEOUT_MS = 30_000

export type Time = { readonly seconds: string; readonly nanos: number } | null
export interface Bundle {
  readonly digest: Buffer
  readonly version: string
  readonly rule_count: number
  readonly state: string
  readonly not_before: Time
  readonly not_after: Time
  readonly published_at: Time
  readonly signed_by: readonly Buffer[]
  readonly engine_version: string
  readonly previous_digest: Buffer
  readonly replicas: readonly Replica[]
  readonly pending: { readonly activation_id: string; readonly requested_by: string; readonly expires_at: Time } | null
}
interface Replica {
  readonly log: string
  readonly acknowledged: boolean
  readonly digest: Buffer
  readonly problem: string
}
interface Got {
  readonly bundle: Bundle
  readonly content: Buffer
  readonly envelopes: readonly Buffer[]
}

export async function listCommand(flags: Flags): Promise<number> {
  const bundles = await withClient(flags, "operator", listBundles)
  if (flags["json"]) printJson(bundles.map(toJson))
  else
    for (const { digest, version, rule_count, state, published_at } of bundles)
      print(
        `${toHexDigest(digest)}  ${state.padEnd(9)}  ${toText(published_at)}  ${rule_count} rules, version ${version}`,
      )
  return 0
}

/** Without a digest: the active one. */
export async function showCommand(given: string | undefined, flags: Flags): Promise<number> {
  const file = flags["export"] as string | undefined
  const got = await withClient(flags, "operator", async (client) => {
    const digest = given === undefined ? Buffer.alloc(0) : await findDigest(client, given)
    return await client.call<Got>("policy", "GetBundle", { digest, with_content: file !== undefined }, TIMEOUT_MS)
  })
  if (file !== undefined) writeFileSync(file, toEnvelope(got))
  if (flags["json"]) printJson(toJson(got.bundle))
  else tell(got.bundle)
  return 0
}

/** A digest, or its beginning where that is of one bundle only. Throws NOT_FOUND, INVALID_REQUEST. */
export async function findDigest(client: WritClient, given: string): Promise<Buffer> {
  if (!/^[0-9a-f]{8,64}$/.test(given))
    throw new WritError(
      "INVALID_REQUEST",
      `"${given}" is not a digest: 64 digits of lower-case hex, or the first 8 or more.`,
    )
  if (given.length === 64) return Buffer.from(given, "hex")
  const found = (await listBundles(client)).filter(({ digest }) => toHexDigest(digest).startsWith(given))
  const [bundle] = found
  if (!bundle)
    throw new WritError("NOT_FOUND", `No bundle's digest begins with ${given}. \`writ policy list\` shows them.`)
  if (found.length > 1)
    throw new WritError("INVALID_REQUEST", `The digests of ${found.length} bundles begin with ${given}.`)
  return bundle.digest
}

export async function getActive(client: WritClient): Promise<Bundle> {
  return (await client.call<Got>("policy", "GetBundle", {}, TIMEOUT_MS)).bundle
}

export function toHexDigest(digest: Buffer): string {
  return digest.toString("hex")
}

export function tellReplicas(replicas: readonly Replica[]): void {
  for (const { log, acknowledged, digest, problem } of replicas) {
    const instead =
      problem || (digest.length > 0 ? `still decides by ${toHexDigest(digest).slice(0, 16)}…` : "decides nothing")
    print(`  ${acknowledged ? "decides by it" : `NOT YET: ${instead}`}  ${log}`)
  }
}

async function listBundles(client: WritClient): Promise<Bundle[]> {
  const all: Bundle[] = []
  let page_token = ""
  do {
    const page = await client.call<{ bundles: Bundle[]; next_page_token: string }>(
      "policy",
      "ListBundles",
      { page_size: 500, page_token },
      TIMEOUT_MS,
    )
    all.push(...page.bundles)
    page_token = page.next_page_token
  } while (page_token !== "")
  return all
}

function tell(bundle: Bundle): void {
  print(`${toHexDigest(bundle.digest)}  ${bundle.state}`)
  print(
    `version ${bundle.version}, ${bundle.rule_count} rules, published ${toText(bundle.published_at)} (${bundle.engine_version})`,
  )
  if (bundle.not_before) print(`valid from ${toText(bundle.not_before)}`)
  if (bundle.not_after) print(`valid until ${toText(bundle.not_after)}`)
  for (const key of bundle.signed_by) print(`signed by ${key.toString("base64")}`)
  if (bundle.pending)
    print(
      `waits for a second operator until ${toText(bundle.pending.expires_at)}, asked for by ${bundle.pending.requested_by}: writ policy approve ${bundle.pending.activation_id}`,
    )
  if (bundle.previous_digest.length > 0) print(`active before: ${toHexDigest(bundle.previous_digest)}`)
  tellReplicas(bundle.replicas)
}

/** As other DSSE tools read it: the payload in it, and all signatures in one. */
function toEnvelope({ content, envelopes }: Got): Uint8Array {
  const signatures = envelopes.flatMap((envelope) => parseDsseEnvelope(envelope).signatures)
  return encodeDsseEnvelope({ payloadType: BUNDLE_PAYLOAD_TYPE, payload: content, signatures })
}

function toJson(bundle: Bundle): object {
  return { ...bundle, digest: toHexDigest(bundle.digest), previous_digest: toHexDigest(bundle.previous_digest) }
}

export function toText(time: Time): string {
  return time ? new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6)).toISOString() : ""
}
