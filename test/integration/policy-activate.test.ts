/** ActivateBundle and DecideActivation on two replicas with NOTIFY switched off; and what the policy folder may still do. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { connect } from "../../src/client/connect.ts"
import { sha256 } from "../../src/crypto.ts"
import { toBase64 } from "../../src/formats/bytes.ts"
import { dsseSigningInput, encodeDsseEnvelope } from "../../src/formats/dsse.ts"
import { loadPolicy } from "../../src/policy/load.ts"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { authorize, startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { testSigner } from "../support/decision.ts"
import { makeFolder } from "../support/folder.ts"

const TYPE = "application/vnd.writ.bundle+json"
const EXAMPLE = readFileSync(join(PACKAGE_ROOT, "examples", "agent-tools", "policy.yaml"), "utf8")
const signer = testSigner(7)
const TRUST = { "policy-trusted-keys": toBase64(signer.publicKey), listen: "false" }

interface Bundle {
  readonly digest: Buffer
  readonly version: string
  readonly state: string
  readonly previous_digest: Buffer
  readonly replicas: readonly { readonly log: string; readonly acknowledged: boolean; readonly problem: string }[]
  readonly pending: { readonly activation_id: string; readonly requested_by: string } | null
}
interface Activated {
  readonly bundle: Bundle
  readonly epoch: string
  readonly activation_id: string
  readonly expires_at: { readonly seconds: string } | null
  readonly receipt: { readonly leaf_index: string; readonly log: string }
}

const versioned = (version: string, change = (text: string) => text) =>
  change(EXAMPLE.replace(/^version: .*$/m, `version: "${version}"`))
const denying = (text: string) => text.replaceAll("effect: allow", "effect: deny")

async function publish(writ: TestDaemon, text: string, by = signer): Promise<Buffer> {
  const loaded = loadPolicy({ "policy.yaml": text }, sha256)
  if (!loaded.ok) throw new Error("it does not load")
  const envelope = encodeDsseEnvelope({
    payloadType: TYPE,
    payload: new Uint8Array(),
    signatures: [{ keyid: "", signature: by.sign(dsseSigningInput(TYPE, loaded.policy.canonicalBytes)) }],
  })
  const files = [{ path: "policy.yaml", content: Buffer.from(text) }]
  const { bundle } = await writ
    .client("author")
    .call<{ bundle: Bundle }>("policy", "PublishBundle", { files, envelope }, 60_000)
  return bundle.digest
}
const activate = (writ: TestDaemon, digest: Buffer, more: object = {}) =>
  writ.client("operator").call<Activated>("policy", "ActivateBundle", { digest, reason: "test", ...more }, 60_000)
const active = async (writ: TestDaemon) =>
  (await writ.client("operator").call<{ bundle: Bundle }>("policy", "GetBundle", {})).bundle
const decision = async (writ: TestDaemon) => (await authorize(writ.client("pep"))).decision
const readiness = async (writ: TestDaemon) =>
  (await (await fetch(`http://${writ.daemon.addresses.http}/readyz`)).json()) as { ready: boolean; reasons: string[] }
/** Without `limitMs` of patience a machine that is busy with other suites would fail this. */
const eventually = { timeout: 20_000 }

