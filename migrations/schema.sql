-- What migrations/*.sql make. Written by `npm run schema`; CI compares.

CREATE FUNCTION public.writ_add_facets(p_log smallint, p_from bigint, p_to bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_append(p_log smallint, p_size bigint, p_fence bigint, p_epoch bigint, p_head tid, p_count integer, p_root bytea, p_hashes bytea, p_blob bytea, p_offsets integer[], p_body_lengths integer[], p_payload_lengths integer[], p_tile_levels smallint[], p_tile_last_leaves bigint[], p_tiles bytea, p_request_rows integer[], p_request_keys uuid[], p_request_digests bytea, p_request_expires timestamp with time zone) RETURNS tid
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_close_log(p_log smallint, p_fence bigint, p_beat bigint, p_size bigint, p_root bytea, p_by smallint, p_idx bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_consume(p_log smallint, p_size bigint, p_read uuid[], p_versions bigint[], p_keys uuid[], p_families uuid[], p_before bigint[], p_after bigint[], p_rows integer[], p_blob bytea, p_offsets integer[], p_lengths integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_derive_facets(p_blocks integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_derive_lookups(p_log smallint, p_size bigint, p_page integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
  v_from bigint;
  v_to bigint;
BEGIN
  SELECT size INTO STRICT v_from FROM lookup_mark WHERE log_id = p_log FOR UPDATE;
  v_to := least(p_size, v_from + p_page);
  IF v_to > v_from THEN
    INSERT INTO lookup (key, log_id, idx)
    SELECT d.execution_id, p_log, d.idx
      FROM (SELECT idx, (convert_from(body, 'UTF8')::json ->> 'execution_id')::uuid AS execution_id
              FROM entry WHERE log_id = p_log AND idx >= v_from AND idx < v_to) AS d
     WHERE d.execution_id IS NOT NULL;
    UPDATE lookup_mark SET size = v_to WHERE log_id = p_log;
  END IF;
  RETURN p_size - v_to;
END
$$;

CREATE FUNCTION public.writ_ensure_partition(p_log smallint, p_number bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
  parent text;
  child text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['entry', 'tile'] LOOP
    child := format('%s_%s_%s', parent, p_log, p_number);
    IF to_regclass(child) IS NULL THEN
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (toast_tuple_target = 8160)', child, parent);
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s, %s) TO (%s, %s)',
                     parent, child, p_log, p_number << 20, p_log, (p_number + 1) << 20);
      EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION writ_refuse_change()', child);
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION public.writ_erase_facets() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM FROM lookup_mark WHERE log_id = OLD.log_id FOR UPDATE;
  UPDATE facet SET hits = set_bit(hits, (OLD.idx & 255)::integer, 0) WHERE log_id = OLD.log_id AND block = OLD.idx >> 8 AND get_bit(hits, (OLD.idx & 255)::integer) = 1;
  DELETE FROM facet WHERE log_id = OLD.log_id AND block = OLD.idx >> 8 AND hits = repeat('0', 256)::bit(256);
  RETURN NULL;
END
$$;

CREATE FUNCTION public.writ_facets(p_log smallint, p_from bigint, p_to bigint) RETURNS TABLE(key uuid, block bigint, hits bit)
    LANGUAGE sql STABLE
    AS $$
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

CREATE FUNCTION public.writ_mend_lookups(p_log smallint, p_from bigint, p_to bigint) RETURNS void
    LANGUAGE sql
    AS $$
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

CREATE FUNCTION public.writ_refuse_all_but_erasure() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF NEW.payload IS NOT NULL OR (NEW.log_id, NEW.idx, NEW.leaf_hash, NEW.body) IS DISTINCT FROM (OLD.log_id, OLD.idx, OLD.leaf_hash, OLD.body) THEN
    RAISE EXCEPTION 'UPDATE of % is refused: what is in the log stays', TG_TABLE_NAME USING ERRCODE = 'WR005';
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION public.writ_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: what is in the log stays', TG_OP, TG_TABLE_NAME USING ERRCODE = 'WR005';
END
$$;

CREATE FUNCTION public.writ_reindex() RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.writ_require_one(p_rows bigint, p_sqlstate text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
  IF p_rows <> 1 THEN
    RAISE EXCEPTION '% rows instead of one: not the state that the change assumed', p_rows USING ERRCODE = p_sqlstate;
  END IF;
END
$$;

CREATE TABLE public.activation (
    activation_id uuid NOT NULL,
    digest bytea NOT NULL,
    previous bytea NOT NULL,
    requested_by text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    decided text,
    decided_by text,
    decided_log_id smallint,
    decided_idx bigint,
    CONSTRAINT activation_check CHECK ((num_nulls(decided, decided_by, decided_log_id, decided_idx) = ANY (ARRAY[0, 4]))),
    CONSTRAINT activation_decided_check CHECK ((decided = ANY (ARRAY['granted'::text, 'refused'::text]))),
    CONSTRAINT activation_previous_check CHECK ((octet_length(previous) = 32))
);

CREATE TABLE public.approval (
    key uuid NOT NULL,
    approval_id uuid NOT NULL,
    caller uuid NOT NULL,
    bundle bytea NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    needed smallint NOT NULL,
    given smallint DEFAULT 0 NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT approval_bundle_check CHECK ((octet_length(bundle) = 32))
);

CREATE TABLE public.archived (
    log_id smallint NOT NULL,
    first bigint NOT NULL,
    past bigint NOT NULL,
    digest bytea NOT NULL,
    newest timestamp with time zone NOT NULL,
    detached_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT archived_check CHECK (((past > first) AND ((past % (256)::bigint) = 0))),
    CONSTRAINT archived_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT archived_first_check CHECK (((first >= 0) AND ((first % (256)::bigint) = 0)))
);

CREATE TABLE public.beat_segment (
    segment bytea NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT beat_segment_sha256_check CHECK ((octet_length(sha256) = 32))
);
ALTER TABLE ONLY public.beat_segment ALTER COLUMN segment SET STORAGE EXTERNAL;

CREATE TABLE public.binding (
    key uuid NOT NULL,
    epoch bigint NOT NULL,
    content bytea NOT NULL
);

CREATE TABLE public.bundle (
    digest bytea NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT bundle_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE public.bundle_part (
    digest bytea NOT NULL,
    part integer NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT bundle_part_content_check CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 262144))),
    CONSTRAINT bundle_part_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT bundle_part_part_check CHECK ((part >= 0))
);
ALTER TABLE ONLY public.bundle_part ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.bundle_signature (
    digest bytea NOT NULL,
    public_key bytea NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT bundle_signature_public_key_check CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT bundle_signature_signature_check CHECK ((octet_length(signature) = 64))
);

CREATE TABLE public.caller_key (
    id text NOT NULL,
    role text NOT NULL,
    secret_hash bytea NOT NULL,
    state text NOT NULL,
    expires_at timestamp with time zone,
    scope bytea,
    CONSTRAINT caller_key_id_check CHECK ((id ~ '^[0-9a-f]{8}$'::text)),
    CONSTRAINT caller_key_secret_hash_check CHECK ((octet_length(secret_hash) = 32)),
    CONSTRAINT caller_key_state_check CHECK ((state = ANY (ARRAY['active'::text, 'revoked'::text])))
);

CREATE TABLE public.checkpoint (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    note bytea NOT NULL
);

CREATE TABLE public.consumable (
    key uuid NOT NULL,
    family uuid NOT NULL,
    version bigint NOT NULL,
    content bytea NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    CONSTRAINT consumable_version_check CHECK ((version > 0))
)
WITH (fillfactor='50');
ALTER TABLE ONLY public.consumable ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.control (
    singleton boolean DEFAULT true NOT NULL,
    epoch bigint NOT NULL,
    active_bundle bytea,
    active_log_id smallint,
    active_idx bigint,
    shadow_log_id smallint,
    shadow_idx bigint,
    CONSTRAINT control_active_bundle_check CHECK ((octet_length(active_bundle) = 32)),
    CONSTRAINT control_check CHECK ((num_nulls(shadow_log_id, shadow_idx) = ANY (ARRAY[0, 2]))),
    CONSTRAINT control_singleton_check CHECK (singleton)
)
WITH (fillfactor='10');

CREATE TABLE public.cosigned_checkpoint (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    note bytea NOT NULL
);

CREATE TABLE public.directive (
    epoch bigint NOT NULL,
    runtime uuid NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    content bytea NOT NULL
);

CREATE TABLE public.entry (
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    leaf_hash bytea NOT NULL,
    body bytea NOT NULL,
    payload bytea,
    CONSTRAINT entry_body_check CHECK ((octet_length(body) <= 65535)),
    CONSTRAINT entry_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32))
)
PARTITION BY RANGE (log_id, idx);

CREATE TABLE public.execution (
    execution_id uuid NOT NULL,
    state text NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    leaf_hash bytea NOT NULL,
    execute_until timestamp with time zone,
    runtime uuid,
    lease_id uuid,
    CONSTRAINT execution_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32))
);

CREATE TABLE public.execution_parent (
    child_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    depth smallint NOT NULL,
    consent bytea NOT NULL,
    authorized_at timestamp with time zone NOT NULL,
    CONSTRAINT execution_parent_consent_check CHECK ((octet_length(consent) = 32))
);

CREATE TABLE public.facet (
    key uuid NOT NULL,
    log_id smallint NOT NULL,
    block bigint NOT NULL,
    hits bit(256) NOT NULL
);

CREATE TABLE public.facet_key (
    singleton boolean DEFAULT true NOT NULL,
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    CONSTRAINT facet_key_inner_pad_check CHECK ((octet_length(inner_pad) = 64)),
    CONSTRAINT facet_key_outer_pad_check CHECK ((octet_length(outer_pad) = 64)),
    CONSTRAINT facet_key_singleton_check CHECK (singleton)
);

CREATE TABLE public.log (
    log_id smallint NOT NULL,
    origin text NOT NULL,
    verifier_key text NOT NULL
);

CREATE TABLE public.log_closing (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    by_log_id smallint NOT NULL,
    idx bigint NOT NULL,
    CONSTRAINT log_closing_root_check CHECK ((octet_length(root) = 32))
);

CREATE TABLE public.log_head (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    fence bigint NOT NULL,
    CONSTRAINT log_head_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT log_head_size_check CHECK ((size >= 0))
)
WITH (fillfactor='10');

CREATE TABLE public.log_lease (
    log_id smallint NOT NULL,
    fence bigint NOT NULL,
    beat bigint NOT NULL,
    is_held boolean NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.lookup (
    key uuid NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL
);

CREATE TABLE public.lookup_mark (
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    facets bigint DEFAULT 0 NOT NULL,
    redo bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.nonce_key (
    singleton boolean DEFAULT true NOT NULL,
    secret bytea NOT NULL,
    CONSTRAINT nonce_key_secret_check CHECK ((octet_length(secret) = 32)),
    CONSTRAINT nonce_key_singleton_check CHECK (singleton)
);

CREATE TABLE public.observed_head (
    by_log_id smallint NOT NULL,
    log_id smallint NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    idx bigint NOT NULL,
    CONSTRAINT observed_head_root_check CHECK ((octet_length(root) = 32)),
    CONSTRAINT observed_head_size_check CHECK ((size > 0))
)
WITH (fillfactor='50');

CREATE TABLE public.reference_values (
    key uuid NOT NULL,
    epoch bigint NOT NULL,
    content bytea NOT NULL
);

CREATE UNLOGGED TABLE public.replica (
    log_id smallint NOT NULL,
    epoch bigint NOT NULL,
    digest bytea,
    problem text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    shadow bytea,
    CONSTRAINT replica_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE public.request (
    key uuid NOT NULL,
    snapshot_digest bytea NOT NULL,
    log_id smallint NOT NULL,
    idx bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT request_snapshot_digest_check CHECK ((octet_length(snapshot_digest) = 32))
);

CREATE TABLE public.revoked_runtime_key (
    public_key bytea NOT NULL,
    epoch bigint NOT NULL,
    CONSTRAINT revoked_runtime_key_public_key_check CHECK ((octet_length(public_key) = 32))
);

CREATE TABLE public.runtime (
    key uuid NOT NULL,
    epoch bigint NOT NULL,
    content bytea NOT NULL
);

CREATE UNLOGGED TABLE public.runtime_lease (
    lease_id uuid NOT NULL,
    log_id smallint NOT NULL,
    sequence bigint NOT NULL,
    beat_hash bytea,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    additive boolean DEFAULT false NOT NULL
);

CREATE TABLE public.tile (
    log_id smallint NOT NULL,
    last_leaf bigint NOT NULL,
    level smallint NOT NULL,
    hashes bytea NOT NULL,
    root bytea NOT NULL,
    CONSTRAINT tile_hashes_check CHECK ((octet_length(hashes) = 8192)),
    CONSTRAINT tile_root_check CHECK ((octet_length(root) = 32))
)
PARTITION BY RANGE (log_id, last_leaf);

CREATE TABLE public.token_key (
    kid text NOT NULL,
    public_key bytea NOT NULL,
    issuer text NOT NULL,
    signs_from timestamp with time zone,
    ends_at timestamp with time zone,
    withdrawn_log_id smallint,
    withdrawn_idx bigint,
    CONSTRAINT token_key_public_key_check CHECK ((octet_length(public_key) = 32))
);

ALTER TABLE ONLY public.activation
    ADD CONSTRAINT activation_pkey PRIMARY KEY (activation_id);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_approval_id_key UNIQUE (approval_id);

ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.archived
    ADD CONSTRAINT archived_pkey PRIMARY KEY (log_id, first);

ALTER TABLE ONLY public.beat_segment
    ADD CONSTRAINT beat_segment_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.binding
    ADD CONSTRAINT binding_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.bundle_part
    ADD CONSTRAINT bundle_part_pkey PRIMARY KEY (digest, part);

ALTER TABLE ONLY public.bundle
    ADD CONSTRAINT bundle_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.bundle_signature
    ADD CONSTRAINT bundle_signature_pkey PRIMARY KEY (digest, public_key);

ALTER TABLE ONLY public.caller_key
    ADD CONSTRAINT caller_key_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (log_id, size);

ALTER TABLE ONLY public.consumable
    ADD CONSTRAINT consumable_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.control
    ADD CONSTRAINT control_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.cosigned_checkpoint
    ADD CONSTRAINT cosigned_checkpoint_pkey PRIMARY KEY (log_id, size);

ALTER TABLE ONLY public.directive
    ADD CONSTRAINT directive_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY public.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (log_id, idx);

ALTER TABLE ONLY public.execution_parent
    ADD CONSTRAINT execution_parent_consent_key UNIQUE (consent);

ALTER TABLE ONLY public.execution_parent
    ADD CONSTRAINT execution_parent_pkey PRIMARY KEY (child_id);

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_pkey PRIMARY KEY (execution_id);

ALTER TABLE ONLY public.facet_key
    ADD CONSTRAINT facet_key_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.facet
    ADD CONSTRAINT facet_pkey PRIMARY KEY (key, log_id, block);

ALTER TABLE ONLY public.log_closing
    ADD CONSTRAINT log_closing_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.log_head
    ADD CONSTRAINT log_head_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.log_lease
    ADD CONSTRAINT log_lease_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_origin_key UNIQUE (origin);

ALTER TABLE ONLY public.log
    ADD CONSTRAINT log_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.lookup_mark
    ADD CONSTRAINT lookup_mark_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.lookup
    ADD CONSTRAINT lookup_pkey PRIMARY KEY (key, log_id, idx);

ALTER TABLE ONLY public.nonce_key
    ADD CONSTRAINT nonce_key_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.observed_head
    ADD CONSTRAINT observed_head_pkey PRIMARY KEY (by_log_id, log_id);

ALTER TABLE ONLY public.reference_values
    ADD CONSTRAINT reference_values_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.replica
    ADD CONSTRAINT replica_pkey PRIMARY KEY (log_id);

ALTER TABLE ONLY public.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.revoked_runtime_key
    ADD CONSTRAINT revoked_runtime_key_pkey PRIMARY KEY (public_key);

ALTER TABLE ONLY public.runtime_lease
    ADD CONSTRAINT runtime_lease_pkey PRIMARY KEY (lease_id);

ALTER TABLE ONLY public.runtime
    ADD CONSTRAINT runtime_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (log_id, last_leaf, level);

ALTER TABLE ONLY public.token_key
    ADD CONSTRAINT token_key_pkey PRIMARY KEY (kid);

CREATE INDEX activation_pending ON public.activation USING btree (expires_at) WHERE (decided IS NULL);

CREATE INDEX approval_caller ON public.approval USING btree (caller, expires_at);

CREATE INDEX approval_expires ON public.approval USING btree (expires_at);

CREATE INDEX approval_requested ON public.approval USING btree (requested_at, approval_id);

CREATE INDEX binding_epoch ON public.binding USING btree (epoch);

CREATE INDEX bundle_published ON public.bundle USING btree (published_at, digest);

CREATE INDEX consumable_family ON public.consumable USING btree (family, key);

CREATE INDEX directive_runtime ON public.directive USING btree (runtime, epoch);

CREATE INDEX execution_bound ON public.execution USING btree (runtime, lease_id) WHERE ((state = 'REDEEMED'::text) AND (runtime IS NOT NULL));

CREATE INDEX execution_lease ON public.execution USING btree (lease_id) WHERE (lease_id IS NOT NULL);

CREATE INDEX execution_parent_authorized ON public.execution_parent USING btree (authorized_at);

CREATE INDEX execution_parent_parent ON public.execution_parent USING btree (parent_id, authorized_at, child_id);

CREATE INDEX execution_running ON public.execution USING btree (execute_until) WHERE (state = 'REDEEMED'::text);

CREATE INDEX facet_block ON public.facet USING btree (log_id, block);

CREATE INDEX lookup_place ON public.lookup USING btree (log_id, idx);

CREATE INDEX observed_head_of ON public.observed_head USING btree (log_id, size DESC);

CREATE INDEX reference_values_epoch ON public.reference_values USING btree (epoch);

CREATE INDEX request_expires ON public.request USING brin (expires_at) WITH (pages_per_range='16');

CREATE INDEX runtime_epoch ON public.runtime USING btree (epoch);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.checkpoint FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.cosigned_checkpoint FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only BEFORE UPDATE ON public.entry FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_all_but_erasure();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.log FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.log_closing FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.tile FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_delete BEFORE DELETE ON public.entry FOR EACH ROW EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.cosigned_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.entry FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.log FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.log_closing FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON public.tile FOR EACH STATEMENT EXECUTE FUNCTION public.writ_refuse_change();

CREATE TRIGGER erase_facets AFTER UPDATE ON public.entry FOR EACH ROW WHEN (((old.payload IS NOT NULL) AND (new.payload IS NULL))) EXECUTE FUNCTION public.writ_erase_facets();

ALTER TABLE ONLY public.activation
    ADD CONSTRAINT activation_digest_fkey FOREIGN KEY (digest) REFERENCES public.bundle(digest);

ALTER TABLE ONLY public.archived
    ADD CONSTRAINT archived_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.bundle_signature
    ADD CONSTRAINT bundle_signature_digest_fkey FOREIGN KEY (digest) REFERENCES public.bundle(digest);

ALTER TABLE ONLY public.checkpoint
    ADD CONSTRAINT checkpoint_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.cosigned_checkpoint
    ADD CONSTRAINT cosigned_checkpoint_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.log_closing
    ADD CONSTRAINT log_closing_by_log_id_fkey FOREIGN KEY (by_log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.log_closing
    ADD CONSTRAINT log_closing_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.log_head
    ADD CONSTRAINT log_head_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.log_lease
    ADD CONSTRAINT log_lease_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.lookup_mark
    ADD CONSTRAINT lookup_mark_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.observed_head
    ADD CONSTRAINT observed_head_by_log_id_fkey FOREIGN KEY (by_log_id) REFERENCES public.log(log_id);

ALTER TABLE ONLY public.observed_head
    ADD CONSTRAINT observed_head_log_id_fkey FOREIGN KEY (log_id) REFERENCES public.log(log_id);
