/** What decisions lean on, by hand and with fault hooks: a clock, a ledger in memory, keys. */
import { createPrivateKey } from "node:crypto"
import { sha256 } from "../../src/crypto.ts"
import type { Call } from "../../src/decision/authorize.ts"
import type { Caller, CallerKey, ControlState } from "../../src/decision/state.ts"
import type { TokenKey } from "../../src/decision/token-key.ts"
import type { AppendResult, Entry } from "../../src/ledger/appender.ts"
import type { Clock } from "../../src/ledger/clock.ts"
import type { RowName, RowStore, RowVersion } from "../../src/ledger/consumables.ts"
import { readBody } from "../../src/ledger/lineage.ts"
import type { RecordBody } from "../../src/ledger/record.ts"
import { createSigner } from "../../src/token/signer.ts"
import { createTokenSigner, type TokenSigner, type TokenSigners } from "../../src/token/token.ts"
import { NOW_MS } from "./policy.ts"

export const ISSUER = { issuer: "https://writ.test", origin: "writ.test/log", development: true, defaultTtlMs: 10_000 }
export const CALLER: Caller = { id: "key:pep-1", keyId: "1", role: "pep", scope: null, proof: "api-key" }
/** Without a deadline. */
export const CALL: Call = { caller: CALLER, requestId: "r", timeoutMs: null }
export const CALLER_KEY: CallerKey = {
  id: "1",
  role: "pep",
  secretHash: new Uint8Array(32),
  state: "active",
  expiresAtMs: null,
  scope: null,
}

/** RFC 8410 PKCS#8 around a seed. */
export function testSigner(seed = 1) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, seed)])
  return createSigner(createPrivateKey({ key: der, format: "der", type: "pkcs8" }))
}
export const tokenSigner = createTokenSigner(testSigner(), sha256)
export const tokenSigners: TokenSigners = { at: () => tokenSigner }
/** As the records have the key of a signer. */
export function tokenKeyOf({ kid, publicKey }: TokenSigner, more: Partial<TokenKey> = {}): TokenKey {
  return { kid, publicKey, signsFromMs: 0, endsAtMs: null, withdrawn: null, ...more }
}

/** Rows in memory; at first there are none. */
export class FakeRows implements RowStore {
  readonly found = new Map<string, RowVersion>()
  async rows(names: readonly RowName[]): Promise<readonly RowVersion[]> {
    return names.map((name) => this.found.get(name.key) ?? { ...name, version: 0, content: null })
  }
}

/** Stands still until it is moved. */
export class FakeClock implements Clock {
  wallMs = NOW_MS
  monotonicMs = 1_000
  now() {
    return { wallMs: this.wallMs, monotonicMs: this.monotonicMs }
  }
}

/** Answers appends as the test says; "written" unless told otherwise. */
export class FakeLedger {
  readonly entries: Entry[] = []
  readonly answers: (AppendResult["kind"] | Error)[] = []
  /** Called before the answer: the place to change the world. */
  onAppend: (entry: Entry) => void | Promise<void> = () => {}
  closed: Error | null = null

  assertOpen(): void {
    if (this.closed) throw this.closed
  }

  async append(entry: Entry): Promise<AppendResult> {
    this.entries.push(entry)
    await this.onAppend(entry)
    const answer = this.answers.shift() ?? "written"
    if (answer instanceof Error) throw answer
    return answer === "written" ? { kind: answer, index: this.entries.length - 1 } : { kind: answer }
  }

  bodies(): Partial<RecordBody>[] {
    return this.entries.map(({ record }) => readBody(record.body))
  }
}

export function controlOf(state: ControlState): { current: ControlState } {
  return { current: { ...state, callers: new Map([[CALLER_KEY.id, CALLER_KEY], ...state.callers]) } }
}
