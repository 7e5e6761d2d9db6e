/** Holds the control state and replaces it whole when the epoch has moved. */

import { equalBytes, toHex } from "../formats/bytes.ts"
import { dsseSigningInput } from "../formats/dsse.ts"
import { parsePublicKey, parseSignature } from "../formats/ed25519-keys.ts"
import type { Ed25519Verify } from "../formats/ports.ts"
import type { Policy } from "../policy/types.ts"
import type { Runtime } from "../runtime/runtime.ts"
import type { DirectiveRow } from "./directives.ts"
import type { ReferenceSet } from "./reference-values.ts"
import type { ActivePolicy, CallerKey, ControlState, Reason } from "./state.ts"

/** Rows as the database has them, read in one snapshot. */
export interface ControlRows {
  readonly epoch: bigint
  readonly activeBundle: {
    readonly digest: Uint8Array
    readonly content: Uint8Array
    readonly signatures: readonly BundleSignature[]
  } | null
  readonly callers: readonly CallerKey[]
  /** What changed since the epoch that `load` was told of: these are only added to and replaced, never removed. */
  readonly runtimes: readonly { readonly key: string; readonly runtime: Runtime }[]
  readonly references: readonly ReferenceSet[]
  readonly revokedKeys: readonly string[]
  readonly directives: readonly DirectiveRow[]
}
export interface BundleSignature {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

export interface ControlSource {
  /** `since`: the epoch that is known already; -1n: none. */
  load(since: bigint): Promise<ControlRows>
}

export interface ControlOptions {
  readonly source: ControlSource
  /** 32-byte public keys whose signature makes a bundle valid. */
  readonly trustedPolicyKeys: readonly Uint8Array[]
  readonly verify: Ed25519Verify
  /** Compiles canonical bytes; null when they are not a bundle. */
  compile(content: Uint8Array): Policy | null
  onChange?(state: ControlState, directives: readonly DirectiveRow[]): void
}

export class Control {
  readonly #options: ControlOptions
  #state: ControlState = {
    epoch: -1n,
    active: null,
    callers: new Map(),
    runtimes: new Map(),
    references: new Map(),
    revokedKeys: new Set(),
  }
  #loading: Promise<void> | null = null

  constructor(options: ControlOptions) {
    this.#options = options
  }

  get state(): ControlState {
    return this.#state
  }

  /** Resolves when the state is at least as new as the database was when this was called. */
  async refresh(): Promise<void> {
    if (this.#loading) await this.#loading.catch(() => {})
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    await this.#loading
  }

  async #load(): Promise<void> {
    const rows = await this.#options.source.load(this.#state.epoch)
    if (rows.epoch === this.#state.epoch) return
    const callers = new Map(rows.callers.map((key) => [key.id, key]))
    const { runtimes, references, revokedKeys } = this.#state
    this.#state = {
      epoch: rows.epoch,
      active: this.#activate(rows.activeBundle),
      callers,
      runtimes:
        rows.runtimes.length === 0
          ? runtimes
          : new Map([...runtimes, ...rows.runtimes.map(({ key, runtime }) => [key, runtime] as const)]),
      references:
        rows.references.length === 0
          ? references
          : new Map([...references, ...rows.references.map((set) => [set.name, set] as const)]),
      revokedKeys: rows.revokedKeys.length === 0 ? revokedKeys : new Set([...revokedKeys, ...rows.revokedKeys]),
    }
    this.#options.onChange?.(this.#state, rows.directives)
  }

  #activate(row: ControlRows["activeBundle"]): ActivePolicy | null {
    if (!row) return null
    const { verify, trustedPolicyKeys } = this.#options
    const digest = toHex(row.digest)
    const policy =
      this.#state.active?.policy.digest === digest && equalBytes(this.#state.active.policy.canonicalBytes, row.content)
        ? this.#state.active.policy
        : this.#options.compile(row.content)
    if (!policy) return null
    const problems: Reason[] = []
    if (policy.digest !== digest)
      problems.push({ code: "BUNDLE_ALTERED", text: "The stored bundle is not the one that its digest names." })
    const message = bundleSigningInput(row.content)
    const trusted = row.signatures.some(
      ({ publicKey, signature }) =>
        trustedPolicyKeys.some((key) => equalBytes(key, publicKey)) &&
        parsePublicKey(publicKey) !== null &&
        parseSignature(signature) !== null &&
        verify(publicKey, message, signature),
    )
    if (!trusted)
      problems.push({
        code: "BUNDLE_UNTRUSTED",
        text: "No trusted key has signed the active bundle. See policy-trusted-keys.",
      })
    return { policy, problems }
  }
}

export const BUNDLE_PAYLOAD_TYPE = "application/vnd.writ.bundle+json"

/** What a signature of a bundle is over. */
export function bundleSigningInput(content: Uint8Array): Uint8Array {
  return dsseSigningInput(BUNDLE_PAYLOAD_TYPE, content)
}
