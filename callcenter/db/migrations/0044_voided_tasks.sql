-- A task withdrawn by the system itself, because its campaign was stopped or its policy left the scope, is no callback:
-- a policy that is in scope again, or still, gets another one, in the same campaign too (C-20).

ALTER TABLE callback_task
    ADD COLUMN voided boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT callback_task_campaign_id_policy_id_key,
    ADD CONSTRAINT callback_task_voided CHECK (NOT voided OR result = 'withdrawn');
COMMENT ON COLUMN callback_task.voided IS 'withdrawn by the system, for no reason of the customer''s: as if it had not been made';
CREATE UNIQUE INDEX callback_task_one_of_campaign ON callback_task (campaign_id, policy_id) WHERE NOT voided;

-- Group business is not called back, whoever sold it (C-1).
ALTER TABLE policy
    DROP COLUMN called_back,
    ADD COLUMN called_back boolean NOT NULL GENERATED ALWAYS AS (
        sales_channel <> 'group' AND NOT group_business
        AND (long_term OR (product_kind = 'health' AND guaranteed_renewal))) STORED;
COMMENT ON COLUMN policy.called_back IS 'new business in scope of callbacks (C-1, C-2)';
CREATE INDEX policy_called_back ON policy (cooling_off_ends, id) WHERE called_back;
