/** The composition root: what the daemon is made of, in which order it starts, and in which order it stops. */
import { createHash } from "node:crypto"
import { rmSync, statfsSync, watch } from "node:fs"
import { join } from "node:path"
import { HealthImplementation } from "grpc-health-check"
import type { Config } from "./config.ts"
import { nativeCrypto, sha256 } from "./crypto.ts"
import { createAuthorize } from "./decision/authorize.ts"
import { createByteRate } from "./decision/byte-rate.ts"
import { createCallerKeys, parseApiKey } from "./decision/caller-keys.ts"
import { bundleSigningInput, Control } from "./decision/control.ts"
import { createRevoke } from "./decision/revoke.ts"
import { seal } from "./decision/seal.ts"
import { createVerifyLineage } from "./decision/verify-lineage.ts"
import { createVerifyToken } from "./decision/verify-token.ts"
import { WritError } from "./errors.ts"
import { equalBytes, fromBase64, fromHex, toBase64, toBase64Url, toHex } from "./formats/bytes.ts"
import { emptyRoot } from "./formats/merkle.ts"
import { TILE_WIDTH, TreeTail } from "./formats/tiles.ts"
import { startHttp } from "./http/server.ts"
import { Appender, type AppenderState, type Entry } from "./ledger/appender.ts"
import { assertExtends, createCheckpointSigner } from "./ledger/checkpointer.ts"
import { createClock } from "./ledger/clock.ts"
import { readBody } from "./ledger/lineage.ts"
import { buildConsistencyProof, rootAt } from "./ledger/proofs.ts"
import type { Effect, Head } from "./ledger/store.ts"
import type { Logger } from "./log.ts"
import { createMetrics } from "./metrics.ts"
import { loadCanonicalPolicy, loadPolicy } from "./policy/load.ts"
import type { Policy, PolicyProblem } from "./policy/types.ts"
import { adminService } from "./rpc/admin.ts"
import { PACKAGE_ROOT } from "./rpc/api.ts"
import { assertRole, authenticate } from "./rpc/authenticate.ts"
import { authorizationService } from "./rpc/authorization.ts"
import { addHealth, addReflection } from "./rpc/health.ts"
import { lineageService } from "./rpc/lineage.ts"
import { ROLES } from "./rpc/roles.ts"
import { buildServer, drain, listen } from "./rpc/server.ts"
import { connectWriter, openPool, parseDatabaseUrl } from "./store/connect.ts"
import { openDataFolder, readPolicyFolder } from "./store/data-folder.ts"
import { startEmbedded } from "./store/embedded.ts"
import { startFeed } from "./store/feed.ts"
import { lockFolder } from "./store/folder-lock.ts"
import { deriveLookups, forgetRequests } from "./store/indexer.ts"
import { createLedgerWriter } from "./store/ledger-writer.ts"
import { migrate } from "./store/migrate.ts"
import { createControlSource, createReader, createRequestStore, type LedgerReader } from "./store/reader.ts"
import { createSignerState, writeDurably } from "./store/signer-state.ts"
import { createSigner } from "./token/signer.ts"
import { createTokenSigner, toJwk } from "./token/token.ts"
import type { Trust } from "./verify/types.ts"
import { VERSION } from "./version.ts"

const PARTITION_LEAVES = 2 ** 20
const CHECKPOINT_INTERVAL_MS = 1_000
const CONTROL_POLL_MS = 1_000
const INDEX_INTERVAL_MS = 250
const HOUSEKEEPING_MS = 30_000
const POLICY_SETTLE_MS = 200
const DAEMON = { id: "writ", proof: "process" } as const

export interface Daemon {
  readonly addresses: { readonly grpc: string; readonly http: string }
  readonly summary: Readonly<Record<string, string>>
  /** Reads the policy folder again; the last good bundle stays when it is broken. */
  reloadPolicy(): Promise<void>
  /** Refuses what comes, answers and records what was accepted, then closes everything. */
  stop(): Promise<void>
  /** Resolves when the daemon can no longer do its work: fenced, frozen, or its database is unfit. */
  readonly failed: Promise<WritError>
}

