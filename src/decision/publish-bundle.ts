/** PublishBundle: a bundle that compiles, that two engines read alike, whose tests pass and that a trusted key signs is stored, with a record. */
import { sha256OfLong } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { fromHex, toBase64, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import type { Actor } from "../ledger/record.ts"
import type { Effect } from "../ledger/store.ts"
import { formatProblem } from "../policy/format-problem.ts"
import { isTestFile } from "../policy/merge-files.ts"
import type { Signer } from "../token/signer.ts"
import type { Call } from "./authorize.ts"
import {
  type BundleStore,
  type BundleSurroundings,
  type BundleView,
  invalidEnvelope,
  MAX_BUNDLE_ENVELOPE_BYTES,
  readBundleEnvelope,
  readSurroundings,
  toBundleView,
  trustedSignatures,
} from "./bundles.ts"
import { assertUsable } from "./caller.ts"
import type { BundleCheck, BundleFiles, CheckedBundle } from "./check-bundle.ts"
import { type BundleSignature, bundleSigningInput } from "./control.ts"
import { type Limit, limitOf, MAX_TIMEOUT_MS } from "./limits.ts"
import type { Rate } from "./rate.ts"
import type { Receipt } from "./runtime-changes.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"
import type { BundleTests } from "./test-bundle.ts"

const MAX_ATTEMPTS = 16
/** What is new is neither active nor waited for. */
const ALONE: BundleSurroundings = { active: null, pending: [], replicas: [], shadow: null }
/** Of what is wrong, in the text of an error; ValidateBundle tells all of it. */
const MAX_TOLD_CHARS = 1_024

export interface Published {
  readonly bundle: BundleView
  readonly receipt: Receipt
  readonly alreadyPublished: boolean
}

export interface PublishDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly rate: Rate
  readonly store: BundleStore
  control(): ControlState
  readonly ledger: { assertOpen(): void; append(entry: Entry): Promise<AppendResult> }
  checkFiles(files: BundleFiles, limitMs: number): Promise<BundleCheck>
  testFiles(files: BundleFiles, filter: string, limitMs: number): Promise<BundleTests>
  /** 32-byte public keys. */
  readonly trustedPolicyKeys: readonly Uint8Array[]
  /** Signs what comes without an envelope; null: that is refused. */
  readonly signer: Signer | null
}

export interface PublishRequest {
  readonly files: BundleFiles
  /** DSSE; empty: none. */
  readonly envelope: Uint8Array
  readonly comment: string
}

/** A checked bundle with the signatures that vouch for it, to be stored. */
export interface Publication {
  readonly checked: Pick<CheckedBundle, "digest" | "version" | "ruleCount" | "window" | "canonicalBytes" | "opinions">
  readonly signatures: readonly BundleSignature[]
  readonly comment: string
}

export type StorePublication = (publication: Publication, actor: Actor, limit?: Limit) => Promise<Published>

/**
 * Stores a bundle once, and adds signatures that are new. When it resolves, that is durable. Its content is stored before its
 * record: a crash between the two leaves bytes that nothing speaks of.
 */
export function createStorePublication(
  deps: Pick<PublishDependencies, "clock" | "origin" | "store" | "control"> & {
    readonly ledger: Pick<PublishDependencies["ledger"], "append">
  },
): StorePublication {
  /** Answers their SHA-256, lower-case hex. */
  const storeContent = async (digest: Uint8Array, content: Uint8Array) => {
    await deps.store.putContent(digest, content)
    return toHex(await sha256OfLong(content))
  }
  return async ({ checked, signatures, comment }, actor, limit) => {
    const digest = fromHex(checked.digest)
    let contentSha256: string | undefined
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const known = await deps.store.find(digest)
      const isNew = (one: BundleSignature) =>
        !known?.signatures.some(({ publicKey }) => toHex(publicKey) === toHex(one.publicKey))
      const added = signatures.filter(isNew)
      if (known && added.length === 0) {
        const { origin, index, leafHash } = known.record
        const bundle = toBundleView(known, await readSurroundings(deps.store, deps.clock.now().wallMs))
        return { bundle, receipt: { origin, index, leafHash }, alreadyPublished: true }
      }
      if (!known) contentSha256 ??= await storeContent(digest, checked.canonicalBytes)
      const { epoch } = deps.control()
      const { wallMs, monotonicMs } = deps.clock.now()
      if (limit && monotonicMs >= limit.deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
      const record = seal(
        {
          kind: known ? "bundle_signed" : "bundle_published",
          actor: { id: actor.id, proof: actor.proof },
          epoch: String(known ? epoch + 1n : epoch),
          data: known
            ? { digest: checked.digest, signatures: added.map(toSigned) }
            : describe(checked, added, contentSha256 as string),
        },
        comment === "" ? null : encodeCanonicalJson({ comment }),
        wallMs,
      )
      const effects: Effect[] = added.map((one) => ({ kind: "bundle_signature", digest, ...one }))
      if (!known) effects.unshift({ kind: "bundle", digest, publishedAtMs: wallMs })
      // A key that comes to be trusted makes every replica look at the active bundle again.
      const change = { effects, raisesEpoch: known !== null }
      const result = await deps.ledger.append({ record, epoch, change, ...limit })
      if (result.kind === "written" && !known)
        return {
          bundle: toBundleView({ digest, signatures: added, record, publishedAtMs: wallMs }, ALONE),
          receipt: { origin: deps.origin, index: result.index, leafHash: record.leafHash },
          alreadyPublished: false,
        }
      // a further signature was written, or somebody else changed something first: what is stored now says it
    }
    throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
  }
}

