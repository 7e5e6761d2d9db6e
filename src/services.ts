/** What answers each RPC: the services, put together from the parts that `app.ts` has started. */
import type { Config } from "./config.ts"
import type { createAccounts } from "./decision/accounts.ts"
import { createActivation } from "./decision/activate-bundle.ts"
import { createAuthorize } from "./decision/authorize.ts"
import type { BeatThread } from "./decision/beat-thread.ts"
import type { createBeats } from "./decision/beats.ts"
import { createBindings } from "./decision/bindings.ts"
import { createBudgets } from "./decision/budgets.ts"
import type { BundleThread } from "./decision/bundle-thread.ts"
import type { BundleStore } from "./decision/bundles.ts"
import type { createCallerKeys } from "./decision/caller-keys.ts"
import type { createCascade } from "./decision/cascade.ts"
import { createComplete } from "./decision/complete.ts"
import { createDecideApproval } from "./decision/decide-approval.ts"
import type { Directives } from "./decision/directives.ts"
import { createErase } from "./decision/erase.ts"
import { createEvaluate } from "./decision/evaluate.ts"
import type { createExecutions } from "./decision/executions.ts"
import { createFind } from "./decision/found-decisions.ts"
import { type BeatAnswer, createHeartbeat } from "./decision/heartbeat.ts"
import type { Leases } from "./decision/leases.ts"
import { readLineageGraph } from "./decision/lineage-graph.ts"
import { createPublish } from "./decision/publish-bundle.ts"
import type { FindPublished } from "./decision/published-policies.ts"
import { createRate, type Rate } from "./decision/rate.ts"
import { createRedeem } from "./decision/redeem.ts"
import { createReferenceValues } from "./decision/reference-values.ts"
import { createRefusedBeats } from "./decision/refused-beats.ts"
import { createRegister } from "./decision/register-runtime.ts"
import { createReplayDecisions } from "./decision/replay-decisions.ts"
import type { ReplayThread } from "./decision/replay-thread.ts"
import { createRevoke, type RevokeOne } from "./decision/revoke.ts"
import { createRotateKey } from "./decision/rotate-key.ts"
import type { RuntimeChanges } from "./decision/runtime-changes.ts"
import type { createRuntimes } from "./decision/runtimes.ts"
import { createShadowControl } from "./decision/set-shadow.ts"
import type { Shadow } from "./decision/shadow.ts"
import { createStart } from "./decision/start.ts"
import type { ControlState } from "./decision/state.ts"
import type { TokenKeys } from "./decision/token-keys.ts"
import type { InTurn } from "./decision/turns.ts"
import { createVerifyLineage } from "./decision/verify-lineage.ts"
import { createLineageReplay } from "./decision/verify-replay.ts"
import { createVerifyToken } from "./decision/verify-token.ts"
import { createWaiting } from "./decision/waiting.ts"
import { fromHex } from "./formats/bytes.ts"
import type { Appender } from "./ledger/appender.ts"
import type { Clock } from "./ledger/clock.ts"
import type { Consumables } from "./ledger/consumables.ts"
import type { LedgerReader } from "./ledger/lineage.ts"
import type { Logger } from "./log.ts"
import type { Metrics } from "./metrics.ts"
import { createObserver } from "./observe.ts"
import { adminService } from "./rpc/admin.ts"
import { authorizationService } from "./rpc/authorization.ts"
import type { ReadGraph } from "./rpc/graph.ts"
import { lineageService } from "./rpc/lineage.ts"
import { policyService } from "./rpc/policy.ts"
import type { Service } from "./rpc/server.ts"
import { verifierService } from "./rpc/verifier.ts"
import type { Nonces } from "./runtime/nonces.ts"
import type { createApprovalStore } from "./store/approval-store.ts"
import type { openPool } from "./store/connect.ts"
import { createRowStore } from "./store/consumables.ts"
import { createDecisionStore } from "./store/decision-store.ts"
import { createFamilyStore } from "./store/family-store.ts"
import { createLogDescriptions } from "./store/log-heads.ts"
import { createRequestStore } from "./store/reader.ts"
import type { Signer } from "./token/signer.ts"
import type { TokenJwk, Trust } from "./verify/types.ts"

/** Started, and stopped by `app.ts`. */
export interface Parts {
  readonly config: Config
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly origin: string
  readonly pool: ReturnType<typeof openPool>
  readonly reader: LedgerReader
  readonly approvals: ReturnType<typeof createApprovalStore>
  readonly ledger: Pick<Appender, "assertOpen" | "append">
  readonly consumables: Consumables
  readonly inTurn: InTurn
  readonly tokenKeys: TokenKeys
  revokeCompromised(): Promise<number>
  readonly trustedPolicyKeys: readonly Uint8Array[]
  readonly policySigner: Signer
  readonly bundles: BundleStore
  readonly bundleThread: BundleThread
  readonly published: FindPublished
  /** Of this daemon's log. */
  readonly verifierKey: string
  readonly startedAtMs: number
  readonly checkpointNow: () => Promise<void>
  readonly executions: ReturnType<typeof createExecutions>
  readonly revokeOne: RevokeOne
  readonly cascade: ReturnType<typeof createCascade>
  readonly callerKeys: ReturnType<typeof createCallerKeys>
  readonly nonces: Nonces
  readonly leases: Leases<BeatAnswer>
  readonly accounts: ReturnType<typeof createAccounts>
  readonly changes: RuntimeChanges
  readonly runtimes: ReturnType<typeof createRuntimes>
  readonly beats: ReturnType<typeof createBeats>
  readonly beatThread: BeatThread
  readonly replayThread: ReplayThread
  readonly directives: Directives
  readonly shadow: Shadow
  /** Tells the others what this replica decides by and has counted of the shadow; resolves when they can see it. */
  tellOwn(): Promise<void>
  control(): ControlState
  /** Loads what changed of the control state. */
  refresh(): Promise<void>
  treeSize(): number
  /** Token keys that are published now. */
  jwks(): Promise<readonly TokenJwk[]>
  trust(): Promise<Trust>
  wallMs(): number
  /** Ends executions with their runtimes, at once. */
  stopExecutions(): Promise<void>
}

