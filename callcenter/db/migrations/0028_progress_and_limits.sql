-- A complex case (F-10) is told of in a rhythm of its own (L-18, L-19): since when it is complex, and why where that was
-- set by a person; difficult and major ones are by themselves. Breached clocks are looked for by their moment.
ALTER TABLE ticket
    ADD COLUMN complex_at timestamptz,
    ADD COLUMN complex_reason text CHECK (length(complex_reason) BETWEEN 1 AND 20000),
    ADD CONSTRAINT ticket_complex CHECK (complex_reason IS NULL OR complex_at IS NOT NULL);
UPDATE ticket SET complex_at = received_at WHERE nature = 'complaint' AND severity <> 'general' AND status <> 'closed';
CREATE INDEX ticket_clock_unmarked ON ticket_clock (due_at)
    WHERE met_at IS NULL AND voided_at IS NULL AND breached_at IS NULL;

-- Limits are data with versions (b.4): what was changed, from which day, why and by what source. A ticket is reckoned by
-- the rulebook of its receipt day; rows are added and never changed, so that every version can be told later.
CREATE TABLE limit_change (
    id uuid PRIMARY KEY,
    rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 20),
    from_day date NOT NULL,
    unit text CHECK (unit IN ('same_day', 'SH', 'WD', 'ND', 'times')),
    amount integer CHECK (amount >= 0),
    switched_on boolean,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT limit_change_of_one CHECK (
        (unit IS NULL) = (amount IS NULL) AND (unit IS NULL) <> (switched_on IS NULL))
);
CREATE INDEX limit_change_rule ON limit_change (rule, from_day, changed_at);
CREATE TRIGGER limit_change_only_grows BEFORE UPDATE OR DELETE ON limit_change
    FOR EACH ROW EXECUTE FUNCTION cc_refuse_change();
CREATE TRIGGER limit_change_not_emptied BEFORE TRUNCATE ON limit_change
    FOR EACH STATEMENT EXECUTE FUNCTION cc_refuse_change();
