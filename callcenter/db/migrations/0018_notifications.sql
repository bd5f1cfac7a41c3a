-- What somebody is told (催办, 待办 …): in the console, by mail, by webhook. The text holds a ticket's number and what is
-- due, nothing of a customer. Its id is that of the outbox's event, whose deliveries say how it got there.

ALTER TABLE app_user ADD COLUMN email text
    CHECK (length(email) <= 254 AND email ~ '^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$');

CREATE TABLE notification (
    id uuid PRIMARY KEY,
    recipient uuid NOT NULL REFERENCES app_user,
    kind text NOT NULL CHECK (kind IN ('reminder', 'reminder_copy', 'neglect', 'published', 'digest', 'post_change')),
    about text NOT NULL CHECK (length(about) BETWEEN 1 AND 200),
    ticket_id uuid REFERENCES ticket,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200 AND title !~ '[[:cntrl:]]'),
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 10000),
    created_at timestamptz NOT NULL,
    shown_at timestamptz,
    read_at timestamptz,
    CONSTRAINT notification_read_is_shown CHECK (read_at IS NULL OR shown_at IS NOT NULL),
    CONSTRAINT notification_once UNIQUE (recipient, kind, about)
);
COMMENT ON COLUMN notification.about IS 'what it tells of; nobody is told the same twice';
CREATE INDEX notification_of ON notification (recipient, id);
CREATE INDEX notification_unread ON notification (recipient, id) WHERE read_at IS NULL;
CREATE INDEX notification_ticket ON notification (ticket_id, id) WHERE ticket_id IS NOT NULL;

-- Where an organisation and those below it without one of their own are told; the secret signs and is never shown.
CREATE TABLE webhook (
    organisation_id text PRIMARY KEY REFERENCES organisation,
    url text NOT NULL CHECK (length(url) <= 500),
    secret text NOT NULL CHECK (length(secret) >= 32),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
);

CREATE INDEX outbox_delivery_failing ON outbox_delivery (consumer, event_id)
    WHERE done_at IS NULL AND last_error IS NOT NULL;
