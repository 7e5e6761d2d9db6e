-- The ledger and everything beside it. Each table but entry and tile is a projection of the log: `writ ledger fsck`
-- derives it again and compares. Nothing that a caller wrote is ever in a text, jsonb or indexed column: leaf and
-- payload bytes are bytea, everything indexed is a fixed-size keyed hash, a random id or a number.

-- One RFC 6962 tree per log. A log belongs to one signer and is written by one daemon at a time.
CREATE TABLE log (
  log_id smallint PRIMARY KEY,
  origin text NOT NULL UNIQUE,            -- C2SP tlog-checkpoint origin; made by Writ, never by a caller
  verifier_key text NOT NULL              -- C2SP signed-note verifier key of the checkpoint signer
);

-- The only hot row. `fence` rises with every take-over, so that a writer that was presumed dead can no longer append.
CREATE TABLE log_head (
  log_id smallint PRIMARY KEY REFERENCES log,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  fence bigint NOT NULL
) WITH (fillfactor = 10);                 -- rewritten in place by every append: HOT updates, no index churn

-- Leaves. `body` is the exact hashed bytes; `payload` is salt || bytes, or null once erased or where there is none.
CREATE TABLE entry (
  log_id smallint NOT NULL,
  idx bigint NOT NULL,
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
  body bytea NOT NULL CHECK (octet_length(body) <= 65535),
  payload bytea,
  PRIMARY KEY (log_id, idx)
) PARTITION BY RANGE (log_id, idx);

-- Full tiles only (C2SP tlog-tiles): 256 hashes of 32 bytes, and the root over them, which is one hash of the level above.
-- The partial right edge follows from `entry` and from the roots. Partitioned like entry, by the leaf that filled the tile.
CREATE TABLE tile (
  log_id smallint NOT NULL,
  last_leaf bigint NOT NULL,              -- (idx + 1) * 256^(level + 1) - 1
  level smallint NOT NULL,
  hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  PRIMARY KEY (log_id, last_leaf, level)
) PARTITION BY RANGE (log_id, last_leaf);

-- Makes partition `p_number` of a log: leaves [p_number * 2^20, (p_number + 1) * 2^20). Called well ahead of the head.
CREATE FUNCTION writ_ensure_partition(p_log smallint, p_number bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  parent text;
  child text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['entry', 'tile'] LOOP
    child := format('%s_%s_%s', parent, p_log, p_number);
    IF to_regclass(child) IS NULL THEN
      -- made aside and then attached: CREATE … PARTITION OF would lock out the appends of every log meanwhile
      -- toast_tuple_target: rows of up to 8 kB stay in one piece, neither compressed nor moved aside
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (toast_tuple_target = 8160)', child, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s, %s) TO (%s, %s)',
                     parent, child, p_log, p_number << 20, p_log, (p_number + 1) << 20);
    END IF;
  END LOOP;
END
$$;

-- Signed checkpoints (C2SP signed notes), oldest first by size.
CREATE TABLE checkpoint (
  log_id smallint NOT NULL REFERENCES log,
  size bigint NOT NULL,
  note bytea NOT NULL,
  PRIMARY KEY (log_id, size)
);

-- One row. `epoch` rises in the same transaction as every change that can turn an allow into a deny.
CREATE TABLE control (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch bigint NOT NULL,
  active_bundle bytea CHECK (octet_length(active_bundle) = 32)
) WITH (fillfactor = 10);
INSERT INTO control (epoch) VALUES (0);

-- Idempotency (consumable). `key` = first 16 bytes of SHA-256(caller, request_id); a row lives 10 minutes.
CREATE TABLE request (
  key uuid PRIMARY KEY,
  snapshot_digest bytea NOT NULL CHECK (octet_length(snapshot_digest) = 32),
  log_id smallint NOT NULL,
  idx bigint NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX request_expires ON request USING brin (expires_at) WITH (pages_per_range = 16);

-- State of an execution once something has happened to it (consumable). No row: still as its decision left it.
CREATE TABLE execution (
  execution_id uuid PRIMARY KEY,
  state text NOT NULL,                    -- ledger/kinds.ts
  log_id smallint NOT NULL,               -- the newest record of its chain
  idx bigint NOT NULL,
  leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32)
);

-- Lookup rows are derived from the log after the commit, in order; `lookup_mark` says how far. A query reads the indexed
-- part and scans the tail, so it is complete at every moment. `key` = 16 bytes of HMAC(index key, what).
CREATE TABLE lookup (
  key uuid NOT NULL,
  log_id smallint NOT NULL,
  idx bigint NOT NULL,
  PRIMARY KEY (key, log_id, idx)
);
CREATE TABLE lookup_mark (
  log_id smallint PRIMARY KEY REFERENCES log,
  size bigint NOT NULL
);

-- Policy bundles: canonical bytes and the DSSE signatures over them.
CREATE TABLE bundle (
  digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
  content bytea NOT NULL
);
CREATE TABLE bundle_signature (
  digest bytea NOT NULL REFERENCES bundle,
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
  signature bytea NOT NULL CHECK (octet_length(signature) = 64),
  PRIMARY KEY (digest, public_key)
);

-- Callers' API keys: only SHA-256 of the secret half.
CREATE TABLE caller_key (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{8}$'),
  role text NOT NULL,
  secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  state text NOT NULL CHECK (state IN ('active', 'revoked')),
  expires_at timestamptz
);

-- Public keys that verify execution tokens, of every replica.
CREATE TABLE token_key (
  kid text PRIMARY KEY,
  public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
  issuer text NOT NULL
);
