/**
 * SetShadowBundle and GetShadow: which published bundle sees live traffic beside the one that decides, by a record with its
 * actor. It raises the control epoch, by which every replica learns of it; no verdict can depend on it.
 */
import { WritError } from "../errors.ts"
import { fromHex, toHex } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { Clock } from "../ledger/clock.ts"
import { readBody } from "../ledger/lineage.ts"
import type { Call } from "./authorize.ts"
import {
  type BundleStore,
  type BundleView,
  bundleNotFound,
  readSurroundings,
  type ShadowRow,
  toBundleView,
} from "./bundles.ts"
import { assertUsable } from "./caller.ts"
import { limitOf, MAX_TIMEOUT_MS } from "./limits.ts"
import type { Receipt } from "./runtime-changes.ts"
import { seal } from "./seal.ts"
import { readShadow, type ShadowSetting } from "./shadow-setting.ts"
import type { ControlState } from "./state.ts"
import type { InTurn } from "./turns.ts"

const MAX_ATTEMPTS = 16
export const DEFAULT_SHADOW_MS = 7 * 24 * 3_600_000
export const MAX_SHADOW_MS = 90 * 24 * 3_600_000
const WHOLE = 1_000_000

export interface ShadowDependencies {
  readonly clock: Clock
  readonly origin: string
  readonly store: BundleStore
  control(): ControlState
  readonly inTurn: InTurn
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  /** Resolves when this replica's own row is as it is now. */
  tellOwn(): Promise<void>
}

export interface ShadowRequest {
  /** Null: none any more. */
  readonly digest: Uint8Array | null
  /** 0: all. */
  readonly samplePerMillion: number
  /** Null: DEFAULT_SHADOW_MS. */
  readonly durationMs: number | null
  readonly reason: string
}

export interface ShadowChanged {
  /** Null: none any more. */
  readonly bundle: BundleView | null
  /** Null: there was none, and nothing was recorded. */
  readonly receipt: Receipt | null
}

export interface ShadowView {
  readonly setting: ShadowSetting
  readonly bundle: BundleView
  readonly receipt: Receipt
  /** Replicas that are alive, by log; `report`: null while it has not loaded this setting. */
  readonly replicas: readonly ShadowRow[]
}

export function createShadowControl(deps: ShadowDependencies) {
  const { store, clock } = deps

  async function viewOf(digest: Uint8Array): Promise<BundleView> {
    const bundle = await store.find(digest)
    if (!bundle) throw bundleNotFound(digest)
    return toBundleView(bundle, await readSurroundings(store, clock.now().wallMs))
  }

  /** Null: somebody else changed something first. */
  async function trySet(request: ShadowRequest, version: string, call: Call, deadlineMs: number) {
    const state = deps.control() // before what is read: if that is newer, the append finds this stale
    const { wallMs, monotonicMs } = clock.now()
    const previous = readShadow(await store.shadow(), wallMs)
    if (monotonicMs >= deadlineMs) throw new WritError("DEADLINE_EXCEEDED")
    assertUsable(state, call.caller, wallMs)
    const { digest, samplePerMillion, durationMs, reason } = request
    if (!digest && !previous) return { bundle: null, receipt: null }
    const record = seal(
      {
        kind: "shadow_changed",
        actor: { id: call.caller.id, proof: call.caller.proof },
        epoch: String(state.epoch + 1n),
        data: {
          ...(digest && {
            digest: toHex(digest),
            ends_at: new Date(wallMs + (durationMs ?? DEFAULT_SHADOW_MS)).toISOString(),
            sample_per_million: samplePerMillion || WHOLE,
            version,
          }),
          ...(previous && { previous: previous.digest }),
        },
      },
      reason === "" ? null : encodeCanonicalJson({ reason }),
      wallMs,
    )
    const change = { effects: [{ kind: "shadow" as const, isSet: digest !== null }], raisesEpoch: true }
    const result = await deps.ledger.append({
      record,
      epoch: state.epoch,
      change,
      deadlineMs,
      ...(call.signal && { signal: call.signal }),
    })
    if (result.kind !== "written") return null
    const receipt = { origin: deps.origin, index: result.index, leafHash: record.leafHash }
    return { bundle: digest && (await viewOf(digest)), receipt }
  }

  return {
    /** Throws NOT_FOUND, INVALID_REQUEST. The same bundle again begins anew: counts, share and time. */
    async set(request: ShadowRequest, call: Call): Promise<ShadowChanged> {
      const { digest, samplePerMillion, durationMs } = request
      const { deadlineMs } = limitOf({ ...call, timeoutMs: call.timeoutMs ?? MAX_TIMEOUT_MS }, clock.now().monotonicMs)
      if (samplePerMillion > WHOLE)
        throw new WritError("INVALID_REQUEST", `sample_per_million must be at most ${WHOLE}.`)
      if (durationMs !== null && (durationMs < 1_000 || durationMs > MAX_SHADOW_MS))
        throw new WritError("INVALID_REQUEST", "duration must be between a second and 90 days.")
      const bundle = digest && (await store.find(digest))
      if (digest && !bundle) throw bundleNotFound(digest)
      const version = bundle ? String(readBody(bundle.record.body).data?.["version"]) : ""
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const done = await deps.inTurn(() => trySet(request, version, call, deadlineMs))
        if (done) return done
      }
      throw new WritError("LEDGER_UNAVAILABLE", "The control state kept changing. Try again.")
    },

    /** Null: no bundle is the shadow. */
    async get(): Promise<ShadowView | null> {
      await deps.tellOwn()
      const record = await store.shadow()
      const setting = readShadow(record, clock.now().wallMs)
      if (!record || !setting) return null
      const { origin, index, leafHash } = record
      const rows = await store.shadowRows()
      return {
        setting,
        bundle: await viewOf(fromHex(setting.digest)),
        receipt: { origin, index, leafHash },
        replicas: rows.map((row) => ({ ...row, report: row.report?.id === setting.id ? row.report : null })),
      }
    },
  }
}
