/**
 * A fleet of runtimes for the benches: registered by rows written straight into the daemon's database, since ten thousand
 * registrations are ten thousand records, and beating by the real protocol: nonces from the answers, every beat signed.
 */
import { randomUUID } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { toWireBeat } from "../src/client/runtime-session.ts"
import { sha256 } from "../src/crypto.ts"
import { toHex, utf8 } from "../src/formats/bytes.ts"
import { encodeCanonicalJson } from "../src/formats/canonical-json.ts"
import type { JsonObject } from "../src/formats/ports.ts"
import { type Beat, beatBytes, digestOfJson, NO_COUNTERS } from "../src/formats/runtime-messages.ts"
import { messageType } from "../src/rpc/load.ts"
import { type Runtime, runtimeKey } from "../src/runtime/runtime.ts"
import { Generator } from "./h2-generator.ts"
import type { RunningDaemon } from "./subjects.ts"

export const HEARTBEAT_PATH = "/writ.v1.VerifierService/Heartbeat"
const request = messageType("writ.v1.HeartbeatRequest")
const response = messageType("writ.v1.HeartbeatResponse")

interface Sodium {
  crypto_sign_keypair(publicKey: Buffer, secretKey: Buffer): void
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void
}
/** The bench signs with it also where the daemon verifies with node:crypto. */
const sodium = createRequire(import.meta.url)("sodium-native") as Sodium

interface Beater {
  readonly id: string
  readonly leaseId: string
  readonly publicKey: Buffer
  readonly secretKey: Buffer
  sequence: number
  nonce: string
  bundle: string
  previous: string
  hash: string
}

interface Reply {
  readonly accepted: boolean
  readonly reasons: readonly { readonly code: string }[]
  readonly state: string
  readonly next_nonce: Buffer
  readonly bundle_digest: Buffer
}

const ENVIRONMENT = { arch: "x86_64", node: "bench", os: "linux" }
export const CODE = toHex(sha256(utf8("bench")))
const MEASUREMENTS = { code: CODE }
const MEASUREMENTS_DIGEST = toHex(digestOfJson(sha256, MEASUREMENTS))
const ENVIRONMENT_DIGEST = toHex(digestOfJson(sha256, ENVIRONMENT))

export class Fleet {
  readonly #beaters: readonly Beater[]
  readonly #audience: string
  #next = 0
  #prepared: { readonly beater: Beater; readonly bytes: Uint8Array }[] = []
  readonly #sent = new Map<number, Beater>()
  /** The bytes of the newest reply. */
  lastReply: Buffer = Buffer.alloc(0)
  /** Reasons of those that were refused. */
  readonly refusals = new Map<string, number>()

  private constructor(beaters: readonly Beater[], audience: string) {
    this.#beaters = beaters
    this.#audience = audience
  }

  /** Runtimes that are TRUSTED and of which the daemon has heard nothing; then one good beat of each. */
  static async start(
    daemon: RunningDaemon,
    key: string,
    count: number,
    audience = "https://writ.local",
  ): Promise<Fleet> {
    const beaters = Array.from({ length: count }, (_, i): Beater => {
      const publicKey = Buffer.alloc(32)
      const secretKey = Buffer.alloc(64)
      sodium.crypto_sign_keypair(publicKey, secretKey)
      const nonce = "00".repeat(24)
      return {
        id: `bench-${i}`,
        leaseId: randomUUID(),
        publicKey,
        secretKey,
        sequence: 1,
        nonce,
        bundle: "",
        previous: "",
        hash: "",
      }
    })
    await seed(daemon, beaters)
    const fleet = new Fleet(beaters, audience)
    const generator = await fleet.connect(daemon.port, key)
    await sleep(1_500) // the daemon reads the control state once a second
    for (const wanted of ["NONCE_UNKNOWN", ""]) {
      fleet.refusals.clear()
      fleet.prepare(count)
      await generator.closedLoop(64, count)
      const [[reason] = [""], ...rest] = [...fleet.refusals]
      if (reason !== wanted || rest.length > 0) throw new Error(`the fleet did not start: ${[...fleet.refusals]}`)
    }
    generator.close()
    return fleet
  }

