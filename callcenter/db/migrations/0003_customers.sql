-- Customers, their numbers and their policies, as imported from the company's core system.

CREATE TABLE customer (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    id_number text,
    birth_date date,
    gender text CHECK (gender IN ('female', 'male')),
    sales_calls_refused_until date,
    created_at timestamptz NOT NULL
);
CREATE INDEX customer_id_number ON customer (id_number) WHERE id_number IS NOT NULL;
CREATE INDEX customer_name ON customer (name text_pattern_ops, id);
COMMENT ON COLUMN customer.sales_calls_refused_until IS 'shown to whoever calls back; does not suppress a mandatory callback (C-19)';

CREATE TABLE customer_phone (
    number text NOT NULL CHECK (number ~ '^\+?[0-9]{3,20}$'),
    customer_id uuid NOT NULL REFERENCES customer,
    kind text NOT NULL DEFAULT 'mobile' CHECK (kind IN ('mobile', 'home', 'work', 'other')),
    at_underwriting boolean NOT NULL DEFAULT true,
    PRIMARY KEY (number, customer_id)
);
CREATE INDEX customer_phone_customer ON customer_phone (customer_id);
COMMENT ON COLUMN customer_phone.at_underwriting IS 'held in the core system at underwriting: the only numbers a callback may dial (C-12)';

CREATE TABLE policy (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    customer_id uuid NOT NULL REFERENCES customer,
    organisation_id text NOT NULL REFERENCES organisation,
    product_name text NOT NULL,
    product_kind text NOT NULL DEFAULT 'life'
        CHECK (product_kind IN ('life', 'annuity', 'health', 'participating', 'universal', 'unit_linked')),
    sales_channel text NOT NULL DEFAULT 'agent'
        CHECK (sales_channel IN ('agent', 'bank', 'telesales', 'internet', 'broker', 'group')),
    salesperson text,
    insured_name text,
    long_term boolean NOT NULL DEFAULT true,
    guaranteed_renewal boolean NOT NULL DEFAULT false,
    premium numeric(14, 2) CHECK (premium > 0),
    payment text NOT NULL DEFAULT 'yearly' CHECK (payment IN ('single', 'yearly', 'half_yearly', 'quarterly', 'monthly')),
    paying_years integer CHECK (paying_years > 0),
    issued_on date,
    received_on date,
    cooling_off_days integer CHECK (cooling_off_days > 0),
    status text NOT NULL CHECK (status IN ('pending', 'in_force', 'lapsed', 'surrendered', 'terminated'))
);
CREATE INDEX policy_customer ON policy (customer_id);
CREATE INDEX policy_organisation ON policy (organisation_id, id);
COMMENT ON COLUMN policy.received_on IS 'day the policyholder signed for the policy: the cooling-off period starts (C-4)';
