/** ReplayDecisions: recorded decisions of a log, page after page, decided again by a thread of its own, and a diff by rule. */
import { WritError } from "../errors.ts"
import { fromHex } from "../formats/bytes.ts"
import { firstSince } from "../ledger/first-since.ts"
import { type LedgerReader, readBody, type StoredRecord } from "../ledger/lineage.ts"
import type { Candidate, ReplayThread } from "./replay-thread.ts"
import type { ReplayedDecision } from "./replayed-decision.ts"
import { type RuleChange, RuleChanges } from "./rule-changes.ts"

export const MAX_REPLAYED = 10_000
/** Records read at once, of whatever kind. */
const PAGE = 128
/** Records looked at in one call: a log may hold many beats and few decisions. */
const MAX_SCAN = 500_000

export interface ReplayWish {
  /** Empty: the daemon's own. */
  readonly log: string
  readonly start: number
  /** 0: as far as the log goes now. */
  readonly end: number
  /** Unix milliseconds: decisions of before are passed over, and what is of after is the end. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** 0: MAX_REPLAYED. */
  readonly limit: number
  readonly onlyDifferences: boolean
  /** Decide by this bundle, instead of by the one that decided. */
  readonly candidate: { readonly digest: Uint8Array } | { readonly files: Readonly<Record<string, string>> } | null
}

export interface ReplayItem {
  readonly record: StoredRecord
  readonly decision: ReplayedDecision
}

export interface ReplaySummary {
  readonly same: number
  readonly different: number
  readonly notReplayable: number
  readonly next: number
  /** All that was asked for was looked at. */
  readonly isWhole: boolean
  readonly changes: readonly RuleChange[]
  /** Conditions that cel-js confirmed, that are outside its subset, and decisions with one on which the engines differ. */
  readonly confirmed: number
  readonly outside: number
  readonly disagreeing: number
  readonly notes: readonly string[]
}

export interface ReplayDependencies {
  readonly reader: Pick<LedgerReader, "logs" | "records">
  readonly origin: string
  readonly thread: ReplayThread
  /** Canonical bytes of a stored bundle. */
  contentOf(digest: string): Promise<Uint8Array | null>
}

/** Yields decisions, and returns the summary. Ends early, with what there is, once the signal is aborted. */
export type ReplayDecisions = (
  wish: ReplayWish,
  signal: { readonly aborted: boolean },
) => AsyncGenerator<ReplayItem, ReplaySummary>

/** Throws INVALID_REQUEST, NOT_FOUND, POLICY_INVALID, QUEUE_FULL. */
export function createReplayDecisions({ reader, origin, thread, contentOf }: ReplayDependencies): ReplayDecisions {
  return async function* (wish, signal) {
    if (wish.limit > MAX_REPLAYED) throw new WritError("INVALID_REQUEST", `limit must be at most ${MAX_REPLAYED}.`)
    const log = (await reader.logs()).find((row) => row.origin === (wish.log || origin))
    if (!log) throw new WritError("NOT_FOUND", "There is no log of this origin.")
    const end = Math.min(wish.end || log.size, log.size)
    const candidate = await findCandidate(wish.candidate)
    const limit = wish.limit || MAX_REPLAYED
    const counts = { same: 0, different: 0, not_replayable: 0 }
    let confirmed = 0
    let outside = 0
    let disagreeing = 0
    const changes = new RuleChanges()
    let next = wish.fromMs === null ? wish.start : await firstSince(reader, log.logId, wish.start, end, wish.fromMs)
    let left = limit
    const scanEnd = Math.min(end, next + MAX_SCAN)
    while (next < scanEnd && left > 0 && !signal.aborted) {
      const page = await reader.records(log.logId, next, Math.min(PAGE, scanEnd - next))
      if (page.length === 0) break
      const decisions = page.filter((record) => isWanted(record, wish)).slice(0, left)
      const isCut = decisions.length === left
      const replayed = decisions.length > 0 ? await thread.replay(decisions, candidate) : []
      for (const [i, decision] of replayed.entries()) {
        counts[decision.outcome]++
        confirmed += decision.confirmed
        outside += decision.outside
        if (decision.disagreements.length > 0) disagreeing++
        if (decision.compared) changes.add(decision.compared)
        if (wish.onlyDifferences && decision.outcome === "same" && decision.disagreements.length === 0) continue
        yield { record: decisions[i] as StoredRecord, decision }
      }
      left -= decisions.length
      next = ((isCut ? decisions : page).at(-1) as StoredRecord).index + 1
      if (!isCut && isPast(page.at(-1) as StoredRecord, wish)) next = end
    }
    return {
      same: counts.same,
      different: counts.different,
      notReplayable: counts.not_replayable,
      next,
      isWhole: next >= end,
      changes: changes.list(),
      confirmed,
      outside,
      disagreeing,
      notes: notesOn(candidate !== undefined, counts.not_replayable),
    }
  }

  async function findCandidate(wanted: ReplayWish["candidate"]): Promise<Candidate | undefined> {
    if (!wanted) return undefined
    if ("files" in wanted) return await thread.load(wanted.files)
    const digest = Buffer.from(wanted.digest).toString("hex")
    const content = await contentOf(digest)
    if (!content || fromHex(digest).length !== 32)
      throw new WritError("NOT_FOUND", "There is no bundle with this digest. Publish it, or replay its folder.")
    return { digest, content }
  }
}

function isWanted(record: StoredRecord, wish: ReplayWish): boolean {
  return readBody(record.body).kind === "decision" && !isPast(record, wish)
}

function isPast({ body }: StoredRecord, { toMs }: ReplayWish): boolean {
  return toMs !== null && Date.parse(readBody(body).time ?? "") >= toMs
}

function notesOn(byCandidate: boolean, notReplayable: number): string[] {
  const notes: string[] = []
  if (byCandidate)
    notes.push(
      "By another bundle: what runtimes had measured is judged as the bundle that decided judged it, and what the daemon read of runtimes and parents is taken as it was recorded.",
    )
  if (notReplayable > 0)
    notes.push("What cannot be replayed is counted apart: it is neither the same nor different, and in no change.")
  return notes
}
