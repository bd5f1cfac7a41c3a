-- Written answers: until now a complaint could be told to the customer by any means, although some are owed a letter that
-- legal counsel has cleared (F-22, R-4.25). The opinion letter with every text it ever had, its rounds of review, and how,
-- when and by what proof it was sent (N-9, CL-8).

ALTER TABLE ticket ADD COLUMN written_answer boolean NOT NULL DEFAULT false; -- the customer asks for one

CREATE TABLE opinion_letter (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    place integer NOT NULL CHECK (place > 0), -- of the ticket's letters
    organisation_id text NOT NULL REFERENCES organisation, -- who issues it: its counsel clears it
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'in_review', 'sent_back', 'cleared', 'sent', 'void')),
    text_version integer NOT NULL DEFAULT 1,
    cleared_at timestamptz,
    cleared_by text,
    sent_at timestamptz,
    sent_by text,
    sent_recorded_at timestamptz,
    means text CHECK (means IN ('handed_over', 'posted', 'emailed', 'texted', 'dialled')),
    proof text CHECK (length(proof) BETWEEN 1 AND 2000),
    void_why text CHECK (length(void_why) BETWEEN 1 AND 2000),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    -- What the last change was, for who comes second.
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_how text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (ticket_id, place),
    CONSTRAINT opinion_letter_cleared CHECK (
        (cleared_at IS NULL) = (cleared_by IS NULL) AND (state NOT IN ('cleared', 'sent') OR cleared_at IS NOT NULL)),
    CONSTRAINT opinion_letter_sent CHECK (
        (sent_at IS NOT NULL) = (state = 'sent') AND (sent_at IS NULL) = (means IS NULL)
        AND (sent_at IS NULL) = (proof IS NULL) AND (sent_at IS NULL) = (sent_by IS NULL)
        AND (sent_at IS NULL) = (sent_recorded_at IS NULL) AND sent_at >= cleared_at AND means <> 'dialled'),
    CONSTRAINT opinion_letter_void CHECK ((void_why IS NOT NULL) = (state = 'void'))
);
CREATE UNIQUE INDEX opinion_letter_open ON opinion_letter (ticket_id) WHERE state NOT IN ('sent', 'void');
CREATE INDEX opinion_letter_created ON opinion_letter (created_at, id);
CREATE INDEX opinion_letter_state ON opinion_letter (state, created_at, id) WHERE state NOT IN ('sent', 'void');

-- Every text the letter had; what was written once stays.
CREATE TABLE opinion_letter_text (
    letter_id uuid NOT NULL REFERENCES opinion_letter,
    version integer NOT NULL CHECK (version > 0),
    addressee text NOT NULL CHECK (length(addressee) <= 200),
    address text NOT NULL CHECK (length(address) <= 500),
    facts text NOT NULL CHECK (length(facts) <= 20000),
    basis text NOT NULL CHECK (length(basis) <= 20000),
    decision text NOT NULL CHECK (length(decision) <= 20000),
    remedies jsonb NOT NULL,
    written_by text NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (letter_id, version)
);
CREATE TRIGGER opinion_letter_text_stands BEFORE UPDATE OR DELETE ON opinion_letter_text
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

-- A round of legal review: which text, which counsel, until when (L-23, by the ticket's clock of that cycle), and the end.
CREATE TABLE legal_review (
    letter_id uuid NOT NULL REFERENCES opinion_letter,
    round integer NOT NULL CHECK (round > 0),
    text_version integer NOT NULL,
    counsel_id uuid NOT NULL REFERENCES app_user,
    counsel_organisation_id text NOT NULL REFERENCES organisation,
    clock_cycle integer NOT NULL,
    submitted_at timestamptz NOT NULL,
    submitted_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    verdict text CHECK (verdict IN ('cleared', 'sent_back', 'recalled')),
    remarks text NOT NULL DEFAULT '' CHECK (length(remarks) <= 20000),
    PRIMARY KEY (letter_id, round),
    FOREIGN KEY (letter_id, text_version) REFERENCES opinion_letter_text,
    CHECK ((ended_at IS NULL) = (verdict IS NULL) AND (ended_at IS NULL) = (ended_by IS NULL)),
    CHECK (verdict <> 'sent_back' OR remarks <> '')
);
CREATE UNIQUE INDEX legal_review_open ON legal_review (letter_id) WHERE ended_at IS NULL;
CREATE INDEX legal_review_counsel ON legal_review (counsel_id, submitted_at) WHERE ended_at IS NULL;
CREATE TRIGGER legal_review_stands BEFORE UPDATE OR DELETE ON legal_review
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION cc_refuse_change();
