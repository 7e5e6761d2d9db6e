-- Who writes a log shows that it lives: `beat` rises twice a second. A replica that sees it stand still closes the log by a
-- record in its own. No row: a daemon without leases writes it, and nobody closes it.
CREATE TABLE log_lease (
  log_id smallint PRIMARY KEY REFERENCES log,
  fence bigint NOT NULL,                  -- of log_head, when the lease was taken: another one there ends it
  beat bigint NOT NULL,
  is_held boolean NOT NULL                -- false: given back by a clean stop, or closed
) WITH (fillfactor = 50);

-- Logs that have ended, and the record in another log that says so.
CREATE TABLE log_closing (
  log_id smallint PRIMARY KEY REFERENCES log,
  size bigint NOT NULL,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  by_log_id smallint NOT NULL REFERENCES log,
  idx bigint NOT NULL                     -- of the record, in that log
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_closing FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON log_closing FOR EACH STATEMENT EXECUTE FUNCTION writ_refuse_change();

-- Closes a log that is still as its closer saw it. The highest fence there is: none can be raised above it, so whoever wrote
-- the log, of whatever version, can neither go on nor take it over again. NOWAIT: an append that is under way is a sign of
-- life, and two that close each other's logs must not wait for one another.
CREATE FUNCTION writ_close_log(p_log smallint, p_fence bigint, p_beat bigint, p_size bigint, p_root bytea, p_by smallint, p_idx bigint)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM log_head WHERE log_id = p_log AND size = p_size AND root = p_root AND fence = p_fence FOR UPDATE NOWAIT;
  IF FOUND THEN
    PERFORM FROM log_lease WHERE log_id = p_log AND fence = p_fence AND beat = p_beat AND is_held FOR UPDATE NOWAIT;
  END IF;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the log lives' USING ERRCODE = 'WR003';
  END IF;
  UPDATE log_head SET fence = 9223372036854775807 WHERE log_id = p_log;
  UPDATE log_lease SET is_held = false WHERE log_id = p_log;
  INSERT INTO log_closing (log_id, size, root, by_log_id, idx) VALUES (p_log, p_size, p_root, p_by, p_idx);
EXCEPTION WHEN lock_not_available THEN
  RAISE EXCEPTION 'the log lives' USING ERRCODE = 'WR003';
END
$$;