describe("two replicas", () => {
  let database: TestDatabase
  let one: TestDaemon
  let two: TestDaemon
  let first: Buffer

  beforeAll(async () => {
    database = await createDatabase()
    one = await startTestDaemon(database.url, TRUST)
    two = await startTestDaemon(database.url, TRUST)
    first = (await active(one)).digest
  })
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()])
    await database?.drop()
  })

  test("what is activated on one decides on the other from the answer on, without NOTIFY; and so does the rollback", async () => {
    const digest = await publish(one, versioned("denies", denying))
    for (let i = 0; i < 5; i++) {
      const activated = await activate(one, digest)
      expect(activated).toMatchObject({ bundle: { state: "active" }, activation_id: "" })
      expect(await decision(two)).toBe("DECISION_DENY")
      const { previous_digest } = await active(two)
      expect(previous_digest).toEqual(first)
      const back = await activate(two, previous_digest, { expected_active_digest: digest })
      expect(BigInt(back.epoch)).toBeGreaterThan(BigInt(activated.epoch))
      expect(await decision(one)).toBe("DECISION_ALLOW")
    }
  })

  test("each replica that is alive acknowledges it, and one that stops is not waited for", async () => {
    const three = await startTestDaemon(database.url, TRUST)
    await activate(one, await publish(one, versioned("acknowledged")))
    const acknowledged = async () => (await active(two)).replicas.map((replica) => replica.acknowledged)
    await expect.poll(acknowledged, eventually).toEqual([true, true, true])
    await three.stop()
    expect(await acknowledged()).toEqual([true, true])
  })

  test("again it answers the first record and writes none", async () => {
    const digest = await publish(one, versioned("again"))
    const once = await activate(one, digest)
    const twice = await activate(two, digest, { reason: "another" })
    expect([twice.epoch, twice.receipt]).toEqual([once.epoch, once.receipt])
  })

  test("the record says who did it, why, and what was active before", async () => {
    const before = await active(one)
    const digest = await publish(one, versioned("recorded"))
    const { receipt } = await activate(one, digest, { reason: "because" })
    const { record } = await one
      .client("auditor")
      .call<{ record: { body: Buffer; payload: Buffer } }>("lineage", "GetRecord", {
        log: receipt.log,
        leaf_index: receipt.leaf_index,
      })
    expect(JSON.parse(record.body.toString())).toMatchObject({
      kind: "bundle_activated",
      actor: { id: expect.stringMatching(/^key:operator-/), proof: "api-key" },
      data: { digest: digest.toString("hex"), previous: before.digest.toString("hex"), version: "recorded" },
    })
    expect(JSON.parse(record.payload.subarray(32).toString())).toEqual({ reason: "because" })
  })

  test("of many at once that expect the same one to be active, one gets through", async () => {
    const expected = (await active(one)).digest
    const digests = []
    for (let i = 0; i < 4; i++) digests.push(await publish(one, versioned(`race-${i}`)))
    const outcomes = await Promise.all(
      digests.map((digest, i) =>
        activate(i % 2 ? one : two, digest, { expected_active_digest: expected }).then(
          () => "activated",
          (error: { code: string }) => error.code,
        ),
      ),
    )
    expect(outcomes.sort()).toEqual([...Array(3).fill("ACTIVE_BUNDLE_CHANGED"), "activated"])
  })

  test("an unknown bundle, one that nobody trusted has signed, and one outside of its window are refused", async () => {
    const refusalOf = (digest: Buffer) =>
      activate(one, digest).then(
        () => "",
        (error: { code: string; message: string }) => `${error.code} ${error.message}`,
      )
    expect(await refusalOf(Buffer.alloc(32))).toMatch(/^NOT_FOUND .*Publish it first/)
    expect(await refusalOf(Buffer.alloc(31))).toMatch(/^INVALID_REQUEST /)
    const expired = versioned("expired", (text) =>
      text.replace("\ntypes:", "\nnot_after: 2026-01-01T00:00:00Z\ntypes:"),
    )
    expect(await refusalOf(await publish(one, expired))).toMatch(/^POLICY_INVALID BUNDLE_EXPIRED: .* until 2026-01-01/)
    const early = versioned("early", (text) => text.replace("\ntypes:", "\nnot_before: 2199-01-01T00:00:00Z\ntypes:"))
    expect(await refusalOf(await publish(one, early))).toMatch(/^POLICY_INVALID BUNDLE_NOT_YET_VALID: .* from 2199/)
    const unsigned = await publish(one, versioned("unsigned"))
    await database.query("DELETE FROM bundle_signature WHERE digest = $1", [unsigned])
    expect(await refusalOf(unsigned)).toMatch(/^POLICY_INVALID No trusted policy key has signed/)
    await publish(one, versioned("unsigned")) // it is signed again, and the ledger is whole
    expect(await refusalOf(unsigned)).toBe("")
    await activate(one, first)
  })

  test("a bundle that ends while it is active denies on both from then on, and neither is ready", async () => {
    const at = Date.now() + 6_000
    const text = versioned("ends", (whole) =>
      whole.replace("\ntypes:", `\nnot_after: ${new Date(at).toISOString()}\ntypes:`),
    )
    await activate(one, await publish(one, text))
    expect(await readiness(two)).toMatchObject({ ready: true })
    expect(await decision(two)).toBe("DECISION_ALLOW")
    await expect.poll(() => decision(two), eventually).toBe("DECISION_DENY")
    expect(Date.now()).toBeGreaterThanOrEqual(at)
    for (const writ of [one, two]) {
      const { checks } = (await authorize(writ.client("pep"))) as unknown as {
        checks: { name: string; reasons: { code: string }[] }[]
      }
      expect(checks[2]?.reasons.map(({ code }) => code)).toEqual(["BUNDLE_EXPIRED"])
      expect(await readiness(writ)).toMatchObject({ ready: false, reasons: [expect.stringMatching(/^BUNDLE_EXPIRED/)] })
    }
    await activate(one, first)
    expect(await decision(two)).toBe("DECISION_ALLOW")
  })

  test("roles: an author publishes and does not activate, an operator activates and does not publish", async () => {
    const codeOf = (call: Promise<unknown>) => call.then(String, (error: { code: string }) => error.code)
    expect(await codeOf(one.client("author").call("policy", "ActivateBundle", { digest: first }))).toBe("FORBIDDEN")
    expect(await codeOf(one.client("operator").call("policy", "PublishBundle", { files: [] }))).toBe("FORBIDDEN")
  })
})

