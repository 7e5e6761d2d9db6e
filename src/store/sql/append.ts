/** migrations/0002_append.sql says what it does and why it is a function. */
export const APPEND = {
  name: "writ_append",
  text: `SELECT writ_append($1::smallint, $2::bigint, $3::bigint, $4::bigint, $5::integer, $6::bytea, $7::bytea, $8::bytea,
    $9::integer[], $10::integer[], $11::integer[], $12::smallint[], $13::bigint[], $14::bytea,
    $15::integer[], $16::uuid[], $17::bytea, $18::timestamptz) AS written`,
}

/** SQLSTATEs raised by it; WR001, another head or fence, is one more unknown outcome. */
export const WRONG_EPOCH = "WR002"
export const UNIQUE_VIOLATION = "23505"
