-- Who may call without an API key, and for what each caller may speak. Not additive: a program that knows nothing of scopes
-- would take a key that has one for a key that may speak for everybody.
--
-- `key` = 16 bytes of SHA-256 of principal and role, which are in `content` only. `epoch`: the control epoch that the last
-- change established. A binding that was removed stays, in that state, so that every replica learns of it.
CREATE TABLE binding (
  key uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  content bytea NOT NULL                  -- RFC 8785 JSON: src/decision/binding.ts
);
CREATE INDEX binding_epoch ON binding (epoch);

ALTER TABLE caller_key ADD COLUMN scope bytea; -- RFC 8785 JSON: src/decision/scope.ts; null: everything
