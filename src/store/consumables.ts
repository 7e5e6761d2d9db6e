/** Versioned rows beside the log, read and as parameters of writ_consume. */
import type pg from "pg"
import type { BudgetsDependencies } from "../decision/budgets.ts"
import { fromUtf8, utf8 } from "../formats/bytes.ts"
import { encodeCanonicalJson } from "../formats/canonical-json.ts"
import type { JsonObject } from "../formats/ports.ts"
import type { RowName, RowVersion } from "../ledger/consumables.ts"
import type { Head, RowChange } from "../ledger/store.ts"
import type { Parameter } from "./binary.ts"
import { FIND_ROWS } from "./sql/consume.ts"

export async function findRows(client: pg.Client | pg.Pool, names: readonly RowName[]): Promise<readonly RowVersion[]> {
  const { rows } = await client.query<{ version: bigint; content: Buffer | null }>({
    ...FIND_ROWS,
    values: [names.map(({ key }) => key)],
  })
  return rows.map(({ version, content }, i) => {
    const { key, family } = names[i] as RowName
    return { key, family, version: Number(version), content: content && readContent(content) }
  })
}

export function createRowStore(pool: pg.Pool): BudgetsDependencies["store"] {
  return {
    rows: (names) => findRows(pool, names),
    async family(family, after, limit) {
      const { rows } = await pool.query<{ key: string; version: bigint; content: Buffer; payload: Buffer | null }>(
        `SELECT c.key, c.version, c.content, e.payload FROM consumable c JOIN entry e ON e.log_id = c.log_id AND e.idx = c.idx
          WHERE c.family = $1 AND c.key > $2 ORDER BY c.key LIMIT $3`,
        [family, after, limit],
      )
      return rows.map(({ key, version, content, payload }) => ({
        row: { key, family, version: Number(version), content: readContent(content) },
        record: { payload },
      }))
    },
  }
}

export function readContent(content: Uint8Array): JsonObject {
  return JSON.parse(fromUtf8(content)) as JsonObject
}

/** Those that are only read, then those that are changed. */
export function encodeRows({ logId, size }: Head, rows: readonly RowChange[]): Parameter[] {
  const changed = rows.filter(({ next }) => next !== null)
  const contents = changed.map(({ next }) => utf8(encodeCanonicalJson(next?.content ?? {})))
  const offsets: number[] = []
  let offset = 1
  for (const { length } of contents) {
    offsets.push(offset)
    offset += length
  }
  return [
    { type: "int2", value: logId },
    { type: "int8", value: size },
    { arrayOf: "uuid", values: rows.filter(({ read }) => read > 0).map(({ key }) => key) },
    { arrayOf: "int8", values: rows.filter(({ read }) => read > 0).map(({ read }) => read) },
    { arrayOf: "uuid", values: changed.map(({ key }) => key) },
    { arrayOf: "uuid", values: changed.map(({ family }) => family) },
    { arrayOf: "int8", values: changed.map(({ read }) => read) },
    { arrayOf: "int8", values: changed.map(({ next }) => next?.version ?? 0) },
    { arrayOf: "int4", values: changed.map(({ next }) => next?.at ?? 0) },
    { pieces: contents },
    { arrayOf: "int4", values: offsets },
    { arrayOf: "int4", values: contents.map(({ length }) => length) },
  ]
}
