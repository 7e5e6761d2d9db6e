-- A bundle's canonical bytes in parts, which stand here before its record is appended: as one value of megabytes they would go
-- through the log's transaction, and nothing else could be appended meanwhile. Not compressed, since that takes longer than
-- the disk. What stands here without a row in bundle was never published.
CREATE TABLE bundle_part (
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  part integer NOT NULL CHECK (part >= 0),
  content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 262144),  -- 262,144 bytes in all but the last
  PRIMARY KEY (digest, part)
);
ALTER TABLE bundle_part ALTER COLUMN content SET STORAGE EXTERNAL;
INSERT INTO bundle_part (digest, part, content)
  SELECT digest, part, substring(content FROM 262144 * part + 1 FOR 262144)
    FROM bundle, generate_series(0, (octet_length(content) - 1) / 262144) AS part;
ALTER TABLE bundle DROP COLUMN content;