export async function startDaemon(config: Config, log: Logger): Promise<Daemon> {
  const startedAtMs = Date.now()
  /** What has been started, to be stopped in reverse. */
  const stops: (() => Promise<void> | void)[] = []
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (err) {
        log.error({ err }, "a part did not stop cleanly")
      }
    }
  }
  try {
    return await start(config, log, startedAtMs, stops, stopAll)
  } catch (error) {
    await stopAll()
    throw error
  }
}

async function start(
  config: Config,
  log: Logger,
  startedAtMs: number,
  stops: (() => Promise<void> | void)[],
  stopAll: () => Promise<void>,
): Promise<Daemon> {
  let fail: (error: WritError) => void = () => {}
  const failed = new Promise<WritError>((resolve) => {
    fail = resolve
  })

  // 1. The data folder, held by this process alone, and the policy: what is broken here stops the start early.
  const folder = openDataFolder(config.dataFolder, ROLES, join(PACKAGE_ROOT, "examples", "agent-tools"))
  stops.push(lockFolder(config.dataFolder))
  const ownPolicy = compileFolder(config.policyFolder)

  // 2. The database: ours, or the one that is named. The writer's connection is checked for durability at every connect.
  const embedded = config.databaseUrl
    ? null
    : await startEmbedded({ dataFolder: config.dataFolder, user: config.postgresUser })
  if (embedded) stops.push(() => embedded.stop())
  const connection = embedded?.connection ?? parseDatabaseUrl(config.databaseUrl as string)
  const setup = await connectFirst(connection)
  await migrate(setup, join(PACKAGE_ROOT, "migrations"))
  await setup.end()
  const pool = openPool(connection)
  stops.push(() => pool.end())
  const reader = createReader(pool)

  // 3. Keys, the log and its tree. Taking over raises the fence: whoever wrote this log before no longer can.
  const tokens = createTokenSigner(createSigner(folder.keys.token), sha256)
  const policySigner = createSigner(folder.keys.policy)
  const checkpointKey = createSigner(folder.keys.checkpoint)
  const origin = config.origin ?? `writ.local/${toHex(sha256(checkpointKey.publicKey)).slice(0, 16)}`
  const checkpoints = createCheckpointSigner({
    origin,
    signer: checkpointKey,
    state: createSignerState(folder.signerStateFile),
    crypto: nativeCrypto,
  })
  const writer = createLedgerWriter({
    async connect() {
      await embedded?.ensureRunning()
      return await connectWriter(connection)
    },
    appendTimeoutMs: config.appendTimeoutMs,
  })
  const head = await writer.open(origin, checkpoints.verifierKey, emptyRoot(sha256))
  const tree = await restoreTree(reader, head)
  await assertSignedPrefix(reader, head, checkpoints.last)
  const ensurePartitions = async (size: number) => {
    const now = Math.floor(size / PARTITION_LEAVES)
    for (const number of [now, now + 1])
      await pool.query("SELECT writ_ensure_partition($1::smallint, $2::bigint)", [head.logId, number])
  }
  await ensurePartitions(head.size)
  const clock = createClock(await newestRecordMs(reader, head))

  // 4. The control state, and the appender that proves it fresh with every batch.
  const trustedPolicyKeys = [policySigner.publicKey, ...config.policyTrustedKeys.map(readPolicyKey)]
  const control = new Control({
    source: createControlSource(pool),
    trustedPolicyKeys,
    verify: nativeCrypto.ed25519Verify,
    compile: (content) => {
      if (ownPolicy.current && equalBytes(ownPolicy.current.canonicalBytes, content)) return ownPolicy.current
      const loaded = loadCanonicalPolicy(content, sha256)
      return loaded.ok ? loaded.policy : null
    },
    onChange: (state) =>
      log.info(
        {
          epoch: state.epoch,
          bundle: state.active?.policy.digest,
          problems: state.active?.problems.map((problem) => problem.code),
        },
        "control state loaded",
      ),
  })
  await control.refresh()
  let lookupLag = 0
  let diskIsLow = false
  const isReady = () =>
    appender.state === "open" &&
    !diskIsLow &&
    control.state.active !== null &&
    control.state.active.problems.length === 0
  const metrics = createMetrics({
    ready: () => isReady(),
    treeSize: () => appender.size,
    checkpointSize: () => checkpoints.last?.size ?? 0,
    queueDepth: () => appender.queueDepth,
    epoch: () => Number(control.state.epoch),
    lookupLag: () => lookupLag,
  })
  const health = new HealthImplementation({ "": "NOT_SERVING" })
  const showHealth = () => health.setStatus("", isReady() ? "SERVING" : "NOT_SERVING")
  const onState = (state: AppenderState, cause?: unknown) => {
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
  const appender = new Appender({
    writer,
    head,
    tree,
    epoch: () => control.state.epoch,
    refresh: () => control.refresh(),
    wallMs: () => clock.now().wallMs,
    onWritten: ({ count }) => metrics.batch(count),
    onState,
    onRetry: (err) => log.warn({ err }, "the ledger is still not writable; it is tried again"),
  })
  stops.push(() => appender.close())
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
  const shared = { clock, origin, control: () => control.state, ledger }
  const change = async (
    build: (epoch: string) => Parameters<typeof seal>[0],
    effects: readonly Effect[],
    raisesEpoch: boolean,
  ) => {
    for (;;) {
      const { epoch } = control.state
      const record = seal(build(String(raisesEpoch ? epoch + 1n : epoch)), null, clock.now().wallMs)
      const result = await appender.append({ record, epoch, change: { effects, raisesEpoch } })
      if (result.kind === "written") return
    }
  }
  if (head.size === 0)
    await change(
      (epoch) => ({
        kind: "log_opened",
        actor: DAEMON,
        epoch,
        data: { origin, verifier_key: checkpoints.verifierKey },
      }),
      [],
      false,
    )
  if (!(await reader.tokenKeys()).some(({ kid }) => kid === tokens.kid)) {
    const data = {
      kid: tokens.kid,
      public_key: toBase64Url(tokens.publicKey),
      use: "token",
      issuer: config.issuer,
      state: "published",
    }
    await change(
      (epoch) => ({ kind: "signing_key_changed", actor: DAEMON, epoch, data }),
      [{ kind: "token_key", kid: tokens.kid, publicKey: tokens.publicKey, issuer: config.issuer }],
      true,
    )
  }
  const callerKeys = createCallerKeys(shared)
  for (const text of folder.apiKeys.values()) {
    if (!control.state.callers.has(parseApiKey(text)?.id ?? "")) await callerKeys.register(text, DAEMON)
  }
  await activate(ownPolicy.current)

  async function activate(policy: Policy): Promise<void> {
    const digest = fromHex(policy.digest)
    const signed = control.state.active?.policy.digest === policy.digest && control.state.active.problems.length === 0
    if (signed) return
    const signature = policySigner.sign(bundleSigningInput(policy.canonicalBytes))
    const known = await pool.query<{ mine: boolean }>(
      "SELECT EXISTS (SELECT FROM bundle_signature s WHERE s.digest = b.digest AND s.public_key = $2) AS mine FROM bundle b WHERE b.digest = $1",
      [Buffer.from(digest), Buffer.from(policySigner.publicKey)],
    )
    const effects: Effect[] = [
      ...(known.rows[0] ? [] : [{ kind: "bundle", digest, content: policy.canonicalBytes } as const]),
      ...(known.rows[0]?.mine
        ? []
        : [{ kind: "bundle_signature", digest, publicKey: policySigner.publicKey, signature } as const]),
      { kind: "activate", digest },
    ]
    const data = {
      digest: policy.digest,
      version: policy.version,
      rules: policy.ruleCount,
      signed_by: toBase64(policySigner.publicKey),
      signature: toBase64(signature),
      content_sha256: toHex(sha256(policy.canonicalBytes)),
    }
    await change((epoch) => ({ kind: "bundle_activated", actor: DAEMON, epoch, data }), effects, true)
    log.info({ digest: policy.digest, version: policy.version, rules: policy.ruleCount }, "policy bundle activated")
  }

  const reloadPolicy = async () => {
    try {
      const next = compileFolder(config.policyFolder).current
      if (next.digest === ownPolicy.current.digest && control.state.active?.policy.digest === next.digest) return
      ownPolicy.current = next
      await activate(next)
    } catch (err) {
      log.error(
        { err },
        `the policy folder was not loaded, the last good bundle stays active: ${(err as Error).message}`,
      )
    }
  }

  // 6. Background work, none of it on the way of a decision.
  let signing: Promise<void> | null = null
  const checkpointNow = async () => {
    await signing
    signing ??= signCheckpoint().finally(() => {
      signing = null
    })
    await signing
  }
  const signCheckpoint = async () => {
    const size = appender.size
    const root = appender.tree.root()
    const { last } = checkpoints
    if (size === 0 || (last?.size === size && (await reader.checkpoint(head.logId, size, size)) !== null)) return
    try {
      const proof =
        last && last.size > 0 && last.size < size
          ? await buildConsistencyProof(reader.tiles(head.logId), sha256, last.size, size)
          : []
      const note = checkpoints.sign({ size, root }, proof)
      await reader.putCheckpoint(head.logId, size, note)
    } catch (error) {
      if (WritError.from(error).code === "LEDGER_FROZEN") appender.freeze(error)
      throw error
    }
  }
  const repeat = (ms: number, what: string, work: () => Promise<unknown>) => {
    let running: Promise<unknown> | null = null
    const timer = setInterval(() => {
      if (running) return
      running = work()
        .catch((err: unknown) => log.warn({ err }, `${what} failed; it is tried again`))
        .finally(() => {
          running = null
        })
    }, ms)
    stops.push(async () => {
      clearInterval(timer)
      await running
    })
  }
  repeat(CHECKPOINT_INTERVAL_MS, "signing a checkpoint", async () => {
    if (appender.state === "open") await checkpointNow()
  })
  repeat(CONTROL_POLL_MS, "reading the control state", async () => {
    if (appender.state === "open") await control.refresh()
    diskIsLow = isDiskLow(config)
    showHealth()
  })
  repeat(INDEX_INTERVAL_MS, "deriving lookups", async () => {
    if (appender.state === "open") lookupLag = await deriveLookups(pool, head.logId, appender.size)
  })
  repeat(HOUSEKEEPING_MS, "housekeeping", async () => {
    await forgetRequests(pool)
    await ensurePartitions(appender.size)
  })
  if (config.listen) {
    const feed = startFeed(connection, () => void control.refresh().catch(() => {}))
    stops.push(() => feed.stop())
  }

  // 7. The doors: gRPC, then HTTP, then health says SERVING.
  const trust = async (): Promise<Trust> => ({
    logs: (await reader.logs()).map((row) =>
      row.origin === origin ? { origin, vkey: checkpoints.verifierKey } : { origin: row.origin, vkey: row.verifierKey },
    ),
    tokens: { keys: await tokenKeys() },
  })
  const tokenKeys = async () => (await reader.tokenKeys()).map(({ kid, publicKey }) => toJwk(publicKey, kid))
  const authorize = createAuthorize({
    ...shared,
    issuer: { issuer: config.issuer, origin, development: config.development, defaultTtlMs: config.tokenTtlMs },
    signer: tokens,
    requests: createRequestStore(pool),
    rate: createByteRate(config.callerBytesPerSecond),
    observe(authorized, { caller, requestId }) {
      const { verdict, times, receipt } = authorized
      const reason = verdict.checks.find((check) => check.reasons.length > 0)?.reasons[0]?.code ?? ""
      metrics.decision(verdict.decision, reason, times.evaluate, times.append, times.sign)
      if (log.isLevelEnabled("debug"))
        log.debug(
          {
            requestId,
            execution: verdict.executionId,
            decision: verdict.decision,
            reason,
            caller: caller.id,
            index: receipt.index,
            times,
          },
          "decided",
        )
    },
  })
  const info = { origin, verifierKey: checkpoints.verifierKey, development: config.development, startedAtMs }
  const server = buildServer({
    services: [
      authorizationService({
        authorize,
        verifyToken: createVerifyToken({
          lineage: reader,
          keys: tokenKeys,
          issuer: config.issuer,
          wallMs: () => clock.now().wallMs,
        }),
        revoke: createRevoke({ ...shared, lineage: reader }),
      }),
      lineageService({
        reader,
        origin,
        checkpointNow,
        verifyLineage: createVerifyLineage({ store: reader, trust, checkpointNow }),
      }),
      adminService({
        control: shared.control,
        createKey: callerKeys.create,
        revokeKey: callerKeys.revoke,
        info,
        treeSize: () => appender.size,
      }),
    ],
    callers: () => control.state.callers,
    wallMs: () => clock.now().wallMs,
    log,
    observe: metrics.rpc,
  })
  addHealth(server, health)
  addReflection(server, (header) => void authenticate(header, control.state.callers, clock.now().wallMs))
  const grpcAddress = await listen(server, config.grpc)
  stops.push(() => drain(server, config.drainMs))
  const http = await startHttp({
    ...config.http,
    public: config.public,
    log,
    state: {
      readiness: () => ({ ready: isReady(), reasons: explainReadiness(appender.state, diskIsLow, control) }),
      metrics: () => metrics.text(),
      jwks: async () => ({ keys: await tokenKeys() }),
      discovery: async () => describeTrust(await trust(), config.issuer),
      checkpoint: () => reader.latestCheckpoint(head.logId),
      authenticate: (header) =>
        assertRole(authenticate(header, control.state.callers, clock.now().wallMs), ["operator", "auditor", "admin"]),
    },
  })
  stops.push(() => http.close())
  const unwatch = watchPolicy(config.policyFolder, () => void reloadPolicy())
  stops.push(unwatch)
  stops.push(() => health.setStatus("", "NOT_SERVING"))
  await checkpointNow()
  showHealth()
  writeDurably(
    folder.daemonFile,
    `${JSON.stringify({ pid: process.pid, grpc: grpcAddress, http: http.address, tls: config.grpc.tls !== null, version: VERSION })}\n`,
    0o644,
  )
  stops.push(() => rmSync(folder.daemonFile, { force: true }))

  return {
    addresses: { grpc: grpcAddress, http: http.address },
    summary: {
      version: VERSION,
      gRPC: `${grpcAddress} ${config.grpc.tls ? "(TLS)" : "(no TLS: development mode, tokens say env: dev)"}`,
      HTTP: `http://${http.address}`,
      database: embedded
        ? `embedded Postgres${embedded.adopted ? ", adopted from a daemon that was killed" : ""}`
        : "external",
      log: `${origin}, ${appender.size} records`,
      policy: `${ownPolicy.current.version}, ${ownPolicy.current.ruleCount} rules, ${ownPolicy.current.digest.slice(0, 16)}… from ${config.policyFolder}`,
      "API keys": join(config.dataFolder, "api-keys"),
      ready: `${((Date.now() - startedAtMs) / 1000).toFixed(2)} s`,
    },
    reloadPolicy,
    stop: stopAll,
    failed,
  }

  function compileFolder(path: string): { current: Policy } {
    const loaded = loadPolicy(readPolicyFolder(path), sha256)
    if (loaded.ok) return { current: loaded.policy }
    throw new WritError(
      "POLICY_INVALID",
      `The policy in ${path} is not valid:\n${loaded.problems.map(formatProblem).join("\n")}`,
    )
  }
}

/** file:line:column, what is wrong, the line with a caret, what to do. */
export function formatProblem({ file, line, column, message, excerpt, suggestion }: PolicyProblem): string {
  return [
    `${file}:${line}:${column} ${message}`,
    ...(excerpt ? excerpt.split("\n").map((text) => `    ${text}`) : []),
    ...(suggestion ? [`    ${suggestion}`] : []),
  ].join("\n")
}

async function connectFirst(connection: Parameters<typeof connectWriter>[0]) {
  try {
    return await connectWriter(connection)
  } catch (cause) {
    if (cause instanceof WritError) throw cause
    throw new WritError(
      "DATABASE_UNFIT",
      `The database cannot be reached: ${(cause as Error).message}. Check DATABASE_URL and that Postgres runs.`,
      { cause },
    )
  }
}

/** The right edge: leaves and roots of the tiles that are not full. Throws LEDGER_FROZEN when they do not give the stored root. */
async function restoreTree(reader: LedgerReader, head: Head): Promise<TreeTail> {
  const tiles = reader.tiles(head.logId)
  const partial: Uint8Array[][] = []
  for (let level = 0; head.size >= TILE_WIDTH ** level; level++) {
    const count = Math.floor(head.size / TILE_WIDTH ** level)
    const width = count % TILE_WIDTH
    partial.push(width === 0 ? [] : [...(await tiles.hashes(level, count - width, width))])
  }
  try {
    const tree = TreeTail.restore(sha256, head.size, partial)
    if (equalBytes(tree.root(), head.root)) return tree
  } catch {
    // hashes are missing: the same as wrong ones
  }
  throw new WritError(
    "LEDGER_FROZEN",
    "The log in the database does not lead to its own root: it was altered. Run `writ ledger fsck`, and restore the database from a backup that is not older than what was signed.",
  )
}

/** What was signed before must be a prefix of what the database holds. */
async function assertSignedPrefix(
  reader: LedgerReader,
  head: Head,
  last: { readonly size: number; readonly root: Uint8Array } | null,
): Promise<void> {
  const tiles = reader.tiles(head.logId)
  const proof =
    last && last.size > 0 && last.size < head.size
      ? await buildConsistencyProof(tiles, sha256, last.size, head.size)
      : []
  assertExtends(
    last,
    { size: head.size, root: head.size === 0 ? head.root : await rootAt(tiles, sha256, head.size) },
    proof,
    nativeCrypto,
  )
}

async function newestRecordMs(reader: LedgerReader, head: Head): Promise<number> {
  const record = head.size > 0 ? await reader.record(head.logId, head.size - 1) : null
  return record ? Date.parse(readBody(record.body).time ?? "") || 0 : 0
}

function readPolicyKey(text: string): Uint8Array {
  const key = fromBase64(text)
  if (key.length !== 32)
    throw new WritError("CONFIG_INVALID", "policy-trusted-keys are base64 Ed25519 public keys of 32 bytes.")
  return key
}

function isDiskLow({ dataFolder, minFreeDiskBytes, databaseUrl }: Config): boolean {
  if (databaseUrl) return false // the disk that matters is the database's own
  const { bavail, bsize } = statfsSync(dataFolder)
  return bavail * bsize < minFreeDiskBytes
}

function explainReadiness(state: AppenderState, diskIsLow: boolean, control: Control): string[] {
  return [
    ...(state === "open" ? [] : [`the ledger is ${state}`]),
    ...(diskIsLow ? ["the disk is nearly full"] : []),
    ...(control.state.active
      ? control.state.active.problems.map((problem) => problem.code)
      : ["no policy bundle is active"]),
  ]
}

/** What auditors save, with fingerprints to compare out of band. */
function describeTrust(trust: Trust, issuer: string): object {
  const fingerprint = (text: string) =>
    `SHA256:${createHash("sha256").update(text).digest("base64").replace(/=+$/, "")}`
  return {
    issuer,
    logs: trust.logs.map((log) => ({ ...log, fingerprint: fingerprint(log.vkey) })),
    tokens: { keys: trust.tokens.keys.map((key) => ({ ...key, fingerprint: fingerprint(key.x) })) },
  }
}

function watchPolicy(path: string, onChange: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(path, { persistent: false }, () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, POLICY_SETTLE_MS)
  })
  watcher.on("error", () => {}) // the folder went away: SIGHUP still reloads
  return () => {
    clearTimeout(timer)
    watcher.close()
  }
}
