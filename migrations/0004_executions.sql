-- What a redemption gives: until when the execution may run. The row is the consumable that redemption, completion,
-- revocation and loss contend for; `leaf_hash`, the newest record of the chain, is its version.
ALTER TABLE execution ADD COLUMN execute_until timestamptz;

-- Found by the sweep that calls executions lost: only those that may be running are in it.
CREATE INDEX execution_running ON execution (execute_until) WHERE state = 'REDEEMED';
