/**
 * Follows a log from outside (C2SP tlog-tiles): that its checkpoints are signed, that each extends the one before, that
 * witnesses vouch for them, and, where the entries may be read, that they are what was signed. Needs no trust in the operator.
 */
import { equalBytes } from "../formats/bytes.ts"
import type { Checkpoint } from "../formats/checkpoint.ts"
import { decodeEntryBundle } from "../formats/entry-bundle.ts"
import { hashLeaf } from "../formats/merkle.ts"
import type { Crypto } from "../formats/ports.ts"
import { parseNote, parseVerifierKey } from "../formats/signed-note.ts"
import { TILE_WIDTH, tilePath } from "../formats/tiles.ts"
import { buildConsistencyProof, rootAt } from "../ledger/proofs.ts"
import { verifyCheckpoint } from "../verify/checkpoint.ts"
import { cosignaturesOf } from "../verify/cosignatures.ts"
import { verifyConsistency } from "../verify/merkle.ts"
import { type FetchTile, tilesOver } from "./tile-source.ts"

/** MISBEHAVED: the log shows what an honest one cannot. The others say what is missing. */
export type Alarm = "MISBEHAVED" | "COSIGNATURES_LACKING" | "UNREACHABLE"

export interface MonitorReport {
  readonly origin: string
  /** Records; of the newest checkpoint that was good. */
  readonly size: number
  /** Records since the last time. */
  readonly grown: number
  /** Entries that were hashed and compared. */
  readonly entries: number
  /** Witnesses that vouch for it. */
  readonly cosignatures: number
  readonly alarms: readonly { readonly alarm: Alarm; readonly text: string }[]
  /** The checkpoint that raised MISBEHAVED: with the one before, it is the proof. */
  readonly evidence: string | null
}

export interface MonitorOptions {
  /** `NAME+HASH+KEY`, obtained elsewhere; NAME is the origin. */
  readonly vkey: string
  readonly witnesses: readonly string[]
  readonly quorum: number
  /** Text of the newest checkpoint; rejects when it cannot be had. */
  fetchCheckpoint(): Promise<string>
  /** Rejects when it cannot be had. */
  readonly fetchTile: FetchTile
  /** Are entries read, too? They are for auditors. */
  readonly readsEntries: boolean
  /** The checkpoint that was good last, and to where entries were read; memory between checks. */
  readonly state: {
    read(): MonitorState | null
    write(state: MonitorState): void
  }
  readonly crypto: Crypto
}

export interface MonitorState {
  readonly note: string
  readonly entries: number
}

class Misbehaviour extends Error {}

/** Throws INVALID_REQUEST on a key that is none. */
export function createMonitor(options: MonitorOptions): () => Promise<MonitorReport> {
  const { crypto, vkey } = options
  const origin = parseVerifierKey(crypto.sha256, vkey).name

  function read(note: string): Checkpoint {
    const verdict = verifyCheckpoint({ note, origin, vkey }, crypto)
    if (!verdict.checkpoint) throw new Misbehaviour(`Its checkpoint is not good: ${verdict.reason}`)
    return verdict.checkpoint
  }

  /** Throws Misbehaviour unless the tree of `next` is what its tiles make and holds all of `last`. */
  async function assertExtends(last: Checkpoint | null, next: Checkpoint): Promise<void> {
    const size = Number(next.size)
    if (last && next.size < last.size)
      throw new Misbehaviour(`It shows a checkpoint of ${next.size} records after one of ${last.size}.`)
    const tiles = tilesOver(options.fetchTile, size)
    if (!equalBytes(await rootAt(tiles, crypto.sha256, size), next.root))
      throw new Misbehaviour(`The tiles it serves do not make the root of its checkpoint of ${size} records.`)
    if (!last || last.size === 0n) return
    if (last.size === next.size) {
      if (!equalBytes(last.root, next.root))
        throw new Misbehaviour(`It has signed two different trees of ${size} records.`)
      return
    }
    const proof = await buildConsistencyProof(tiles, crypto.sha256, Number(last.size), size)
    const consistency = { size1: last.size, size2: next.size, root1: last.root, root2: next.root, proof }
    if (!verifyConsistency(consistency, crypto).valid)
      throw new Misbehaviour(`Its tree of ${size} records does not hold the ${last.size} that it has signed before.`)
  }

  /** Hashes the entries from there on; throws Misbehaviour where one is not the leaf. */
  async function readEntries(from: number, size: number): Promise<void> {
    const tiles = tilesOver(options.fetchTile, size)
    for (let start = from - (from % TILE_WIDTH); start < size; start += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, size - start)
      const bytes = await options.fetchTile(tilePath("entries", start / TILE_WIDTH, width))
      const hashes = await tiles.hashes(0, start, width)
      decodeBundle(bytes, width).forEach((entry, i) => {
        if (!equalBytes(hashLeaf(crypto.sha256, entry), hashes[i] as Uint8Array))
          throw new Misbehaviour(`The entry ${start + i} that it serves is not the one that it has signed.`)
      })
    }
  }

  return async () => {
    const state = options.state.read()
    const last = state && read(state.note)
    const report = { origin, size: Number(last?.size ?? 0n), grown: 0, entries: 0, cosignatures: 0, evidence: null }
    let note: string | null = null
    try {
      note = await options.fetchCheckpoint()
      const next = read(note)
      const size = Number(next.size)
      await assertExtends(last, next)
      const from = state?.entries ?? 0
      if (options.readsEntries) await readEntries(from, size)
      options.state.write({ note, entries: options.readsEntries ? size : from })
      const cosignatures = cosignaturesOf(parseNote(note), options.witnesses, crypto).length
      const lacking = `${cosignatures} of ${options.witnesses.length} witnesses vouch for it, and ${options.quorum} have to: it rests on the operator.`
      return {
        ...report,
        size,
        grown: size - report.size,
        entries: options.readsEntries ? size - from : 0,
        cosignatures,
        alarms: cosignatures < options.quorum ? [{ alarm: "COSIGNATURES_LACKING" as const, text: lacking }] : [],
      }
    } catch (error) {
      if (error instanceof Misbehaviour)
        return { ...report, alarms: [{ alarm: "MISBEHAVED", text: error.message }], evidence: note }
      return { ...report, alarms: [{ alarm: "UNREACHABLE", text: (error as Error).message }] }
    }
  }
}

function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  try {
    return decodeEntryBundle(bytes, width)
  } catch (error) {
    throw new Misbehaviour((error as Error).message)
  }
}
