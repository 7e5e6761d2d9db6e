import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import { isCompromised, isInForce, type TokenKey } from "../../../src/decision/token-key.ts"
import { createTokenKeys, type PrivateKeys } from "../../../src/decision/token-keys.ts"
import { createTurns } from "../../../src/decision/turns.ts"
import { WritError } from "../../../src/errors.ts"
import type { Entry } from "../../../src/ledger/appender.ts"
import { createSigner } from "../../../src/token/signer.ts"
import { createTokenSigner } from "../../../src/token/token.ts"
import { FakeClock, FakeLedger, ISSUER } from "../../support/decision.ts"
import { NOW_MS, stateOf } from "../../support/policy.ts"

const AHEAD_MS = 600_000
const LAST_TOKEN_MS = 125_000
const ACTOR = { id: "key:admin-1", proof: "api-key" }

/** Files as a crash leaves them: they outlive the daemon. */
class FakeFiles implements PrivateKeys {
  keys: KeyObject[] = [generateKeyPairSync("ed25519").privateKey]
  make(): KeyObject {
    const key = generateKeyPairSync("ed25519").privateKey
    this.keys = [...this.keys, key]
    return key
  }
  remove(key: KeyObject): void {
    this.keys = this.keys.filter((known) => known !== key)
  }
}

/** What a database and a data folder keep; `start` is a daemon on them. */
function setUp() {
  const clock = new FakeClock()
  const ledger = new FakeLedger()
  const files = new FakeFiles()
  const control: { current: ControlState } = { current: stateOf(null) }
  const stopped: string[] = []
  /** The rows that an append would leave. */
  const apply = ({ change }: Entry, index: number) => {
    const keys = new Map(control.current.tokenKeys.map((key) => [key.kid, key]))
    for (const effect of change?.effects ?? []) {
      if (effect.kind === "token_key") {
        const { kid, publicKey, signsFromMs } = effect
        keys.set(kid, { kid, publicKey, signsFromMs, endsAtMs: null, withdrawn: null })
      }
      if (effect.kind === "token_key_ends") {
        const { kid, endsAtMs, isCompromised } = effect
        const withdrawn = isCompromised ? { origin: ISSUER.origin, index } : null
        keys.set(kid, { ...(keys.get(kid) as TokenKey), endsAtMs, withdrawn })
      }
    }
    control.current = { ...control.current, epoch: control.current.epoch + 1n, tokenKeys: [...keys.values()] }
  }
  ledger.onAppend = (entry) => {
    if ((ledger.answers[0] ?? "written") === "written") apply(entry, ledger.entries.length - 1)
  }
  const start = () =>
    createTokenKeys({
      clock,
      origin: ISSUER.origin,
      issuer: ISSUER.issuer,
      files,
      aheadMs: AHEAD_MS,
      inTurn: createTurns(),
      control: () => control.current,
      refresh: async () => {},
      ledger,
      signerOf(key) {
        const signer = createTokenSigner(createSigner(key), sha256)
        return { ...signer, stop: () => stopped.push(signer.kid) }
      },
    })
  const kids = () => files.keys.map((key) => createTokenSigner(createSigner(key), sha256).kid)
  return { clock, ledger, files, control, stopped, apply, start, kids }
}
const seconds = (ms: number) => Math.floor(ms / 1000)

