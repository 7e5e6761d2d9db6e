-- additive
-- The log of logs: what each log last recorded of each other one's signed heads (records of kind heads_observed).
CREATE TABLE observed_head (
  by_log_id smallint REFERENCES log,
  log_id smallint REFERENCES log,
  size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  idx bigint NOT NULL,                    -- of the record, in the log by_log_id
  PRIMARY KEY (by_log_id, log_id)
) WITH (fillfactor = 50);
CREATE INDEX observed_head_of ON observed_head (log_id, size DESC);
