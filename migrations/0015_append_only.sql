-- What is in the log stays as it was written. Defence in depth and not the guarantee: who owns the tables can drop a trigger,
-- and what he changes then, proofs show.
CREATE FUNCTION writ_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: what is in the log stays', TG_OP, TG_TABLE_NAME USING ERRCODE = 'WR005';
END
$$;

-- The one change that an entry knows: its payload is erased.
CREATE FUNCTION writ_refuse_all_but_erasure() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.payload IS NOT NULL OR (NEW.log_id, NEW.idx, NEW.leaf_hash, NEW.body) IS DISTINCT FROM (OLD.log_id, OLD.idx, OLD.leaf_hash, OLD.body) THEN
    RAISE EXCEPTION 'UPDATE of % is refused: what is in the log stays', TG_TABLE_NAME USING ERRCODE = 'WR005';
  END IF;
  RETURN NEW;
END
$$;

-- Partitions have the triggers of their rows from the table that they are attached to, but not that of TRUNCATE.
CREATE TRIGGER append_only BEFORE UPDATE ON entry FOR EACH ROW EXECUTE FUNCTION writ_refuse_all_but_erasure();
CREATE TRIGGER append_only_delete BEFORE DELETE ON entry FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tile FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON checkpoint FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.oid::regclass FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
     WHERE c.oid IN ('entry'::regclass, 'tile'::regclass, 'checkpoint'::regclass, 'log'::regclass)
        OR i.inhparent IN ('entry'::regclass, 'tile'::regclass)
  LOOP
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION writ_refuse_change()', name);
  END LOOP;
END
$$;

-- As in 0001, and with that trigger. It runs with its owner's rights, so that a role which may only append can call for the
-- next partition.
CREATE OR REPLACE FUNCTION writ_ensure_partition(p_log smallint, p_number bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
REVOKE EXECUTE ON FUNCTION writ_ensure_partition(smallint, bigint) FROM PUBLIC;
