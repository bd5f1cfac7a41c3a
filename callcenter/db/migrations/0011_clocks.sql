-- Every step of the complaint measures has its clock (L-1 … L-29), several cycles of a kind may run, and a clock can end
-- without having been kept or missed: a withdrawn ticket owes nothing any more (CL-6).
ALTER TABLE ticket_clock DROP CONSTRAINT ticket_clock_kind_check;
ALTER TABLE ticket_clock ADD CONSTRAINT ticket_clock_kind_check CHECK (kind IN ('register', 'acknowledge', 'hand_over',
    'dispatch', 'accept', 'decide_inform', 'report_up', 'meet', 'legal_review', 'inform', 'close', 'archive',
    'progress_customer', 'progress_cs', 'answer_or_progress', 'review'));
ALTER TABLE ticket_clock
    ADD COLUMN voided_at timestamptz,
    ADD COLUMN voided_why text CHECK (length(voided_why) BETWEEN 1 AND 200),
    ADD CONSTRAINT ticket_clock_voided CHECK ((voided_at IS NULL) = (voided_why IS NULL)),
    ADD CONSTRAINT ticket_clock_one_end CHECK (met_at IS NULL OR voided_at IS NULL);

DROP INDEX ticket_clock_due;
CREATE INDEX ticket_clock_due ON ticket_clock (kind, due_at) WHERE met_at IS NULL AND voided_at IS NULL;
DROP INDEX ticket_clock_provisional;
CREATE INDEX ticket_clock_provisional ON ticket_clock (due_day)
    WHERE provisional AND met_at IS NULL AND voided_at IS NULL;
