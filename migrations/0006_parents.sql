-- Executions that descend from others, and whose lease what runs lives by. Both are projections of the log.

-- Set by a redemption that a runtime proved: when its lease is over, the execution is lost.
ALTER TABLE execution ADD COLUMN runtime uuid, ADD COLUMN lease_id uuid;
CREATE INDEX execution_bound ON execution (runtime, lease_id) WHERE state = 'REDEEMED' AND runtime IS NOT NULL;

-- A child that was authorized, written in the transaction of its decision while the parent's row is locked as REDEEMED: so a
-- revocation of the parent finds every child that there will be. `consent` names the proof by the parent's runtime, which is
-- good for one child.
CREATE TABLE execution_parent (
  child_id uuid PRIMARY KEY,
  parent_id uuid NOT NULL,
  depth smallint NOT NULL,                -- how many it descends from
  consent bytea NOT NULL UNIQUE CHECK (octet_length(consent) = 32),
  authorized_at timestamptz NOT NULL
);
CREATE INDEX execution_parent_parent ON execution_parent (parent_id);
CREATE INDEX execution_parent_authorized ON execution_parent (authorized_at);
