/** Holds the control state and replaces it whole when the epoch has moved. */

import { toHex } from "../formats/bytes.ts"
import { dsseSigningInput } from "../formats/dsse.ts"
import type { StoredRecord } from "../ledger/lineage.ts"
import type { Policy } from "../policy/types.ts"
import type { Runtime } from "../runtime/runtime.ts"
import { type Binding, bindingName } from "./binding.ts"
import type { CheckTrust } from "./bundle-trust.ts"
import type { DirectiveRow } from "./directives.ts"
import type { ReferenceSet } from "./reference-values.ts"
import type { ActivePolicy, CallerKey, ControlState } from "./state.ts"
import type { TokenKey } from "./token-key.ts"

/** Rows as the database has them, read in one snapshot. */
export interface ControlRows {
  readonly epoch: bigint
  readonly activeBundle: { readonly digest: Uint8Array; readonly signatures: readonly BundleSignature[] } | null
  readonly callers: readonly CallerKey[]
  readonly tokenKeys: readonly TokenKey[]
  /** What changed since the epoch that `load` was told of: these are only added to and replaced, never removed. */
  readonly runtimes: readonly { readonly key: string; readonly runtime: Runtime }[]
  readonly references: readonly ReferenceSet[]
  readonly bindings: readonly Binding[]
  readonly revokedKeys: readonly string[]
  readonly directives: readonly DirectiveRow[]
  /** The record that says which bundle is the shadow. No decision sees it: it is no part of the control state. */
  readonly shadow: Pick<StoredRecord, "leafHash" | "body"> | null
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
  readonly checkTrust: CheckTrust
  /** The stored bundle of this digest, compiled; null when none is stored, or what is stored is none. */
  policyOf(digest: string): Promise<Policy | null>
  /** How long a load waits for a bundle that is still compiled; after that it is in force, and nothing can be decided. */
  readonly bundleWaitMs?: number
  onChange?(state: ControlState, rows: Pick<ControlRows, "directives" | "shadow">): void
}

/** Decisions wait so long for a new bundle, as they do for an append; then they are told to come again. */
const BUNDLE_WAIT_MS = 1_000

interface NamedBundle {
  readonly digest: string
  readonly policy: Promise<Policy | null>
}
type Found = { readonly active: ActivePolicy | null } | { readonly isLoading: true }

export class Control {
  readonly #options: ControlOptions
  #state: ControlState = {
    epoch: -1n,
    active: null,
    callers: new Map(),
    bindings: new Map(),
    runtimes: new Map(),
    references: new Map(),
    revokedKeys: new Set(),
    tokenKeys: [],
  }
  #loading: Promise<void> | null = null
  /** The bundle that the database names, from when it is first seen until it names another. */
  #bundle: NamedBundle | null = null

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
    if (rows.epoch === this.#state.epoch && !this.#state.isLoading) return
    const found = await this.#find(rows.activeBundle)
    const callers = new Map(rows.callers.map((key) => [key.id, key]))
    const { bindings, runtimes, references, revokedKeys } = this.#state
    this.#state = {
      epoch: rows.epoch,
      active: null,
      ...found,
      callers,
      bindings:
        rows.bindings.length === 0
          ? bindings
          : new Map([...bindings, ...rows.bindings.map((one) => [bindingName(one.principal, one.role), one] as const)]),
      runtimes:
        rows.runtimes.length === 0
          ? runtimes
          : new Map([...runtimes, ...rows.runtimes.map(({ key, runtime }) => [key, runtime] as const)]),
      references:
        rows.references.length === 0
          ? references
          : new Map([...references, ...rows.references.map((set) => [set.name, set] as const)]),
      revokedKeys: rows.revokedKeys.length === 0 ? revokedKeys : new Set([...revokedKeys, ...rows.revokedKeys]),
      tokenKeys: rows.tokenKeys,
    }
    this.#options.onChange?.(this.#state, rows)
  }

  /** The epoch has moved, so the bundle before is of no use: what is not compiled soon is waited for without it. */
  async #find(row: ControlRows["activeBundle"]): Promise<Found> {
    if (!row) return { active: null }
    const digest = toHex(row.digest)
    if (this.#bundle?.digest !== digest) this.#bundle = { digest, policy: this.#options.policyOf(digest) }
    const bundle = this.#bundle
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#options.bundleWaitMs ?? BUNDLE_WAIT_MS)
    })
    try {
      const policy = await Promise.race([bundle.policy, late])
      if (policy === undefined) {
        void bundle.policy.then(
          () => this.refresh().catch(() => {}), // tried again at the next poll
          () => {},
        )
        return { isLoading: true }
      }
      // Verified once: what raises the epoch is seldom the bundle.
      return { active: policy && { policy, problems: await this.#options.checkTrust(policy, digest, row.signatures) } }
    } catch {
      if (this.#bundle === bundle) this.#bundle = null // whoever was to compile it died; the next refresh tries again
      return { isLoading: true }
    } finally {
      clearTimeout(timer)
    }
  }
}

export const BUNDLE_PAYLOAD_TYPE = "application/vnd.writ.bundle+json"

/** What a signature of a bundle is over. */
export function bundleSigningInput(content: Uint8Array): Uint8Array {
  return dsseSigningInput(BUNDLE_PAYLOAD_TYPE, content)
}
