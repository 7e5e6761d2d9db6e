import { generateKeyPairSync } from "node:crypto"
import { afterEach, describe, expect, test } from "vitest"
import { sha256, sodium, sodiumFile } from "../../../src/crypto.ts"
import { createSigner, sodiumKey } from "../../../src/token/signer.ts"
import { type SigningThread, startSigningThread } from "../../../src/token/signing-thread.ts"
import { createTokenSigner } from "../../../src/token/token.ts"

const { privateKey } = generateKeyPairSync("ed25519")
const LEAF = new Uint8Array(32).fill(9)
const claimsOf = (n: number) => `{"action":"é${"x".repeat(n * 37)}","jti":"${n}","log":"writ.test"}`
const inline = createTokenSigner(createSigner(privateKey), sha256)
const expected = (count: number) => Array.from({ length: count }, (_, n) => inline.sign(claimsOf(n), LEAF))

// libsodium is an optional dependency, and without it there is no such thread
describe.runIf(sodium !== null)("startSigningThread", () => {
  let thread: SigningThread | null = null
  afterEach(async () => await thread?.stop())
  const start = async () => {
    thread = startSigningThread(sodiumKey(privateKey), sodiumFile as string)
    while (!thread.isUp()) await new Promise((resolve) => setTimeout(resolve, 5))
    return thread
  }
  const wantAll = (started: SigningThread, count: number) => {
    const tokens = createTokenSigner(createSigner(privateKey), sha256, started)
    return Array.from({ length: count }, (_, n) => tokens.signSoon(claimsOf(n), LEAF))
  }

  test.each([1, 2, 3, 4, 70])(
    "%i tokens that are wanted at once are those that are signed one by one",
    async (count) => {
      const wanted = wantAll(await start(), count)
      expect(typeof wanted[0]).toBe("string") // the first is not kept waiting
      expect(await Promise.all(wanted)).toEqual(expected(count))
    },
  )

  test("batches of turns that overlap are not mixed up", async () => {
    const started = await start()
    const tokens = createTokenSigner(createSigner(privateKey), sha256, started)
    const wanted: (string | Promise<string>)[] = []
    for (let turn = 0; turn < 5; turn++) {
      for (let i = 0; i < 9; i++) wanted.push(tokens.signSoon(claimsOf(wanted.length), LEAF))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await Promise.all(wanted)).toEqual(expected(45))
  })

  test("what a thread that ends has not signed is signed here", async () => {
    const started = await start()
    const wanted = wantAll(started, 40)
    await new Promise((resolve) => setImmediate(resolve)) // handed over
    const stopped = started.stop()
    expect(await Promise.all(wanted)).toEqual(expected(40))
    await stopped
    expect(started.isUp()).toBe(false)
    expect(await Promise.all(wantAll(started, 4))).toEqual(expected(4))
  })

  test("a key that cannot sign: whoever wants a token hears it, first or not", async () => {
    const failing = {
      publicKey: new Uint8Array(32),
      sign: () => {
        throw new Error("no such key")
      },
    }
    const tokens = createTokenSigner(failing, sha256, await start())
    expect(() => tokens.signSoon(claimsOf(1), LEAF)).toThrow("no such key")
    await expect(tokens.signSoon(claimsOf(2), LEAF)).rejects.toThrow("no such key")
  })

  test("a thread that cannot load libsodium is never up, and tokens are signed here", async () => {
    const broken = startSigningThread(sodiumKey(privateKey), "/no/such/sodium")
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(broken.isUp()).toBe(false)
    expect(wantAll(broken, 4)).toEqual(expected(4))
    await broken.stop()
  })
})
