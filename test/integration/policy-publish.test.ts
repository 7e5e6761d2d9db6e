/** PolicyService up to the publication: what is checked, what is stored, and what a repeat answers. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { checkDatabase } from "../../src/cli/ledger-fsck.ts"
import { sha256 } from "../../src/crypto.ts"
import { toBase64, toHex } from "../../src/formats/bytes.ts"
import { dsseSigningInput, encodeDsseEnvelope, parseDsseEnvelope } from "../../src/formats/dsse.ts"
import { loadCanonicalPolicy, loadPolicy } from "../../src/policy/load.ts"
import { countOpinions } from "../../src/policy/second-opinion.ts"
import { PACKAGE_ROOT } from "../../src/rpc/api.ts"
import { startTestDaemon, type TestDaemon } from "../support/daemon.ts"
import { createDatabase, type TestDatabase } from "../support/database.ts"
import { testSigner } from "../support/decision.ts"

const TYPE = "application/vnd.writ.bundle+json"
const EXAMPLE = readFileSync(join(PACKAGE_ROOT, "examples", "agent-tools", "policy.yaml"), "utf8")
const signer = testSigner(7)
const stranger = testSigner(8)

interface Bundle {
  readonly digest: Buffer
  readonly version: string
  readonly state: string
  readonly rule_count: number
  readonly signed_by: readonly Buffer[]
  readonly not_after: { readonly seconds: string } | null
}
interface Published {
  readonly bundle: Bundle
  readonly receipt: { readonly log: string; readonly leaf_index: string; readonly leaf_hash: Buffer }
  readonly already_published: boolean
}

let database: TestDatabase
let writ: TestDaemon
beforeAll(async () => {
  database = await createDatabase()
  writ = await startTestDaemon(database.url, { "policy-trusted-keys": toBase64(signer.publicKey) })
})
afterAll(async () => {
  await writ?.stop()
  await database?.drop()
})

const filesOf = (text: string) => [{ path: "policy.yaml", content: Buffer.from(text) }]
const versioned = (version: string, more = "") =>
  EXAMPLE.replace(/^version: .*$/m, `version: "${version}"${more && `\n${more}`}`)
const canonicalOf = (text: string) => {
  const loaded = loadPolicy({ "policy.yaml": text }, sha256)
  if (!loaded.ok) throw new Error("it does not load")
  return loaded.policy.canonicalBytes
}
const call = <Reply>(method: string, request: object, role: "author" | "auditor" | "operator" | "pep" = "author") =>
  writ.client(role).call<Reply>("policy", method, request, 60_000)
const publish = (text: string, more: object = {}) => call<Published>("PublishBundle", { files: filesOf(text), ...more })
function envelopeOver(text: string, { by = signer, withPayload = true, type = TYPE } = {}): Uint8Array {
  const content = canonicalOf(text)
  return encodeDsseEnvelope({
    payloadType: type,
    payload: withPayload ? content : new Uint8Array(),
    signatures: [{ keyid: "a hint", signature: by.sign(dsseSigningInput(type, content)) }],
  })
}

describe("ValidateBundle", () => {
  test("a bundle that is good: its digest, and what the second engine confirmed", async () => {
    // Two rules that say the same, of which `writ policy check` counts one too.
    const rule = / {2}- id: payment-small\n[\s\S]*?(?=\n {2}- id)/.exec(EXAMPLE)?.[0] as string
    const twice = EXAMPLE.replace(rule, `${rule}\n${rule.replace("payment-small", "payment-small-too")}`)
    const loaded = loadPolicy({ "policy.yaml": twice }, sha256)
    if (!loaded.ok) throw new Error("it does not load")
    const { confirmed, outside } = countOpinions(loaded.conditions)
    expect(confirmed + outside).toBe(loaded.policy.ruleCount) // one signal, and one condition twice
    const reply = await call<{ valid: boolean; digest: Buffer; rule_count: number; confirmed_count: number }>(
      "ValidateBundle",
      { files: filesOf(twice) },
    )
    expect(reply).toMatchObject({
      valid: true,
      problems: [],
      disagreements: [],
      confirmed_count: confirmed,
      outside_count: outside,
    })
    expect(reply.confirmed_count).toBeGreaterThan(0)
    expect(reply.digest.toString("hex")).toMatch(/^[0-9a-f]{64}$/)
  })

  test("a bundle that is not: every problem at its place, with the line and what to write instead", async () => {
    const text = EXAMPLE.replace("effect: allow", "effect: alow")
    const reply = await call<{ valid: boolean; digest: Buffer; problems: readonly object[] }>("ValidateBundle", {
      files: filesOf(text),
    })
    expect(reply).toMatchObject({
      valid: false,
      problems: [
        {
          file: "policy.yaml",
          line: text.slice(0, text.indexOf("alow")).split("\n").length,
          message: "This must be one of allow, deny, require_approval.",
          excerpt: expect.stringContaining("alow\n"),
          suggestion: expect.stringContaining("allow"),
          fatal: true,
        },
      ],
    })
    expect(reply.digest).toHaveLength(0)
  })

  test.each([
    ["no files", [], /files are missing/],
    ["too many files", Array.from({ length: 257 }, (_, i) => ({ path: `${i}.yaml`, content: Buffer.of() })), /256/],
    ["a file that is too large", [{ path: "a.yaml", content: Buffer.alloc(1024 * 1024 + 1) }], /larger than/],
    ["a path that leaves the bundle", [{ path: "../a.yaml", content: Buffer.of() }], /inside the bundle/],
    ["an absolute path", [{ path: "/etc/a.yaml", content: Buffer.of() }], /inside the bundle/],
    ["a path twice", [...filesOf("a"), ...filesOf("b")], /given twice/],
    ["a file that is not UTF-8", [{ path: "a.yaml", content: Buffer.of(0xff) }], /not UTF-8/],
    ["an empty path", [{ path: "", content: Buffer.of() }], /files.path is missing/],
  ])("%s: refused", async (_, files, message) => {
    await expect(call("ValidateBundle", { files })).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_REQUEST|REQUEST_TOO_LARGE)$/),
      message: expect.stringMatching(message),
    })
  })

  test("what takes longer than the caller's deadline is given up, and the daemon lives", async () => {
    const rules = Array.from(
      { length: 8_000 },
      (_, i) =>
        `  - { id: r${i}, effect: deny, subjects: [{ type: agent }], actions: ["http.*"], resources: [{ type: url, id: "/${i}" }] }`,
    )
    const large = `${EXAMPLE}\n${rules.join("\n")}\n`
    const author = writ.client("author")
    await expect(author.call("policy", "ValidateBundle", { files: filesOf(large) }, 300)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    })
    expect(await call("ValidateBundle", { files: filesOf(EXAMPLE) })).toMatchObject({ valid: true })
  })

  test("is for authors", async () => {
    await expect(call("ValidateBundle", { files: filesOf(EXAMPLE) }, "pep")).rejects.toMatchObject({
      code: "FORBIDDEN",
    })
  })
})

describe("PublishBundle", () => {
  test("stores the bundle with a record, signed by the daemon; again it answers the first receipt", async () => {
    const first = await publish(versioned("p1"), { comment: "first\nline two" })
    expect(first).toMatchObject({ already_published: false, bundle: { version: "p1", state: "published" } })
    expect(first.bundle.signed_by).toHaveLength(1)
    const again = await publish(versioned("p1"), { comment: "another" })
    expect(again).toMatchObject({ already_published: true, receipt: first.receipt })
    const { record } = await writ
      .client("auditor")
      .call<{ record: { body: Buffer; payload: Buffer } }>("lineage", "GetRecord", {
        leaf_index: first.receipt.leaf_index,
      })
    const body = JSON.parse(record.body.toString()) as { kind: string; actor: { id: string }; data: object }
    expect(body).toMatchObject({
      kind: "bundle_published",
      actor: { id: expect.stringMatching(/^key:author-/) },
      data: {
        digest: first.bundle.digest.toString("hex"),
        version: "p1",
        content_sha256: createHash("sha256")
          .update(canonicalOf(versioned("p1")))
          .digest("hex"),
        second_opinion: { confirmed: expect.any(Number) },
      },
    })
    expect(JSON.parse(record.payload.subarray(32).toString())).toEqual({ comment: "first\nline two" })
  })

  test("does not make it decide: the active one is as before", async () => {
    const before = await call<{ bundle: Bundle }>("GetBundle", {})
    await publish(versioned("p2"))
    expect(await call("GetBundle", {})).toEqual(before)
  })

  test("the same bundle published from all sides at once is stored once", async () => {
    const replies = await Promise.all(Array.from({ length: 5 }, () => publish(versioned("p-race"))))
    expect(replies.filter((reply) => !reply.already_published)).toHaveLength(1)
    expect(new Set(replies.map((reply) => reply.receipt.leaf_index)).size).toBe(1)
  })

  test("a DSSE envelope by a trusted key vouches, with its payload and without", async () => {
    for (const withPayload of [true, false]) {
      const text = versioned(`signed-${withPayload}`)
      const { bundle } = await publish(text, { envelope: envelopeOver(text, { withPayload }) })
      expect(bundle.signed_by.map((key) => toHex(key))).toEqual([toHex(signer.publicKey)])
    }
  })

  test("a further key that vouches for a bundle is added, with a record of its own", async () => {
    const text = versioned("twice")
    const first = await publish(text)
    const second = await publish(text, { envelope: envelopeOver(text), comment: "mine too" })
    expect(second).toMatchObject({ already_published: true, receipt: first.receipt })
    expect(second.bundle.signed_by).toHaveLength(2)
    const { records } = await writ
      .client("auditor")
      .call<{ records: { body: Buffer }[] }>("lineage", "ListRecords", { kind: "bundle_signed" })
    expect(records).toHaveLength(1)
  })

  test.each([
    ["by a stranger", (text: string) => envelopeOver(text, { by: stranger }), /not signed by a trusted policy key/],
    ["over another bundle", () => envelopeOver(versioned("else")), /over another bundle/],
    [
      "over another bundle, without its payload",
      () => envelopeOver(versioned("else"), { withPayload: false }),
      /not signed/,
    ],
    ["of another type", (text: string) => envelopeOver(text, { type: "text/plain" }), /must have the payloadType/],
    ["that is none", () => Buffer.from("{}"), /not a DSSE envelope/],
  ])("an envelope %s is refused, and nothing is stored", async (name, make, message) => {
    const text = versioned(`refused ${name}`)
    await expect(publish(text, { envelope: make(text) })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(message),
    })
    const { bundles } = await call<{ bundles: Bundle[] }>("ListBundles", { page_size: 500 })
    expect(bundles.map(({ version }) => version)).not.toContain(`refused ${name}`)
  })

  test("a bundle that is not valid is refused with the first of what is wrong", async () => {
    await expect(publish(EXAMPLE.replaceAll("effect: allow", "effect: alow"))).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringMatching(/policy\.yaml:\d+:\d+ This must be one of[\s\S]*and \d+ more/),
    })
  })

  test("its tests must pass; what fails is told, and nothing is stored", async () => {
    const text = versioned("p-tested")
    const testsOf = (decision: string) => ({
      path: "policy_test.yaml",
      content: Buffer.from(
        `tests:\n  - name: research reads\n    subject: { type: agent, id: "agent:researcher", properties: { team: research } }\n` +
          `    action: http.get\n    resource: { type: url, id: "https://example.com/paper" }\n    expect: { decision: ${decision} }\n`,
      ),
    })
    const tried = (decision: string) =>
      call<Published>("PublishBundle", { files: [...filesOf(text), testsOf(decision)] })
    await expect(tried("DENY")).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringMatching(/^1 of the bundle's 1 tests failed.*policy_test\.yaml:2:\d+ research reads: /),
    })
    await expect(tried("PERHAPS")).rejects.toMatchObject({
      code: "POLICY_INVALID",
      message: expect.stringMatching(/policy_test\.yaml:6:\d+ /),
    })
    const { bundles } = await call<{ bundles: Bundle[] }>("ListBundles", { page_size: 500 })
    expect(bundles.map(({ version }) => version)).not.toContain("p-tested")
    expect(await tried("ALLOW")).toMatchObject({ already_published: false, bundle: { version: "p-tested" } })
  })

  test.each([
    ["too long", "x".repeat(1_025)],
    ["not valid text", "\ufffd"],
  ])("a comment that is %s is refused", async (_, comment) => {
    await expect(publish(EXAMPLE, { comment })).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_REQUEST|REQUEST_TOO_LARGE)$/),
    })
  })
})

describe("GetBundle and ListBundles", () => {
  test("a bundle comes back as it was published: content, window and envelopes that verify", async () => {
    const text = versioned("whole", "not_before: 2026-01-01T01:00:00+01:00\nnot_after: 2199-01-01T00:00:00Z")
    const { bundle } = await publish(text, { envelope: envelopeOver(text) })
    const got = await call<{ bundle: Bundle; content: Buffer; envelopes: Buffer[] }>(
      "GetBundle",
      { digest: bundle.digest, with_content: true },
      "auditor",
    )
    expect(got.bundle).toEqual(bundle)
    expect(got.bundle).toMatchObject({
      not_before: { seconds: "1767225600" },
      engine_version: expect.stringMatching(/^writ\//),
    })
    const loaded = loadCanonicalPolicy(got.content, sha256)
    expect(loaded.ok && loaded.policy.digest).toBe(bundle.digest.toString("hex"))
    const [envelope] = got.envelopes.map(parseDsseEnvelope)
    expect(envelope?.payload).toHaveLength(0)
    expect(envelope?.signatures[0]?.keyid).toBe(toHex(signer.publicKey))
    expect(toHex(envelope?.signatures[0]?.signature ?? Buffer.of())).toBe(
      toHex(signer.sign(dsseSigningInput(TYPE, got.content))),
    )
  })

  test("pages hold every bundle once, newest first", async () => {
    const seen: Bundle[] = []
    for (let page_token = ""; ; ) {
      const page = await call<{ bundles: Bundle[]; next_page_token: string }>("ListBundles", {
        page_size: 3,
        page_token,
      })
      expect(page.bundles.length).toBeLessThanOrEqual(3)
      seen.push(...page.bundles)
      page_token = page.next_page_token
      if (page_token === "") break
    }
    const { bundles } = await call<{ bundles: Bundle[] }>("ListBundles", {}, "operator")
    expect(seen).toEqual(bundles)
    expect(bundles[0]?.version).toBe("whole")
    expect(bundles.filter(({ state }) => state === "active")).toHaveLength(1)
    expect(bundles.at(-1)?.state).toBe("active")
  })

  test.each([
    ["GetBundle", { digest: Buffer.alloc(31) }, "INVALID_REQUEST"],
    ["GetBundle", { digest: Buffer.alloc(32) }, "NOT_FOUND"],
    ["ListBundles", { page_size: 501 }, "INVALID_REQUEST"],
    ["ListBundles", { page_token: "1" }, "INVALID_REQUEST"],
  ])("%s with %o: refused", async (method, request, code) => {
    await expect(call(method, request)).rejects.toMatchObject({ code })
  })
})

test("the ledger is clean after all", async () => {
  expect((await checkDatabase(database.connection, undefined, false)).findings).toEqual([])
})
