-- Who works here: organisations as a tree, people with roles, their sessions and the integrators' tokens.

CREATE TABLE organisation (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    kind text NOT NULL CHECK (kind IN ('hq', 'province', 'city', 'counter_a', 'counter_b')),
    parent_id text REFERENCES organisation,
    name text NOT NULL,
    path text NOT NULL UNIQUE,
    CHECK ((parent_id IS NULL) = (kind = 'hq'))
);
CREATE INDEX organisation_path ON organisation (path text_pattern_ops);

CREATE TABLE app_user (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    organisation_id text NOT NULL REFERENCES organisation,
    roles text[] NOT NULL,
    extension text UNIQUE,
    phone text NOT NULL DEFAULT 'desk' CHECK (phone IN ('web', 'desk')),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
