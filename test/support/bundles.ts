/** Published bundles and activations in memory: what the ledger's effects make of them, and who gets in between. */

import type { Call } from "../../src/decision/authorize.ts"
import type {
  ActiveBundle,
  BundleStore,
  ReplicaRow,
  ShadowRow,
  StoredActivation,
  StoredBundle,
} from "../../src/decision/bundles.ts"
import { checkCanonical, checkFiles } from "../../src/decision/check-bundle.ts"
import type { Caller, CallerKey, ControlState } from "../../src/decision/state.ts"
import { WritError } from "../../src/errors.ts"
import { toHex } from "../../src/formats/bytes.ts"
import type { AppendResult, Entry } from "../../src/ledger/appender.ts"
import { readBody, type StoredRecord } from "../../src/ledger/lineage.ts"
import type { RecordBody } from "../../src/ledger/record.ts"
import type { Effect } from "../../src/ledger/store.ts"
import type { Policy } from "../../src/policy/types.ts"
import { CALLER, CALLER_KEY, FakeClock, ISSUER, testSigner } from "./decision.ts"
import { load, stateOf } from "./policy.ts"

export const POLICY_SIGNER = testSigner(1)

export const bundleText = (version: string, more: object = {}) =>
  JSON.stringify({
    version,
    types: { subjects: { a: { known: "any" } }, resources: { r: {} }, actions: { go: {} } },
    rules: [],
    ...more,
  })
export const policyOf = (version: string, more: object = {}): Policy => load(bundleText(version, more)).policy

export function callOf(keyId: string, more: Partial<Call> = {}): Call {
  const caller: Caller = { id: `key:operator-${keyId}`, keyId, role: "operator", scope: null, proof: "api-key" }
  return { caller, requestId: "r", timeoutMs: null, ...more }
}

export class BundleWorld {
  readonly clock = new FakeClock()
  readonly entries: Entry[] = []
  readonly bundles = new Map<string, StoredBundle>()
  readonly contents = new Map<string, Uint8Array>()
  readonly activations = new Map<string, StoredActivation>()
  readonly replicas: ReplicaRow[] = []
  active: ActiveBundle | null = null
  /** The record that set it. */
  shadow: StoredRecord | null = null
  readonly shadowRows: ShadowRow[] = []
  state: ControlState
  /** Done before the next appends are looked at, one each: what somebody else changes first. */
  readonly meanwhile: (() => unknown)[] = []

  constructor() {
    const key = (id: string): [string, CallerKey] => [id, { ...CALLER_KEY, id, role: "operator" }]
    const callers = new Map([key("one"), key("two"), [CALLER.keyId, CALLER_KEY] as [string, CallerKey]])
    this.state = { ...stateOf(null), callers }
  }

  isOpen = true
  readonly ledger = {
    assertOpen: () => {
      if (!this.isOpen) throw new WritError("LEDGER_UNAVAILABLE")
    },
    append: async (entry: Entry): Promise<AppendResult> => {
      await this.meanwhile.shift()?.()
      this.entries.push(entry)
      if (entry.epoch !== this.state.epoch) return { kind: "stale" }
      const isThere = (effect: Effect) => effect.kind === "bundle" && this.bundles.has(toHex(effect.digest))
      if (entry.change?.effects.some(isThere)) return { kind: "conflict" }
      const index = this.entries.length - 1
      this.#apply(entry.change?.effects ?? [], { origin: ISSUER.origin, logId: 1, index, ...entry.record })
      if (entry.change?.raisesEpoch) this.raiseEpoch()
      return { kind: "written", index }
    },
  }

  readonly store: BundleStore = {
    find: async (digest) => this.bundles.get(toHex(digest)) ?? null,
    content: async (digest) => this.contents.get(toHex(digest)) ?? null,
    putContent: async (digest, content) => void this.contents.set(toHex(digest), content),
    list: async () => [...this.bundles.values()],
    active: async () => this.active,
    activation: async (id) => this.activations.get(id) ?? null,
    pending: async (nowMs) =>
      [...this.activations.values()].filter(({ decision, expiresAtMs }) => !decision && expiresAtMs > nowMs),
    replicas: async () => this.replicas,
    shadow: async () => this.shadow,
    shadowRows: async () => this.shadowRows,
  }

  /** What every part of the life of a bundle leans on. */
  get shared() {
    const { clock, store, ledger } = this
    return {
      clock,
      store,
      ledger,
      origin: ISSUER.origin,
      control: () => this.state,
      trustedPolicyKeys: [POLICY_SIGNER.publicKey],
      checkFiles,
      checkCanonical: async (content: Uint8Array) => checkCanonical(content),
    }
  }

  raiseEpoch(): void {
    this.state = { ...this.state, epoch: this.state.epoch + 1n }
  }

  kinds(): readonly unknown[] {
    return this.entries.map(({ record }) => readBody(record.body).kind)
  }
  lastBody(): Partial<RecordBody> {
    return readBody((this.entries.at(-1) as Entry).record.body)
  }
  /** Of the last record. */
  lastPayload(): string {
    return Buffer.from((this.entries.at(-1) as Entry).record.payload ?? []).toString("latin1")
  }

  #apply(effects: readonly Effect[], record: StoredRecord): void {
    for (const effect of effects) {
      if (effect.kind === "bundle") {
        const { digest, publishedAtMs } = effect
        if (!this.contents.has(toHex(digest))) throw new Error("its content is not stored")
        this.bundles.set(toHex(digest), { digest, signatures: [], record, publishedAtMs })
      } else if (effect.kind === "bundle_signature") {
        const { digest, publicKey, signature } = effect
        const bundle = this.bundles.get(toHex(digest)) as StoredBundle
        this.bundles.set(toHex(digest), { ...bundle, signatures: [...bundle.signatures, { publicKey, signature }] })
      } else if (effect.kind === "activate") this.active = { digest: effect.digest, record }
      else if (effect.kind === "shadow") this.shadow = effect.isSet ? record : null
      else if (effect.kind === "activation_requested") {
        const { kind: _, ...activation } = effect
        this.activations.set(effect.id, { ...activation, record, decision: null })
      } else if (effect.kind === "activation_decided") {
        const { id, outcome, decidedBy: by } = effect
        const waiting = this.activations.get(id) as StoredActivation
        this.activations.set(id, { ...waiting, decision: { outcome, by, record } })
      } else throw new Error(`an effect that no bundle has: ${effect.kind}`)
    }
  }
}
