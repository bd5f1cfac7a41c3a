-- Tickets (服务单), the matters they belong to, their calls, their history and their clocks.

CREATE TABLE ticket (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    nature text NOT NULL CHECK (nature IN ('complaint', 'callback_finding', 'non_complaint')),
    channel text NOT NULL,
    source text NOT NULL,
    status text NOT NULL,
    customer_id uuid,
    policy_id uuid,
    organisation_id text NOT NULL REFERENCES organisation,
    received_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
);

CREATE TABLE ticket_call (
    ticket_id uuid NOT NULL REFERENCES ticket,
    call_id uuid NOT NULL,
    opened_live boolean NOT NULL,
    seconds_into_call numeric(10, 3),
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, call_id)
);
CREATE INDEX ticket_call_call ON ticket_call (call_id);
