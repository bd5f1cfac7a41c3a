-- What the measures ask for beside the order itself: complaints that are declined with notice (N-8), who speaks for a
-- group (N-4), the terms and law a decision rests on (R-1.7), cases reported up and the opinion that comes back (R-3.15,
-- R-3.19, R-3.31), business that a province has centralised, authority given for one case (N-11), the day by which a
-- coordinator reports (R-3.45).

ALTER TABLE ticket
    DROP CONSTRAINT ticket_ended_as_check,
    ADD CONSTRAINT ticket_ended_as_check CHECK (ended_as IN ('closed', 'withdrawn', 'answered', 'turned', 'declined')),
    ADD CONSTRAINT ticket_declined CHECK (ended_as IS DISTINCT FROM 'declined' OR nature = 'complaint'),
    ADD COLUMN representatives text[] NOT NULL DEFAULT '{}' CHECK (cardinality(representatives) <= 5),
    ADD COLUMN basis text CHECK (length(basis) <= 20000),
    ADD COLUMN taken_over_by text REFERENCES organisation;
COMMENT ON COLUMN ticket.representatives IS 'who speaks for those who complain together, five at most (N-4)';
COMMENT ON COLUMN ticket.basis IS 'the policy terms and the law the decision rests on (R-1.7)';
COMMENT ON COLUMN ticket.taken_over_by IS 'the company above that handles what was reported up to it (R-3.19)';

ALTER TABLE slip
    ADD COLUMN report_day date,
    ADD COLUMN report_set_at timestamptz,
    ADD COLUMN report_set_by text,
    ADD COLUMN reported_at timestamptz,
    ADD CONSTRAINT slip_report CHECK ((report_day IS NULL) = (report_set_at IS NULL)
        AND (report_day IS NULL) = (report_set_by IS NULL) AND (report_day IS NOT NULL OR reported_at IS NULL));
COMMENT ON COLUMN slip.report_day IS 'until when customer service wants to hear of the investigation (R-3.45)';
CREATE INDEX slip_report_due ON slip (report_day) WHERE report_day IS NOT NULL AND reported_at IS NULL;

CREATE TABLE consultation (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    ground text NOT NULL CHECK (ground IN ('centralised', 'difficult', 'major', 'help', 'approval')),
    from_organisation_id text NOT NULL REFERENCES organisation,
    to_organisation_id text NOT NULL REFERENCES organisation,
    request text NOT NULL CHECK (length(request) BETWEEN 1 AND 20000),
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'answered', 'taken_over', 'followed', 'withdrawn')),
    opinion text CHECK (length(opinion) BETWEEN 1 AND 20000),
    answered_at timestamptz,
    answered_by text,
    followed text CHECK (length(followed) BETWEEN 1 AND 20000),
    followed_at timestamptz,
    followed_by text,
    version integer NOT NULL DEFAULT 1,
    CHECK (from_organisation_id <> to_organisation_id),
    CHECK ((opinion IS NULL) = (answered_at IS NULL) AND (opinion IS NULL) = (answered_by IS NULL)
        AND (opinion IS NOT NULL) = (state IN ('answered', 'taken_over', 'followed'))),
    CHECK ((followed IS NULL) = (followed_at IS NULL) AND (followed IS NULL) = (followed_by IS NULL)
        AND (followed IS NOT NULL) = (state = 'followed'))
);
COMMENT ON TABLE consultation IS 'a case reported up, and the opinion of the company above (R-3.15, R-3.19, R-3.31, R-3.44)';
CREATE UNIQUE INDEX consultation_once ON consultation (ticket_id, to_organisation_id) WHERE state = 'asked';
CREATE INDEX consultation_to ON consultation (to_organisation_id, state, asked_at, id);
CREATE INDEX consultation_of ON consultation (ticket_id, asked_at);

CREATE TABLE centralised_business (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    category text NOT NULL CHECK (category IN ('solicitation', 'sales_service', 'counter', 'underwriting', 'maintenance',
        'claims', 'call_centre', 'product', 'payment', 'sms', 'other')),
    from_day date NOT NULL,
    until_day date,
    basis text NOT NULL CHECK (length(basis) BETWEEN 1 AND 200),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CHECK (until_day >= from_day)
);
COMMENT ON TABLE centralised_business IS 'categories whose business a province, or headquarters, does itself (R-3.19, R-3.31)';
CREATE UNIQUE INDEX centralised_business_running ON centralised_business (organisation_id, category)
    WHERE until_day IS NULL;