/** Throws POLICY_INVALID, INVALID_REQUEST, REQUEST_TOO_LARGE, DEADLINE_EXCEEDED, RATE_LIMITED, LEDGER_UNAVAILABLE, QUEUE_FULL. */
export function createPublish(deps: PublishDependencies) {
  const store = createStorePublication(deps)
  return async ({ files, envelope, comment }: PublishRequest, call: Call): Promise<Published> => {
    const limit = limitOf({ ...call, timeoutMs: call.timeoutMs ?? MAX_TIMEOUT_MS }, deps.clock.now().monotonicMs)
    if (envelope.length > MAX_BUNDLE_ENVELOPE_BYTES)
      throw new WritError("REQUEST_TOO_LARGE", `envelope is larger than ${MAX_BUNDLE_ENVELOPE_BYTES} bytes.`)
    deps.ledger.assertOpen() // before anything is compiled or stored
    const leftMs = () => limit.deadlineMs - deps.clock.now().monotonicMs
    const checked = await deps.checkFiles(files, leftMs())
    assertValid(checked)
    if (Object.keys(files).some(isTestFile)) assertTested(await deps.testFiles(files, "", leftMs()))
    const signatures = await vouch(checked.canonicalBytes, envelope)
    const { wallMs, monotonicMs } = deps.clock.now()
    assertUsable(deps.control(), call.caller, wallMs)
    deps.rate.take(call.caller.keyId, checked.canonicalBytes.length, monotonicMs)
    return await store({ checked, signatures, comment }, call.caller, limit)
  }

  /** The signatures of trusted keys in the envelope, or this daemon's own. */
  async function vouch(content: Uint8Array, envelope: Uint8Array): Promise<readonly BundleSignature[]> {
    if (envelope.length === 0) {
      if (!deps.signer)
        throw invalidEnvelope(
          "is missing: this daemon does not sign what others publish (policy-sign). Sign the bundle with a trusted policy key",
        )
      return [await signBundle(content, deps.signer)]
    }
    const trusted = trustedSignatures(content, readBundleEnvelope(envelope, content), deps.trustedPolicyKeys)
    if (trusted.length === 0)
      throw invalidEnvelope("is not signed by a trusted policy key over this bundle. See policy-trusted-keys")
    return trusted
  }
}

export async function signBundle(content: Uint8Array, signer: Signer): Promise<BundleSignature> {
  return { publicKey: signer.publicKey, signature: await signer.signLong(bundleSigningInput(content)) }
}

/** Throws POLICY_INVALID, with the first of what is wrong. */
export function assertValid(check: BundleCheck): asserts check is CheckedBundle {
  if (!check.ok) throw invalid(check.problems.map(formatProblem))
  const [disagreement] = check.opinions.disagreements
  if (!disagreement) return
  const { id, source, mine, other } = disagreement
  throw new WritError(
    "POLICY_INVALID",
    `Two engines read a condition differently, so it may mean either. ${id}: ${source.slice(0, MAX_TOLD_CHARS)}: this engine says ${mine}, cel-js says ${other}`,
  )
}

/** Throws POLICY_INVALID, with the first test that failed. */
function assertTested(tests: BundleTests): void {
  if (!tests.ok) throw invalid(tests.problems.map(formatProblem))
  const failed = tests.results.filter(({ passed }) => !passed)
  const [first] = failed
  if (!first) return
  const { name, detail, at } = first
  const told = `${at.file}:${at.line}:${at.column} ${name}: ${detail}`
  throw new WritError(
    "POLICY_INVALID",
    `${failed.length} of the bundle's ${tests.results.length} tests failed, so nothing was published. ${told.slice(0, MAX_TOLD_CHARS)}`,
  )
}

function invalid(told: readonly string[]): WritError {
  const first = told[0] as string
  const more = told.length > 1 ? `\nand ${told.length - 1} more: ValidateBundle tells them all.` : ""
  return new WritError("POLICY_INVALID", `The bundle is not valid:\n${first.slice(0, MAX_TOLD_CHARS)}${more}`)
}

function describe(checked: Publication["checked"], signatures: readonly BundleSignature[], contentSha256: string) {
  const { digest, version, ruleCount, window, opinions } = checked
  return {
    content_sha256: contentSha256,
    digest,
    ...(Number.isFinite(window.notAfterMs) && { not_after: new Date(window.notAfterMs).toISOString() }),
    ...(Number.isFinite(window.notBeforeMs) && { not_before: new Date(window.notBeforeMs).toISOString() }),
    rules: ruleCount,
    second_opinion: { confirmed: opinions.confirmed, outside: opinions.outside },
    signatures: signatures.map(toSigned),
    version,
  }
}

function toSigned({ publicKey, signature }: BundleSignature) {
  return { public_key: toBase64(publicKey), signature: toBase64(signature) }
}
