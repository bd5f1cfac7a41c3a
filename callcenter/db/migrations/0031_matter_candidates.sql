-- Tickets of one policy are looked up by the number as it was written down, known to the store or not.
CREATE INDEX ticket_policy_number ON ticket (policy_number, received_at) WHERE policy_number IS NOT NULL;
