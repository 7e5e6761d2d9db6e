/**
 * What the ledger needs of its database. `store/` implements it on Postgres; tests bring fakes with faults.
 * Sizes and indexes are numbers below 2^53.
 */
import type { FullTile } from "../formats/tiles.ts"
import type { RowName, RowVersion } from "./consumables.ts"
import type { ExecutionState } from "./kinds.ts"

export interface Head {
  readonly logId: number
  readonly size: number
  /** RFC 6962 root of the first `size` leaves, 32 bytes. */
  readonly root: Uint8Array
  /** Rises with every take-over of the log. */
  readonly fence: bigint
}

/** A record ready for the log. */
export interface SealedRecord {
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  /** salt ‖ bytes, or null where the record has no payload. */
  readonly payload: Uint8Array | null
}

/** An idempotency key that the record takes (consumable). */
export interface RequestClaim {
  /** UUID text of the first 16 bytes of SHA-256(caller ‖ 0 ‖ request_id). */
  readonly key: string
  /** SHA-256 of the canonical snapshot, 32 bytes. */
  readonly digest: Uint8Array
}

export interface AppendBatch {
  /** Size and root that the head must have, and those it will have. */
  readonly before: Head
  readonly root: Uint8Array
  readonly records: readonly { readonly record: SealedRecord; readonly request: RequestClaim | null }[]
  readonly tiles: readonly FullTile[]
  /** Control epoch under which all of it was decided. */
  readonly epoch: bigint
  /** When the request claims lapse, Unix milliseconds. */
  readonly requestsExpireMs: number
  /** Rows that these records read and change, each once, by key; absent: none, and none are asked about. */
  readonly rows?: readonly RowChange[]
}

export interface RowChange extends RowName {
  /** The version that the row must have; 0: there must be no such row. */
  readonly read: number
  /** What it is after the batch; null: it stays as it is. `at`: the record of the batch that made it so. */
  readonly next: (Pick<RowVersion, "version" | "content"> & { readonly at: number }) | null
}

/** The runtime that redeemed a token, and its lease. */
export interface Bound {
  /** `runtimeKey`. */
  readonly runtime: string
  readonly leaseId: string
}

