-- Of each size that ever had its quorum, the first checkpoint that did. Witnesses may answer after a checkpoint was stored, and
-- what is stored in `checkpoint` never changes. Sizes only rise, so that the oldest row of at least a size, once there, stays it.
CREATE TABLE cosigned_checkpoint (
  log_id smallint NOT NULL REFERENCES log,
  size bigint NOT NULL,
  note bytea NOT NULL,
  PRIMARY KEY (log_id, size)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON cosigned_checkpoint FOR EACH ROW EXECUTE FUNCTION writ_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON cosigned_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION writ_refuse_change();
