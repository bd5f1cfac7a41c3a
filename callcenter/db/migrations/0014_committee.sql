-- Committees for difficult cases (客户服务疑难问题协调委员会): until now a ruling was a text somebody typed with a step, so
-- nobody could tell whether the committee had met (R-3.3 … R-3.6, R-3.21, R-4.24, F-47). Members with dates, meetings with
-- agenda, attendance, opinions and minutes, rulings in force from the chair's confirmation, and what is to be carried out.

CREATE TABLE committee_member (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    user_id uuid NOT NULL REFERENCES app_user,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    chair boolean NOT NULL DEFAULT false, -- may preside
    first_day date NOT NULL,
    last_day date,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1,
    CHECK (last_day >= first_day)
);
CREATE INDEX committee_member_organisation ON committee_member (organisation_id, user_id);
CREATE UNIQUE INDEX committee_member_once ON committee_member (organisation_id, user_id) WHERE last_day IS NULL;

CREATE TABLE committee_meeting (
    id uuid PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES organisation,
    kind text NOT NULL CHECK (kind IN ('ad_hoc', 'periodic', 'joint')),
    year integer NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'called', 'held', 'confirmed', 'cancelled')),
    subject text NOT NULL CHECK (length(subject) <= 200),
    place text NOT NULL DEFAULT '' CHECK (length(place) <= 200),
    planned_at timestamptz NOT NULL,
    chair_id uuid REFERENCES app_user,
    minutes text NOT NULL DEFAULT '' CHECK (length(minutes) <= 20000),
    called_at timestamptz,
    held_at timestamptz,
    confirmed_at timestamptz,
    confirmed_by text,
    cancelled_why text CHECK (length(cancelled_why) <= 2000),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    -- What the last change was, for who comes second.
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_how text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    UNIQUE (organisation_id, kind, year, number),
    CONSTRAINT committee_meeting_held CHECK ((held_at IS NOT NULL) = (state IN ('held', 'confirmed'))),
    CONSTRAINT committee_meeting_minutes CHECK (held_at IS NULL OR minutes <> ''),
    CONSTRAINT committee_meeting_confirmed CHECK (
        (confirmed_at IS NOT NULL) = (state = 'confirmed') AND (confirmed_at IS NULL) = (confirmed_by IS NULL)),
    CONSTRAINT committee_meeting_cancelled CHECK ((cancelled_why IS NOT NULL) = (state = 'cancelled'))
);
CREATE INDEX committee_meeting_planned ON committee_meeting (planned_at, id);

CREATE TABLE committee_seat (
    meeting_id uuid NOT NULL REFERENCES committee_meeting,
    user_id uuid NOT NULL REFERENCES app_user,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    attended boolean,
    PRIMARY KEY (meeting_id, user_id)
);
CREATE INDEX committee_seat_user ON committee_seat (user_id, meeting_id);

CREATE TABLE committee_item (
    meeting_id uuid NOT NULL REFERENCES committee_meeting,
    ticket_id uuid NOT NULL REFERENCES ticket,
    place integer NOT NULL,
    adjourned_why text CHECK (length(adjourned_why) <= 2000),
    PRIMARY KEY (meeting_id, ticket_id)
);
CREATE INDEX committee_item_ticket ON committee_item (ticket_id);

-- What each member, or an absent department in writing, had to say (R-3.4). It only grows: who thinks otherwise says so.
CREATE TABLE committee_opinion (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    user_id uuid REFERENCES app_user,
    department text CHECK (department IN ('sales', 'sales_inspection', 'business_management', 'finance', 'it',
        'customer_service', 'compliance')),
    opinion text NOT NULL CHECK (length(opinion) BETWEEN 1 AND 20000),
    given_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY, -- what was said in one moment stays in the order it was written
    FOREIGN KEY (meeting_id, ticket_id) REFERENCES committee_item,
    CHECK (user_id IS NOT NULL OR department IS NOT NULL)
);
CREATE INDEX committee_opinion_item ON committee_opinion (meeting_id, ticket_id, place);
CREATE TRIGGER committee_opinion_only_grows BEFORE UPDATE OR DELETE ON committee_opinion
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

-- A ruling is in force from `confirmed_at`, and then nobody changes it: a later meeting rules anew.
CREATE TABLE committee_ruling (
    meeting_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    opinion text NOT NULL CHECK (length(opinion) BETWEEN 1 AND 20000),
    validity text CHECK (validity IN ('valid', 'invalid')),
    causes text[] NOT NULL DEFAULT '{}',
    closing boolean,
    signs_for text[] NOT NULL DEFAULT '{}',
    ruled_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    confirmed_at timestamptz,
    PRIMARY KEY (meeting_id, ticket_id),
    FOREIGN KEY (meeting_id, ticket_id) REFERENCES committee_item
);
CREATE INDEX committee_ruling_ticket ON committee_ruling (ticket_id, confirmed_at);
CREATE TRIGGER committee_ruling_stands BEFORE UPDATE OR DELETE ON committee_ruling
    FOR EACH ROW WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE committee_follow_up (
    id uuid PRIMARY KEY,
    meeting_id uuid NOT NULL REFERENCES committee_meeting,
    ticket_id uuid REFERENCES ticket,
    duty text NOT NULL CHECK (length(duty) BETWEEN 1 AND 2000),
    owner_id uuid NOT NULL REFERENCES app_user,
    due_day date NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    done_at timestamptz,
    done_by text,
    result text CHECK (length(result) BETWEEN 1 AND 20000),
    version integer NOT NULL DEFAULT 1,
    CHECK ((done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (result IS NULL))
);
CREATE INDEX committee_follow_up_open ON committee_follow_up (due_day, id) WHERE done_at IS NULL;
CREATE INDEX committee_follow_up_meeting ON committee_follow_up (meeting_id, due_day);
CREATE INDEX committee_follow_up_owner ON committee_follow_up (owner_id, due_day);

-- A ticket put before a committee: for its severity, for support, or because departments disagree (R-3.5, R-3.21, F-21).
CREATE TABLE committee_referral (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    organisation_id text NOT NULL REFERENCES organisation,
    ground text NOT NULL
        CHECK (ground IN ('severity', 'support', 'closing', 'validity', 'cause', 'signature', 'returned')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    referred_at timestamptz NOT NULL,
    referred_by text NOT NULL,
    settled_at timestamptz,
    settled_by uuid REFERENCES committee_meeting,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawn_why text CHECK (length(withdrawn_why) BETWEEN 1 AND 2000),
    CHECK (settled_at IS NULL OR withdrawn_at IS NULL),
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_why IS NULL) AND (withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX committee_referral_ticket ON committee_referral (ticket_id);
CREATE UNIQUE INDEX committee_referral_open ON committee_referral (ticket_id, ground)
    WHERE settled_at IS NULL AND withdrawn_at IS NULL;

-- The office's list of what waits for a meeting.
CREATE INDEX ticket_for_committee ON ticket (received_at, id)
    WHERE severity <> 'general' AND nature = 'complaint' AND closed_at IS NULL;
