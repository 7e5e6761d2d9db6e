-- Where the record stands that made the active bundle the active one: who did it, and what was active before.
ALTER TABLE control ADD COLUMN active_log_id smallint;
ALTER TABLE control ADD COLUMN active_idx bigint;
UPDATE control SET (active_log_id, active_idx) = (
  SELECT e.log_id, e.idx
    FROM (SELECT log_id, idx, convert_from(body, 'UTF8')::json AS record
            FROM entry WHERE position('"kind":"bundle_activated"'::bytea IN body) > 0 OFFSET 0) AS e
   ORDER BY (e.record ->> 'epoch')::bigint DESC LIMIT 1);

-- Activations that a second principal has to decide. A row is decided once: who comes second finds it so.
CREATE TABLE activation (
  activation_id uuid PRIMARY KEY,
  digest bytea NOT NULL REFERENCES bundle (digest),
  previous bytea NOT NULL CHECK (octet_length(previous) = 32),  -- the bundle that was active when it was asked for
  requested_by text NOT NULL,                                   -- id of the caller's key
  expires_at timestamptz NOT NULL,
  log_id smallint NOT NULL,                                     -- of the request
  idx bigint NOT NULL,
  decided text CHECK (decided IN ('granted', 'refused')),
  decided_by text,
  decided_log_id smallint,                                      -- of the decision
  decided_idx bigint,
  CHECK (num_nulls(decided, decided_by, decided_log_id, decided_idx) IN (0, 4))
);
CREATE INDEX activation_pending ON activation (expires_at) WHERE decided IS NULL;

-- Which bundle each replica decides by, and when it last said so. Soft state of seconds: lost with a crash of Postgres, and
-- written again by each replica that lives.
CREATE UNLOGGED TABLE replica (
  log_id smallint PRIMARY KEY,
  epoch bigint NOT NULL,
  digest bytea CHECK (octet_length(digest) = 32),
  problem text NOT NULL,                                        -- reason code; empty: it decides by it
  seen_at timestamptz NOT NULL
);
