/** One execution in memory: its decision is real, and what the ledger in memory takes becomes its chain. */
import { seal } from "../../src/decision/seal.ts"
import { encodeCanonicalJson } from "../../src/formats/canonical-json.ts"
import type { JsonObject } from "../../src/formats/ports.ts"
import type { Entry } from "../../src/ledger/appender.ts"
import type { ExecutionState } from "../../src/ledger/kinds.ts"
import { type FoundExecution, readBody, type StoredRecord } from "../../src/ledger/lineage.ts"
import type { SealedRecord } from "../../src/ledger/store.ts"
import type { TokenClaims } from "../../src/token/token.ts"
import { CALLER, FakeLedger, ISSUER, tokenSigner } from "./decision.ts"
import { NOW_MS } from "./policy.ts"

export const EXECUTION = "6f1c1d0e-7a52-4c58-9d3e-2f7f6f0a1b2c"
const iat = NOW_MS / 1000

export const CLAIMS: TokenClaims = {
  action: "go",
  aud: "runner",
  bundle: "00",
  exp: iat + 10,
  execution_id: EXECUTION,
  iat,
  iss: ISSUER.issuer,
  jti: EXECUTION,
  log: ISSUER.origin,
  max_duration: 60,
  nbf: iat,
  resource: { id: "y", type: "r" },
  sub: "x",
  sub_type: "a",
  use: "redeem",
}

export class FakeExecution {
  readonly ledger = new FakeLedger()
  readonly token: string
  found: FoundExecution
  /** Called before each read of the execution: the place for somebody else to be first. */
  onFind: () => void = () => {}

  constructor(claims: JsonObject = CLAIMS, content: JsonObject = {}) {
    const decision = this.#stored(
      seal(
        {
          kind: "decision",
          actor: { id: "key:pep-1", proof: "api-key" },
          execution_id: EXECUTION,
          state: "AUTHORIZED",
          epoch: "7",
          data: { decision: "ALLOW" },
        },
        encodeCanonicalJson({
          claims,
          request: { runtime_id: "runtime-1", parent_execution_id: "parent-1" },
          ...content,
        }),
        NOW_MS,
      ),
      100,
    )
    this.token = tokenSigner.sign(encodeCanonicalJson(claims), decision.leafHash)
    this.found = { decision, last: decision, records: [decision], state: "AUTHORIZED" }
    const { append } = this.ledger
    this.ledger.append = async (entry: Entry) => {
      const result = await append.call(this.ledger, entry)
      if (result.kind === "written") this.take(entry.record, result.index)
      return result
    }
  }

  readonly lineage = {
    findExecution: async (id: string): Promise<FoundExecution | null> => {
      this.onFind()
      return id === EXECUTION ? this.found : null
    },
  }

  take(record: SealedRecord, index: number): void {
    const stored = this.#stored(record, index)
    const state = readBody(record.body).state ?? null
    this.found = { ...this.found, records: [...this.found.records, stored], last: stored, state }
  }

  /** A record by somebody else. */
  add(
    kind: "redeemed" | "revoked" | "lost" | "completed",
    state: ExecutionState,
    data: JsonObject = {},
    by = CALLER.id,
  ): void {
    const body = { kind, state, data, execution_id: EXECUTION, actor: { id: by, proof: "api-key" } } as const
    this.take(seal(body, "{}", NOW_MS), 200 + this.found.records.length)
  }

  kinds(): (string | undefined)[] {
    return this.found.records.map(({ body }) => readBody(body).kind)
  }

  #stored(record: SealedRecord, index: number): StoredRecord {
    return { origin: ISSUER.origin, logId: 1, index, ...record }
  }
}
