-- How many executions were redeemed under a lease, whatever became of them: what its runtime's counter is held to.
CREATE INDEX execution_lease ON execution (lease_id) WHERE lease_id IS NOT NULL;
