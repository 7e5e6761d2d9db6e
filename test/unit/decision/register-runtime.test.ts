import { describe, expect, test } from "vitest"
import { sha256 } from "../../../src/crypto.ts"
import type { BeatAnswer } from "../../../src/decision/heartbeat.ts"
import { Leases } from "../../../src/decision/leases.ts"
import { createRate } from "../../../src/decision/rate.ts"
import { createRegister } from "../../../src/decision/register-runtime.ts"
import { createRuntimeChanges } from "../../../src/decision/runtime-changes.ts"
import type { ControlState } from "../../../src/decision/state.ts"
import { WritError } from "../../../src/errors.ts"
import { toHex } from "../../../src/formats/bytes.ts"
import { type Registration, registrationBytes } from "../../../src/formats/runtime-messages.ts"
import { createNonces } from "../../../src/runtime/nonces.ts"
import type { Runtime } from "../../../src/runtime/runtime.ts"
import { CALL, FakeClock, FakeLedger, testSigner } from "../../support/decision.ts"
import { load, stateOf } from "../../support/policy.ts"
import { CODE } from "../../support/runtime.ts"

const signer = testSigner(5)
const public_key = toHex(signer.publicKey)
const { policy } = load({
  version: "1",
  types: { subjects: {}, resources: {}, actions: {} },
  rules: [],
  runtimes: [{ id: "w", measurements: { code: [CODE] } }],
})

describe("createRegister", () => {
  test("a caller that registers again and again runs into its byte rate: refused, and nothing is recorded", async () => {
    const clock = new FakeClock()
    const ledger = new FakeLedger()
    let state: ControlState = stateOf(policy)
    ledger.onAppend = ({ change }) => {
      for (const effect of change?.effects ?? [])
        if (effect.kind === "runtime")
          state = {
            ...state,
            epoch: effect.epoch,
            runtimes: new Map([[effect.key, JSON.parse(Buffer.from(effect.content).toString()) as Runtime]]),
          }
    }
    const shared = { clock, ledger, origin: "writ.test/log", control: () => state }
    const { begin, register } = createRegister({
      ...shared,
      audience: "writ",
      nonces: createNonces(sha256(new Uint8Array())),
      leases: new Leases<BeatAnswer>(),
      changes: createRuntimeChanges(shared),
      rate: createRate(400),
    })
    const once = async () => {
      clock.wallMs += 1 // each nonce is newer than the one before
      const registration: Registration = {
        agent_version: "1",
        audience: "writ",
        environment: { not_guaranteed: [] },
        measurements: { code: CODE },
        nonce: toHex(begin("w", public_key).nonce),
        parent_proof: "",
        parent_runtime_id: "",
        public_key,
        runtime_id: "w",
      }
      return await register(registration, signer.sign(registrationBytes(registration)), CALL).then(
        () => "registered",
        (error: unknown) => WritError.from(error).code,
      )
    }
    const outcomes: string[] = []
    while (outcomes.at(-1) !== "RATE_LIMITED" && outcomes.length < 50) outcomes.push(await once())
    expect(outcomes[0]).toBe("registered")
    expect(outcomes.at(-1)).toBe("RATE_LIMITED")
    expect(ledger.entries).toHaveLength(outcomes.length - 1)
    clock.monotonicMs += 60_000
    expect(await once()).toBe("registered")
  })
})
