import { createHash, verify } from "node:crypto"
import { describe, expect, test } from "vitest"
import { nativeCrypto, publicKeyObject, sha256 } from "../../../src/crypto.ts"
import { bundleSigningInput, Control, type ControlRows } from "../../../src/decision/control.ts"
import { fromHex, utf8 } from "../../../src/formats/bytes.ts"
import { loadCanonicalPolicy } from "../../../src/policy/load.ts"
import { CALLER_KEY, testSigner } from "../../support/decision.ts"
import { load } from "../../support/policy.ts"

const policyOf = (version: string) =>
  load({ version, types: { subjects: {}, resources: {}, actions: {} }, rules: [] }).policy
const first = policyOf("1")
const second = policyOf("2")
const signer = testSigner(1)
const stranger = testSigner(2)
type Row = NonNullable<ControlRows["activeBundle"]>
const rowOf = (policy = first, by = signer): Row => ({
  digest: fromHex(policy.digest),
  content: policy.canonicalBytes,
  signatures: [{ publicKey: by.publicKey, signature: by.sign(bundleSigningInput(policy.canonicalBytes)) }],
})

/** A database whose reads end when the test says so. */
class FakeSource {
  rows: ControlRows = {
    epoch: 1n,
    activeBundle: rowOf(),
    callers: [CALLER_KEY],
    runtimes: [],
    references: [],
    revokedKeys: [],
    directives: [],
  }
  loads = 0
  fault: Error | null = null
  /** Set: reads wait for it. */
  gate: Promise<void> | null = null
  async load(): Promise<ControlRows> {
    this.loads++
    const rows = this.rows // one snapshot, taken when the read begins
    await this.gate
    if (this.fault) throw this.fault
    return rows
  }
}

function setUp(more: Partial<ConstructorParameters<typeof Control>[0]> = {}) {
  const source = new FakeSource()
  const compiled: Uint8Array[] = []
  const changes: bigint[] = []
  const control = new Control({
    source,
    trustedPolicyKeys: [signer.publicKey],
    verify: nativeCrypto.ed25519Verify,
    compile(content) {
      compiled.push(content)
      const loaded = loadCanonicalPolicy(content, sha256)
      return loaded.ok ? loaded.policy : null
    },
    onChange: (state) => changes.push(state.epoch),
    ...more,
  })
  return { source, control, compiled, changes }
}
async function problemsOf(row: Row | null, trusted = [signer.publicKey]): Promise<string[] | null> {
  const { source, control } = setUp({ trustedPolicyKeys: trusted })
  source.rows = { ...source.rows, activeBundle: row }
  await control.refresh()
  return control.state.active?.problems.map(({ code }) => code) ?? null
}

