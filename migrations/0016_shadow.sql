-- Where the record stands that says which bundle sees live traffic beside the active one; null: none does.
ALTER TABLE control ADD COLUMN shadow_log_id smallint;
ALTER TABLE control ADD COLUMN shadow_idx bigint;
ALTER TABLE control ADD CHECK (num_nulls(shadow_log_id, shadow_idx) IN (0, 2));

-- What each replica has counted of it: JSON; null: nothing, since none is set there.
ALTER TABLE replica ADD COLUMN shadow bytea;
