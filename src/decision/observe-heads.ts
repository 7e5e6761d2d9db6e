/**
 * Records in this daemon's log what other logs have signed, so that none of them can be rewritten or dropped as a whole
 * without this one contradicting it (ADR 0037). Off the way of every decision.
 */
import { nativeCrypto, sha256 } from "../crypto.ts"
import { WritError } from "../errors.ts"
import { equalBytes } from "../formats/bytes.ts"
import { rootsFromConsistency } from "../formats/merkle.ts"
import type { AppendResult, Entry } from "../ledger/appender.ts"
import type { SignedState } from "../ledger/checkpointer.ts"
import type { Clock } from "../ledger/clock.ts"
import { headOfNote, MAX_HEADS, noteOfHead, type ObservedHead, toHeadsData } from "../ledger/observed-heads.ts"
import { buildConsistencyProof, rootAt, type TileReader } from "../ledger/proofs.ts"
import type { Actor } from "../ledger/record.ts"
import { verifyCheckpoint } from "../verify/checkpoint.ts"
import { seal } from "./seal.ts"
import type { ControlState } from "./state.ts"

/**
 * What of a log was signed longer ago than this is held by every other one. A record of some 700 bytes each time is what
 * it costs, and only while there is something new: as often as beats of runtimes become a record.
 */
export const OBSERVE_HEADS_MS = 10_000

export interface OtherLog {
  readonly logId: number
  /** Null: it was observed, and is not in the database any more. */
  readonly log: { readonly origin: string; readonly verifierKey: string } | null
  /** Its newest checkpoint, and the size that it is stored under. */
  readonly checkpoint: { readonly size: number; readonly note: string } | null
  /** What this log recorded of it last, as the database has it. */
  readonly seen: SignedState | null
}

export interface OtherLogs {
  /** Those that were never observed first, then those that were observed the longest time ago. */
  read(): Promise<readonly OtherLog[]>
  /** Does it hold a record at `from` up to `to` that is not itself of kind heads_observed? */
  hasNews(logId: number, from: number, to: number): Promise<boolean>
  /** As the database has them now: nothing that was read before. */
  tiles(logId: number): TileReader
}

export interface ObserveHeadsDependencies {
  readonly actor: Actor
  readonly clock: Clock
  control(): ControlState
  readonly ledger: { append(entry: Entry): Promise<AppendResult> }
  readonly others: OtherLogs
  /** Its head does not verify, or contradicts what was recorded of it: it is not recorded. Told once for each reason. */
  onUnsound(log: string, reason: string): void
}

export interface ObserveHeads {
  /** Appends one record at most: none when there is nothing new. */
  observe(): Promise<void>
  /** Other logs whose newest head was not fit to be recorded when it was looked at last. */
  readonly unsound: number
}

