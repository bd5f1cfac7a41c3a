-- A coordinator or a head acts for a department of an organisation (R-3.36 to R-3.42), and an order about somebody goes
-- neither to them nor to their superior (F-48): both are facts about the person, so they stand with the person.

ALTER TABLE app_user
    ADD COLUMN department text CHECK (department IN (
        'sales', 'sales_inspection', 'business_management', 'finance', 'it', 'customer_service', 'compliance')),
    ADD COLUMN manager_id uuid REFERENCES app_user CHECK (manager_id <> id);
CREATE INDEX app_user_manager ON app_user (manager_id) WHERE manager_id IS NOT NULL;
