-- How many people complain together, and what the regulator designates as major (N-14, S20).

ALTER TABLE ticket
    ADD COLUMN group_size integer NOT NULL DEFAULT 1 CHECK (group_size BETWEEN 1 AND 100000),
    ADD COLUMN designated_major boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ticket.group_size IS 'how many people complain together; five are a warning, twenty major (N-14)';
CREATE INDEX ticket_group ON ticket (received_at, id) WHERE group_size >= 5 OR designated_major;
