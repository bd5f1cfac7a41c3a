-- What the callback report counts (C-13, C-20): which policies must be called back and when their cooling-off period
-- ends, kept with the policy so that a period is one range of an index; and of each task when it was first tried, when,
-- how and by whom it was completed. Letters and visits are no results of their own any more: they are ways, and what
-- they came to is judged by the answers as on the telephone.

ALTER TABLE policy
    ADD COLUMN called_back boolean NOT NULL GENERATED ALWAYS AS (
        sales_channel <> 'group' AND (long_term OR (product_kind = 'health' AND guaranteed_renewal))) STORED,
    ADD COLUMN cooling_off_ends date GENERATED ALWAYS AS (
        received_on + greatest(
            COALESCE(cooling_off_days, 10),
            CASE WHEN product_kind = 'health' AND (long_term OR guaranteed_renewal) THEN 15 ELSE 0 END,
            CASE WHEN sales_channel = 'bank' AND long_term THEN 15 ELSE 0 END)) STORED;
COMMENT ON COLUMN policy.called_back IS 'new business in scope of callbacks (C-1, C-2)';
COMMENT ON COLUMN policy.cooling_off_ends IS 'last day of the cooling-off period, of unknown length the shortest (C-4)';
CREATE INDEX policy_called_back ON policy (cooling_off_ends, id) WHERE called_back;

ALTER TABLE callback_task
    ADD COLUMN tried_at timestamptz,
    ADD COLUMN completed_at timestamptz,
    ADD COLUMN way text CHECK (way IN ('phone', 'electronic', 'letter', 'visit')),
    ADD COLUMN agent_id uuid REFERENCES app_user;
COMMENT ON COLUMN callback_task.tried_at IS 'the first dialling that counts as a try, letter, visit or page opened (C-17)';
COMMENT ON COLUMN callback_task.completed_at IS 'the conversation, the page handed in, or the day the signed receipt came back';
COMMENT ON COLUMN callback_task.agent_id IS 'who dialled it last';

UPDATE callback_task t SET tried_at = a.tried_at, agent_id = a.agent_id
FROM (SELECT task_id, min(COALESCE(originated_at, requested_at)) FILTER (WHERE outcome NOT IN ('lost', 'not_dialled', 'abandoned')) AS tried_at,
        (array_agg(user_id ORDER BY id DESC))[1] AS agent_id
    FROM callback_attempt GROUP BY task_id) a WHERE a.task_id = t.id;
UPDATE callback_task SET way = CASE result WHEN 'by_letter' THEN 'letter' WHEN 'by_visit' THEN 'visit' ELSE 'phone' END,
    completed_at = COALESCE(CASE WHEN result IN ('successful', 'problem')
        THEN (SELECT max(a.answered_at) FROM callback_attempt a WHERE a.task_id = callback_task.id) END, concluded_at)
WHERE purpose = 'new_business' AND result IN ('successful', 'problem', 'by_letter', 'by_visit');
UPDATE callback_task SET result = 'successful' WHERE result IN ('by_letter', 'by_visit');
ALTER TABLE callback_task DROP CONSTRAINT callback_task_result_check;
ALTER TABLE callback_task ADD CONSTRAINT callback_task_result_check
    CHECK (result IN ('successful', 'problem', 'not_completed', 'served', 'withdrawn'));
ALTER TABLE callback_task ADD CONSTRAINT callback_task_completion
    CHECK ((completed_at IS NULL) = (way IS NULL));

-- A dialling tells its task when it was first tried and who dialled last.
CREATE FUNCTION cc_callback_tried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE callback_task SET agent_id = COALESCE(NEW.user_id, agent_id),
        tried_at = CASE WHEN NEW.outcome IS NULL OR NEW.outcome IN ('lost', 'not_dialled', 'abandoned') THEN tried_at
            ELSE least(tried_at, COALESCE(NEW.originated_at, NEW.requested_at)) END
    WHERE id = NEW.task_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER callback_attempt_tells_task AFTER INSERT OR UPDATE OF outcome ON callback_attempt
    FOR EACH ROW EXECUTE FUNCTION cc_callback_tried();