CREATE TABLE authority_request (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    amount numeric(12, 2) NOT NULL CHECK (amount > 0),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    asked_by text NOT NULL,
    asked_by_user uuid NOT NULL REFERENCES app_user,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'granted', 'refused')),
    until timestamptz,
    remark text CHECK (length(remark) <= 2000),
    answered_by text,
    answered_at timestamptz,
    CHECK ((answered_by IS NULL) = (state = 'asked') AND (answered_at IS NULL) = (state = 'asked')),
    CHECK ((until IS NOT NULL) = (state = 'granted')),
    CHECK (answered_by <> asked_by)
);
COMMENT ON TABLE authority_request IS 'authority for one settlement, asked for and given from afar, for a time (N-11)';
CREATE INDEX authority_request_of ON authority_request (ticket_id, asked_by_user);
CREATE INDEX authority_request_asked ON authority_request (asked_at, id) WHERE state = 'asked';

-- What follows from complaints beside the cases themselves: staff who are held to account (B-10), third parties whose
-- cooperation is asked for and scored (N-3), the ways to complain as they are published (N-2), the meetings of the leading
-- groups (R-3.2).

CREATE TABLE accountability (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    organisation_id text NOT NULL REFERENCES organisation,
    user_id uuid REFERENCES app_user,
    person text NOT NULL CHECK (length(person) BETWEEN 1 AND 200),
    breach text NOT NULL CHECK (length(breach) BETWEEN 1 AND 2000),
    measure text NOT NULL CHECK (measure IN ('training', 'warning', 'deduction', 'no_promotion', 'suspension',
        'termination', 'referral')),
    basis text NOT NULL CHECK (length(basis) BETWEEN 1 AND 2000),
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'decided', 'carried_out', 'dropped')),
    proposed_at timestamptz NOT NULL,
    proposed_by text NOT NULL,
    decided_at timestamptz,
    decided_by text,
    remark text CHECK (length(remark) BETWEEN 1 AND 2000),
    done_at timestamptz,
    done_by text,
    version integer NOT NULL DEFAULT 1,
    CHECK ((decided_at IS NULL) = (state = 'proposed') AND (decided_by IS NULL) = (state = 'proposed')
        AND (remark IS NULL) = (state = 'proposed')),
    CHECK ((done_at IS NULL) = (state <> 'carried_out') AND (done_by IS NULL) = (state <> 'carried_out')),
    CHECK (decided_by <> proposed_by)
);
COMMENT ON TABLE accountability IS 'who is held to account for what a complaint brought to light, and how (B-10)';
CREATE INDEX accountability_of ON accountability (ticket_id);
CREATE INDEX accountability_in ON accountability (organisation_id, proposed_at, id);
CREATE INDEX accountability_whose ON accountability (user_id, proposed_at) WHERE user_id IS NOT NULL;

CREATE TABLE third_party (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
    kind text NOT NULL CHECK (kind IN ('bank', 'agency', 'broker', 'platform', 'service')),
    organisation_id text NOT NULL REFERENCES organisation,
    admission text NOT NULL DEFAULT 'admitted' CHECK (admission IN ('admitted', 'warned', 'ended')),
    reason text CHECK (length(reason) BETWEEN 1 AND 2000),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CHECK (admission = 'admitted' OR reason IS NOT NULL)
);
COMMENT ON COLUMN third_party.admission IS 'whether business goes on with it, by how it cooperates (N-3)';
CREATE INDEX third_party_of ON third_party (organisation_id, id);

CREATE TABLE third_party_request (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    third_party_id uuid NOT NULL REFERENCES third_party,
    request text NOT NULL CHECK (length(request) BETWEEN 1 AND 20000),
    due_day date NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    answer text CHECK (length(answer) BETWEEN 1 AND 20000),
    answered_on date,
    score smallint CHECK (score BETWEEN 1 AND 5),
    remark text CHECK (length(remark) <= 2000),
    scored_at timestamptz,
    scored_by text,
    version integer NOT NULL DEFAULT 1,
    CHECK ((answer IS NULL) = (answered_on IS NULL)),
    CHECK ((score IS NULL) = (scored_at IS NULL) AND (score IS NULL) = (scored_by IS NULL)
        AND (score IS NULL) = (remark IS NULL)),
    CHECK (score IS NOT NULL OR answer IS NULL)
);
COMMENT ON TABLE third_party_request IS 'what a third party was asked for on a complaint, and how well it cooperated (N-3)';
CREATE INDEX third_party_request_of ON third_party_request (third_party_id, asked_at, id);
CREATE INDEX third_party_request_on ON third_party_request (ticket_id, asked_at);

