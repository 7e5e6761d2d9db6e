-- additive
-- Which migrations only add: with those that are newer than itself a program goes on working, so that replicas can be renewed
-- one after the other. A migration says so of itself by its first line.
ALTER TABLE schema_migration ADD COLUMN additive boolean NOT NULL DEFAULT false;
