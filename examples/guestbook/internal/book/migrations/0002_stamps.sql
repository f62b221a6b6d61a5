-- The worker stamps each entry once.
ALTER TABLE entries
    ADD COLUMN stamped_at timestamptz,
    ADD COLUMN stamped_by text;

CREATE INDEX entries_unstamped ON entries (id) WHERE stamped_at IS NULL;
