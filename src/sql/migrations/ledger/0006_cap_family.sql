-- Which keys share one daily credit cap. Times are microseconds since 1970, UTC.

-- A key that takes the place of another goes on with its cap, and with what it was charged today.
ALTER TABLE api_key ADD COLUMN cap_family BIGINT; -- id of the first key that it goes back to by rotations; NULL: its own
