-- Consumables: versioned rows that decisions read and change. Projections of the log: a record's payload says what it did to
-- which row, and in which version that left it. `key` = 16 bytes of SHA-256 of what the row is (a history or a budget of the
-- bundle, by name) and what it is counted for; `family` = of what it is alone. What it is counted for stands in payloads only.
CREATE TABLE consumable (
  key uuid PRIMARY KEY,
  family uuid NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  content bytea NOT NULL,                 -- RFC 8785 JSON: src/policy/history.ts, src/policy/budget.ts
  log_id smallint NOT NULL,               -- the record that changed it last
  idx bigint NOT NULL
) WITH (fillfactor = 50);                 -- rewritten in place by every change: HOT updates, no index churn
-- Counters in decimal: deflating them takes longer than writing them.
ALTER TABLE consumable ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX consumable_family ON consumable (family, key);

-- Part of an append, after its head and its epoch: every row that the batch's records read must still be in the version that
-- they read, or all of it is undone. Locks are taken in the order of the keys, so that two replicas that append at once wait
-- for one another and never in a circle. What was read as absent and is changed is inserted: another one's insert raises 23505
-- (consumable_pkey). SQLSTATE WR004: a row is in another version.
CREATE FUNCTION writ_consume(
  p_log smallint, p_size bigint,
  p_read uuid[], p_versions bigint[],
  p_keys uuid[], p_families uuid[], p_before bigint[], p_after bigint[], p_rows integer[],
  p_blob bytea, p_offsets integer[], p_lengths integer[]
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_same integer;
  v_written integer;
  v_made integer;
BEGIN
  IF cardinality(p_read) > 0 THEN
    SELECT count(*) INTO v_same
      FROM (SELECT key, version FROM consumable WHERE key = ANY (p_read) ORDER BY key FOR UPDATE) AS c
      JOIN unnest(p_read, p_versions) AS r (key, version) ON r.key = c.key AND r.version = c.version;
    IF v_same <> cardinality(p_read) THEN
      RAISE EXCEPTION '% rows of % are in the version that was read', v_same, cardinality(p_read) USING ERRCODE = 'WR004';
    END IF;
  END IF;

  -- A statement of its own, so that it sees what was waited for.
  UPDATE consumable AS c
     SET version = u.after, content = substring(p_blob FROM u.start FOR u.length), log_id = p_log, idx = p_size + u.row
    FROM unnest(p_keys, p_before, p_after, p_rows, p_offsets, p_lengths) AS u (key, before, after, row, start, length)
   WHERE u.before > 0 AND c.key = u.key AND c.version = u.before;
  GET DIAGNOSTICS v_written = ROW_COUNT;
  IF v_written < cardinality(p_keys) THEN
    INSERT INTO consumable (key, family, version, content, log_id, idx)
    SELECT u.key, u.family, u.after, substring(p_blob FROM u.start FOR u.length), p_log, p_size + u.row
      FROM unnest(p_keys, p_families, p_before, p_after, p_rows, p_offsets, p_lengths)
           AS u (key, family, before, after, row, start, length)
     WHERE u.before = 0
     ORDER BY u.key;
    GET DIAGNOSTICS v_made = ROW_COUNT;
    v_written := v_written + v_made;
  END IF;
  IF v_written <> cardinality(p_keys) THEN
    RAISE EXCEPTION '% rows written instead of %', v_written, cardinality(p_keys) USING ERRCODE = 'WR004';
  END IF;
END
$$;
