-- When a token key signs and how long it counts. Null in signs_from: since before this was recorded.
ALTER TABLE token_key
  ADD COLUMN signs_from timestamptz,
  -- From then on it is neither published nor accepted; null: nothing follows it yet.
  ADD COLUMN ends_at timestamptz,
  -- The record that says that it is compromised, if one does.
  ADD COLUMN withdrawn_log_id smallint,
  ADD COLUMN withdrawn_idx bigint;
