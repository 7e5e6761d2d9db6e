/** The rows that a change writes beside its record, in its transaction. */
import type pg from "pg"
import type { Effect } from "../ledger/store.ts"

/** Code of the error that says the database is not what the change assumed. */
export const CONFLICT = "WR003"

interface Position {
  readonly logId: number
  readonly index: number
  readonly leafHash: Uint8Array
}

export async function applyEffects(client: pg.Client, effects: readonly Effect[], at: Position): Promise<void> {
  for (const effect of effects) await applyEffect(client, effect, at)
}

async function applyEffect(client: pg.Client, effect: Effect, at: Position): Promise<void> {
  const bytes = (value: Uint8Array) => Buffer.from(value)
  switch (effect.kind) {
    case "execution": {
      const until = effect.executeUntilMs === undefined ? null : new Date(effect.executeUntilMs)
      const { runtime = null, leaseId = null } = effect.bound ?? {}
      const row = [effect.executionId, effect.to, at.logId, at.index, bytes(at.leafHash), until, runtime, leaseId]
      // The row is the consumable and its leaf hash the version: of two that follow the same record, one finds its lock
      // held and then another hash. An insert that finds a row raises 23505 on execution_pkey: somebody was first.
      const done =
        effect.previous === null
          ? await client.query(
              "INSERT INTO execution (execution_id, state, log_id, idx, leaf_hash, execute_until, runtime, lease_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
              row,
            )
          : await client.query(
              `UPDATE execution SET state = $2, log_id = $3, idx = $4, leaf_hash = $5, execute_until = coalesce($6, execute_until),
                      runtime = coalesce($7, runtime), lease_id = coalesce($8, lease_id)
                WHERE execution_id = $1 AND leaf_hash = $9`,
              [...row, bytes(effect.previous)],
            )
      if (done.rowCount !== 1)
        throw Object.assign(new Error("the execution has another newest record"), { code: CONFLICT })
      return
    }
    case "child": {
      // The parent's row stays locked until the commit: a revocation of it comes before, and is seen here, or after, and
      // then finds this child.
      const done = await client.query(
        `INSERT INTO execution_parent (child_id, parent_id, depth, consent, authorized_at)
         SELECT $1, execution_id, $3, $4, $5 FROM execution WHERE execution_id = $2 AND state = 'REDEEMED' FOR SHARE`,
        [effect.executionId, effect.parentId, effect.depth, bytes(effect.consent), new Date(effect.authorizedAtMs)],
      )
      if (done.rowCount !== 1) throw Object.assign(new Error("the parent has ended"), { code: CONFLICT })
      return
    }
    case "caller_key":
      await client.query(
        `INSERT INTO caller_key (id, role, secret_hash, state, expires_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
        [
          effect.id,
          effect.role,
          bytes(effect.secretHash),
          effect.state,
          effect.expiresAtMs === null ? null : new Date(effect.expiresAtMs),
        ],
      )
      return
    case "token_key":
      await client.query("INSERT INTO token_key (kid, public_key, issuer) VALUES ($1, $2, $3)", [
        effect.kid,
        bytes(effect.publicKey),
        effect.issuer,
      ])
      return
    case "bundle":
      await client.query("INSERT INTO bundle (digest, content) VALUES ($1, $2)", [
        bytes(effect.digest),
        bytes(effect.content),
      ])
      return
    case "bundle_signature":
      await client.query("INSERT INTO bundle_signature (digest, public_key, signature) VALUES ($1, $2, $3)", [
        bytes(effect.digest),
        bytes(effect.publicKey),
        bytes(effect.signature),
      ])
      return
    case "activate":
      await client.query("UPDATE control SET active_bundle = $1", [bytes(effect.digest)])
      return
    case "runtime":
      await client.query(
        `INSERT INTO runtime (key, epoch, content) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, content = excluded.content`,
        [effect.key, effect.epoch.toString(), bytes(effect.content)],
      )
      return
    case "revoked_runtime_key":
      await client.query("INSERT INTO revoked_runtime_key (public_key, epoch) VALUES ($1, $2)", [
        bytes(effect.publicKey),
        effect.epoch.toString(),
      ])
      return
    case "directive":
      await client.query("INSERT INTO directive (epoch, runtime, log_id, idx, content) VALUES ($1, $2, $3, $4, $5)", [
        effect.epoch.toString(),
        effect.runtime,
        at.logId,
        at.index,
        bytes(effect.content),
      ])
      return
    case "beat_segment":
      await client.query("INSERT INTO beat_segment (log_id, idx, segment) VALUES ($1, $2, $3)", [
        at.logId,
        at.index,
        bytes(effect.segment),
      ])
      return
    case "erase_payload": {
      // Its lookup row stays: an execution id names nobody, it is in the leaf as well, and the lineage needs it.
      const done = await client.query(
        "UPDATE entry SET payload = NULL WHERE log_id = $1 AND idx = $2 AND payload IS NOT NULL",
        [effect.logId, effect.index],
      )
      if (done.rowCount !== 1) throw Object.assign(new Error("there is no payload any more"), { code: CONFLICT })
      return
    }
    default:
      effect satisfies never
  }
}
