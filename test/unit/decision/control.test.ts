import { createHash, verify } from "node:crypto"
import { describe, expect, test, vi } from "vitest"
import { nativeCrypto, publicKeyObject } from "../../../src/crypto.ts"
import { createTrustCheck } from "../../../src/decision/bundle-trust.ts"
import { bundleSigningInput, Control, type ControlRows } from "../../../src/decision/control.ts"
import { fromHex, utf8 } from "../../../src/formats/bytes.ts"
import type { Policy } from "../../../src/policy/types.ts"
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
  signatures: [{ publicKey: by.publicKey, signature: by.sign(bundleSigningInput(policy.canonicalBytes)) }],
})

/** A database whose reads end when the test says so. */
class FakeSource {
  rows: ControlRows = {
    epoch: 1n,
    activeBundle: rowOf(),
    callers: [CALLER_KEY],
    bindings: [],
    runtimes: [],
    references: [],
    revokedKeys: [],
    tokenKeys: [],
    directives: [],
    shadow: null,
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

type Verify = typeof nativeCrypto.ed25519Verify
function setUp({ verify = nativeCrypto.ed25519Verify, trusted = [signer.publicKey], ...more }: Options = {}) {
  const source = new FakeSource()
  const asked: string[] = []
  const verified: Uint8Array[] = []
  const changes: bigint[] = []
  const stored = new Map<string, Policy | null>([first, second].map((policy) => [policy.digest, policy]))
  const control = new Control({
    source,
    checkTrust: createTrustCheck({
      trustedPolicyKeys: trusted,
      async hasSigned(publicKey, canonicalBytes, signature) {
        verified.push(publicKey)
        return verify(publicKey, bundleSigningInput(canonicalBytes), signature)
      },
    }),
    async policyOf(digest) {
      asked.push(digest)
      return stored.get(digest) ?? null
    },
    onChange: (state) => changes.push(state.epoch),
    ...more,
  })
  return { source, control, stored, asked, verified, changes }
}
type Options = Partial<ConstructorParameters<typeof Control>[0]> & { verify?: Verify; trusted?: Uint8Array[] }
async function problemsOf(row: Row | null, trusted = [signer.publicKey]): Promise<string[] | null> {
  const { source, control } = setUp({ trusted })
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
      bindings: new Map(),
      runtimes: new Map(),
      references: new Map(),
      revokedKeys: new Set(),
      tokenKeys: [],
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
    const { source, control, asked, verified, changes } = setUp()
    await control.refresh()
    const before = control.state
    await control.refresh()
    expect(control.state).toBe(before)
    source.rows = { ...source.rows, epoch: 2n, callers: [] }
    await control.refresh()
    expect(control.state.callers.size).toBe(0)
    expect(before.callers.size).toBe(1)
    expect(asked).toEqual([first.digest])
    expect(verified).toHaveLength(1)
    source.rows = { ...source.rows, epoch: 3n, activeBundle: rowOf(second) }
    await control.refresh()
    expect(control.state.active?.policy.version).toBe("2")
    expect(asked).toEqual([first.digest, second.digest])
    expect(verified).toHaveLength(2)
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

  test("no bundle, and one that is not stored, leave nothing active", async () => {
    expect(await problemsOf(null)).toBeNull()
    expect(await problemsOf({ ...rowOf(), digest: new Uint8Array(32) })).toBeNull()
  })

  test("what is stored under another one's digest is BUNDLE_ALTERED, and nobody has signed it", async () => {
    const { control, stored } = setUp()
    stored.set(first.digest, second)
    await control.refresh()
    expect(control.state.active?.problems.map(({ code }) => code)).toEqual(["BUNDLE_ALTERED", "BUNDLE_UNTRUSTED"])
  })

  test("the same bundle is looked at again when its signatures are others", async () => {
    const { source, control } = setUp()
    source.rows = { ...source.rows, activeBundle: rowOf(first, stranger) }
    await control.refresh()
    expect(control.state.active?.problems).toHaveLength(1)
    source.rows = { ...source.rows, epoch: 2n, activeBundle: rowOf() }
    await control.refresh()
    expect(control.state.active?.problems).toEqual([])
  })

  describe("a bundle that takes long to compile", () => {
    const slow = () => {
      let resolve: (policy: Policy) => void = () => {}
      let reject: (error: Error) => void = () => {}
      const compiling = new Promise<Policy>((...both) => {
        ;[resolve, reject] = both
      })
      const asked: string[] = []
      const setting = setUp({
        bundleWaitMs: 20,
        policyOf(digest) {
          asked.push(digest)
          return digest === first.digest
            ? Promise.resolve(first)
            : asked.length === 2
              ? compiling
              : Promise.resolve(second)
        },
      })
      return { ...setting, asked, resolve, reject }
    }
    const activated = async (of: ReturnType<typeof slow>) => {
      await of.control.refresh()
      of.source.rows = { ...of.source.rows, epoch: 2n, callers: [], activeBundle: rowOf(second) }
      await of.control.refresh()
    }

    test("leaves nothing active under the new epoch, never the bundle before; the rest of the state is new", async () => {
      const of = slow()
      await activated(of)
      expect(of.control.state).toMatchObject({ epoch: 2n, active: null, isLoading: true, callers: new Map() })
    })

    test("is active as soon as it is compiled, without another change", async () => {
      const of = slow()
      await activated(of)
      of.resolve(second)
      await vi.waitFor(() => expect(of.control.state.active?.policy.version).toBe("2"))
      expect(of.control.state.isLoading).toBeUndefined()
      expect(of.asked).toHaveLength(2)
    })

    test("whose compiler dies is tried again by the next refresh", async () => {
      const of = slow()
      await of.control.refresh()
      of.source.rows = { ...of.source.rows, epoch: 2n, activeBundle: rowOf(second) }
      of.reject(new Error("out of memory"))
      await of.control.refresh()
      expect(of.control.state).toMatchObject({ epoch: 2n, active: null, isLoading: true })
      await of.control.refresh()
      expect(of.control.state.active?.policy.version).toBe("2")
    })

    test("and was overtaken by the one before is not waited for", async () => {
      const of = slow()
      await activated(of)
      of.source.rows = { ...of.source.rows, epoch: 3n, activeBundle: rowOf(first) }
      await of.control.refresh()
      expect(of.control.state.active?.policy.version).toBe("1")
      of.resolve(second)
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(of.control.state.active?.policy.version).toBe("1")
    })
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
    const { source, control } = setUp({ trusted: [ZERO_KEY], verify: openssl })
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
