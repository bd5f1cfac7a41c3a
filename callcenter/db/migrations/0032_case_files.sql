-- The rest of the documents (slip, reminder, extension notice, minutes, opinion letter, decision notice, cover and index of
-- the case file), each `about` the row it prints, where it is not of the ticket alone; and the case file's explanations of
-- what can no longer be had (缺件说明, E-21).

ALTER TABLE document_template DROP CONSTRAINT document_template_kind_check;
ALTER TABLE document_template ADD CONSTRAINT document_template_kind_check CHECK (kind IN ('acknowledgement',
    'email_reply', 'slip', 'reminder', 'extension', 'minutes', 'opinion_letter', 'decision', 'case_cover',
    'case_index'));
ALTER TABLE document_counter DROP CONSTRAINT document_counter_kind_check;
ALTER TABLE document_counter ADD CONSTRAINT document_counter_kind_check CHECK (kind IN ('acknowledgement',
    'email_reply', 'slip', 'reminder', 'extension', 'minutes', 'opinion_letter', 'decision', 'case_cover',
    'case_index'));
ALTER TABLE document DROP CONSTRAINT document_kind_check;
ALTER TABLE document ADD CONSTRAINT document_kind_check CHECK (kind IN ('acknowledgement', 'email_reply', 'slip',
    'reminder', 'extension', 'minutes', 'opinion_letter', 'decision', 'case_cover', 'case_index'));
ALTER TABLE document ADD COLUMN about uuid;
ALTER TABLE document ADD CONSTRAINT document_is_about CHECK ((about IS NOT NULL) = (kind IN ('slip', 'reminder',
    'extension', 'minutes', 'opinion_letter')));
COMMENT ON COLUMN document.about IS 'the slip, reminder, extension, meeting or letter it prints';

CREATE TABLE case_file_absence (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    item text NOT NULL CHECK (item IN ('order', 'original', 'visit_form', 'acknowledgement', 'recording',
        'authorisation', 'identity', 'preliminary_opinion', 'slips', 'reminders', 'investigation', 'progress',
        'extension', 'ruling', 'opinion_letter', 'determination', 'reply', 'signatures', 'closing', 'satisfaction',
        'links')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    explained_at timestamptz NOT NULL,
    explained_by text NOT NULL,
    UNIQUE (ticket_id, item)
);
CREATE TRIGGER case_file_absence_only_grows BEFORE UPDATE OR DELETE ON case_file_absence
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER case_file_absence_is_not_emptied BEFORE TRUNCATE ON case_file_absence
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
