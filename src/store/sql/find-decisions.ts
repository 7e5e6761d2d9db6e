import { ENTRY } from "../reader.ts"

/** How far a log is in the index, and the key of its names. */
export const FACET_MARK = {
  name: "writ_facet_mark",
  text: `SELECT m.facets, h.size, k.inner_pad, k.outer_pad
           FROM lookup_mark m JOIN log_head h USING (log_id) CROSS JOIN facet_key k WHERE m.log_id = $1`,
}

/** Blocks with records that have all facets $2 or the facet $6, from block $3 to $4; $5 at most, the newest first. */
export const FACET_BLOCKS = {
  name: "writ_facet_blocks",
  text: `SELECT block, bit_or(hits)::text AS hits FROM (
           SELECT block, bit_and(hits) AS hits FROM facet
            WHERE key = ANY ($2::uuid[]) AND log_id = $1 AND block >= $3 AND block <= $4
            GROUP BY block HAVING count(*) = cardinality($2::uuid[])
           UNION ALL SELECT block, hits FROM facet WHERE key = $6::uuid AND log_id = $1 AND block >= $3 AND block <= $4) AS found
          GROUP BY block ORDER BY block DESC LIMIT $5`,
}

/**
 * What the index does not know yet is read: records from $2 to before $3 whose body holds $6 and whose payload holds all of $4, or
 * is not the one that the body commits to; $5 at most, the newest first. Postgres passes over what cannot be meant, so that it does not have to be sent and parsed.
 */
export const SCAN_DECISIONS = `${ENTRY}
  WHERE e.log_id = $1 AND e.idx >= $2 AND e.idx < $3 AND position($6::bytea IN e.body) > 0
    AND (NOT EXISTS (SELECT FROM unnest($4::bytea[]) AS wanted WHERE coalesce(position(wanted IN e.payload), 0) = 0)
         OR position(convert_to(encode(sha256('writ/payload/v1\n'::bytea || e.payload), 'hex'), 'UTF8') IN e.body) = 0)
  ORDER BY e.idx DESC LIMIT $5`

export const READ_PLACES = `${ENTRY} WHERE e.log_id = $1 AND e.idx = ANY ($2::bigint[]) ORDER BY e.idx DESC`
