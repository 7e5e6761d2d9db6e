-- The append finds its head where the one before left it (`p_head`, what it returned), not by the index: while somebody
-- holds a snapshot (a backup, fsck) no older version of the row can be removed, and the index led through all of them,
-- 17 µs more an append after every 1,000. Null, or a row that has moved: by the index. Else as 0002_append.sql.
DROP FUNCTION writ_append;
CREATE FUNCTION writ_append(
  p_log smallint, p_size bigint, p_fence bigint, p_epoch bigint, p_head tid,
  p_count integer, p_root bytea,
  p_hashes bytea, p_blob bytea, p_offsets integer[], p_body_lengths integer[], p_payload_lengths integer[],
  p_tile_levels smallint[], p_tile_last_leaves bigint[], p_tiles bytea,
  p_request_rows integer[], p_request_keys uuid[], p_request_digests bytea, p_request_expires timestamptz
) RETURNS tid
LANGUAGE plpgsql AS $$
DECLARE
  v_head tid;
  written integer;
BEGIN
  -- Every statement in here costs about 20 µs: head and epoch are compared in one, and told apart only when it fails.
  UPDATE log_head SET size = p_size + p_count, root = p_root
   WHERE ctid = p_head AND log_id = p_log AND size = p_size AND fence = p_fence AND EXISTS (SELECT FROM control WHERE epoch = p_epoch)
  RETURNING ctid INTO v_head;
  IF NOT FOUND THEN
    UPDATE log_head SET size = p_size + p_count, root = p_root
     WHERE log_id = p_log AND size = p_size AND fence = p_fence AND EXISTS (SELECT FROM control WHERE epoch = p_epoch)
    RETURNING ctid INTO v_head;
    IF NOT FOUND THEN
      PERFORM FROM log_head WHERE log_id = p_log AND size = p_size AND fence = p_fence;
      IF FOUND THEN
        RAISE EXCEPTION 'the control epoch has changed' USING ERRCODE = 'WR002';
      END IF;
      RAISE EXCEPTION 'the log head is not the one this writer knows' USING ERRCODE = 'WR001';
    END IF;
  END IF;

  INSERT INTO entry (log_id, idx, leaf_hash, body, payload)
  SELECT p_log, p_size + r.n - 1,
         substring(p_hashes FROM (r.n::integer - 1) * 32 + 1 FOR 32),
         substring(p_blob FROM r.start FOR r.body_length),
         CASE WHEN r.payload_length > 0 THEN substring(p_blob FROM r.start + r.body_length FOR r.payload_length) END
    FROM unnest(p_offsets, p_body_lengths, p_payload_lengths) WITH ORDINALITY AS r (start, body_length, payload_length, n);
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> p_count THEN
    RAISE EXCEPTION '% records instead of %', written, p_count;
  END IF;

  IF cardinality(p_tile_levels) > 0 THEN
    INSERT INTO tile (log_id, last_leaf, level, hashes, root)
    SELECT p_log, t.last_leaf, t.level,
           substring(p_tiles FROM (t.n::integer - 1) * 8224 + 1 FOR 8192), substring(p_tiles FROM (t.n::integer - 1) * 8224 + 8193 FOR 32)
      FROM unnest(p_tile_levels, p_tile_last_leaves) WITH ORDINALITY AS t (level, last_leaf, n);
  END IF;

  IF cardinality(p_request_rows) > 0 THEN
    INSERT INTO request (key, snapshot_digest, log_id, idx, expires_at)
    SELECT q.key, substring(p_request_digests FROM (q.n::integer - 1) * 32 + 1 FOR 32), p_log, p_size + q.row, p_request_expires
      FROM unnest(p_request_rows, p_request_keys) WITH ORDINALITY AS q (row, key, n);
  END IF;
  RETURN v_head;
END
$$;

-- The statements of a change are sent and committed together: the daemon sees a row count only when it is too late to
-- roll back, so what must change exactly one row raises otherwise. SQLSTATEs: WR002 and WR003, as in src/store/sql.
CREATE FUNCTION writ_require_one(p_rows bigint, p_sqlstate text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF p_rows <> 1 THEN
    RAISE EXCEPTION '% rows instead of one: not the state that the change assumed', p_rows USING ERRCODE = p_sqlstate;
  END IF;
END
$$;
