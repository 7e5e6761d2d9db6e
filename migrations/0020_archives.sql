-- Ranges of a log whose records were moved into an archive file. Written by the owner's role as it detaches a partition, and
-- no projection of the log: it says where to look for what is not here. Tiles stay, so every proof is served as before; the
-- partition stays too, with the records that tables of this database rest on.
CREATE TABLE archived (
  log_id smallint NOT NULL REFERENCES log,
  first bigint NOT NULL CHECK (first >= 0 AND first % 256 = 0),
  past bigint NOT NULL CHECK (past > first AND past % 256 = 0),
  digest bytea NOT NULL CHECK (octet_length(digest) = 32), -- what the archive ends with
  newest timestamptz NOT NULL,                             -- time of its last record
  detached_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (log_id, first)
);

-- As in 0018, and what archived records are found by stays: whoever asks is told where they are.
CREATE OR REPLACE FUNCTION writ_mend_lookups(p_log smallint, p_from bigint, p_to bigint) RETURNS void
LANGUAGE sql AS $$
  WITH said AS MATERIALIZED (
    SELECT (convert_from(body, 'UTF8')::json ->> 'execution_id')::uuid AS key, idx
      FROM entry WHERE log_id = p_log AND idx >= p_from AND idx < p_to
  ), gone AS (
    DELETE FROM lookup AS l WHERE l.log_id = p_log AND l.idx >= p_from AND l.idx < p_to
       AND NOT EXISTS (SELECT FROM said WHERE said.idx = l.idx AND said.key = l.key)
       AND NOT EXISTS (SELECT FROM archived AS a WHERE a.log_id = p_log AND l.idx >= a.first AND l.idx < a.past)
  )
  INSERT INTO lookup (key, log_id, idx)
  SELECT key, p_log, idx FROM said WHERE key IS NOT NULL ON CONFLICT DO NOTHING
$$;

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
    INSERT INTO facet (key, log_id, block, hits) SELECT f.key, v_log, f.block, f.hits FROM writ_facets(v_log, v_from, v_to) AS f
     WHERE NOT EXISTS (SELECT FROM archived AS a WHERE a.log_id = v_log AND f.block << 8 >= a.first AND f.block << 8 < a.past);
    IF v_from < v_redo THEN
      PERFORM writ_mend_lookups(v_log, v_from, least(v_to, v_redo));
    END IF;
    UPDATE lookup_mark SET facets = v_to WHERE log_id = v_log;
  END IF;
  RETURN (SELECT coalesce(sum((h.size >> 8 << 8) - m.facets), 0)::bigint
            FROM lookup_mark m JOIN log_head h USING (log_id) WHERE m.facets < h.size >> 8 << 8);
END
$$;
