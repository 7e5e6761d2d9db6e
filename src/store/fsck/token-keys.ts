/** `token_key`: which keys signed tokens, from when on and how long. */
import { toBase64Url } from "../../formats/bytes.ts"
import type { JsonObject } from "../../formats/ports.ts"
import type { Finding, FsckStore } from "./types.ts"

/** As texts to compare. */
export interface TokenKeyRow {
  readonly published: string
  readonly ended: string
}

const NEVER = "null null null"

/** `position`: of the record. */
export function learnTokenKeys(known: Map<string, TokenKeyRow>, data: JsonObject, position: string): void {
  const { kid, public_key, issuer, signs_from = null, ends = [] } = data
  // A daemon signs by its own keys alone, so all that is said of one stands in one log, in order.
  known.set(kid as string, { published: `${public_key} ${issuer} ${toMs(signs_from)}`, ended: NEVER })
  for (const end of ends as readonly JsonObject[]) {
    const before = known.get(end["kid"] as string)
    const withdrawn = end["compromised"] === true ? position : "null null"
    if (before) known.set(end["kid"] as string, { ...before, ended: `${toMs(end["at"] ?? null)} ${withdrawn}` })
  }
}

export async function checkTokenKeys(
  store: FsckStore,
  known: ReadonlyMap<string, TokenKeyRow>,
  find: (finding: Finding) => void,
): Promise<void> {
  const rows = await store.query<{
    kid: string
    public_key: Buffer
    issuer: string
    signs_from: Date | null
    ends_at: Date | null
    withdrawn_log_id: number | null
    withdrawn_idx: bigint | null
  }>("SELECT * FROM token_key")
  const missing = new Set(known.keys())
  for (const row of rows) {
    const says = known.get(row.kid)
    missing.delete(row.kid)
    if (says?.published !== `${toBase64Url(row.public_key)} ${row.issuer} ${row.signs_from?.getTime() ?? null}`)
      find({ table: "token_key", text: `the key ${row.kid} is not one that the records publish` })
    else if (says.ended !== `${row.ends_at?.getTime() ?? null} ${row.withdrawn_log_id} ${row.withdrawn_idx}`)
      find({ table: "token_key", text: `the key ${row.kid} does not end as the records say` })
  }
  for (const kid of missing) find({ table: "token_key", text: `the key ${kid} is missing` })
}

function toMs(time: unknown): number | null {
  return time === null ? null : Date.parse(time as string)
}
