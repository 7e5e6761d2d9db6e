/** migrations/0012_consumables.sql says what it does. Sent only with a batch that uses rows. */
export const CONSUME = {
  name: "writ_consume",
  text: `SELECT writ_consume($1::smallint, $2::bigint, $3::uuid[], $4::bigint[],
    $5::uuid[], $6::uuid[], $7::bigint[], $8::bigint[], $9::integer[], $10::bytea, $11::integer[], $12::integer[])`,
}

/** SQLSTATE: a row is in another version than the one that was read. */
export const MOVED = "WR004"

/** In the order of the keys that are asked for, also what is not there. */
export const FIND_ROWS = {
  name: "writ_find_rows",
  text: `SELECT q.key, coalesce(c.version, 0) AS version, c.content
    FROM unnest($1::uuid[]) WITH ORDINALITY AS q (key, n) LEFT JOIN consumable c ON c.key = q.key ORDER BY q.n`,
}
