-- Where the record of a bundle's publication stands, and when that was: what the list of bundles is ordered by. Before this
-- a bundle was stored by its first activation.
ALTER TABLE bundle ADD COLUMN log_id smallint;
ALTER TABLE bundle ADD COLUMN idx bigint;
ALTER TABLE bundle ADD COLUMN published_at timestamptz;
UPDATE bundle b SET (log_id, idx, published_at) = (
  SELECT e.log_id, e.idx, (e.record ->> 'time')::timestamptz
    FROM (SELECT log_id, idx, convert_from(body, 'UTF8')::json AS record
            FROM entry WHERE position('"kind":"bundle_activated"'::bytea IN body) > 0 OFFSET 0) AS e
   WHERE e.record -> 'data' ->> 'digest' = encode(b.digest, 'hex')
   ORDER BY (e.record ->> 'epoch')::bigint LIMIT 1);
ALTER TABLE bundle ALTER COLUMN log_id SET NOT NULL;
ALTER TABLE bundle ALTER COLUMN idx SET NOT NULL;
ALTER TABLE bundle ALTER COLUMN published_at SET NOT NULL;
CREATE INDEX bundle_published ON bundle (published_at, digest);
