-- Runtimes. `key` = 16 bytes of SHA-256 of the runtime's id; the id itself is in `content` only.

-- The newest state of each runtime. `epoch`: the control epoch that its last change established.
CREATE TABLE runtime (
  key uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  content bytea NOT NULL                  -- RFC 8785 JSON: src/runtime/runtime.ts
);
CREATE INDEX runtime_epoch ON runtime (epoch);

-- Keys that are refused for ever.
CREATE TABLE revoked_runtime_key (
  public_key bytea PRIMARY KEY CHECK (octet_length(public_key) = 32),
  epoch bigint NOT NULL
);

-- What runtimes are told to do. `epoch` is its number: it rises with each, and with everything else that raises the epoch.
CREATE TABLE directive (
  epoch bigint PRIMARY KEY,
  runtime uuid NOT NULL,
  log_id smallint NOT NULL,               -- the record that says so
  idx bigint NOT NULL,
  content bytea NOT NULL                  -- RFC 8785 JSON
);
CREATE INDEX directive_runtime ON directive (runtime, epoch);

-- The beats behind a `beats` leaf: deflated JSON lines, whose RFC 6962 root the leaf holds.
CREATE TABLE beat_segment (
  log_id smallint NOT NULL,
  idx bigint NOT NULL,
  segment bytea NOT NULL,
  PRIMARY KEY (log_id, idx)
);

-- How far a lease reaches, written once a second by the replica that takes its beats and read by the others. Soft state:
-- without it a runtime is stale until its next beat.
CREATE UNLOGGED TABLE runtime_lease (
  lease_id uuid PRIMARY KEY,
  log_id smallint NOT NULL,               -- of the replica
  sequence bigint NOT NULL,
  beat_hash bytea,
  expires_at timestamptz NOT NULL
);

-- The key of the nonces, shared by all replicas.
CREATE TABLE nonce_key (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  secret bytea NOT NULL CHECK (octet_length(secret) = 32)
);