describe("createTokenKeys", () => {
  test("the first start publishes the folder's key, which signs at once; the next start publishes nothing", async () => {
    const { ledger, control, start, kids } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    expect(control.current.tokenKeys).toMatchObject([{ kid: kids()[0], endsAtMs: null, withdrawn: null }])
    expect(keys.at(seconds(NOW_MS)).kid).toBe(kids()[0])
    await start().open(ACTOR)
    expect(ledger.bodies()).toMatchObject([
      { kind: "signing_key_changed", actor: ACTOR, epoch: "8", data: { kid: kids()[0], use: "token" } },
    ])
  })

  test("a new key is published ahead, signs from its second on, and the old one counts until its last token has ended", async () => {
    const { clock, ledger, control, start, kids, files, stopped } = setUp()
    clock.wallMs = NOW_MS + 1 // not a whole second
    const keys = start()
    await keys.open(ACTOR)
    const old = keys.at(seconds(NOW_MS)).kid
    const rotated = await keys.rotate(false, ACTOR)
    const fromMs = Math.ceil((NOW_MS + 1 + AHEAD_MS) / 1000) * 1000
    expect(rotated).toMatchObject({
      kid: kids()[1],
      signsFromMs: fromMs,
      oldEndsAtMs: fromMs + LAST_TOKEN_MS,
      receipt: { index: 1 },
    })
    expect(ledger.bodies()[1]).toMatchObject({
      kind: "signing_key_changed",
      data: {
        kid: rotated.kid,
        signs_from: new Date(fromMs).toISOString(),
        ends: [{ kid: old, at: new Date(fromMs + LAST_TOKEN_MS).toISOString(), compromised: false }],
      },
    })
    for (const [iat, kid] of [
      [seconds(NOW_MS), old],
      [seconds(fromMs) - 1, old],
      [seconds(fromMs), rotated.kid],
      [seconds(fromMs) + 100, rotated.kid],
    ] as const)
      expect(keys.at(iat).kid, String(iat)).toBe(kid)
    const inForce = (atMs: number) =>
      control.current.tokenKeys.filter((key) => isInForce(key, atMs)).map(({ kid }) => kid)
    expect(inForce(NOW_MS)).toEqual([old, rotated.kid])
    expect(inForce(fromMs + LAST_TOKEN_MS - 1)).toEqual([old, rotated.kid])
    expect(inForce(fromMs + LAST_TOKEN_MS)).toEqual([rotated.kid])
    clock.wallMs = fromMs + LAST_TOKEN_MS - 1
    await keys.tidy()
    expect(files.keys).toHaveLength(2)
    clock.wallMs++
    await keys.tidy()
    expect([kids(), stopped]).toEqual([[rotated.kid], [old]])
    expect(keys.at(seconds(fromMs)).kid).toBe(rotated.kid)
  })

  test("while a key waits for its first use there is no other; a restart keeps both", async () => {
    const { control, start, clock } = setUp()
    await start().open(ACTOR)
    const keys = start()
    const { kid, signsFromMs } = await keys.rotate(false, ACTOR)
    await expect(keys.rotate(false, ACTOR)).rejects.toMatchObject({ code: "INVALID_TRANSITION" })
    const again = start()
    await again.open(ACTOR)
    expect(control.current.tokenKeys).toHaveLength(2)
    expect(again.at(seconds(signsFromMs)).kid).toBe(kid)
    clock.wallMs = signsFromMs
    const third = await again.rotate(false, ACTOR)
    expect(again.at(seconds(third.signsFromMs)).kid).toBe(third.kid)
  })

  test("compromised: all keys that lie in the folder are withdrawn, one that waits too, and a new one signs at once", async () => {
    const { ledger, control, start, kids, stopped } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    const old = keys.at(seconds(NOW_MS)).kid
    const waiting = await keys.rotate(false, ACTOR)
    const { kid, signsFromMs, oldEndsAtMs } = await keys.rotate(true, ACTOR)
    expect([signsFromMs, oldEndsAtMs]).toEqual([NOW_MS, NOW_MS])
    const at = new Date(NOW_MS).toISOString()
    expect(ledger.bodies()[2]?.data).toMatchObject({
      kid,
      signs_from: at,
      ends: [
        { kid: old, at, compromised: true },
        { kid: waiting.kid, at, compromised: true },
      ],
    })
    expect(keys.at(seconds(NOW_MS)).kid).toBe(kid)
    expect(keys.at(seconds(waiting.signsFromMs)).kid).toBe(kid)
    expect(control.current.tokenKeys.filter((key) => isInForce(key, NOW_MS - 60_000)).map((key) => key.kid)).toEqual([
      kid,
    ])
    expect([kids(), stopped.sort()]).toEqual([[kid], [old, waiting.kid].sort()])
  })

  test("killed before the record is written: the key that nobody knows of is forgotten, and the old one signs", async () => {
    const { files, ledger, start, kids, control } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    const [old] = kids()
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    await expect(keys.rotate(true, ACTOR)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
    expect(files.keys).toHaveLength(2)
    const again = start()
    await again.open(ACTOR)
    expect(kids()).toEqual([old])
    expect(again.at(seconds(NOW_MS)).kid).toBe(old)
    expect(control.current.tokenKeys).toHaveLength(1)
  })

  test("written, and the answer lost: the key is there after the restart, and is the next one", async () => {
    const { ledger, start, apply, control } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    ledger.answers.push(new WritError("LEDGER_UNAVAILABLE"))
    await expect(keys.rotate(false, ACTOR)).rejects.toThrow(WritError)
    apply(ledger.entries[1] as Entry, 1)
    for (const running of [keys, start()]) {
      await running.open(ACTOR)
      const [, next] = control.current.tokenKeys
      expect(running.at(seconds(next?.signsFromMs ?? 0)).kid).toBe(next?.kid)
    }
    expect(control.current.tokenKeys).toHaveLength(2)
  })

  test("a folder from a backup lacks the next key, or has an ended one only: a new key signs at once", async () => {
    const { files, start, clock, control } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    const saved = files.keys
    const { kid } = await keys.rotate(false, ACTOR)
    files.keys = saved
    const restored = start()
    await restored.open(ACTOR)
    const fresh = restored.at(seconds(NOW_MS)).kid
    expect([files.keys.length, control.current.tokenKeys.some((key) => key.kid === fresh)]).toEqual([2, true])
    expect(restored.at(seconds(clock.wallMs + AHEAD_MS + 1_000)).kid, "not the one that is lost").not.toBe(kid)
    clock.wallMs += AHEAD_MS + LAST_TOKEN_MS + 1_000
    files.keys = saved
    const later = start()
    await later.open(ACTOR)
    expect(later.at(seconds(clock.wallMs)).kid).not.toBe(fresh)
    expect(files.keys).toHaveLength(1)
  })

  test("of two rotations at once one is refused; others' changes make it begin anew", async () => {
    const { ledger, start, control } = setUp()
    const keys = start()
    await keys.open(ACTOR)
    ledger.answers.push("stale")
    const outcomes = await Promise.allSettled([keys.rotate(false, ACTOR), keys.rotate(false, ACTOR)])
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"])
    expect(control.current.tokenKeys).toHaveLength(2)
    ledger.answers.push(...Array<"stale">(16).fill("stale"))
    await expect(keys.rotate(true, ACTOR)).rejects.toMatchObject({ code: "LEDGER_UNAVAILABLE" })
  })

  test("no key, no token; what was issued before this folder's first key is signed by that", async () => {
    const { start, control } = setUp()
    const keys = start()
    expect(() => keys.at(seconds(NOW_MS))).toThrow(/No key may sign/)
    await keys.open(ACTOR)
    expect(keys.at(seconds(NOW_MS) - 1_000).kid).toBe(control.current.tokenKeys[0]?.kid)
  })
})

describe("isCompromised", () => {
  test("only what was decided in that log before the key was withdrawn", () => {
    const key = { kid: "k", publicKey: new Uint8Array(32), signsFromMs: 0, endsAtMs: 0 }
    const keys = [
      { ...key, withdrawn: null },
      { ...key, withdrawn: { origin: "a", index: 5 } },
    ]
    expect(
      [
        ["a", 4],
        ["a", 5],
        ["b", 4],
      ].map(([origin, index]) => isCompromised(keys, { origin: origin as string, index: index as number })),
    ).toEqual([true, false, false])
  })
})