describe("Control", () => {
  test("before the first load nothing is active and nobody is known", () => {
    const { control } = setUp()
    expect(control.state).toEqual({
      epoch: -1n,
      active: null,
      callers: new Map(),
      runtimes: new Map(),
      references: new Map(),
      revokedKeys: new Set(),
    })
  })

  test("loads bundle and callers, whole", async () => {
    const { control, changes } = setUp()
    await control.refresh()
    expect(control.state.epoch).toBe(1n)
    expect(control.state.active?.policy.digest).toBe(first.digest)
    expect(control.state.active?.problems).toEqual([])
    expect(control.state.callers.get("1")).toEqual(CALLER_KEY)
    expect(changes).toEqual([1n])
  })

  test("the same epoch changes nothing; another one swaps the whole state, and compiles only what is new", async () => {
    const { source, control, compiled, changes } = setUp()
    await control.refresh()
    const before = control.state
    await control.refresh()
    expect(control.state).toBe(before)
    source.rows = { ...source.rows, epoch: 2n, callers: [] }
    await control.refresh()
    expect(control.state.callers.size).toBe(0)
    expect(before.callers.size).toBe(1)
    expect(compiled).toHaveLength(1)
    source.rows = { ...source.rows, epoch: 3n, activeBundle: rowOf(second) }
    await control.refresh()
    expect(control.state.active?.policy.version).toBe("2")
    expect(compiled).toHaveLength(2)
    expect(changes).toEqual([1n, 2n, 3n])
  })

  test("a refresh that begins while another reads does not rest on what that one reads", async () => {
    const { source, control } = setUp()
    let open: () => void = () => {}
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    const early = control.refresh()
    source.rows = { ...source.rows, epoch: 2n, callers: [] } // committed after the first read began
    const late = [control.refresh(), control.refresh(), control.refresh()]
    open()
    await early
    await Promise.all(late)
    expect(control.state.epoch).toBe(2n)
    expect(source.loads).toBe(2) // those that waited share one read
  })

  test("a read that fails keeps the state, is told to who asked, and does not stop the next", async () => {
    const { source, control } = setUp()
    await control.refresh()
    source.rows = { ...source.rows, epoch: 2n }
    source.fault = new Error("gone")
    const both = await Promise.allSettled([control.refresh(), control.refresh()])
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"])
    expect(control.state.epoch).toBe(1n)
    source.fault = null
    await control.refresh()
    expect(control.state.epoch).toBe(2n)
  })

  test("no bundle, and content that is none, leave nothing active", async () => {
    expect(await problemsOf(null)).toBeNull()
    expect(await problemsOf({ ...rowOf(), content: utf8("{}") })).toBeNull()
  })

  test("a bundle whose digest is another one's is BUNDLE_ALTERED", async () => {
    expect(await problemsOf({ ...rowOf(), digest: fromHex(second.digest) })).toEqual(["BUNDLE_ALTERED"])
  })

  test("content altered under its digest and signature fails both", async () => {
    expect(await problemsOf({ ...rowOf(), content: second.canonicalBytes })).toEqual([
      "BUNDLE_ALTERED",
      "BUNDLE_UNTRUSTED",
    ])
  })

  const good = rowOf().signatures[0] as Row["signatures"][number]
  const flipped = good.signature.map((byte, i) => (i === 9 ? byte ^ 1 : byte))
  const ZERO_KEY = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))
  test.each([
    ["no signature", { signatures: [] }],
    ["a stranger's signature", rowOf(first, stranger)],
    ["a signature over another bundle", { signatures: rowOf(second).signatures }],
    [
      "a stranger's signature under a trusted key's name",
      { signatures: [{ ...rowOf(first, stranger).signatures[0], publicKey: signer.publicKey }] },
    ],
    ["a flipped bit", { signatures: [{ ...good, signature: flipped }] }],
    ["a signature cut short", { signatures: [{ ...good, signature: good.signature.subarray(1) }] }],
    ["an empty signature", { signatures: [{ ...good, signature: new Uint8Array() }] }],
    ["a signature over the bare content", { signatures: [{ ...good, signature: signer.sign(first.canonicalBytes) }] }],
  ] as [string, Partial<Row>][])("%s is BUNDLE_UNTRUSTED", async (_, change) => {
    expect(await problemsOf({ ...rowOf(), ...change })).toEqual(["BUNDLE_UNTRUSTED"])
  })

  test("a key of small order is never trusted, even when it is configured", async () => {
    // Under 01 00 … 00 any R = s·B with S = s verifies for every message; s·B is a public key, s its scalar.
    const scalar = createHash("sha512").update(Buffer.alloc(32, 1)).digest().subarray(0, 32)
    scalar[0] = (scalar[0] as number) & 0xf8
    scalar[31] = ((scalar[31] as number) & 0x7f) | 0x40
    const L = 2n ** 252n + 27742317777372353535851937790883648493n
    const s = BigInt(`0x${Buffer.from(scalar).reverse().toString("hex")}`) % L
    const signature = Buffer.concat([
      testSigner(1).publicKey,
      Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse(),
    ])
    const openssl: typeof nativeCrypto.ed25519Verify = (key, message, signed) =>
      verify(null, message, publicKeyObject(key), signed)
    expect(openssl(ZERO_KEY, utf8("anything at all"), signature)).toBe(true)
    const { source, control } = setUp({ trustedPolicyKeys: [ZERO_KEY], verify: openssl })
    source.rows = { ...source.rows, activeBundle: { ...rowOf(), signatures: [{ publicKey: ZERO_KEY, signature }] } }
    await control.refresh()
    expect(control.state.active?.problems.map(({ code }) => code)).toEqual(["BUNDLE_UNTRUSTED"])
  })

  test("one trusted signature among others is enough, and further trusted keys count", async () => {
    const foreign = rowOf(first, stranger).signatures[0] as Row["signatures"][number]
    expect(await problemsOf({ ...rowOf(), signatures: [foreign, good] })).toEqual([])
    expect(await problemsOf({ ...rowOf(), signatures: [foreign] }, [signer.publicKey, stranger.publicKey])).toEqual([])
    expect(await problemsOf(rowOf(), [])).toEqual(["BUNDLE_UNTRUSTED"])
  })
})

describe("bundleSigningInput", () => {
  test("is the DSSE pre-authentication encoding: lengths in bytes", () => {
    expect(Buffer.from(bundleSigningInput(utf8('{"é":1}'))).toString()).toBe(
      'DSSEv1 32 application/vnd.writ.bundle+json 8 {"é":1}',
    )
  })
})
