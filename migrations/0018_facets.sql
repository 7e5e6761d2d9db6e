-- What a decision can be found by: its subject, action, resource and runtime, each by an HMAC of 128 bits, never by its value.
-- A row says which of 256 records that follow one another have the facet; like lookup it is derived from the log, after the commit.

-- HMAC-SHA256 (RFC 2104) with a random key that is made here, once: key XOR 0x36…, key XOR 0x5c….
CREATE TABLE facet_key (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  inner_pad bytea NOT NULL CHECK (octet_length(inner_pad) = 64),
  outer_pad bytea NOT NULL CHECK (octet_length(outer_pad) = 64)
);
DO $$
DECLARE
  secret bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) || decode(repeat('00', 32), 'hex');
  inner_pad bytea := secret;
  outer_pad bytea := secret;
BEGIN
  FOR i IN 0..63 LOOP
    inner_pad := set_byte(inner_pad, i, get_byte(secret, i) # 54);
    outer_pad := set_byte(outer_pad, i, get_byte(secret, i) # 92);
  END LOOP;
  INSERT INTO facet_key (inner_pad, outer_pad) VALUES (inner_pad, outer_pad);
END
$$;

CREATE TABLE facet (
  key uuid NOT NULL,
  log_id smallint NOT NULL,
  -- Index of the records divided by 256: those of one full entry bundle.
  block bigint NOT NULL,
  -- The leftmost bit is the first record.
  hits bit(256) NOT NULL,
  PRIMARY KEY (key, log_id, block)
);
CREATE INDEX facet_block ON facet (log_id, block);
CREATE INDEX lookup_place ON lookup (log_id, idx);
DROP INDEX execution_parent_parent;
CREATE INDEX execution_parent_parent ON execution_parent (parent_id, authorized_at, child_id);

-- Below `facets`, a multiple of 256, facets are derived; from it on the log is read instead. Where facets are still to be derived
-- below `redo`, lookup rows are derived anew with them.
ALTER TABLE lookup_mark ADD COLUMN facets bigint NOT NULL DEFAULT 0, ADD COLUMN redo bigint NOT NULL DEFAULT 0;

-- Of the records from p_from to before p_to. `\u0000` is JSON that Postgres does not take for text: it is in no facet, since ids
-- hold no control characters, and what replaces it is hashed nowhere. Behind `\\`, which is written otherwise first, it is none.
CREATE FUNCTION writ_facets(p_log smallint, p_from bigint, p_to bigint) RETURNS TABLE (key uuid, block bigint, hits bit(256))
LANGUAGE sql STABLE AS $$
  WITH decision AS MATERIALIZED (
    SELECT e.idx, r.*
      FROM entry e
     CROSS JOIN LATERAL (SELECT convert_from(substring(e.payload FROM 33), 'UTF8') AS text) AS p
     CROSS JOIN LATERAL json_to_record(
       CASE WHEN position('\u0000' IN p.text) = 0 THEN p.text ELSE replace(replace(p.text, '\\', '\u005c'), '\u0000', '\u0001') END::json) AS c (request json)
     CROSS JOIN LATERAL json_to_record(c.request) AS r (subject json, action json, resource json, runtime_id text)
     WHERE e.log_id = p_log AND e.idx >= p_from AND e.idx < p_to AND e.payload IS NOT NULL AND position('"kind":"decision"'::bytea IN e.body) > 0
  ), said (idx, facet) AS (
    SELECT idx, concat_ws(E'\n', 'subject', subject ->> 'type', subject ->> 'id') FROM decision
    UNION ALL SELECT idx, concat_ws(E'\n', 'action', action ->> 'name') FROM decision
    UNION ALL SELECT idx, concat_ws(E'\n', 'resource', resource ->> 'type', resource ->> 'id') FROM decision
    UNION ALL SELECT idx, concat_ws(E'\n', 'runtime', runtime_id) FROM decision WHERE runtime_id IS NOT NULL
    UNION ALL SELECT idx, 'beats' FROM entry
               WHERE log_id = p_log AND idx >= p_from AND idx < p_to AND position('"kind":"beats"'::bytea IN body) > 0
  ), once AS (
    SELECT facet, idx >> 8 AS block, bit_or(set_bit(repeat('0', 256)::bit(256), (idx & 255)::integer, 1)) AS hits
      FROM said GROUP BY facet, idx >> 8
  )
  SELECT encode(substring(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(once.facet, 'UTF8'))) FOR 16), 'hex')::uuid, once.block, once.hits
    FROM once CROSS JOIN facet_key k
