/** One part of a log, checked by itself: bodies, leaf hashes, payloads, tiles of the lowest level, lookups and facets. */
import { equalBytes, toHex } from "../../formats/bytes.ts"
import { hashLeaf, rootOfHashes } from "../../formats/merkle.ts"
import type { Sha256 } from "../../formats/ports.ts"
import { type FullTile, TILE_WIDTH } from "../../formats/tiles.ts"
import { facetsOf } from "../../ledger/facets.ts"
import { readBody } from "../../ledger/lineage.ts"
import { commitPayload, PAYLOAD_SALT_BYTES, type RecordBody } from "../../ledger/record.ts"
import { type CheckedRecord, checkLookups, type Marks } from "./lookups.ts"
import { createPlainDecisionReader } from "./plain-decision.ts"
import { checkTiles } from "./tiles.ts"
import type { Finding, FsckStore } from "./types.ts"

const HASH_BYTES = 32
const MAX_FINDINGS = 100

export interface Part {
  readonly log: { readonly log_id: number; readonly origin: string }
  /** A multiple of 256. */
  readonly start: number
  /** The same, or the size of the log. */
  readonly end: number
  /** In rising order, within the part: of the tree of these sizes the root is wanted. */
  readonly sizes: readonly number[]
  readonly marks: Marks
}

/** A record that says something of other tables. */
export interface NotableRecord {
  readonly index: number
  readonly leafHash: Uint8Array
  readonly body: Uint8Array
  readonly payload: Uint8Array | null
}

/** Crosses from thread to thread. */
export interface PartResult {
  readonly findings: readonly Finding[]
  /** A record is missing: what comes after it was not looked at. */
  readonly isCutOff: boolean
  /** Roots of the full tiles of the lowest level, one after the other. */
  readonly tileRoots: Uint8Array
  /** By size, of those that are wanted and do not end with a tile: the root of the leaves after the last full one. */
  readonly rests: ReadonlyMap<number, Uint8Array>
  readonly notable: readonly NotableRecord[]
  /** Places of records that have lost the payload that they commit to. */
  readonly withoutPayload: readonly number[]
  /** Executions of records that cannot be read. */
  readonly unread: ReadonlySet<string>
  readonly first: { readonly index: number; readonly time: string } | null
  readonly lastTime: string
}

export interface PartCheck {
  /** Each record of the part in order. `body` null: in an archive that was not given. Keeps nothing of what it is given. */
  take(index: number, leafHash: Uint8Array, body: Buffer | null, payload: Buffer | null): void
  end(): Promise<PartResult>
}

const readPlain = createPlainDecisionReader()

