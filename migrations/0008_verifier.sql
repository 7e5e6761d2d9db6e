-- A segment of beats is written before its leaf, by another connection than the log's: half a megabyte within the log's own
-- transaction held up every decision behind it. The leaf names it by its digest; a segment that no leaf names is what a
-- crash left behind. Deflated already, so not to be compressed again.
ALTER TABLE beat_segment ADD COLUMN sha256 bytea CHECK (octet_length(sha256) = 32);
UPDATE beat_segment SET sha256 = sha256(segment);
ALTER TABLE beat_segment DROP CONSTRAINT beat_segment_pkey;
ALTER TABLE beat_segment DROP COLUMN log_id;
ALTER TABLE beat_segment DROP COLUMN idx;
ALTER TABLE beat_segment ADD PRIMARY KEY (sha256);
ALTER TABLE beat_segment ALTER COLUMN segment SET STORAGE EXTERNAL;

-- Reference Values. `key` = 16 bytes of SHA-256 of the set's name; the name itself is in `content` only. `epoch`: the control
-- epoch that the last change established.
CREATE TABLE reference_values (
  key uuid PRIMARY KEY,
  epoch bigint NOT NULL,
  content bytea NOT NULL                  -- RFC 8785 JSON: src/decision/reference-values.ts
);
CREATE INDEX reference_values_epoch ON reference_values (epoch);
