-- A list that suddenly is of less than half of its predecessor's length is kept, but is never served as fresh.

-- 1: a source gave it so; whoever imports a list by hand knows what it holds.
ALTER TABLE snapshot ADD COLUMN is_short INTEGER NOT NULL DEFAULT 0;
