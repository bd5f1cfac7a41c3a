-- Reminder slips (催办单, R-4.21, L-27, L-28), the list for the published notice (行文公示, R-3.9), and on which days a
-- coordinator looked at what lies in his queue (R-3.43).

CREATE TABLE reminder (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    slip_id uuid NOT NULL REFERENCES slip,
    ticket_id uuid NOT NULL REFERENCES ticket,
    day date NOT NULL,
    stage text NOT NULL CHECK (stage IN ('first', 'overdue', 'by_hand')),
    due_day date NOT NULL,
    remaining smallint NOT NULL CHECK (remaining >= 0),
    overdue smallint NOT NULL CHECK (overdue >= 0),
    message text NOT NULL CHECK (length(message) BETWEEN 1 AND 4000),
    copied boolean NOT NULL DEFAULT false,
    sent_by text NOT NULL,
    sent_at timestamptz NOT NULL,
    by_hand boolean GENERATED ALWAYS AS (stage = 'by_hand') STORED,
    -- Whoever sweeps, and however often: one a day by itself, and one by hand.
    CONSTRAINT reminder_once_a_day UNIQUE (slip_id, day, by_hand),
    CONSTRAINT reminder_stage CHECK ((stage = 'first') <= (overdue = 0) AND (stage = 'overdue') <= (overdue > 0))
);
CREATE INDEX reminder_ticket ON reminder (ticket_id, sent_at, id);
CREATE INDEX reminder_sent ON reminder (sent_at, id);
CREATE TRIGGER reminder_only_grows BEFORE UPDATE OR DELETE ON reminder
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();

CREATE TABLE neglect (
    id uuid PRIMARY KEY,
    slip_id uuid NOT NULL UNIQUE REFERENCES slip,
    ticket_id uuid NOT NULL REFERENCES ticket,
    overdue smallint NOT NULL CHECK (overdue > 0),
    state text NOT NULL DEFAULT 'listed' CHECK (state IN ('listed', 'confirmed', 'dropped', 'published')),
    listed_at timestamptz NOT NULL,
    remark text NOT NULL DEFAULT '' CHECK (length(remark) <= 2000),
    decided_by text,
    decided_at timestamptz,
    notice_number text CHECK (length(notice_number) BETWEEN 1 AND 100),
    published_by text,
    published_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT neglect_decided CHECK ((state = 'listed') = (decided_at IS NULL)
        AND (decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT neglect_published CHECK ((state = 'published') = (published_at IS NOT NULL)
        AND (published_at IS NULL) = (notice_number IS NULL) AND (published_at IS NULL) = (published_by IS NULL))
);
CREATE INDEX neglect_listed ON neglect (listed_at, id);

CREATE TABLE queue_look (
    user_id uuid NOT NULL REFERENCES app_user,
    day date NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1,
    PRIMARY KEY (user_id, day)
);

CREATE INDEX notification_about ON notification (about);