/** What a change does beside its record, in the same transaction. Rows are projections of the log. */
export type Effect =
  | {
      readonly kind: "execution"
      readonly executionId: string
      /** Leaf hash of the chain's newest record, which the row must still name; null: nothing has followed the decision. */
      readonly previous: Uint8Array | null
      readonly to: ExecutionState
      /** Given by the redemption, Unix milliseconds; kept by what follows. */
      readonly executeUntilMs?: number
      /** Whose lease it lives by; given by the redemption, kept by what follows. */
      readonly bound?: Bound
    }
  /** A conflict unless the parent is REDEEMED, or when another child has this consent. */
  | {
      readonly kind: "child"
      readonly executionId: string
      readonly parentId: string
      readonly consent: Uint8Array
      readonly depth: number
      /** Unix milliseconds. */
      readonly authorizedAtMs: number
    }
  /**
   * The approval that a request waits for from now on. A conflict when another than `previous` stands under its key, or when
   * as many of this caller wait as may.
   */
  | {
      readonly kind: "approval"
      /** UUID: what is asked for, by whom, under which bundle. */
      readonly key: string
      readonly approvalId: string
      /** UUID: of the caller. */
      readonly caller: string
      readonly bundle: Uint8Array
      readonly needed: number
      /** Unix milliseconds. */
      readonly requestedAtMs: number
      readonly expiresAtMs: number
      /** Approval that stood under this key, and is not waited for any more; null: none did. */
      readonly previous: string | null
      readonly maxWaiting: number
    }
  /** One more principal has granted it. */
  | { readonly kind: "approval_given"; readonly approvalId: string }
  | {
      readonly kind: "caller_key"
      readonly id: string
      readonly role: string
      readonly secretHash: Uint8Array
      readonly state: "active" | "revoked"
      readonly expiresAtMs: number | null
      /** RFC 8785 JSON; null: everything. */
      readonly scope: Uint8Array | null
    }
  | {
      readonly kind: "token_key"
      readonly kid: string
      readonly publicKey: Uint8Array
      readonly issuer: string
      /** Its first use, Unix milliseconds. */
      readonly signsFromMs: number
    }
  /** It counts no longer than that; or not at all, as this record says. A conflict when a record has said so before. */
  | {
      readonly kind: "token_key_ends"
      readonly kid: string
      /** Unix milliseconds. */
      readonly endsAtMs: number
      readonly isCompromised: boolean
    }
  /** A conflict when it is stored already, as a signature by the same key is. */
  | {
      readonly kind: "bundle"
      /** Its content is stored already. */
      readonly digest: Uint8Array
      /** Unix milliseconds. */
      readonly publishedAtMs: number
    }
  | {
      readonly kind: "bundle_signature"
      readonly digest: Uint8Array
      readonly publicKey: Uint8Array
      readonly signature: Uint8Array
    }
  | { readonly kind: "activate"; readonly digest: Uint8Array }
  /** The record that it belongs to says which bundle is the shadow; or none is. */
  | { readonly kind: "shadow"; readonly isSet: boolean }
  | {
      readonly kind: "activation_requested"
      readonly id: string
      readonly digest: Uint8Array
      readonly previous: Uint8Array
      /** Id of the caller's key. */
      readonly requestedBy: string
      /** Unix milliseconds. */
      readonly expiresAtMs: number
    }
  /** A conflict when it was decided already. */
  | {
      readonly kind: "activation_decided"
      readonly id: string
      readonly outcome: "granted" | "refused"
      readonly decidedBy: string
    }
  /** The runtime as it is from this control epoch on. */
  | { readonly kind: "runtime"; readonly key: string; readonly epoch: bigint; readonly content: Uint8Array }
  | { readonly kind: "reference_values"; readonly key: string; readonly epoch: bigint; readonly content: Uint8Array }
  | { readonly kind: "binding"; readonly key: string; readonly epoch: bigint; readonly content: Uint8Array }
  | { readonly kind: "revoked_runtime_key"; readonly publicKey: Uint8Array; readonly epoch: bigint }
  | { readonly kind: "directive"; readonly epoch: bigint; readonly runtime: string; readonly content: Uint8Array }
  /** What this log last recorded of another one's head. A conflict unless it is larger than what stands there. */
  | { readonly kind: "observe_head"; readonly logId: number; readonly size: number; readonly root: Uint8Array }
  /** A conflict unless the log is just so, and its lease held and at this beat: nobody can append to it any more. */
  | {
      readonly kind: "close_log"
      readonly logId: number
      readonly fence: bigint
      readonly beat: bigint
      readonly size: number
      readonly root: Uint8Array
    }
  /** A conflict when there is no payload any more. */
  | { readonly kind: "erase_payload"; readonly logId: number; readonly index: number }

export interface Change {
  readonly effects: readonly Effect[]
  readonly raisesEpoch: boolean
  /** Which record of the batch each effect belongs to; absent: all to the first. */
  readonly at?: readonly number[]
}

/** Everything but "written" means that nothing was written. */
export type AppendOutcome =
  | { readonly kind: "written" }
  /** The control epoch is another: load what changed and decide again. */
  | { readonly kind: "stale" }
  /** These request keys are taken. */
  | { readonly kind: "taken"; readonly keys: ReadonlySet<string> }
  /** Rows are in another version than the batch assumed: these are as they are now. */
  | { readonly kind: "moved"; readonly rows: readonly RowVersion[] }
  /** An execution's newest record, or a payload, is not what the change assumed. */
  | { readonly kind: "conflict" }

/** The log's single writer: one connection, one statement at a time. */
export interface LedgerWriter {
  /**
   * Appends a batch, all or nothing, durably. `effects` are made in the same transaction and raise the epoch by one when
   * `raisesEpoch`. Rejects when the outcome is unknown or the database refuses (then the connection is gone: `reopen`).
   */
  append(batch: AppendBatch, change?: Change): Promise<AppendOutcome>
  /**
   * A new connection; raises the fence, which waits for a statement that may still run on the old one. Null: another
   * daemon has raised it since `knownFence`. Rejects while the database cannot be reached.
   */
  reopen(knownFence: bigint): Promise<Head | null>
  close(): Promise<void>
}
