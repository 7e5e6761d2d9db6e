/** Of each parent of $1, in this order, $4 children at most: the oldest first, behind the place $2, $3. */
export const CHILDREN_OF = `
  SELECT p.id AS parent_id, c.child_id, c.authorized_at
    FROM unnest($1::uuid[]) WITH ORDINALITY AS p (id, n) CROSS JOIN LATERAL (
      SELECT child_id, authorized_at FROM execution_parent
       WHERE parent_id = p.id AND (authorized_at, child_id) > ($2::timestamptz, $3::uuid) ORDER BY authorized_at, child_id LIMIT $4) AS c
   ORDER BY p.n, c.authorized_at, c.child_id`

/** As of one execution: in one snapshot the index and, behind its mark, the tail, which is bounded on both sides. */
export const RECORDS_OF_ALL = `
  SELECT l.origin, k.log_id, k.idx, e.leaf_hash, e.body, e.payload
    FROM lookup k JOIN log l USING (log_id) LEFT JOIN entry e ON e.log_id = k.log_id AND e.idx = k.idx WHERE k.key = ANY ($1::uuid[])
  UNION ALL
  SELECT l.origin, t.* FROM lookup_mark m JOIN log_head h USING (log_id) JOIN log l USING (log_id) CROSS JOIN LATERAL (
    SELECT e.log_id, e.idx, e.leaf_hash, e.body, e.payload FROM entry e
     WHERE e.log_id = m.log_id AND e.idx >= m.size AND e.idx < h.size
       AND (convert_from(e.body, 'UTF8')::json ->> 'execution_id')::uuid = ANY ($1::uuid[]) OFFSET 0) t`