CREATE TABLE complaint_guide (
    id uuid PRIMARY KEY,
    from_day date NOT NULL,
    telephone text NOT NULL CHECK (length(telephone) BETWEEN 1 AND 200),
    email text NOT NULL CHECK (length(email) BETWEEN 1 AND 200),
    address text NOT NULL CHECK (length(address) BETWEEN 1 AND 500),
    website text NOT NULL CHECK (length(website) BETWEEN 1 AND 500),
    procedure text NOT NULL CHECK (length(procedure) BETWEEN 1 AND 20000),
    remedies text NOT NULL CHECK (length(remedies) BETWEEN 1 AND 5000),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    published_at timestamptz NOT NULL,
    published_by text NOT NULL
);
COMMENT ON TABLE complaint_guide IS 'the ways to complain and the procedure as they are published, by versions (N-2)';
CREATE INDEX complaint_guide_day ON complaint_guide (from_day, published_at);
CREATE TRIGGER complaint_guide_only_grows BEFORE UPDATE OR DELETE ON complaint_guide
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE complaint_guide_posting (
    id uuid PRIMARY KEY,
    guide_id uuid NOT NULL REFERENCES complaint_guide,
    organisation_id text NOT NULL REFERENCES organisation,
    place text NOT NULL CHECK (place IN ('website', 'app', 'premises', 'contract')),
    posted_on date NOT NULL,
    note text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    UNIQUE (guide_id, organisation_id, place)
);
COMMENT ON TABLE complaint_guide_posting IS 'where a company shows the guide (N-2)';
CREATE INDEX complaint_guide_posting_of ON complaint_guide_posting (organisation_id);

CREATE TABLE group_meeting (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    year integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 200),
    topics text NOT NULL CHECK (length(topics) BETWEEN 1 AND 20000),
    planned_at timestamptz NOT NULL,
    called_at timestamptz NOT NULL,
    called_by text NOT NULL,
    state text NOT NULL DEFAULT 'called' CHECK (state IN ('called', 'held', 'cancelled')),
    chair_id uuid REFERENCES app_user,
    present uuid[] NOT NULL DEFAULT '{}',
    minutes text CHECK (length(minutes) BETWEEN 1 AND 20000),
    held_at timestamptz,
    recorded_by text,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (organisation_id, year, number),
    CHECK ((state = 'held') = (held_at IS NOT NULL) AND (state = 'held') = (minutes IS NOT NULL)
        AND (state = 'held') = (chair_id IS NOT NULL) AND (state = 'called') = (recorded_by IS NULL)
        AND (state = 'held') = (cardinality(present) > 0))
);
COMMENT ON TABLE group_meeting IS 'meetings of a leading group on hot and hard issues (R-3.2)';
CREATE INDEX group_meeting_of ON group_meeting (organisation_id, planned_at, id);

-- A document that was issued and sent is the proof that the customer was told (R-4.4, CL-8): when and by what it was sent,
-- and which acknowledgement or answer rests on it.

CREATE TABLE document_sending (
    document_id uuid PRIMARY KEY REFERENCES document,
    means text NOT NULL CHECK (means IN ('handed_over', 'posted', 'emailed')),
    sent_at timestamptz NOT NULL,
    proof text NOT NULL CHECK (length(proof) BETWEEN 1 AND 2000),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CHECK (sent_at <= recorded_at)
);
CREATE TRIGGER document_sending_only_grows BEFORE UPDATE OR DELETE ON document_sending
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

ALTER TABLE acknowledgement ADD COLUMN document_id uuid REFERENCES document;
ALTER TABLE ticket ADD COLUMN told_document_id uuid REFERENCES document;
COMMENT ON COLUMN ticket.told_document_id IS 'the decision notice or opinion letter the customer was told by (CL-8)';

-- Files of personal data leave only after a second person approved them, and what left is on record (E-12).

CREATE TABLE export_request (
    id uuid PRIMARY KEY,
    what text NOT NULL CHECK (length(what) BETWEEN 2 AND 4000),
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 2 AND 200),
    organisation_id text NOT NULL REFERENCES organisation,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'approved', 'refused')),
    answered_by text,
    answered_at timestamptz,
    remark text CHECK (length(remark) <= 2000),
    until timestamptz,
    CHECK ((answered_by IS NULL) = (state = 'asked') AND (answered_at IS NULL) = (state = 'asked')
        AND (until IS NULL) = (state <> 'approved')),
    CHECK (answered_by <> asked_by)
);
CREATE INDEX export_request_asked ON export_request (asked_at, id);

CREATE TABLE export_file (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES export_request,
    given_at timestamptz NOT NULL,
    media_type text NOT NULL,
    bytes bigint CHECK (bytes >= 0),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE export_file IS 'each file given under an approval; of a ZIP made while it is sent its SHA256SUMS tell';
CREATE INDEX export_file_of ON export_file (request_id, given_at);
CREATE TRIGGER export_file_only_grows BEFORE UPDATE OR DELETE ON export_file
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
