-- Where an account's calls come from, and where they lie in the journal. Times are microseconds
-- since 1970, UTC.

-- What an address did on one day (UTC): best effort, what a killed process had not folded is lost.
-- Kept 30 days; an account has at most 64 addresses a day, what further ones did is under ''.
CREATE TABLE recent_address (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL,
    day        BIGINT NOT NULL, -- since 1970
    address    TEXT   NOT NULL, -- as IPv4 or IPv6 is printed; '': all further ones of the day
    first_seen BIGINT NOT NULL, -- its first call of the day
    last_seen  BIGINT NOT NULL, -- its last one
    succeeded  BIGINT NOT NULL, -- calls that were answered as asked: 200, 304, HEAD
    failed     BIGINT NOT NULL, -- calls that were refused: 400, 402, 422, 429, 503
    user_agent TEXT   NOT NULL, -- of its last charged call; '': none was charged, or it said none
    PRIMARY KEY (bucket, account_id, day, address)
);
CREATE INDEX recent_address_by_day ON recent_address (day);

-- From here on a range holds every call of the account that took a slot, not its charges alone.
ALTER TABLE activity ADD COLUMN first_at BIGINT; -- wall time of the earliest call; NULL: not known
ALTER TABLE activity ADD COLUMN last_at BIGINT;  -- wall time of the latest; NULL: not known
CREATE INDEX activity_by_last ON activity (bucket, account_id, last_id, first_id, first_at, last_at);
