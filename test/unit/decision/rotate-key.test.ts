import { describe, expect, test } from "vitest"
import { createRotateKey } from "../../../src/decision/rotate-key.ts"
import { CALL } from "../../support/decision.ts"

const ROTATED = {
  kid: "k",
  signsFromMs: 2,
  oldEndsAtMs: 1,
  receipt: { origin: "a", index: 0, leafHash: new Uint8Array() },
}

function setUp(revoke: () => Promise<number>) {
  const calls: unknown[] = []
  const rotateKey = createRotateKey({
    tokenKeys: {
      async rotate(...asked) {
        calls.push(asked)
        return ROTATED
      },
    },
    revokeCompromised: revoke,
  })
  return { rotateKey, calls }
}

describe("createRotateKey", () => {
  test("a compromised key: the answer says what was revoked, who asked is the record's actor", async () => {
    const { rotateKey, calls } = setUp(async () => 7)
    expect(await rotateKey("token", true, CALL)).toEqual({ ...ROTATED, revoked: 7, isRevoking: false })
    expect(calls).toEqual([[true, { id: CALL.caller.id, proof: CALL.caller.proof }]])
  })

  test("otherwise nothing is revoked", async () => {
    const { rotateKey } = setUp(() => Promise.reject(new Error("not asked for")))
    expect(await rotateKey("token", false, CALL)).toEqual({ ...ROTATED, revoked: 0, isRevoking: false })
  })

  test("revoking that takes longer than the caller waits, or fails, does not hide the new key from him", async () => {
    for (const revoke of [() => new Promise<number>(() => {}), () => Promise.reject(new Error("no database"))]) {
      const { rotateKey } = setUp(revoke)
      expect(await rotateKey("token", true, { ...CALL, timeoutMs: 300 })).toEqual({
        ...ROTATED,
        revoked: 0,
        isRevoking: true,
      })
    }
  })

  test("no other use", async () => {
    const { rotateKey, calls } = setUp(async () => 0)
    await expect(rotateKey("policy", false, CALL)).rejects.toMatchObject({ code: "INVALID_REQUEST" })
    expect(calls).toEqual([])
  })
})