$$;

-- Of the records from p_from to before p_to: lookup rows that are missing are made, and those that the records do not give are gone.
CREATE FUNCTION writ_mend_lookups(p_log smallint, p_from bigint, p_to bigint) RETURNS void
LANGUAGE sql AS $$
  WITH said AS MATERIALIZED (
    SELECT (convert_from(body, 'UTF8')::json ->> 'execution_id')::uuid AS key, idx
      FROM entry WHERE log_id = p_log AND idx >= p_from AND idx < p_to
  ), gone AS (
    DELETE FROM lookup AS l WHERE l.log_id = p_log AND l.idx >= p_from AND l.idx < p_to
       AND NOT EXISTS (SELECT FROM said WHERE said.idx = l.idx AND said.key = l.key)
  )
  INSERT INTO lookup (key, log_id, idx)
  SELECT key, p_log, idx FROM said WHERE key IS NOT NULL ON CONFLICT DO NOTHING
$$;

-- One page of facets, of any log that lacks some and that nobody else is at; full blocks only, each written once. Answers how many
-- records of all logs are left; the last ones of a log, which fill no block, are read by every query.
CREATE FUNCTION writ_derive_facets(p_blocks integer) RETURNS bigint
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
    DELETE FROM facet WHERE log_id = v_log AND block >= v_from >> 8 AND block < v_to >> 8;
    INSERT INTO facet (key, log_id, block, hits) SELECT f.key, v_log, f.block, f.hits FROM writ_facets(v_log, v_from, v_to) AS f;
    IF v_from < v_redo THEN
      PERFORM writ_mend_lookups(v_log, v_from, least(v_to, v_redo));
    END IF;
    UPDATE lookup_mark SET facets = v_to WHERE log_id = v_log;
  END IF;
  RETURN (SELECT coalesce(sum((h.size >> 8 << 8) - m.facets), 0)::bigint
            FROM lookup_mark m JOIN log_head h USING (log_id) WHERE m.facets < h.size >> 8 << 8);
END
$$;

-- From here on all lookups and facets are derived anew, page by page; what belongs to no record goes at once.
CREATE FUNCTION writ_reindex() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  v_log smallint;
  v_size bigint;
BEGIN
  DELETE FROM facet AS f WHERE NOT EXISTS (SELECT FROM log WHERE log.log_id = f.log_id);
  DELETE FROM lookup AS l WHERE NOT EXISTS (SELECT FROM log WHERE log.log_id = l.log_id);
  FOR v_log IN SELECT log_id FROM log_head ORDER BY log_id LOOP
    INSERT INTO lookup_mark (log_id, size) VALUES (v_log, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM lookup_mark WHERE log_id = v_log FOR UPDATE;
    UPDATE lookup_mark AS m SET size = least(greatest(m.size, 0), h.size), facets = 0, redo = least(greatest(m.size, 0), h.size)
      FROM log_head h WHERE m.log_id = v_log AND h.log_id = v_log RETURNING m.size INTO v_size;
    DELETE FROM lookup WHERE log_id = v_log AND (idx < 0 OR idx >= v_size);
    DELETE FROM facet WHERE log_id = v_log AND (block < 0 OR block >= v_size >> 8);
    PERFORM writ_mend_lookups(v_log, v_size >> 8 << 8, v_size);
  END LOOP;
END
$$;

-- With its payload a record loses its facets. The mark's lock comes first: whoever derives facets of it has done so, or finds none.
CREATE FUNCTION writ_erase_facets() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM lookup_mark WHERE log_id = OLD.log_id FOR UPDATE;
  UPDATE facet SET hits = set_bit(hits, (OLD.idx & 255)::integer, 0) WHERE log_id = OLD.log_id AND block = OLD.idx >> 8 AND get_bit(hits, (OLD.idx & 255)::integer) = 1;
  DELETE FROM facet WHERE log_id = OLD.log_id AND block = OLD.idx >> 8 AND hits = repeat('0', 256)::bit(256);
  RETURN NULL;
END
$$;
CREATE TRIGGER erase_facets AFTER UPDATE ON entry FOR EACH ROW WHEN (OLD.payload IS NOT NULL AND NEW.payload IS NULL) EXECUTE FUNCTION writ_erase_facets();
