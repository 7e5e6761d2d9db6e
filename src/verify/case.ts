/** An evidence file on its way through the steps of its verification. */
import type { Checkpoint } from "../formats/checkpoint.ts"
import type { Crypto, JsonObject } from "../formats/ports.ts"
import type { RecordBody } from "../ledger/record.ts"
import type { ReasonCode, StepResult, Trust } from "./types.ts"

/** Of the JSON in a file, in records and in payloads. */
export const LIMITS = { maxDepth: 40, maxNodes: 2_000_000 }

export interface Item {
  readonly log: string
  readonly index: bigint
  readonly body: Uint8Array
  readonly payload: Uint8Array | null
  readonly proof: readonly Uint8Array[]
  readonly leafHash: Uint8Array
  /** Set by the step "record". */
  record: RecordBody
  /** Set by the step "payload"; null when there is none, or it was erased. */
  content: JsonObject | null
}

/** The records of one execution. */
export interface Chain {
  readonly executionId: string
  readonly items: readonly Item[]
}

/** The decision that allowed it or, where none did, the one that opened it. */
export function decisionOf({ items }: Chain): Item {
  const decisions = items.filter(({ record }) => record.kind === "decision")
  return decisions.find(({ record }) => record.state === "AUTHORIZED") ?? (items[0] as Item)
}

export interface Vouched {
  readonly checkpoint: Checkpoint
  /** Null: trust names no witnesses. */
  readonly cosignatures: number | null
  /** That is signed: the log's own, or the one in which its closing is proved. */
  readonly note: string
}

/** A record that says how another log ended. */
export interface Closing {
  /** That ended. */
  readonly log: string
  readonly item: Item
}

export interface Case {
  /** The execution, its parent, the parent's parent. */
  readonly chains: readonly [Chain, ...Chain[]]
  readonly notes: ReadonlyMap<string, string>
  readonly closings: readonly Closing[]
  /** Set by the step "checkpoint". */
  readonly checkpoints: Map<string, Vouched>
  /** Of all chains. */
  readonly items: readonly Item[]
  readonly trust: Trust | undefined
  readonly crypto: Crypto
}

/** Stops the verification at this record (or at none in particular). */
export class Fault extends Error {
  readonly code: ReasonCode
  readonly index: bigint | null
  constructor(code: ReasonCode, text: string, index: bigint | null = null) {
    super(text)
    this.code = code
    this.index = index
  }
}

export type Outcome = { readonly result: StepResult["result"]; readonly detail: string }
