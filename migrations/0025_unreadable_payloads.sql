-- additive
-- A payload that somebody damaged cannot be read, and stopped the derivation for all records behind it. It is gone past: such a
-- record has the facet `unreadable`, by which queries say that they could not look at it; fsck finds the damage itself.

-- All facets of the records from p_from to before p_to. At once, which fails as a whole; then record by record.
CREATE FUNCTION writ_add_facets(p_log smallint, p_from bigint, p_to bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_idx bigint;
BEGIN
  BEGIN
    INSERT INTO facet (key, log_id, block, hits) SELECT f.key, p_log, f.block, f.hits FROM writ_facets(p_log, p_from, p_to) AS f
     WHERE NOT EXISTS (SELECT FROM archived AS a WHERE a.log_id = p_log AND f.block << 8 >= a.first AND f.block << 8 < a.past);
    RETURN;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN NULL;
  END;
  FOR v_idx IN SELECT e.idx FROM entry AS e WHERE e.log_id = p_log AND e.idx >= p_from AND e.idx < p_to
     AND NOT EXISTS (SELECT FROM archived AS a WHERE a.log_id = p_log AND e.idx >= a.first AND e.idx < a.past) LOOP
    BEGIN
      INSERT INTO facet AS old (key, log_id, block, hits) SELECT f.key, p_log, f.block, f.hits FROM writ_facets(p_log, v_idx, v_idx + 1) AS f
      ON CONFLICT (key, log_id, block) DO UPDATE SET hits = old.hits | EXCLUDED.hits;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      RAISE WARNING 'The payload of record % of log % cannot be read: nobody finds it by what was asked for. Run writ ledger fsck.', v_idx, p_log;
      INSERT INTO facet AS old (key, log_id, block, hits)
      SELECT encode(substring(sha256(outer_pad || sha256(inner_pad || 'unreadable'::bytea)) FOR 16), 'hex')::uuid, p_log, v_idx >> 8,
             set_bit(repeat('0', 256)::bit(256), (v_idx & 255)::integer, 1) FROM facet_key
      ON CONFLICT (key, log_id, block) DO UPDATE SET hits = old.hits | EXCLUDED.hits;
    END;
  END LOOP;
END
$$;

-- As in 0020, by the function above.
CREATE OR REPLACE FUNCTION writ_derive_facets(p_blocks integer) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_log smallint;
  v_from bigint;
  v_to bigint;
  v_redo bigint;
BEGIN
  SELECT m.log_id, m.facets, least(m.facets + p_blocks * 256, h.size >> 8 << 8), m.redo INTO v_log, v_from, v_to, v_redo
    FROM lookup_mark m JOIN log_head h USING (log_id)
   WHERE m.facets < h.size >> 8 << 8 ORDER BY m.log_id LIMIT 1 FOR UPDATE OF m SKIP LOCKED;
  IF FOUND THEN
    DELETE FROM facet AS f WHERE f.log_id = v_log AND f.block >= v_from >> 8 AND f.block < v_to >> 8
       AND NOT EXISTS (SELECT FROM archived AS a WHERE a.log_id = v_log AND f.block << 8 >= a.first AND f.block << 8 < a.past);
    PERFORM writ_add_facets(v_log, v_from, v_to);
    IF v_from < v_redo THEN
      PERFORM writ_mend_lookups(v_log, v_from, least(v_to, v_redo));
    END IF;
    UPDATE lookup_mark SET facets = v_to WHERE log_id = v_log;
  END IF;
  RETURN (SELECT coalesce(sum((h.size >> 8 << 8) - m.facets), 0)::bigint
            FROM lookup_mark m JOIN log_head h USING (log_id) WHERE m.facets < h.size >> 8 << 8);
END
$$;
