/** Token keys as their rows have them. */
import type pg from "pg"
import type { TokenKey } from "../decision/token-key.ts"

/** Of every replica, by their ids. */
export async function readTokenKeys(client: pg.Pool | pg.PoolClient): Promise<TokenKey[]> {
  const { rows } = await client.query<{
    kid: string
    public_key: Buffer
    signs_from: Date | null
    ends_at: Date | null
    origin: string | null
    withdrawn_idx: bigint | null
  }>(
    `SELECT k.kid, k.public_key, k.signs_from, k.ends_at, l.origin, k.withdrawn_idx
       FROM token_key k LEFT JOIN log l ON l.log_id = k.withdrawn_log_id ORDER BY k.kid`,
  )
  return rows.map((row) => ({
    kid: row.kid,
    publicKey: row.public_key,
    signsFromMs: row.signs_from?.getTime() ?? 0,
    endsAtMs: row.ends_at?.getTime() ?? null,
    withdrawn: row.withdrawn_idx === null ? null : { origin: row.origin ?? "", index: Number(row.withdrawn_idx) },
  }))
}