describe("two operators", () => {
  let database: TestDatabase
  let one: TestDaemon
  let two: TestDaemon
  let first: Buffer
  let second: ReturnType<typeof connect>
  let third: ReturnType<typeof connect>
  const TWO = { ...TRUST, "policy-two-person": "true" }

  const makeOperator = async (target: TestDaemon) => {
    const { key } = await one.client("admin").call<{ key: string }>("admin", "CreateCallerKey", { role: "operator" })
    return connect({ target: target.daemon.addresses.grpc, key, maxTries: 1 })
  }
  const decide = (client: ReturnType<typeof connect>, activation_id: string, approve = true) =>
    client.call<Activated>("policy", "DecideActivation", { activation_id, approve, reason: "looked at it" }, 60_000)
  const outcomeOf = (call: Promise<Activated>) =>
    call.then(
      () => "done",
      (error: { code: string }) => error.code,
    )

  beforeAll(async () => {
    database = await createDatabase()
    one = await startTestDaemon(database.url, TWO)
    two = await startTestDaemon(database.url, TWO)
    first = (await active(one)).digest
    second = await makeOperator(two)
    third = await makeOperator(one)
    // the second replica learns of the key when it next looks
    await vi.waitFor(() => second.call("policy", "ListBundles", {}), eventually)
  })
  afterAll(async () => {
    second?.close()
    third?.close()
    await Promise.all([one?.stop(), two?.stop()])
    await database?.drop()
  })

  test("the first asks, and nothing changes until another agrees", async () => {
    const digest = await publish(one, versioned("agreed", denying))
    const asked = await activate(one, digest)
    expect(asked).toMatchObject({ epoch: "0", bundle: { state: "pending" } })
    expect(Number(asked.expires_at?.seconds)).toBeGreaterThan(Date.now() / 1000)
    expect((await active(two)).digest).toEqual(first)
    expect(await decision(one)).toBe("DECISION_ALLOW")
    // asked again, also by another operator: the same one waits, and is not decided by that
    expect((await activate(one, digest)).activation_id).toBe(asked.activation_id)
    const again = await second.call<Activated>("policy", "ActivateBundle", { digest }, 60_000)
    expect(again.activation_id).toBe(asked.activation_id)
    await expect(decide(one.client("operator"), asked.activation_id)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringMatching(/another operator must/),
    })
    const granted = await decide(second, asked.activation_id)
    expect(BigInt(granted.epoch)).toBeGreaterThan(0n)
    expect(granted.bundle.state).toBe("active")
    expect(await decision(one)).toBe("DECISION_DENY")
    // repeated by the same operator it answers the same; used again by another it is over
    expect((await decide(second, asked.activation_id)).receipt).toEqual(granted.receipt)
    expect(await outcomeOf(decide(third, asked.activation_id))).toBe("INVALID_TRANSITION")
    expect(await outcomeOf(decide(second, asked.activation_id, false))).toBe("INVALID_TRANSITION")
  })

  test("a refusal is a record, and the same bundle can be asked for anew", async () => {
    const { activation_id } = await activate(one, first)
    const refused = await decide(second, activation_id, false)
    expect(refused).toMatchObject({ epoch: "0", bundle: { state: "published" } })
    const { records } = await one.client("auditor").call<{ records: { body: Buffer }[] }>("lineage", "ListRecords", {
      log: refused.receipt.log,
      kind: "activation_refused",
    })
    expect(records).toHaveLength(1)
    const anew = await activate(one, first)
    expect(anew.activation_id).not.toBe(activation_id)
    await decide(second, anew.activation_id)
    expect(await decision(two)).toBe("DECISION_ALLOW")
  })

  test("two who decide at once, on two replicas, in every pairing: one outcome", async () => {
    for (let i = 0; i < 4; i++) {
      const digest = await publish(one, versioned(`both-${i}`))
      const { activation_id } = await activate(one, digest)
      const verdicts = [i % 2 === 0, i < 2] as const
      const outcomes = await Promise.all([
        outcomeOf(decide(second, activation_id, verdicts[0])),
        outcomeOf(decide(third, activation_id, verdicts[1])),
      ])
      expect(outcomes.sort(), verdicts.join()).toEqual(["INVALID_TRANSITION", "done"])
      const { rows } = await database.query("SELECT decided FROM activation WHERE activation_id = $1", [activation_id])
      const isActive = (await active(one)).digest.equals(digest)
      expect(isActive).toBe(rows[0].decided === "granted")
    }
  })

  test("what was asked for under another active bundle cannot be granted any more", async () => {
    const a = await activate(one, await publish(one, versioned("older")))
    const b = await activate(one, await publish(one, versioned("newer")))
    await decide(second, b.activation_id)
    expect(await outcomeOf(decide(second, a.activation_id))).toBe("ACTIVE_BUNDLE_CHANGED")
  })

  test("an activation lapses", async () => {
    const { activation_id } = await activate(one, await publish(one, versioned("lapses")))
    // three hours ago by the ledger's word; put back afterwards
    await database.query(
      "UPDATE activation SET expires_at = expires_at - interval '3 hours' WHERE activation_id = $1",
      [activation_id],
    )
    await expect(decide(second, activation_id)).rejects.toMatchObject({
      code: "INVALID_TRANSITION",
      message: expect.stringMatching(/lapsed at/),
    })
    await database.query(
      "UPDATE activation SET expires_at = expires_at + interval '3 hours' WHERE activation_id = $1",
      [activation_id],
    )
  })

  test.each([
    ["x", "INVALID_REQUEST"],
    ["00000000-0000-4000-8000-000000000000", "NOT_FOUND"],
  ])("the activation %s: %s", async (id, code) => {
    expect(await outcomeOf(decide(second, id))).toBe(code)
  })

  test("the folder changes nothing, whatever is in it", async () => {
    const before = await active(one)
    writeFileSync(join(one.data, "policy", "policy.yaml"), versioned("by folder"))
    await one.daemon.reloadPolicy()
    expect((await active(one)).digest).toEqual(before.digest)
  })

  test("the ledger is clean after all", async () => {
    expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
  })
})

