-- What the journal adds up to, folded once a second. Times are microseconds since 1970, UTC.

-- The last journal row that the projections below hold. One row.
CREATE TABLE fold_mark (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    journal_id BIGINT  NOT NULL
);
INSERT INTO fold_mark (one, journal_id) VALUES (1, 0);

-- What an account has used in one billing period.
CREATE TABLE balance (
    bucket         BIGINT NOT NULL, -- of the account
    account_id     BIGINT NOT NULL,
    period         BIGINT NOT NULL, -- year * 12 + month - 1 of its start
    day            BIGINT NOT NULL, -- days since 1970 of the last charge
    day_used       BIGINT NOT NULL, -- credits charged on that day
    included       BIGINT NOT NULL, -- credits that the plan included in the period
    used           BIGINT NOT NULL, -- of the included ones
    overage        BIGINT NOT NULL, -- credits past them
    overage_micros BIGINT NOT NULL, -- what those cost, in micro-dollars
    PRIMARY KEY (bucket, account_id, period)
);

-- What a key did at an endpoint in one hour (UTC): calls by outcome, and credits.
CREATE TABLE usage_hour (
    bucket         BIGINT NOT NULL, -- of the account
    account_id     BIGINT NOT NULL,
    key_id         BIGINT NOT NULL,
    endpoint       BIGINT NOT NULL, -- number of its row in the endpoint table
    hour           BIGINT NOT NULL, -- since 1970
    charged        BIGINT NOT NULL, -- calls answered 200 and charged
    unchanged      BIGINT NOT NULL, -- 304
    head           BIGINT NOT NULL, -- HEAD
    empty_page     BIGINT NOT NULL, -- 200 with an empty page
    replayed       BIGINT NOT NULL, -- idempotent retries
    free           BIGINT NOT NULL, -- endpoints without a price
    invalid        BIGINT NOT NULL, -- 400
    conflict       BIGINT NOT NULL, -- 422
    key_daily      BIGINT NOT NULL, -- 402, the key's daily cap
    daily          BIGINT NOT NULL, -- 402, the account's daily cap
    insufficient   BIGINT NOT NULL, -- 402, the period's credits
    spend_limit    BIGINT NOT NULL, -- 402, the spend limit
    unavailable    BIGINT NOT NULL, -- 503
    rate_limited   BIGINT NOT NULL, -- 429: they take no slot, so the journal lacks them
    credits        BIGINT NOT NULL, -- charged
    overage        BIGINT NOT NULL, -- of them, past the included ones
    overage_micros BIGINT NOT NULL, -- what those cost
    PRIMARY KEY (bucket, account_id, key_id, endpoint, hour)
);

-- Where an account's charges lie in the journal: one row an account and fold in which it was
-- charged, so that its events are found without reading the whole journal.
CREATE TABLE activity (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL,
    first_id   BIGINT NOT NULL, -- journal rows first_id to last_id hold charges of it
    last_id    BIGINT NOT NULL,
    PRIMARY KEY (bucket, account_id, first_id)
);
