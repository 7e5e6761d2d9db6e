/** The rows that a change writes beside its record, in its transaction. */
import type { Effect } from "../ledger/store.ts"
import type { Parameter } from "./binary.ts"
import type { Statement } from "./pipeline.ts"
import { CONFLICT, requireOne } from "./sql/require-one.ts"
import { countWaiting } from "./sql/waiting.ts"

interface Position {
  readonly logId: number
  readonly index: number
  readonly leafHash: Uint8Array
}

export function toStatement(effect: Effect, at: Position): Statement {
  const position = [String(at.logId), String(at.index)]
  switch (effect.kind) {
    case "execution": {
      const until = effect.executeUntilMs === undefined ? null : toTime(effect.executeUntilMs)
      const { runtime = null, leaseId = null } = effect.bound ?? {}
      const row: Parameter[] = [effect.executionId, effect.to, ...position, at.leafHash, until, runtime, leaseId]
      // The row is the consumable and its leaf hash the version: of two that follow the same record, one finds its lock
      // held and then another hash. An insert that finds a row raises 23505 on execution_pkey: somebody was first.
      if (effect.previous === null)
        return {
          name: "writ_execution_first",
          text: `INSERT INTO execution (execution_id, state, log_id, idx, leaf_hash, execute_until, runtime, lease_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          values: row,
        }
      return {
        name: "writ_execution_next",
        text: requireOne(
          `UPDATE execution SET state = $2, log_id = $3, idx = $4, leaf_hash = $5, execute_until = coalesce($6, execute_until),
                  runtime = coalesce($7, runtime), lease_id = coalesce($8, lease_id)
            WHERE execution_id = $1 AND leaf_hash = $9`,
          CONFLICT,
        ),
        values: [...row, effect.previous],
      }
    }
    case "child":
      // The parent's row stays locked until the commit: a revocation of it comes before, and is seen here, or after, and
      // then finds this child.
      return {
        name: "writ_child",
        text: requireOne(
          `INSERT INTO execution_parent (child_id, parent_id, depth, consent, authorized_at)
           SELECT $1, execution_id, $3, $4, $5 FROM execution WHERE execution_id = $2 AND state = 'REDEEMED' FOR SHARE`,
          CONFLICT,
        ),
        values: [
          effect.executionId,
          effect.parentId,
          String(effect.depth),
          effect.consent,
          toTime(effect.authorizedAtMs),
        ],
      }
    case "approval":
      // Of two replicas that ask at once for the same, one finds the other's row, which is not the one it knows of.
      return {
        name: "writ_approval",
        text: requireOne(
          `INSERT INTO approval AS a (key, approval_id, caller, bundle, log_id, idx, needed, requested_at, expires_at)
           SELECT $1::uuid, $2::uuid, $3::uuid, $4::bytea, $5::smallint, $6::bigint, $7::smallint, $8::timestamptz, $9::timestamptz
            WHERE (${countWaiting("$3", "$8")}) < $10::integer
           ON CONFLICT (key) DO UPDATE SET approval_id = excluded.approval_id, caller = excluded.caller, bundle = excluded.bundle,
             log_id = excluded.log_id, idx = excluded.idx, needed = excluded.needed, given = 0,
             requested_at = excluded.requested_at, expires_at = excluded.expires_at
             WHERE a.approval_id = $11::uuid`,
          CONFLICT,
        ),
        values: [
          effect.key,
          effect.approvalId,
          effect.caller,
          effect.bundle,
          ...position,
          String(effect.needed),
          toTime(effect.requestedAtMs),
          toTime(effect.expiresAtMs),
          String(effect.maxWaiting),
          effect.previous,
        ],
      }
    case "approval_given":
      return {
        name: "writ_approval_given",
        text: requireOne("UPDATE approval SET given = given + 1 WHERE approval_id = $1", CONFLICT),
        values: [effect.approvalId],
      }
    case "caller_key":
      return {
        name: "writ_caller_key",
        text: `INSERT INTO caller_key (id, role, secret_hash, state, expires_at, scope) VALUES ($1, $2, $3, $4, $5, $6)
          ON CONFLICT (id) DO UPDATE SET state = excluded.state`,
        values: [
          effect.id,
          effect.role,
          effect.secretHash,
          effect.state,
          effect.expiresAtMs === null ? null : toTime(effect.expiresAtMs),
          effect.scope,
        ],
      }
    case "binding":
      return {
        name: "writ_binding",
        text: `INSERT INTO binding (key, epoch, content) VALUES ($1, $2, $3)
          ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, content = excluded.content`,
        values: [effect.key, effect.epoch.toString(), effect.content],
      }
    case "token_key":
      return {
        name: "writ_token_key",
        text: "INSERT INTO token_key (kid, public_key, issuer, signs_from) VALUES ($1, $2, $3, $4)",
        values: [effect.kid, effect.publicKey, effect.issuer, toTime(effect.signsFromMs)],
      }
    case "token_key_ends":
      return {
        name: "writ_token_key_ends",
        text: requireOne(
          `UPDATE token_key SET ends_at = $2, withdrawn_log_id = $3, withdrawn_idx = $4
            WHERE kid = $1 AND withdrawn_idx IS NULL`,
          CONFLICT,
        ),
        values: [effect.kid, toTime(effect.endsAtMs), ...(effect.isCompromised ? position : [null, null])],
      }
    case "bundle":
      return {
        name: "writ_bundle",
        text: "INSERT INTO bundle (digest, log_id, idx, published_at) VALUES ($1, $2, $3, $4)",
        values: [effect.digest, ...position, toTime(effect.publishedAtMs)],
      }
    case "bundle_signature":
      return {
        name: "writ_bundle_signature",
        text: "INSERT INTO bundle_signature (digest, public_key, signature) VALUES ($1, $2, $3)",
        values: [effect.digest, effect.publicKey, effect.signature],
      }
    case "activate":
      return {
        name: "writ_activate",
        text: "UPDATE control SET active_bundle = $1, active_log_id = $2, active_idx = $3",
        values: [effect.digest, ...position],
      }
    case "shadow":
      return {
        name: "writ_shadow",
        text: "UPDATE control SET shadow_log_id = $1, shadow_idx = $2",
        values: effect.isSet ? position : [null, null],
      }
    case "activation_requested":
      return {
        name: "writ_activation_requested",
        text: `INSERT INTO activation (activation_id, digest, previous, requested_by, expires_at, log_id, idx)
          VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        values: [
          effect.id,
          effect.digest,
          effect.previous,
          effect.requestedBy,
          toTime(effect.expiresAtMs),
          ...position,
        ],
      }
    case "activation_decided":
      return {
        name: "writ_activation_decided",
        text: requireOne(
          `UPDATE activation SET decided = $2, decided_by = $3, decided_log_id = $4, decided_idx = $5
            WHERE activation_id = $1 AND decided IS NULL`,
          CONFLICT,
        ),
        values: [effect.id, effect.outcome, effect.decidedBy, ...position],
      }
    case "runtime":
      return {
        name: "writ_runtime",
        text: `INSERT INTO runtime (key, epoch, content) VALUES ($1, $2, $3)
          ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, content = excluded.content`,
        values: [effect.key, effect.epoch.toString(), effect.content],
      }
    case "reference_values":
      return {
        name: "writ_reference_values",
        text: `INSERT INTO reference_values (key, epoch, content) VALUES ($1, $2, $3)
          ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, content = excluded.content`,
        values: [effect.key, effect.epoch.toString(), effect.content],
      }
    case "revoked_runtime_key":
      return {
        name: "writ_revoked_runtime_key",
        text: "INSERT INTO revoked_runtime_key (public_key, epoch) VALUES ($1, $2)",
        values: [effect.publicKey, effect.epoch.toString()],
      }
    case "directive":
      return {
        name: "writ_directive",
        text: "INSERT INTO directive (epoch, runtime, log_id, idx, content) VALUES ($1, $2, $3, $4, $5)",
        values: [effect.epoch.toString(), effect.runtime, ...position, effect.content],
      }
    case "observe_head":
      return {
        name: "writ_observe_head",
        text: requireOne(
          `INSERT INTO observed_head AS o (log_id, size, root, by_log_id, idx) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (by_log_id, log_id) DO UPDATE SET size = excluded.size, root = excluded.root, idx = excluded.idx
             WHERE o.size < excluded.size`,
          CONFLICT,
        ),
        values: [String(effect.logId), String(effect.size), effect.root, ...position],
      }
    case "close_log":
      return {
        name: "writ_close_log",
        text: "SELECT writ_close_log($1, $2, $3, $4, $5, $6, $7)",
        values: [
          String(effect.logId),
          effect.fence.toString(),
          effect.beat.toString(),
          String(effect.size),
          effect.root,
          ...position,
        ],
      }
    case "erase_payload":
      // Its lookup row stays: an execution id names nobody, it is in the leaf as well, and the lineage needs it.
      return {
        name: "writ_erase_payload",
        text: requireOne(
          "UPDATE entry SET payload = NULL WHERE log_id = $1 AND idx = $2 AND payload IS NOT NULL",
          CONFLICT,
        ),
        values: [String(effect.logId), String(effect.index)],
      }
  }
}

function toTime(unixMs: number): string {
  return new Date(unixMs).toISOString()
}
