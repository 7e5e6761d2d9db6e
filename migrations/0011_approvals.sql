-- The approval that a request waits for: a projection of the log, forgotten when it has lapsed. `key` is made of the caller,
-- the digest of what it asks for and the bundle, so that who asks the same again finds the same approval. Whether it was
-- refused or used is the execution's row, which its decisions and its use contend for.
CREATE TABLE approval (
  key uuid PRIMARY KEY,
  approval_id uuid NOT NULL UNIQUE,       -- the execution that waits
  caller uuid NOT NULL,
  bundle bytea NOT NULL CHECK (octet_length(bundle) = 32),
  log_id smallint NOT NULL,
  idx bigint NOT NULL,                    -- the decision that asked
  needed smallint NOT NULL,
  given smallint NOT NULL DEFAULT 0,
  requested_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX approval_caller ON approval (caller, expires_at);
CREATE INDEX approval_requested ON approval (requested_at, approval_id);
CREATE INDEX approval_expires ON approval (expires_at);
