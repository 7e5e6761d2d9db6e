/**
 * The log of logs: each head that a record of one log names must be a prefix of the log that it is of. Its root is compared
 * with the stored checkpoint of that size, which the walk over that log compares with its records; where that checkpoint is
 * gone, with the root that the tiles give, which are compared with the records as well. So logs are walked once, in any
 * order, and nothing is kept of them.
 */
import { WritError } from "../../errors.ts"
import { equalBytes, toHex } from "../../formats/bytes.ts"
import { parseCheckpoint } from "../../formats/checkpoint.ts"
import type { Crypto } from "../../formats/ports.ts"
import { parseNote } from "../../formats/signed-note.ts"
import { noteOfHead, type ObservedHead, parseHeadsData } from "../../ledger/observed-heads.ts"
import { rootAt } from "../../ledger/proofs.ts"
import type { RecordBody } from "../../ledger/record.ts"
import { verifyCheckpoint } from "../../verify/checkpoint.ts"
import type { Trust } from "../../verify/types.ts"
import { type HashStore, tileReader } from "../tile-reader.ts"
import type { Finding, FsckStore, LogRow } from "./types.ts"

export interface HeadCheck {
  /** Records of one log, in its order. */
  check(
    log: LogRow,
    records: readonly { readonly index: number; readonly record: Partial<RecordBody> | null }[],
  ): Promise<void>
  /** After all logs: what the database says was observed last. */
  end(): Promise<void>
}

interface Placed extends ObservedHead {
  readonly index: number
}
interface Known {
  /** The newest that was named. */
  readonly newest: Placed
  /** Size of the newest that the log still leads to. */
  readonly agreed: number
  readonly isRefuted: boolean
}

export function openHeadCheck(
  store: FsckStore,
  logs: readonly LogRow[],
  trust: Trust | undefined,
  crypto: Crypto,
  find: (finding: Finding) => void,
): HeadCheck {
  const asked: HashStore = {
    query: async <Row>({ text, values }: { readonly text: string; readonly values: unknown[] }) => ({
      rows: await store.query<Row>(text, values),
    }),
  }
  const byOrigin = new Map(logs.map((log) => [log.origin, log]))
  /** By the ids of the log that observes and of the one that it observes; of one that is gone, by its origin. */
  const known = new Map<string, Known>()

  /** Of a log as it now is. Null: hashes are missing, which the walk over it has found. */
  async function rootNow(
    { log_id }: LogRow,
    size: number,
    stored: ReadonlyMap<number, Uint8Array>,
  ): Promise<Uint8Array | null> {
    const root = stored.get(size)
    if (root) return root
    return await rootAt(tileReader(asked, log_id), crypto.sha256, size).catch((error: unknown) => {
      if (error instanceof WritError) return null
      throw error
    })
  }

  /** Of checkpoints that are stored for these sizes. */
  async function storedRoots(log: LogRow, sizes: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const rows = await store.query<{ size: bigint; note: Buffer }>(
      "SELECT size, note FROM checkpoint WHERE log_id = $1 AND size = ANY ($2::bigint[])",
      [log.log_id, [...sizes]],
    )
    const roots = new Map<number, Uint8Array>()
    for (const { size, note } of rows)
      try {
        roots.set(Number(size), parseCheckpoint(parseNote(note.toString("utf8")).text).root)
      } catch {} // it does not verify either, and is found as such
    return roots
  }

  async function checkHead(by: LogRow, head: Placed, stored: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const { log, size, index } = head
    const other = byOrigin.get(log)
    const name = `${by.log_id} ${other?.log_id ?? log}`
    const before = known.get(name)
    const witness = `${by.origin} has recorded its head of size ${size} in record ${index}`
    const about = (at: number, text: string) => find({ table: "log", text: `${witness}: ${text}`, index: at, log })
    let { agreed = 0, isRefuted = false } = before ?? {}
    if (!isRefuted) {
      const fault = other ? await faultOf(other, head, stored) : { at: 0, text: "there is no such log any more" }
      if (fault)
        about(fault.at, `${fault.text}${agreed > 0 ? `; up to size ${agreed} it holds what was recorded` : ""}`)
      else agreed = size
      isRefuted = fault !== null
    }
    known.set(name, { newest: head, agreed, isRefuted })
  }

  async function faultOf(
    other: LogRow,
    { size, root, key }: Placed,
    stored: ReadonlyMap<number, Uint8Array>,
  ): Promise<{ readonly at: number; readonly text: string } | null> {
    if (size > Number(other.size ?? 0))
      return { at: Number(other.size ?? 0), text: `the log has only ${other.size ?? 0} records` }
    const now = await rootNow(other, size, stored)
    if (now && !equalBytes(now, root)) return { at: size - 1, text: `its first ${size} records are not those any more` }
    const trusted = trust?.logs.find(({ origin }) => origin === other.origin)?.vkey ?? other.verifier_key
    return key === trusted ? null : { at: 0, text: `the log had another key then, ${key}` }
  }

  return {
    async check(by, records) {
      const heads: Placed[] = []
      for (const { index, record } of records) {
        if (record?.kind !== "heads_observed") continue
        const at = (text: string) => find({ table: "entry", text, index, log: by.origin })
        try {
          for (const head of parseHeadsData(record.data)) {
            const { valid, reason } = verifyCheckpoint(
              { note: noteOfHead(head, crypto.sha256), origin: head.log, vkey: head.key },
              crypto,
            )
            if (!valid) at(`the head of ${head.log} that it names does not verify: ${reason}`)
            else if (head.log === by.origin) at("it names a head of its own log")
            else heads.push({ ...head, index })
          }
        } catch (error) {
          at(`the heads that it names cannot be read: ${(error as Error).message}`)
        }
      }
      const roots = new Map<string, ReadonlyMap<number, Uint8Array>>()
      for (const origin of new Set(heads.map(({ log }) => log))) {
        const other = byOrigin.get(origin)
        const sizes = heads.filter(({ log }) => log === origin).map(({ size }) => size)
        roots.set(origin, other ? await storedRoots(other, sizes) : new Map())
      }
      for (const head of heads) await checkHead(by, head, roots.get(head.log) ?? new Map())
    },

    async end() {
      const rows = await store.query<{ by_log_id: number; log_id: number; size: bigint; root: Buffer; idx: bigint }>(
        "SELECT by_log_id, log_id, size, root, idx FROM observed_head",
      )
      const origins = new Map(logs.map(({ log_id, origin }) => [log_id, origin]))
      const missing = new Set(known.keys())
      for (const { by_log_id, log_id, size, root, idx } of rows) {
        const name = `${by_log_id} ${log_id}`
        const newest = known.get(name)?.newest
        missing.delete(name)
        if (!newest || `${newest.size} ${toHex(newest.root)} ${newest.index}` !== `${size} ${toHex(root)} ${idx}`)
          find({
            table: "observed_head",
            text: `what log ${by_log_id} has recorded last of log ${log_id} is not what the records say`,
          })
      }
      for (const name of missing) {
        const [by, other] = name.split(" ") as [string, string]
        if (byOrigin.has(other) || origins.has(Number(other)))
          find({ table: "observed_head", text: `what log ${by} has recorded last of log ${other} is missing` })
      }
    },
  }
}
