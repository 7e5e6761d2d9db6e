-- Derives one page of lookup rows from the log, in order, and moves the mark; answers how many records are still to be
-- derived. Here and not in the daemon: reading 2,000 records back and parsing them held up decisions for 30 ms.
CREATE FUNCTION writ_derive_lookups(p_log smallint, p_size bigint, p_page integer) RETURNS bigint
LANGUAGE plpgsql AS $$
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