describe("the policy folder", () => {
  test("is followed until another bundle was activated, and then neither by the watch nor at a restart", {
    timeout: 180_000,
  }, async () => {
    const database = await createDatabase()
    const folder = makeFolder()
    const data = join(folder.path, "data")
    mkdirSync(data, { recursive: true })
    cpSync(join(PACKAGE_ROOT, "examples", "agent-tools"), join(data, "policy"), { recursive: true })
    const file = join(data, "policy", "policy.yaml")
    let writ = await startTestDaemon(database.url, TRUST, data)
    const version = async () => (await active(writ)).version
    const restart = async () => {
      await writ.stop()
      writ = await startTestDaemon(database.url, TRUST, data)
    }
    try {
      writeFileSync(file, versioned("folder-1"))
      await expect.poll(version, eventually).toBe("folder-1")
      writeFileSync(file, versioned("folder-2"))
      await restart()
      expect(await version()).toBe("folder-2")

      await activate(writ, await publish(writ, versioned("operator")))
      writeFileSync(file, versioned("folder-3"))
      await writ.daemon.reloadPolicy()
      expect(await version()).toBe("operator")
      await restart()
      expect(await version()).toBe("operator")
      expect(writ.daemon.summary["policy"]).toMatch(/^operator, .* activated by an operator/)
      expect(await decision(writ)).toBe("DECISION_ALLOW")

      // Not even with what it held when it was followed: an operator's word stands until an operator takes it back.
      writeFileSync(file, versioned("folder-2"))
      await writ.daemon.reloadPolicy()
      expect(await version()).toBe("operator")
    } finally {
      await writ.stop()
      await database.drop()
      folder.remove()
    }
  })
})
