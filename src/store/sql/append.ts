/** migrations/0002_append.sql says what it does and why it is a function, 0007_append.sql what `p_head` is. */
export const APPEND = {
  name: "writ_append",
  text: `SELECT writ_append($1::smallint, $2::bigint, $3::bigint, $4::bigint, $5::tid, $6::integer, $7::bytea, $8::bytea, $9::bytea,
    $10::integer[], $11::integer[], $12::integer[], $13::smallint[], $14::bigint[], $15::bytea,
    $16::integer[], $17::uuid[], $18::bytea, $19::timestamptz)`,
}

/** SQLSTATEs raised by it; WR001, another head or fence, is one more unknown outcome. */
export const WRONG_EPOCH = "WR002"
export const UNIQUE_VIOLATION = "23505"