  async connect(port: number, key: string): Promise<Generator> {
    return await Generator.connect({
      host: "127.0.0.1",
      port,
      path: HEARTBEAT_PATH,
      key,
      body: (n) => this.body(n),
      accept: (bytes, n) => this.settle(bytes, n),
    })
  }

  /** Signs beats ahead, so that a measurement does not count the signing. */
  prepare(count: number): void {
    this.#prepared = Array.from({ length: count }, () => this.#sign())
  }

  /** The next beat of the runtime whose turn it is: prepared, or signed now. */
  body(n: number): Uint8Array {
    const { beater, bytes } = this.#prepared.pop() ?? this.#sign()
    this.#sent.set(n, beater)
    return bytes
  }

  settle(bytes: Buffer, n: number): boolean {
    const beater = this.#sent.get(n) as Beater
    this.#sent.delete(n)
    this.lastReply = bytes
    const reply = response.decode(bytes) as Reply
    if (reply.next_nonce.length > 0) beater.nonce = reply.next_nonce.toString("hex")
    beater.bundle = reply.bundle_digest.toString("hex")
    if (reply.accepted) {
      beater.previous = beater.hash
      beater.sequence++
    } else for (const { code } of reply.reasons) this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    if (reply.state !== "RUNTIME_STATE_TRUSTED")
      this.refusals.set(reply.state, (this.refusals.get(reply.state) ?? 0) + 1)
    return reply.accepted && reply.state === "RUNTIME_STATE_TRUSTED"
  }

  #sign(): { readonly beater: Beater; readonly bytes: Uint8Array } {
    const beater = this.#beaters[this.#next++ % this.#beaters.length] as Beater
    const beat: Beat = {
      acknowledged_directive: "0",
      audience: this.#audience,
      boot_epoch: "1",
      bundle_digest: beater.bundle,
      counters: NO_COUNTERS,
      environment_digest: ENVIRONMENT_DIGEST,
      issued_at: String(Date.now()),
      last_receipt: "",
      lease_id: beater.leaseId,
      measurements_digest: MEASUREMENTS_DIGEST,
      nonce: beater.nonce,
      previous_beat: beater.previous,
      runtime_id: beater.id,
      sequence: String(beater.sequence),
    }
    const bytes = Buffer.from(beatBytes(beat))
    beater.hash = toHex(sha256(bytes))
    const signature = Buffer.alloc(64)
    sodium.crypto_sign_detached(signature, bytes, beater.secretKey)
    return { beater, bytes: request.encode(toWireBeat(beat, signature)) }
  }
}

/** As RegisterRuntime would have left them, under one higher control epoch. */
async function seed(daemon: RunningDaemon, beaters: readonly Beater[]): Promise<void> {
  const client = new pg.Client({
    host: join(daemon.data, "postgres"),
    port: 5432,
    user: "writ",
    database: "writ",
    password: readFileSync(join(daemon.data, "postgres", "password"), "utf8").trim(),
  })
  await client.connect()
  const rows = beaters.map(
    ({ id, leaseId, publicKey }): Runtime => ({
      agent_version: "bench",
      boot_epoch: "1",
      contested: null,
      environment: ENVIRONMENT,
      first_measurements: MEASUREMENTS,
      id,
      lease_id: leaseId,
      measurements: MEASUREMENTS,
      nonce_at: Date.now(),
      public_key: publicKey.toString("hex"),
      reasons: [],
      registration: toHex(sha256(utf8(id))),
      state: "TRUSTED",
    }),
  )
  await client.query("BEGIN")
  await client.query("UPDATE control SET epoch = epoch + 1")
  await client.query(
    "INSERT INTO runtime (key, epoch, content) SELECT k, (SELECT epoch FROM control), c FROM unnest($1::uuid[], $2::bytea[]) AS r (k, c)",
    [
      rows.map(({ id }) => runtimeKey(id)),
      rows.map((row) => Buffer.from(encodeCanonicalJson(row as unknown as JsonObject))),
    ],
  )
  await client.query("COMMIT")
  await client.end()
}
