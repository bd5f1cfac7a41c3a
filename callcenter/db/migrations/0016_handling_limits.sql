-- What befalls the handling limit of a complaint since its receipt: extensions (L-15, L-16), limits agreed with the
-- complainant (CL-7), pauses (CL-4), new material (CL-5). Facts with their moments: the deadline is reckoned from them.

CREATE TABLE ticket_extension (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    rule text NOT NULL CHECK (rule IN ('L-15', 'L-16')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    proposed_at timestamptz NOT NULL,
    proposed_by text NOT NULL,
    approved_at timestamptz,
    approved_by text,
    refused_at timestamptz,
    refused_by text,
    refused_why text CHECK (length(refused_why) BETWEEN 1 AND 2000),
    told_at timestamptz,
    told_manner text CHECK (length(told_manner) BETWEEN 1 AND 200),
    told_recorded_at timestamptz,
    told_by text,
    CONSTRAINT ticket_extension_one_answer CHECK (approved_at IS NULL OR refused_at IS NULL),
    CONSTRAINT ticket_extension_approved CHECK ((approved_at IS NULL) = (approved_by IS NULL)),
    -- L-16: who proposed it does not approve it.
    CONSTRAINT ticket_extension_two_people CHECK (approved_by <> proposed_by),
    CONSTRAINT ticket_extension_refused
        CHECK ((refused_at IS NULL) = (refused_by IS NULL) AND (refused_at IS NULL) = (refused_why IS NULL)),
    CONSTRAINT ticket_extension_told CHECK (
        (told_at IS NULL) = (told_manner IS NULL) AND (told_at IS NULL) = (told_recorded_at IS NULL)
        AND (told_at IS NULL) = (told_by IS NULL) AND (told_at IS NULL OR approved_at IS NOT NULL)),
    CONSTRAINT ticket_extension_first_needs_no_approval CHECK (rule = 'L-16' OR (approved_at IS NULL AND refused_at IS NULL))
);
CREATE INDEX ticket_extension_ticket ON ticket_extension (ticket_id, proposed_at);
CREATE INDEX ticket_extension_waiting ON ticket_extension (proposed_at, id)
    WHERE rule = 'L-16' AND told_at IS NULL AND refused_at IS NULL;

CREATE TABLE ticket_agreement (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    until_day date NOT NULL,
    record text NOT NULL CHECK (length(record) BETWEEN 1 AND 2000),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX ticket_agreement_ticket ON ticket_agreement (ticket_id, recorded_at);

CREATE TABLE ticket_pause (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    ground text NOT NULL CHECK (ground IN ('appraisal', 'mediation')),
    note text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),
    started_at timestamptz NOT NULL,
    told_at timestamptz,
    told_manner text CHECK (length(told_manner) BETWEEN 1 AND 200),
    both_applied boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    ended_at timestamptz,
    end_note text CHECK (length(end_note) BETWEEN 1 AND 2000),
    end_recorded_at timestamptz,
    ended_by text,
    -- CL-4: an appraisal the customer was told of, a mediation both sides applied for.
    CONSTRAINT ticket_pause_ground CHECK (
        (ground = 'appraisal' AND told_at IS NOT NULL) OR (ground = 'mediation' AND both_applied)),
    CONSTRAINT ticket_pause_told CHECK ((told_at IS NULL) = (told_manner IS NULL)),
    CONSTRAINT ticket_pause_ended CHECK (
        (ended_at IS NULL) = (end_note IS NULL) AND (ended_at IS NULL) = (end_recorded_at IS NULL)
        AND (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL OR ended_at >= started_at))
);
CREATE INDEX ticket_pause_ticket ON ticket_pause (ticket_id, started_at);
CREATE UNIQUE INDEX ticket_pause_one_open ON ticket_pause (ticket_id) WHERE ended_at IS NULL;

CREATE TABLE ticket_material (
    id uuid PRIMARY KEY,
    ticket_id uuid NOT NULL REFERENCES ticket,
    from_ticket_id uuid REFERENCES ticket,
    facts text NOT NULL CHECK (length(facts) <= 20000),
    reasons text NOT NULL CHECK (length(reasons) <= 20000),
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX ticket_material_ticket ON ticket_material (ticket_id, received_at);
COMMENT ON COLUMN ticket_material.from_ticket_id IS 'the merged order that brought it (D-4)';