/** `nameOf`: of a facet, in the index. */
export function openPart(
  store: FsckStore,
  { log, start, end, sizes, marks }: Part,
  nameOf: (facet: string) => string,
  sha256: Sha256,
): PartCheck {
  const findings: Finding[] = []
  const find = (finding: Finding) => {
    if (findings.length < MAX_FINDINGS) findings.push(finding)
  }
  const at = (index: number, text: string) => find({ table: "entry", text, index, log: log.origin })
  const hashes = new Uint8Array((end - start) * HASH_BYTES)
  const checked: CheckedRecord[] = []
  const notable: NotableRecord[] = []
  const withoutPayload: number[] = []
  let next = start
  let isCutOff = false
  let first: PartResult["first"] = null
  let lastTime = ""

  function checkPayload(index: number, said: unknown, payload: Buffer | null): void {
    if (typeof said !== "string") {
      if (payload !== null) at(index, "there is a payload that the record does not commit to")
    } else if (payload === null) withoutPayload.push(index)
    else if (payload.length < PAYLOAD_SALT_BYTES || toHex(commitPayload(sha256, payload)) !== said)
      at(index, "the payload is not the one that the record commits to")
  }

  function checkTime(index: number, time: string | undefined): void {
    if (time === undefined) return
    if (time < lastTime) at(index, "time runs backwards")
    first ??= { index, time }
    lastTime = time
  }

  function checkRecord(index: number, leafHash: Uint8Array, body: Buffer, payload: Buffer | null): Uint8Array {
    const hash = hashLeaf(sha256, body)
    if (!equalBytes(hash, leafHash)) at(index, "the stored leaf hash is not that of the body")
    const plain = readPlain(body)
    const record: Partial<RecordBody> = plain ?? readBody(body)
    if (record.kind === undefined) at(index, "the body is not a record")
    checkTime(index, record.time)
    checkPayload(index, record.payload, payload)
    if (!plain || payload?.includes('"consumed":['))
      notable.push({
        index,
        leafHash: Uint8Array.from(leafHash),
        body: Uint8Array.from(body),
        payload: payload && Uint8Array.from(payload),
      })
    const facets = index < marks.facets ? facetsOf(record.kind, payload) : []
    checked.push({ index, executionId: record.execution_id, facets })
    return hash
  }

  function tilesOf(): FullTile[] {
    const tiles: FullTile[] = []
    for (let from = start; from + TILE_WIDTH <= next; from += TILE_WIDTH) {
      const leaves = leavesOf(from, from + TILE_WIDTH)
      const bytes = hashes.subarray((from - start) * HASH_BYTES, (from - start + TILE_WIDTH) * HASH_BYTES)
      tiles.push({ level: 0, index: from / TILE_WIDTH, hashes: bytes, root: rootOfHashes(sha256, leaves) })
    }
    return tiles
  }
  function leavesOf(from: number, to: number): Uint8Array[] {
    const at = (index: number) => (index - start) * HASH_BYTES
    return Array.from({ length: to - from }, (_, i) => hashes.subarray(at(from + i), at(from + i + 1)))
  }

  return {
    take(index, leafHash, body, payload) {
      if (isCutOff) return
      if (index !== next) {
        isCutOff = true
        return
      }
      if (body === null) checked.push({ index, executionId: null, facets: [] })
      hashes.set(body === null ? leafHash : checkRecord(index, leafHash, body, payload), (index - start) * HASH_BYTES)
      next++
    },
    async end() {
      if (next < end) {
        isCutOff = true
        at(next, "the record is missing")
      }
      const unread = new Set<string>()
      const tiles = isCutOff ? [] : tilesOf()
      if (!isCutOff) {
        await checkLookups(store, log, marks, start, checked, nameOf, unread, find)
        await checkTiles(store, log, tiles, find)
      }
      const tileRoots = new Uint8Array(tiles.length * HASH_BYTES)
      for (const [i, { root }] of tiles.entries()) tileRoots.set(root, i * HASH_BYTES)
      const rests = new Map<number, Uint8Array>()
      for (const size of isCutOff ? [] : sizes) {
        const full = size - (size % TILE_WIDTH)
        if (full < size) rests.set(size, Uint8Array.from(rootOfHashes(sha256, leavesOf(full, size))))
      }
      return { findings, isCutOff, tileRoots, rests, notable, withoutPayload, unread, first, lastTime }
    },
  }
}

/** Of records that are in the database. Reads them as they come: however long the part, few are in memory at once. */
export async function checkPart(
  store: FsckStore,
  part: Part,
  nameOf: (facet: string) => string,
  sha256: Sha256,
): Promise<PartResult> {
  const check = openPart(store, part, nameOf, sha256)
  const { log, start, end } = part
  await store.copy(
    `SELECT idx, leaf_hash, body, payload FROM entry WHERE log_id = ${log.log_id} AND idx >= ${start} AND idx < ${end} ORDER BY idx`,
    4,
    ([idx, leafHash, body, payload]) =>
      check.take(
        Number((idx as Buffer).readBigInt64BE()),
        leafHash as Buffer,
        body as Buffer,
        payload as Buffer | null,
      ),
  )
  return await check.end()
}
