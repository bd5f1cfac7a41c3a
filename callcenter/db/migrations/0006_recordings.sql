-- The index of the archive. The archive on disk is the truth; these tables can be rebuilt from it.

CREATE TABLE recording_object (
    id uuid PRIMARY KEY,
    call_id uuid UNIQUE,
    object_id text NOT NULL UNIQUE,
    archive_no text NOT NULL UNIQUE,
    path text NOT NULL,
    sealed_at timestamptz NOT NULL
);
