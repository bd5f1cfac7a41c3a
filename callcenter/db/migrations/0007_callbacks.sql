-- Callback (回访) campaigns, their tasks, each dialling, and what the customer answered.

CREATE TABLE campaign (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    organisation_id text NOT NULL REFERENCES organisation,
    created_at timestamptz NOT NULL
);

CREATE TABLE callback_task (
    id uuid PRIMARY KEY,
    campaign_id uuid REFERENCES campaign,
    customer_id uuid REFERENCES customer,
    policy_id uuid REFERENCES policy,
    number text NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE callback_attempt (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES callback_task,
    user_id uuid REFERENCES app_user,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    outcome text
);
