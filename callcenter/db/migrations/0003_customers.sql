-- Customers, their numbers and their policies, as imported from the company's core system.

CREATE TABLE customer (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    id_number text,
    birth_date date,
    created_at timestamptz NOT NULL
);

CREATE TABLE customer_phone (
    number text NOT NULL,
    customer_id uuid NOT NULL REFERENCES customer,
    PRIMARY KEY (number, customer_id)
);
CREATE INDEX customer_phone_customer ON customer_phone (customer_id);

CREATE TABLE policy (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    customer_id uuid NOT NULL REFERENCES customer,
    organisation_id text NOT NULL REFERENCES organisation,
    product_name text NOT NULL,
    status text NOT NULL
);
CREATE INDEX policy_customer ON policy (customer_id);