export function createObserveHeads(deps: ObserveHeadsDependencies): ObserveHeads {
  /** What was recorded, in this process's own memory: the database's may be set back. */
  const recorded = new Map<number, SignedState>()
  /** As they were seen first: a log keeps its key (ADR 0031). */
  const known = new Map<number, NonNullable<OtherLog["log"]>>()
  const unsound = new Map<number, string>()

  /** All that there are, and all that there were. */
  async function read(): Promise<readonly OtherLog[]> {
    const others = await deps.others.read()
    for (const { logId, log, seen } of others) {
      if (log && !known.has(logId)) known.set(logId, log)
      if (seen && seen.size > (recorded.get(logId)?.size ?? 0)) recorded.set(logId, seen)
    }
    const there = new Set(others.map(({ logId }) => logId))
    const gone = [...recorded.keys()].filter((logId) => !there.has(logId))
    return [...others, ...gone.map((logId) => ({ logId, log: null, checkpoint: null, seen: null }))]
  }

  /** Null: there is nothing new. Throws INVALID_REQUEST or NOT_FOUND when it must not be recorded. */
  async function headOf(other: OtherLog): Promise<ObservedHead | null> {
    const { logId, log, checkpoint } = other
    const seen = recorded.get(logId) ?? null
    if (!log) throw contradiction(seen, "it is not in the database any more")
    if (log.verifierKey !== known.get(logId)?.verifierKey)
      throw new WritError("INVALID_REQUEST", `it has another key than before, ${log.verifierKey}`)
    if (!checkpoint) {
      if (seen) throw contradiction(seen, "it has no checkpoint any more")
      return null
    }
    const head = headOfNote(checkpoint.note, log.verifierKey, sha256)
    if (head.size !== checkpoint.size)
      throw new WritError(
        "INVALID_REQUEST",
        `the row of its newest checkpoint, of size ${checkpoint.size}, holds another one`,
      )
    if (seen && head.size === seen.size && equalBytes(head.root, seen.root)) return null // of most logs, most of the time
    const signed = { note: noteOfHead(head, sha256), origin: log.origin, vkey: log.verifierKey } // as others will verify it
    const { valid, reason } = verifyCheckpoint(signed, nativeCrypto)
    if (!valid) throw new WritError("INVALID_REQUEST", `its newest checkpoint does not verify: ${reason}`)
    if (seen && head.size < seen.size) throw contradiction(seen, `its newest checkpoint is of size ${head.size}`)
    if (seen && head.size === seen.size) throw contradiction(seen, "it has signed another root of that size")
    if (!(await deps.others.hasNews(logId, seen?.size ?? 0, head.size))) return null
    await assertExtends(deps.others.tiles(logId), seen, head)
    return head
  }

  async function observe(): Promise<void> {
    const heads: { readonly logId: number; readonly head: ObservedHead }[] = []
    for (const other of await read()) {
      const { logId } = other
      try {
        const head = await headOf(other)
        unsound.delete(logId)
        if (head) heads.push({ logId, head })
      } catch (cause) {
        if (!(cause instanceof WritError)) throw cause // the database did not answer
        if (unsound.get(logId) !== cause.message)
          deps.onUnsound(known.get(logId)?.origin ?? `number ${logId}`, cause.message)
        unsound.set(logId, cause.message)
      }
      if (heads.length === MAX_HEADS) break // the others come first the next time
    }
    if (heads.length > 0) await record(heads)
  }

  async function record(heads: readonly { readonly logId: number; readonly head: ObservedHead }[]): Promise<void> {
    const { epoch } = deps.control()
    const data = toHeadsData(heads.map(({ head }) => head))
    const record = seal(
      { kind: "heads_observed", actor: deps.actor, epoch: String(epoch), data },
      null,
      deps.clock.now().wallMs,
    )
    const effects = heads.map(
      ({ logId, head: { size, root } }) => ({ kind: "observe_head", logId, size, root }) as const,
    )
    // Stale or a conflict: the next look tries again, with what is newest then.
    const result = await deps.ledger.append({ record, epoch, change: { effects, raisesEpoch: false } })
    if (result.kind !== "written") return
    for (const { logId, head } of heads) recorded.set(logId, { size: head.size, root: head.root })
  }

  return {
    observe,
    get unsound() {
      return unsound.size
    },
  }
}

/** What is recorded is what the database's hashes lead to, and goes on from what was recorded before. */
async function assertExtends(tiles: TileReader, seen: SignedState | null, head: ObservedHead): Promise<void> {
  if (!seen) {
    if (!equalBytes(await rootAt(tiles, sha256, head.size), head.root))
      throw new WritError("INVALID_REQUEST", `its records do not lead to the root that it signed at size ${head.size}`)
    return
  }
  const proof = await buildConsistencyProof(tiles, sha256, seen.size, head.size)
  const roots = rootsFromConsistency(sha256, BigInt(seen.size), BigInt(head.size), seen.root, proof)
  if (!roots || !equalBytes(roots.root1, seen.root) || !equalBytes(roots.root2, head.root))
    throw contradiction(seen, `what it signed at size ${head.size} does not go on from there`)
}

function contradiction(seen: SignedState | null, what: string): WritError {
  return new WritError(
    "INVALID_REQUEST",
    `it was rewritten: this log has recorded its head of size ${seen?.size}, and ${what}`,
  )
}
