-- What a sealed recording says of the switch that carried its call, and of the clocks at that moment (archive.md §2.4).

ALTER TABLE switch_boot
    ADD COLUMN asterisk_id text,
    ADD COLUMN version text,
    ADD COLUMN options text;

-- How far the switch's clock is ahead of ours, as the process that owns the calls measured it.
ALTER TABLE telephony_beat
    ADD COLUMN switch_offset_ms bigint,
    ADD COLUMN switch_read_at timestamptz;
