-- Who works here: organisations as a tree, people with roles, their sessions and the integrators' tokens.
-- Nobody is ever deleted: what they did stays theirs.

CREATE TABLE organisation (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(id) <= 40),
    kind text NOT NULL CHECK (kind IN ('hq', 'province', 'city', 'counter_a', 'counter_b')),
    parent_id text REFERENCES organisation,
    name text NOT NULL,
    path text NOT NULL UNIQUE,
    CHECK ((parent_id IS NULL) = (kind = 'hq')),
    CHECK (path LIKE '%' || id || '/')
);
CREATE INDEX organisation_path ON organisation (path text_pattern_ops);
CREATE UNIQUE INDEX organisation_one_hq ON organisation (kind) WHERE kind = 'hq';

CREATE TABLE app_user (
    id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._-]{1,63}$'),
    name text NOT NULL,
    password_hash text NOT NULL,
    organisation_id text NOT NULL REFERENCES organisation,
    roles text[] NOT NULL CHECK (roles <@ ARRAY[
        'agent', 'callback_agent', 'handler', 'coordinator', 'department_head', 'legal', 'secretary', 'supervisor', 'qa',
        'auditor', 'admin', 'integrator']),
    extension text UNIQUE CHECK (extension ~ '^[0-9]{3,6}$'),
    phone text NOT NULL DEFAULT 'desk' CHECK (phone IN ('web', 'desk')),
    active boolean NOT NULL DEFAULT true,
    password_set_at timestamptz,
    created_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX app_user_organisation ON app_user (organisation_id);

CREATE TABLE session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    user_id uuid NOT NULL REFERENCES app_user,
    kind text NOT NULL CHECK (kind IN ('bearer', 'cookie')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    revoked_at timestamptz,
    address text,
    user_agent text
);
CREATE INDEX session_of_user ON session (user_id) WHERE revoked_at IS NULL;

CREATE TABLE api_token (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    organisation_id text NOT NULL REFERENCES organisation,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);

-- Every try at a password counts until it has succeeded; rows older than the window mean nothing.
CREATE TABLE login_try (
    id uuid PRIMARY KEY,
    login text NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX login_try_login ON login_try (login, at);

-- One row: how this database is used, and what signs its cursors.
CREATE TABLE installation (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    mode text CHECK (mode IN ('normal', 'test')),
    secret bytea NOT NULL,
    clock_at timestamptz,
    clock_set_at timestamptz,
    clock_frozen boolean NOT NULL DEFAULT false
);
INSERT INTO installation (secret) VALUES (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