export function createServices(parts: Parts): readonly Service[] {
  const rate = createRate(parts.config.callerBytesPerSecond)
  return [
    onAuthorization(parts, rate),
    onVerifier(parts, rate),
    onLineage(parts),
    onPolicy(parts, rate),
    onAdmin(parts),
  ]
}

function onAuthorization(parts: Parts, rate: Rate): Service {
  const { config, clock, origin, reader, jwks, wallMs, leases } = parts
  const { issuer, development, tokenTtlMs } = config
  const onExecutions = { ...parts, lineage: reader, rate }
  const leaseLeftMs = (leaseId: string, monotonicMs: number) => leases.leftMs(leaseId, monotonicMs)
  return authorizationService({
    authorize: createAuthorize({
      ...parts,
      issuer: { issuer, origin, development, defaultTtlMs: tokenTtlMs },
      signers: parts.tokenKeys,
      requests: createRequestStore(parts.pool),
      parents: reader,
      rate,
      leaseLeftMs,
      observe: createObserver(parts.metrics, parts.log, parts.shadow),
    }),
    evaluate: createEvaluate({ ...parts, parents: reader, leaseLeftMs }),
    verifyToken: createVerifyToken({ lineage: reader, keys: jwks, control: parts.control, issuer, wallMs }),
    redeem: createRedeem({
      ...onExecutions,
      issuer,
      leaseLeftMs,
      redeemedUnder: parts.accounts.add,
      observeRefusal: parts.metrics.redeemRefused,
    }),
    start: createStart(onExecutions),
    complete: createComplete(onExecutions),
    revoke: createRevoke({ clock, revokeOne: parts.revokeOne, cascade: parts.cascade.ofRevoked }),
    executions: parts.executions,
    approvals: createWaiting({ clock, store: parts.approvals }),
    decideApproval: createDecideApproval({ ...parts, lineage: reader, observe: parts.metrics.approvalDecided }),
  })
}

function onVerifier(parts: Parts, rate: Rate): Service {
  const { runtimes, directives, beats, beatThread, accounts } = parts
  const audience = parts.config.issuer
  const { begin, register } = createRegister({ ...parts, audience, rate })
  const references = createReferenceValues(parts)
  return verifierService({
    audience,
    begin,
    register,
    beat: createHeartbeat({
      ...parts,
      audience,
      record: (beat) => beats.add(beat),
      verify: beatThread.verify,
      redeemed: accounts.redeemed,
      refused: createRefusedBeats(parts),
      observe: parts.metrics.beat,
      directivesOf: (runtime, after) => directives.recent(runtime, after),
    }),
    end: runtimes.end,
    get: runtimes.get,
    list: runtimes.list,
    async setState(...to) {
      const changed = await runtimes.setState(...to)
      await parts.stopExecutions()
      return changed
    },
    view: runtimes.view,
    putReferences: references.put,
    listReferences: references.list,
    watch: (...of) => directives.watch(...of),
  })
}

function onLineage(parts: Parts): Service {
  const { reader, origin, checkpointNow, trust, wallMs } = parts
  const replay = createLineageReplay(parts.replayThread, (digest) => parts.bundles.content(fromHex(digest)))
  const verifyLineage = createVerifyLineage({ store: reader, trust, checkpointNow, replay })
  const find = createFind({ store: createDecisionStore(parts.pool, reader), reader, wallMs })
  const family = createFamilyStore(parts.pool, reader)
  const readGraph: ReadGraph = (...of) => readLineageGraph(family, wallMs(), ...of)
  const { segment } = family
  const { list: listLogs } = createLogDescriptions(parts.pool)
  return lineageService({ reader, origin, checkpointNow, listLogs, find, readGraph, segment, verifyLineage, wallMs })
}

function onPolicy(parts: Parts, rate: Rate): Service {
  const { bundles, bundleThread, config } = parts
  const { checkFiles, testFiles } = bundleThread
  const signer = config.policySign ? parts.policySigner : null
  const activation = createActivation({
    ...parts,
    store: bundles,
    checkCanonical: bundleThread.checkCanonical,
    twoPerson: config.policyTwoPerson,
    activationTtlMs: config.policyActivationTtlMs,
  })
  return policyService({
    bundles,
    checkFiles,
    testFiles,
    publish: createPublish({ ...parts, rate, store: bundles, checkFiles, testFiles, signer }),
    replay: createReplayDecisions({
      ...parts,
      thread: parts.replayThread,
      contentOf: (digest) => bundles.content(fromHex(digest)),
    }),
    budgets: createBudgets({ ...parts, store: createRowStore(parts.pool) }),
    shadow: createShadowControl({ ...parts, store: bundles }),
    activate: activation.activate,
    decide: activation.decide,
    wallMs: parts.wallMs,
  })
}

function onAdmin(parts: Parts): Service {
  const { control, callerKeys, origin, verifierKey, startedAtMs, treeSize } = parts
  return adminService({
    control,
    createKey: callerKeys.create,
    bindings: createBindings(parts),
    revokeKey: callerKeys.revoke,
    erase: createErase(parts),
    rotateKey: createRotateKey(parts),
    info: { origin, verifierKey, development: parts.config.development, startedAtMs },
    treeSize,
  })
}
