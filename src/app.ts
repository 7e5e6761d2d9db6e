/** The composition root: what the daemon is made of, and in which order it starts; `stop-order.ts`: in which it stops. */
import type { KeyObject } from "node:crypto"
import { rmSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { createBackground, inSeries } from "./background.ts"
import { composeCheckpointing } from "./checkpoints.ts"
import type { Config } from "./config.ts"
import { nativeCrypto, sha256, sodiumFile } from "./crypto.ts"
import { createAccounts } from "./decision/accounts.ts"
import { createBeatThread } from "./decision/beat-thread.ts"
import { BEATS_FLUSH_MS, createBeats } from "./decision/beats.ts"
import { createBundleThread } from "./decision/bundle-thread.ts"
import { createTrustCheck } from "./decision/bundle-trust.ts"
import { createCallerKeys, parseApiKey } from "./decision/caller-keys.ts"
import { createCascade } from "./decision/cascade.ts"
import { createCloseLogs } from "./decision/close-logs.ts"
import { createCompromiseSweep } from "./decision/compromise.ts"
import { Control } from "./decision/control.ts"
import { Directives } from "./decision/directives.ts"
import { createExecutions } from "./decision/executions.ts"
import { createFolderBundle } from "./decision/folder-bundle.ts"
import type { BeatAnswer } from "./decision/heartbeat.ts"
import { Leases } from "./decision/leases.ts"
import { recordLogOpened } from "./decision/log-opened.ts"
import { createObserveHeads, OBSERVE_HEADS_MS } from "./decision/observe-heads.ts"
import { createPolicies } from "./decision/policies.ts"
import { type CompileFiles, createPolicyThread } from "./decision/policy-thread.ts"
import { createStorePublication } from "./decision/publish-bundle.ts"
import { createFindPublished } from "./decision/published-policies.ts"
import { createReplayThread } from "./decision/replay-thread.ts"
import { createRevokeOne } from "./decision/revoke.ts"
import { createRuntimeChanges } from "./decision/runtime-changes.ts"
import { createRuntimes } from "./decision/runtimes.ts"
import { Shadow } from "./decision/shadow.ts"
import { readShadow } from "./decision/shadow-setting.ts"
import { bundleProblems, type ControlState, isActive } from "./decision/state.ts"
import { isInForce, type TokenKey } from "./decision/token-key.ts"
import { createTokenKeys } from "./decision/token-keys.ts"
import { createTurns } from "./decision/turns.ts"
import { WritError } from "./errors.ts"
import { fromBase64, fromHex, toHex } from "./formats/bytes.ts"
import { describeTrust } from "./http/discovery.ts"
import { peerOfRequest } from "./http/peer.ts"
import { startHttp } from "./http/server.ts"
import { createAuthenticator } from "./identity/authenticator.ts"
import { callerOf } from "./identity/identity.ts"
import { createKeySet } from "./identity/key-set.ts"
import { createPeers } from "./identity/peer.ts"
import { createTls } from "./identity/tls.ts"
import { createTokenProof } from "./identity/tokens.ts"
import { Appender, type AppenderState, type Entry } from "./ledger/appender.ts"
import { createClock } from "./ledger/clock.ts"
import { Consumables } from "./ledger/consumables.ts"
import { LEASE_BEAT_MS, LEASE_LOOK_MS } from "./ledger/lease-watch.ts"
import { assertSignedPrefix, newestRecordMs, restoreTree } from "./ledger/restore.ts"
import { readTile } from "./ledger/tiles.ts"
import type { Logger } from "./log.ts"
import { createMetrics } from "./metrics.ts"
import type { Policy } from "./policy/types.ts"
import { createAdmission } from "./rpc/admission.ts"
import { PACKAGE_ROOT } from "./rpc/api.ts"
import { addHealth, addReflection, createHealth } from "./rpc/health.ts"
import { type Listening, listen } from "./rpc/listen.ts"
import { peerOfCall } from "./rpc/peer.ts"
import { ROLES } from "./rpc/roles.ts"
import { buildServer } from "./rpc/server.ts"
import { createNonces } from "./runtime/nonces.ts"
import { createServices } from "./services.ts"
import { type Stops, stopInOrder } from "./stop-order.ts"
import { createApprovalStore } from "./store/approval-store.ts"
import { acknowledge, createBundleStore, leave } from "./store/bundle-store.ts"
import { connectWriter, openPool, parseDatabaseUrl } from "./store/connect.ts"
import { createRowStore } from "./store/consumables.ts"
import { isDiskLow, openDataFolder } from "./store/data-folder.ts"
import { hasRoom, isDiskFull } from "./store/database-room.ts"
import { startEmbedded } from "./store/embedded.ts"
import { startFeed } from "./store/feed.ts"
import { lockFolder } from "./store/folder-lock.ts"
import { deriveFacets, deriveLookups, forgetRequests } from "./store/indexer.ts"
import { createLedgerWriter } from "./store/ledger-writer.ts"
import { createOtherLogs } from "./store/log-heads.ts"
import { createLogLease } from "./store/log-lease.ts"
import { prepareDatabase } from "./store/migrate.ts"
import { openLog } from "./store/open-log.ts"
import { ensurePartitions } from "./store/partitions.ts"
import { compilePolicyFolder, type FolderPolicy, watchPolicyFolder } from "./store/policy-folder.ts"
import { createControlSource, createReader } from "./store/reader.ts"
import { countRedeemed, createLeaseStore, directivesOf, readNonceKey, storeSegment } from "./store/runtime-store.ts"
import { writeDurably } from "./store/signer-state.ts"
import { readTokenKeys } from "./store/token-keys.ts"
import { takeTurn } from "./store/turn-lock.ts"
import { createSigner, sodiumKey } from "./token/signer.ts"
import { assertSigns } from "./token/signer-check.ts"
import { startSigningThread } from "./token/signing-thread.ts"
import { createTokenSigner, type TokenSigner, toJwk } from "./token/token.ts"
import type { Trust } from "./verify/types.ts"
import { VERSION } from "./version.ts"

const CHECKPOINT_INTERVAL_MS = 1_000
const CONTROL_POLL_MS = 1_000
const INDEX_INTERVAL_MS = 250
/** At most so many records a second, whatever comes: facets are dearer than a lookup row, and nothing that decides needs them. */
const FACETS_INTERVAL_MS = 250
const FACETS_PAGE_BLOCKS = 4
const LOST_INTERVAL_MS = 1_000
const LEASES_INTERVAL_MS = 1_000
const ORPHANS_INTERVAL_MS = 5_000
const SWEEP_INTERVAL_MS = 1_000
const APPROVALS_INTERVAL_MS = 2_000
const ACKNOWLEDGE_INTERVAL_MS = 5_000
const HOUSEKEEPING_MS = 30_000
const CERTIFICATE_WARN_MS = 3_600_000
/** A frozen database holds up the stop of each part only so long, and for an append. */
const STOP_LIMIT_MS = 2_000
const DAEMON = { id: "writ", proof: "process" } as const

export interface Daemon {
  readonly addresses: { readonly grpc: string; readonly http: string }
  readonly summary: Readonly<Record<string, string>>
  /** Reads the policy folder and the TLS files again; what is broken does not take the place of what was good. */
  reloadPolicy(): Promise<void>
  /** Refuses what comes, answers and records what was accepted, then closes everything. */
  stop(): Promise<void>
  /** Resolves when the daemon can no longer do its work: fenced, frozen, or its database is unfit. */
  readonly failed: Promise<WritError>
}

export async function startDaemon(config: Config, log: Logger): Promise<Daemon> {
  const stops: Stops = {}
  const stop = () => stopInOrder(stops, log, STOP_LIMIT_MS + config.appendTimeoutMs)
  try {
    return { ...(await start(config, log, stops)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The start order. Each part that holds something says at once how it is stopped. */
async function start(config: Config, log: Logger, stops: Stops): Promise<Omit<Daemon, "stop">> {
  const startedAtMs = Date.now()
  let fail: (error: WritError) => void = () => {}
  const failed = new Promise<WritError>((resolve) => {
    fail = resolve
  })

  // 1. The data folder, held by this process alone, and the policy: what is broken here stops the start early.
  const folder = openDataFolder(config.dataFolder, ROLES, join(PACKAGE_ROOT, "examples", "agent-tools"))
  stops["folder lock"] = lockFolder(config.dataFolder)
  const compiler = createPolicyThread()
  stops["policy thread"] = () => compiler.stop()
  const compileFolder = (confirm: Parameters<CompileFiles>[1]) =>
    compilePolicyFolder(config.policyFolder, compiler.compileFiles, confirm)
  const inFolder = await compileFolder(null)
  const tls = config.grpc.tls && createTls(config.grpc.tls, log)
  let ownPolicy = inFolder.policy

  // 2. The database: ours, or the one that is named. The writer's connection is checked for durability at every connect.
  const embedded = config.databaseUrl
    ? null
    : await startEmbedded({ dataFolder: config.dataFolder, user: config.postgresUser })
  stops["embedded Postgres"] = () => embedded?.stop()
  const connection = embedded?.connection ?? parseDatabaseUrl(config.databaseUrl as string)
  await prepareDatabase(connection, join(PACKAGE_ROOT, "migrations"))
  const pool = openPool(connection)
  pool.on("connect", (client) =>
    client.on("notice", ({ severity, message }) => {
      if (severity === "WARNING") log.warn({ from: "Postgres" }, message)
    }),
  )
  const leasePool = openPool(connection, 1) // signs of life wait behind nothing else
  stops.pool = async () => {
    await Promise.all([pool.end(), leasePool.end()])
  }
  const reader = createReader(pool)

  // 3. Keys, the log and its tree. Taking over raises the fence: whoever wrote this log before no longer can.
  const policySigner = assertSigns(createSigner(folder.keys.policy), "policy")
  const checkpointKey = assertSigns(createSigner(folder.keys.checkpoint), "checkpoint")
  const logName = config.origin ?? `writ.local/${toHex(sha256(checkpointKey.publicKey)).slice(0, 16)}`
  const writer = createLedgerWriter({
    async connect() {
      await embedded?.ensureRunning()
      return await connectWriter(connection)
    },
    appendTimeoutMs: config.appendTimeoutMs,
  })
  stops.writer = () => writer.close()
  const { origin, checkpoints, head } = await openLog(logName, folder, checkpointKey, writer, (closed) =>
    log.warn({ log: closed }, "another replica closed this log; this daemon goes on in one of its own"),
  )
  const { logId } = head
  const background = createBackground(log)
  stops["background work"] = () => background.stop()
  const lease = createLogLease(leasePool, logId)
  // From the moment it is taken: a start that takes long is no dead replica. Until there is an appender, its first append
  // would find out that the log is gone.
  let holder: Pick<Appender, "fence" | "state" | "lose"> = { fence: head.fence, state: "open", lose() {} }
  background.repeat(LEASE_BEAT_MS, "showing that this log's writer lives", async () => {
    const { fence } = holder
    const isHeld = holder.state !== "open" || (await lease.beat(fence))
    // Meanwhile the appender may itself have raised the fence.
    if (!isHeld && holder.fence === fence) holder.lose(new Error("the lease on this log is gone"))
  })
  const tree = await restoreTree(reader, head, sha256)
  await assertSignedPrefix(reader, head, checkpoints.last, nativeCrypto)
  await ensurePartitions(pool, logId, head.size)
  const clock = createClock(await newestRecordMs(reader, head))

  // 4. The control state, and the appender that proves it fresh with every batch.
  const directives = new Directives({
    control: () => control.state,
    read: (runtime, after) => directivesOf(pool, runtime, after),
  })
  let onStopped = () => {} // a runtime was
  let onLoaded = () => {} // the control state was
  const trustedPolicyKeys = [policySigner.publicKey, ...config.policyTrustedKeys.map(readPolicyKey)]
  const bundles = createBundleStore(pool)
  const policies = createPolicies({
    readBundle: (digest) => bundles.content(fromHex(digest)),
    compile: compiler.compileCanonical,
    onFault: (err, digest) => log.error({ err, digest }, "a policy bundle could not be compiled; it is tried again"),
  })
  policies.put(ownPolicy)
  const checkTrust = createTrustCheck({ trustedPolicyKeys, hasSigned: compiler.hasSigned })
  const shadow = new Shadow({
    contentOf: (digest) => bundles.content(fromHex(digest)),
    wallMs: () => clock.now().wallMs,
    onState(state, { digest }, problem) {
      if (state === "failed")
        log.error({ digest, problem }, "the shadow bundle does not compare; decisions go on, and it is tried again")
      else log.info({ digest, state }, "the shadow bundle sees live traffic")
      onLoaded()
    },
  })
  stops.shadow = () => shadow.stop()
  const control: Control = new Control({
    source: createControlSource(pool),
    checkTrust,
    policyOf: policies.get,
    onChange(state, rows) {
      const { epoch, active } = state
      directives.publish(state, rows.directives)
      shadow.apply(readShadow(rows.shadow, clock.now().wallMs))
      onLoaded()
      if (rows.directives.some(({ directive }) => directive.kind !== "stop_execution")) onStopped()
      const problems = active?.problems.map((problem) => problem.code)
      log.info({ epoch, bundle: active?.policy.digest, problems }, "control state loaded")
    },
  })
  await control.refresh()
  let lookupLag = 0
  let facetLag = 0
  let approvalsWaiting = 0
  let diskIsLow = false
  /** An append was refused for want of disk, and there was none since. */
  let databaseIsFull = false
  /** Why nothing can be decided now; empty when all is well. */
  const obstacles = (): string[] => [
    ...(appender.state === "open" ? [] : [`the ledger is ${appender.state}`]),
    ...(diskIsLow ? ["the disk is nearly full"] : []),
    ...(databaseIsFull ? ["the database's disk is full"] : []),
    ...bundleProblems(control.state, clock.now().wallMs).map(({ code, text }) =>
      control.state.isLoading
        ? "the active policy bundle is being compiled"
        : code === "BUNDLE_MISSING"
          ? "no policy bundle is active"
          : `${code}: ${text}`,
    ),
  ]
  const isReady = () => obstacles().length === 0
  let listening: Listening | null = null
  const admission = createAdmission(config.limits)
  const metrics = createMetrics({
    lanes: () => ({ ...admission, ...(listening && { connections: listening.connections }) }),
    ready: isReady,
    treeSize: () => appender.size,
    checkpointSize: () => checkpoints.last?.size ?? 0,
    cosignatures: () => checkpointing.newest?.count ?? 0,
    unsoundLogs: () => observed.unsound,
    queueDepth: () => appender.queueDepth,
    epoch: () => Number(control.state.epoch),
    lookupLag: () => lookupLag,
    facetLag: () => facetLag,
    certificateEnds: () => tls?.endsAtMs() ?? {},
    approvalsWaiting: () => approvalsWaiting,
    shadow: () => shadow.report(),
  })
  const health = createHealth()
  const showHealth = () => health.setStatus("", isReady() ? "SERVING" : "NOT_SERVING")
  const onState = (state: AppenderState, cause?: unknown) => {
    databaseIsFull ||= isDiskFull(cause)
    showHealth()
    if (state === "closed") return
    if (state === "open") log.info("the ledger can be written again")
    else {
      metrics.appendFailure(state)
      log.error({ state, err: cause }, "the ledger cannot be written")
    }
    if (state === "fenced") fail(new WritError("LEDGER_FENCED"))
    if (state === "frozen") fail(new WritError("LEDGER_FROZEN"))
  }
  const consumables = new Consumables(createRowStore(pool))
  const appender = new Appender({
    writer,
    head,
    tree,
    consumables,
    epoch: () => control.state.epoch,
    refresh: () => control.refresh(),
    wallMs: () => clock.now().wallMs,
    onWritten: ({ count }) => metrics.batch(count),
    onState,
    onRetry: (err) => log.warn({ err }, "the ledger is still not writable; it is tried again"),
  })
  stops.appender = () => appender.close()
  holder = appender
  const ledger = {
    assertOpen() {
      if (diskIsLow)
        throw new WritError(
          "LEDGER_UNAVAILABLE",
          "The disk is nearly full, so nothing is accepted. Free space in the data folder.",
        )
      appender.assertOpen()
    },
    append: (entry: Entry) => appender.append(entry),
  }

  // 5. First records of a new log; keys and the bundle become known to all replicas through the ledger.
  const shared = { clock, origin, control: () => control.state, inTurn: createTurns(() => takeTurn(pool)), ledger }
  if (head.size === 0)
    await recordLogOpened({ ...shared, actor: DAEMON }, origin, checkpoints.verifierKey, folder.previousLog)
  const tokenKeys = createTokenKeys({
    ...shared,
    issuer: config.issuer,
    files: folder.tokenKeys,
    aheadMs: config.tokenKeyAheadMs,
    refresh: () => control.refresh(),
    signerOf: createThreadedSigner,
  })
  stops["signing thread"] = () => tokenKeys.stop()
  await tokenKeys.open(DAEMON)
  const callerKeys = createCallerKeys(shared)
  for (const text of folder.apiKeys.values()) {
    if (!control.state.callers.has(parseApiKey(text)?.id ?? "")) await callerKeys.register(text, DAEMON)
  }
  const applyFolder = createFolderBundle({
    ...shared,
    actor: DAEMON,
    store: bundles,
    publish: createStorePublication({ ...shared, store: bundles }),
    signer: policySigner,
    twoPerson: config.policyTwoPerson,
  })
  const activate = async ({ policy, opinions }: FolderPolicy) => {
    const { digest, version, ruleCount: rules } = policy
    ownPolicy = policy
    policies.put(policy)
    const outcome = await applyFolder(policy, opinions)
    if (outcome === "activated") log.info({ digest, version, rules }, "policy bundle activated")
    if (outcome === "kept")
      log.warn(
        { digest, version, active: control.state.active?.policy.digest },
        `the policy folder holds another bundle than the active one, which stays: ${config.policyTwoPerson ? "two operators must agree to another" : "it was not activated from this folder"}. To change it: writ policy publish ${config.policyFolder}, then writ policy activate ${digest}`,
      )
  }
  // What is to become active is asked about first, what is already was.
  const activeDigest = () => ({ unless: control.state.active?.policy.digest ?? null })
  await activate(isActive(control.state, ownPolicy) ? inFolder : await compileFolder(activeDigest()))
  const reload = async () => {
    try {
      await activate(await compileFolder(activeDigest()))
    } catch (err) {
      log.error(
        { err },
        `the policy folder was not loaded, the last good bundle stays active: ${(err as Error).message}`,
      )
    }
  }
  let reloading = Promise.resolve()
  const reloadPolicy = () => {
    reloading = reloading.then(reload) // one after the other: what was read last is what stays
    return reloading
  }

  // 6. Background work, none of it on the way of a decision.
  const checkpointing = composeCheckpointing({ config, log, logId, appender, signer: checkpoints, reader })
  const checkpointNow = checkpointing.sign
  background.repeat(CHECKPOINT_INTERVAL_MS, "signing a checkpoint", async () => {
    if (appender.state === "open") await checkpointNow()
  })
  const closeLogs = createCloseLogs({
    ...shared,
    actor: DAEMON,
    store: reader,
    leases: () => lease.others(),
    onClosed: ({ origin, size }) =>
      log.warn({ log: origin, size }, "nobody wrote this log any more: it is closed by a record in the own one"),
    onUnsound: ({ origin, size }, err) =>
      log.error({ log: origin, size, err }, "nobody writes this log any more, and it cannot be closed"),
  })
  background.repeat(LEASE_LOOK_MS, "looking after other logs", async () => {
    if (appender.state === "open") await closeLogs()
  })
  const observed = createObserveHeads({
    ...shared,
    actor: DAEMON,
    others: createOtherLogs(pool, logId),
    onUnsound: (other, reason) =>
      log.error(
        { log: other, reason },
        "another log is not what was signed of it: its head is not recorded here. Run writ ledger fsck",
      ),
  })
  background.repeat(OBSERVE_HEADS_MS, "recording what other logs have signed", async () => {
    if (appender.state === "open") await observed.observe()
  })
  stops.lease = async () => {
    if (appender.state !== "closed") return // fenced or frozen
    await checkpointNow() // what is not signed, another replica has to prove by closing the log
    await lease.release(appender.fence)
  }
  background.repeat(CONTROL_POLL_MS, "reading the control state", async () => {
    if (appender.state === "open") await control.refresh()
    // With an external database the disk that matters is the database's own.
    diskIsLow = config.databaseUrl === null && isDiskLow(config.dataFolder, config.minFreeDiskBytes)
    showHealth()
  })
  background.repeat(CONTROL_POLL_MS, "looking whether the database has room again", async () => {
    if (!databaseIsFull || appender.state !== "open") return
    databaseIsFull = !(await hasRoom(pool))
    showHealth()
  })
  background.repeat(CONTROL_POLL_MS, "compiling what may become active", async () => {
    const [newest] = await bundles.list(null, 1)
    if (newest) await policies.get(toHex(newest.digest))
  })
  background.repeat(INDEX_INTERVAL_MS, "deriving lookups", async () => {
    if (appender.state === "open") lookupLag = await deriveLookups(pool, logId, appender.size)
  })
  background.repeat(FACETS_INTERVAL_MS, "deriving facets", async () => {
    if (appender.state === "open") facetLag = await deriveFacets(pool, FACETS_PAGE_BLOCKS)
  })
  const executions = createExecutions({ ...shared, reader, actor: DAEMON })
  background.repeat(LOST_INTERVAL_MS, "looking for lost executions", async () => {
    if (appender.state === "open") await executions.recordLost()
  })
  const revokeOne = createRevokeOne({ ...shared, lineage: reader, consumables })
  const cascade = createCascade({
    ...shared,
    store: reader,
    actor: DAEMON,
    revokeOne,
    loseLease: executions.loseLease,
  })
  /** Executions end with their runtime: at once where it was stopped, by the next sweep of any replica at the latest. */
  const stopExecutions = inSeries(async () => {
    try {
      if (appender.state === "open") await cascade.sweepLeases()
    } catch (err) {
      log.warn({ err }, "ending executions with their runtimes failed; it is tried again")
    }
  })
  onStopped = () => void stopExecutions()
  /** Which bundle this replica decides by: at once where that changed, and again and again as a sign of life. */
  const acknowledgeNow = inSeries(async () => {
    const { epoch, active } = control.state
    const [problem] = bundleProblems(control.state, clock.now().wallMs)
    const digest = active && fromHex(active.policy.digest)
    try {
      await acknowledge(pool, logId, { epoch, digest, problem: problem?.code ?? "" }, shadow.report())
    } catch (err) {
      log.warn({ err }, "the others could not be told which bundle decides here; it is tried again")
    }
  })
  onLoaded = () => void acknowledgeNow()
  const tellOwn = async () => {
    await shadow.refresh()
    await acknowledgeNow()
  }
  background.repeat(ACKNOWLEDGE_INTERVAL_MS, "acknowledging the active bundle", tellOwn)
  await acknowledgeNow()
  stops.acknowledgement = async () => {
    onLoaded = () => {}
    await acknowledgeNow() // after one that may still run
    await leave(pool, logId)
  }
  const sweepCompromised = createCompromiseSweep({ ...shared, store: reader, actor: DAEMON, revokeOne, cascade })
  background.repeat(ORPHANS_INTERVAL_MS, "looking for executions of compromised keys", async () => {
    if (appender.state === "open") await sweepCompromised()
  })
  background.repeat(LEASES_INTERVAL_MS, "ending executions with their leases", stopExecutions)
  background.repeat(ORPHANS_INTERVAL_MS, "looking for children whose parent has ended", async () => {
    if (appender.state === "open") await cascade.sweepOrphans()
  })
  const approvals = createApprovalStore(pool, reader)
  background.repeat(APPROVALS_INTERVAL_MS, "counting approvals", async () => {
    approvalsWaiting = await approvals.count(clock.now().wallMs)
  })
  background.repeat(HOUSEKEEPING_MS, "housekeeping", async () => {
    await forgetRequests(pool)
    await approvals.forget()
    await ensurePartitions(pool, logId, appender.size)
  })
  const nonces = createNonces(await readNonceKey(pool))
  const leases = new Leases<BeatAnswer>()
  const accounts = createAccounts({ leases, count: (leaseId) => countRedeemed(pool, leaseId) })
  const leaseStore = createLeaseStore(pool, logId)
  const changes = createRuntimeChanges(shared)
  const thread = createBeatThread((err) =>
    log.error({ err }, "the thread for beats died; the next beat starts another"),
  )
  const beats = createBeats({ ...shared, thread, store: (digest, segment) => storeSegment(pool, digest, segment) })
  const runtimes = createRuntimes({ ...shared, leases, leaseStore, changes })
  background.repeat(SWEEP_INTERVAL_MS, "looking after leases", async () => {
    if (appender.state === "open") await runtimes.sweep()
  })
  background.repeat(BEATS_FLUSH_MS, "writing beats", async () => {
    if (appender.state === "open") await beats.flush()
  })
  background.repeat(HOUSEKEEPING_MS, "forgetting ended token keys", async () => {
    if (appender.state === "open") await tokenKeys.tidy()
  })
  background.repeat(HOUSEKEEPING_MS, "forgetting leases", () => leaseStore.forget())
  stops.beats = async () => {
    if (appender.state === "open") await beats.flush()
    await thread.stop()
  }
  if (config.listen) {
    const feed = startFeed(connection, () => void control.refresh().catch(() => {}))
    stops.feed = () => feed.stop()
  }

  // 7. The doors: gRPC, then HTTP, then health says SERVING.
  const wallMs = () => clock.now().wallMs
  if (tls) {
    stops["TLS files"] = () => tls.stop()
    tls.warn(wallMs())
    background.repeat(CERTIFICATE_WARN_MS, "looking at the ends of certificates", async () => tls.warn(wallMs()))
  }
  const jwks = async () => (await readTokenKeys(pool)).filter((key) => isInForce(key, wallMs())).map(toTokenJwk)
  const trust = async (): Promise<Trust> => ({
    // Of its own log it vouches for the key that it signs with, whatever the database says.
    logs: (await reader.logs()).map((log) => ({
      origin: log.origin,
      vkey: log.origin === origin ? checkpoints.verifierKey : log.verifierKey,
    })),
    // What an ended key has signed was granted all the same; of a compromised one nobody knows.
    tokens: { keys: (await readTokenKeys(pool)).filter(({ withdrawn }) => withdrawn === null).map(toTokenJwk) },
  })
  const { issuer } = config
  const bundleThread = createBundleThread()
  stops["bundle thread"] = () => bundleThread.stop()
  const replayThread = createReplayThread((digest) => bundles.content(fromHex(digest)))
  stops["replay thread"] = () => replayThread.stop()
  const services = createServices({
    ...shared,
    config,
    log,
    metrics,
    pool,
    reader,
    approvals,
    consumables,
    tokenKeys,
    revokeCompromised: sweepCompromised,
    trustedPolicyKeys,
    policySigner,
    bundles,
    bundleThread,
    published: createFindPublished({
      store: bundles,
      activated: policies,
      compile: compiler.compileCanonical,
      checkTrust,
    }),
    verifierKey: checkpoints.verifierKey,
    startedAtMs,
    treeSize: () => appender.size,
    refresh: () => control.refresh(),
    checkpointNow,
    jwks,
    trust,
    wallMs,
    executions,
    revokeOne,
    cascade,
    stopExecutions,
    callerKeys,
    nonces,
    leases,
    accounts,
    changes,
    runtimes,
    beats,
    beatThread: thread,
    replayThread,
    directives,
    shadow,
    tellOwn,
  })
  const proofs = { callers: () => control.state.callers, wallMs }
  const { authentication } = config.grpc
  const asksCertificates = [...authentication, ...config.http.authentication].includes("mtls")
  const peers =
    tls && asksCertificates ? createPeers(tls, (await import("./identity/certificate.ts")).principalOf) : null
  const proveToken = createTokenProof({
    issuers: config.jwt.issuers.map(({ issuer, audience, url }) => ({
      issuer,
      audience,
      keys: createKeySet({
        issuer,
        url,
        monotonicMs: () => performance.now(),
        onFault: (err) =>
          log.warn({ err, issuer }, "an issuer's keys cannot be read; those that are known count for an hour"),
      }),
    })),
    skewMs: config.jwt.skewMs,
    wallMs,
  })
  const identify = createAuthenticator({
    ...proofs,
    proveToken,
    methods: authentication,
    ...(peers && { peerOf: (call: object) => peerOfCall(peers, call) }),
  })
  const identifyHttp = createAuthenticator({
    ...proofs,
    proveToken,
    methods: config.http.authentication,
    ...(peers && { peerOf: (request: object) => peerOfRequest(peers, request) }),
  })
  const server = buildServer({
    services,
    limits: config.limits,
    admission,
    identify,
    granting: () => control.state,
    wallMs,
    log,
    observe: metrics.rpc,
  })
  addHealth(server, health)
  addReflection(server, identify)
  const { host, port } = config.grpc
  const door = await listen(server, {
    host,
    port,
    tls: tls?.listener(authentication.includes("mtls")) ?? null,
    maxConnections: config.limits.maxConnections,
  })
  listening = door
  stops.gRPC = () => {
    directives.close()
    return door.drain(config.drainMs)
  }
  const grpc = door.address
  await checkpointNow() // so that /checkpoint has one from its first answer on
  await observed.observe()
  const http = await startHttp({
    host: config.http.host,
    port: config.http.port,
    tls: config.http.tls && tls ? tls.listener(config.http.authentication.includes("mtls")) : null,
    public: config.public,
    log,
    state: {
      readiness: () => ({ ready: isReady(), reasons: obstacles() }),
      metrics: () => metrics.text(),
      jwks: async () => ({ keys: await jwks() }),
      discovery: async () => describeTrust(await trust(), issuer),
      checkpoint: async () => checkpointing.newest?.note ?? null,
      tile: (kind, path) => readTile(reader, logId, checkpointing.newest?.size ?? 0, kind, path),
      async authenticate(header, request) {
        callerOf(await identifyHttp(header, request), ["operator", "auditor", "admin"], control.state, wallMs())
      },
    },
  })
  stops.HTTP = () => http.close()
  stops["policy watch"] = watchPolicyFolder(config.policyFolder, () => void reloadPolicy())
  stops.health = () => health.setStatus("", "NOT_SERVING")
  showHealth()
  const about = {
    pid: process.pid,
    grpc,
    http: http.address,
    tls: config.grpc.tls !== null,
    httpTls: config.http.tls,
    version: VERSION,
  }
  writeDurably(folder.daemonFile, `${JSON.stringify(about)}\n`, 0o644)
  stops["daemon file"] = () => rmSync(folder.daemonFile, { force: true })

  const adopted = embedded?.adopted ? ", adopted from a daemon that was killed" : ""
  return {
    addresses: { grpc, http: http.address },
    summary: {
      version: VERSION,
      gRPC: `${grpc} ${config.grpc.tls ? "(TLS)" : "(no TLS: development mode, tokens say env: dev)"}`,
      HTTP: `${config.http.tls ? "https" : "http"}://${http.address}`,
      database: embedded ? `embedded Postgres${adopted}` : "external",
      log: `${origin}, ${appender.size} records`,
      policy: describePolicy(control.state, inFolder.policy, config.policyFolder),
      "API keys": join(config.dataFolder, "api-keys"),
      ready: `${((Date.now() - startedAtMs) / 1000).toFixed(2)} s`,
    },
    reloadPolicy() {
      tls?.reload()
      return reloadPolicy()
    },
    failed,
  }
}

/** With a thread of its own; with one processor there is nobody to sign meanwhile. */
function createThreadedSigner(key: KeyObject): TokenSigner & { stop(): void } {
  const thread =
    sodiumFile !== null && availableParallelism() > 1 ? startSigningThread(sodiumKey(key), sodiumFile) : null
  return {
    ...createTokenSigner(assertSigns(createSigner(key), "token"), sha256, thread),
    stop: () => void thread?.stop(),
  }
}

function toTokenJwk({ publicKey, kid }: TokenKey): ReturnType<typeof toJwk> {
  return toJwk(publicKey, kid)
}

/** The bundle that decides, and where it came from if that is the folder. */
function describePolicy({ active }: ControlState, inFolder: Policy, folder: string): string {
  if (!active) return "none is active: everything is denied"
  const { version, ruleCount, digest } = active.policy
  const from = digest === inFolder.digest ? `from ${folder}` : `activated by an operator; ${folder} holds another`
  return `${version}, ${ruleCount} rules, ${digest.slice(0, 16)}… ${from}`
}

function readPolicyKey(text: string): Uint8Array {
  try {
    const key = fromBase64(text)
    if (key.length === 32) return key
  } catch {} // what it is not, is said below
  throw new WritError("CONFIG_INVALID", "policy-trusted-keys are base64 Ed25519 public keys of 32 bytes.")
}
