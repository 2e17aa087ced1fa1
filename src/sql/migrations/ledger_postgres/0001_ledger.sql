-- The ledger that several nodes share: who may call, what calls took, and what is owed for it.
-- Times are microseconds since 1970, UTC; a period's number is year * 12 + month - 1 of its start.
--
-- bucket, 0 to 63, is the account's id modulo 64. It leads every key of the customers' tables, so
-- that they can be spread over machines; an id alone tells its bucket, so that what is unique in a
-- bucket is unique. Nothing here has a default that is not a constant.

-- ---- Accounts and keys ----

-- One row a customer.
CREATE TABLE account (
    bucket            BIGINT NOT NULL CHECK (bucket = id % 64),
    id                BIGINT NOT NULL,             -- from 1, rising; inward only
    outward_id        TEXT   NOT NULL,             -- 128 random bits in hexadecimal, the id that customers see
    email             TEXT   NOT NULL,             -- as it was given
    email_folded      TEXT   NOT NULL,             -- the same in lower-case ASCII letters: what is looked up
    name              TEXT   NOT NULL,             -- of the customer, may be empty
    plan              TEXT   NOT NULL,             -- name of a plan of the plan file
    next_plan         TEXT   NOT NULL DEFAULT '',  -- from the next period on; '': the same
    next_plan_at      BIGINT NOT NULL DEFAULT 0,   -- when next_plan comes into force; 0: none waits
    has_opted_in      BIGINT NOT NULL DEFAULT 0,   -- 1: overage, where the plan leaves it open
    spend_limit_cents BIGINT NOT NULL DEFAULT -1,  -- for overage, a period; -1: none
    suspended_at      BIGINT,                      -- since when its calls are refused; NULL: they are not
    unpaid_at         BIGINT,                      -- since when it is refused for an unpaid invoice; NULL: it is not
    password_hash     TEXT   NOT NULL DEFAULT '',  -- Argon2id with its salt and costs; '': none was set
    active_key_id     BIGINT,                      -- the key that the console calls with; NULL: none was chosen
    created_at        BIGINT NOT NULL,             -- when the account was made
    updated_at        BIGINT NOT NULL,             -- when this row was last changed
    PRIMARY KEY (bucket, id),
    UNIQUE (bucket, outward_id)
);
CREATE INDEX account_by_id ON account (id);
CREATE INDEX account_by_outward_id ON account (outward_id);
CREATE INDEX account_suspended ON account (bucket, id) WHERE suspended_at IS NOT NULL;
CREATE INDEX account_unpaid ON account (bucket, id) WHERE unpaid_at IS NOT NULL;
CREATE INDEX account_by_next_plan ON account (id) WHERE next_plan <> '';

-- One row a mail address that is taken: in the bucket of the address, not of the account.
CREATE TABLE account_email (
    bucket       BIGINT NOT NULL, -- of email_folded: its SHA-256's first byte modulo 64
    email_folded TEXT   NOT NULL,
    account_id   BIGINT NOT NULL,
    PRIMARY KEY (bucket, email_folded)
);

-- One row a key; the key itself is kept nowhere.
CREATE TABLE api_key (
    bucket           BIGINT NOT NULL, -- of the account
    account_id       BIGINT NOT NULL, -- whose key it is
    id               BIGINT NOT NULL, -- from 1, rising; inward only
    outward_id       TEXT   NOT NULL, -- 128 random bits in hexadecimal, the id that customers see
    digest           BYTEA  NOT NULL, -- SHA-256 of the whole key
    prefix           TEXT   NOT NULL, -- its first 12 characters, for display
    suffix           TEXT   NOT NULL, -- its last 4 characters, for display
    name             TEXT   NOT NULL, -- given by the customer, may be empty
    daily_credit_cap BIGINT,          -- NULL: none
    cap_family       BIGINT,          -- id of the first key that it goes back to by rotations; NULL: its own
    created_at       BIGINT NOT NULL, -- when the key was made
    rotated_at       BIGINT,          -- when another took its place; NULL: none did
    replaced_by      BIGINT,          -- id of the key that took its place; NULL: none did
    stops_at         BIGINT,          -- when it ceases to work after a rotation; NULL: never by itself
    expires_at       BIGINT,          -- when it ceases to work, set when it was made; NULL: never
    revoked_at       BIGINT,          -- when it was revoked; NULL: it was not
    source           TEXT   NOT NULL DEFAULT 'command_line', -- who made it: 'created', 'rotated', 'command_line'
    last_used_at     BIGINT,          -- a minute in which it was used last; NULL: never
    last_used_ip     TEXT   NOT NULL DEFAULT '', -- from where that was
    updated_at       BIGINT NOT NULL, -- when this row was last changed
    PRIMARY KEY (bucket, account_id, id),
    UNIQUE (bucket, digest),
    UNIQUE (bucket, outward_id),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE INDEX api_key_by_id ON api_key (id);
CREATE INDEX api_key_by_outward_id ON api_key (outward_id);

-- Who changed which account, key or plan; also how nodes learn of each other's changes: ids rise in
-- the order of commits.
CREATE TABLE audit_event (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL,
    id         BIGINT NOT NULL, -- rising over all accounts
    at         BIGINT NOT NULL,
    verb       TEXT   NOT NULL, -- 'account_plan', 'key_revoke', ...
    detail     TEXT   NOT NULL, -- JSON: what changed, without secrets
    PRIMARY KEY (bucket, account_id, id)
);
CREATE INDEX audit_event_by_id ON audit_event (id);
CREATE INDEX audit_event_by_bucket ON audit_event (bucket, id);

-- One row a session of the console that goes on.
CREATE TABLE session (
    bucket       BIGINT NOT NULL, -- of the account
    account_id   BIGINT NOT NULL, -- whose session it is
    id           BIGINT NOT NULL, -- from 1, rising; inward only
    outward_id   TEXT   NOT NULL, -- 128 random bits in hexadecimal, the id that customers see
    digest       BYTEA  NOT NULL, -- SHA-256 of what its cookie holds, which is kept nowhere
    created_at   BIGINT NOT NULL, -- when it began
    last_seen_at BIGINT NOT NULL, -- a minute in which it was used last
    ip           TEXT   NOT NULL, -- from where it began
    user_agent   TEXT   NOT NULL, -- the browser, as that names itself; may be empty
    by_link      BIGINT NOT NULL, -- 1: it began with a sign-in link, and may set a password
    PRIMARY KEY (bucket, account_id, id),
    UNIQUE (bucket, digest),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE INDEX session_by_id ON session (id);
CREATE INDEX session_by_digest ON session (digest);

-- One row a sign-in link that was made and not used.
CREATE TABLE sign_in_link (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL, -- who signs in by it
    digest     BYTEA  NOT NULL, -- SHA-256 of the link's token, which is kept nowhere
    expires_at BIGINT NOT NULL, -- until when it may be used
    PRIMARY KEY (bucket, account_id, digest),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE INDEX sign_in_link_by_digest ON sign_in_link (digest);

-- ---- Plans ----

-- One row a plan file that was ever in force: what charges name as their terms.
CREATE TABLE plan_version (
    id        BIGINT NOT NULL PRIMARY KEY, -- from 1, rising
    loaded_at BIGINT NOT NULL,             -- when it came into force first
    digest    BYTEA  NOT NULL UNIQUE,      -- SHA-256 of plans
    plans     TEXT   NOT NULL              -- plans and prices as canonical JSON
);

-- Which plan version came into force when: a version that comes back has a row each time.
CREATE TABLE plan_load (
    id           BIGINT NOT NULL PRIMARY KEY, -- from 1, rising
    at           BIGINT NOT NULL,             -- since when; never before that of the row before
    plan_version BIGINT NOT NULL REFERENCES plan_version (id)
);

-- ---- Admission: what an account may do now. Held by a row lock from the decision to its commit. ----

-- One row an account: its calls of the last 60 seconds, and what locks it.
CREATE TABLE account_window (
    bucket     BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    newest_at  BIGINT NOT NULL, -- the latest instant at which a call was decided; no later one is before it
    has_caps   BIGINT NOT NULL DEFAULT 0, -- 1: a key of the account has, or had, a daily cap
    written_by BIGINT NOT NULL DEFAULT 0, -- which writing of calls was the last: see cluster_batch.c
    calls      BYTEA  NOT NULL, -- when they were admitted, the newest first: see model/rate_limit.h. What
                                -- is new comes before what is old, of which so nothing is logged anew
    PRIMARY KEY (bucket, account_id)
) WITH (fillfactor = 50,           -- each call writes its row anew: on the same page,
        toast_tuple_target = 8160); -- and in it, as long as it fits
ALTER TABLE account_window ALTER COLUMN calls SET STORAGE EXTERNAL; -- packed already

-- What an account has used in one billing period.
CREATE TABLE balance (
    bucket             BIGINT NOT NULL, -- of the account
    account_id         BIGINT NOT NULL,
    period             BIGINT NOT NULL,
    day                BIGINT NOT NULL, -- days since 1970 of the last charge
    day_used           BIGINT NOT NULL, -- credits charged on that day
    included           BIGINT NOT NULL, -- credits that the plan included in the period
    used               BIGINT NOT NULL, -- of the included ones
    overage            BIGINT NOT NULL, -- credits past them
    overage_micros     BIGINT NOT NULL, -- what those cost, in micro-dollars
    plan               TEXT   NOT NULL DEFAULT '', -- the account's last one in the period
    plan_version       BIGINT NOT NULL DEFAULT 0,  -- whose plan that is
    subscription_cents BIGINT NOT NULL DEFAULT 0,  -- what the plans of the period cost
    granted            BIGINT NOT NULL DEFAULT 0,  -- credits added to included by grants and refunds
    refunded_micros    BIGINT NOT NULL DEFAULT 0,  -- of overage_micros, given back within the period
    PRIMARY KEY (bucket, account_id, period)
) WITH (fillfactor = 50); -- as account_window

-- What a key that has a daily cap, and all that share it, were charged on one day.
CREATE TABLE key_day (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL,
    cap_family BIGINT NOT NULL,
    day        BIGINT NOT NULL, -- since 1970, of the last charge
    used       BIGINT NOT NULL, -- credits on that day
    PRIMARY KEY (bucket, account_id, cap_family)
);

-- An Idempotency-Key that a charge was made with. Forgotten after ten minutes.
CREATE TABLE idempotency_use (
    bucket         BIGINT NOT NULL, -- of the account
    account_id     BIGINT NOT NULL,
    key            TEXT   NOT NULL,
    at             BIGINT NOT NULL, -- when it was charged
    endpoint       BIGINT NOT NULL,
    arguments_hash BIGINT NOT NULL,
    snapshot_id    BIGINT NOT NULL,
    charge_id      BYTEA  NOT NULL, -- 128 bits
    PRIMARY KEY (bucket, account_id, key)
);
CREATE INDEX idempotency_use_by_age ON idempotency_use (at);

-- ---- The journal and what it adds up to ----

-- One row a batch of calls that took a slot; appended and never changed. Usage is a projection of
-- it, and so are balances.
CREATE TABLE journal (
    bucket   BIGINT NOT NULL, -- of the accounts whose calls are in body; -1: of several
    id       BIGINT NOT NULL, -- rising; a node's rows in the order of its commits
    node     BIGINT NOT NULL, -- who wrote it; 0: no node, but a change of the account, or a copy of a file
    batch_id BYTEA  NOT NULL, -- 128 random bits: tells whether a commit took place whose end was not seen
    at       BIGINT NOT NULL, -- wall time of the batch, by the database's clock
    calls    BIGINT NOT NULL, -- in body
    body     BYTEA  NOT NULL, -- the calls, packed: see ledger/journal.h
    PRIMARY KEY (bucket, id),
    UNIQUE (bucket, batch_id)
);
CREATE INDEX journal_by_id ON journal (id);
CREATE INDEX journal_by_node ON journal (node, id);
CREATE SEQUENCE journal_id;

-- The last journal row of each node that the projections below hold.
CREATE TABLE fold_mark (
    node       BIGINT NOT NULL PRIMARY KEY,
    journal_id BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL -- when the node was last at work
);

-- What the projections lack.
CREATE VIEW unfolded AS
    SELECT j.id, j.at, j.body, j.node FROM journal j
    JOIN fold_mark m ON m.node = j.node AND j.id > m.journal_id;

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

-- Where an account's calls lie in the journal: one row an account and fold in which it called, so
-- that its events are found without reading the whole journal.
CREATE TABLE activity (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL,
    first_id   BIGINT NOT NULL, -- journal rows first_id to last_id hold calls of it
    last_id    BIGINT NOT NULL,
    first_at   BIGINT,          -- wall time of the earliest call
    last_at    BIGINT,          -- wall time of the latest
    PRIMARY KEY (bucket, account_id, first_id)
);
CREATE INDEX activity_by_last ON activity (bucket, account_id, last_id, first_id, first_at, last_at);

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

-- ---- Billing ----

-- What statements count, by the period that bills it; final once that is closed.
CREATE TABLE billed (
    bucket         BIGINT NOT NULL, -- account's
    account_id     BIGINT NOT NULL,
    billed_in      BIGINT NOT NULL, -- period whose statement has it
    period         BIGINT NOT NULL, -- of its use: an earlier one where it came late
    kind           BIGINT NOT NULL, -- see ledger/billed.h
    cents_per_1000 BIGINT NOT NULL, -- rate of the overage; -1: it has none
    credits        BIGINT NOT NULL,
    PRIMARY KEY (bucket, account_id, billed_in, period, kind, cents_per_1000)
);

-- One row each time that periods were closed: all that end by at.
CREATE TABLE closing (
    id         BIGINT NOT NULL PRIMARY KEY, -- from 1, rising
    at         BIGINT NOT NULL, -- 00:00 UTC of a day, rising
    closed_at  BIGINT NOT NULL, -- when that was done
    journal_id BIGINT NOT NULL, -- the last row that the closed periods have in their statements
    account_id BIGINT           -- statements up to this account are written; NULL: all are
);
CREATE INDEX closing_to_do ON closing (id) WHERE account_id IS NOT NULL;

-- A closed period in which anything was used, owed or given; never changed.
CREATE TABLE billing_period (
    bucket      BIGINT NOT NULL,
    account_id  BIGINT NOT NULL,
    period      BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL, -- the first instant after it
    closed_at   BIGINT NOT NULL, -- when its statement was frozen
    total_cents BIGINT NOT NULL, -- the sum of its lines; below 0: the customer is owed
    statement   TEXT   NOT NULL, -- canonical JSON (RFC 8785)
    digest      BYTEA  NOT NULL, -- SHA-256 of statement
    PRIMARY KEY (bucket, account_id, period)
);

-- Statements that are owed money for. A row leaves when it is paid.
CREATE TABLE open_invoice (
    bucket      BIGINT NOT NULL,
    account_id  BIGINT NOT NULL,
    period      BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL, -- of the period: the grace counts from there
    total_cents BIGINT NOT NULL, -- over 0
    PRIMARY KEY (bucket, account_id, period)
);
CREATE INDEX open_invoice_by_end ON open_invoice (ends_at);

-- What was paid of them.
CREATE TABLE payment (
    bucket      BIGINT NOT NULL,
    account_id  BIGINT NOT NULL,
    period      BIGINT NOT NULL,
    paid_at     BIGINT NOT NULL, -- when it was recorded
    total_cents BIGINT NOT NULL,
    adapter     TEXT   NOT NULL, -- who recorded it: 'manual' is the operator
    PRIMARY KEY (bucket, account_id, period)
);

-- Charges that were given back: each once.
CREATE TABLE refund (
    bucket     BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    charge_id  BYTEA  NOT NULL, -- 128 bits
    PRIMARY KEY (bucket, account_id, charge_id)
);

-- ---- The two ends of an admission: accounts are held; then read and decided about by the node; then written ----

-- Locks accounts, in one order, and reads the clock when they are locked: what they may do is to be
-- read in a statement after this, because a statement sees what was there when it began. own_clock is
-- 0, or the present of a node whose clock is not to be the database's. What it returns is the present,
-- never in a period that is closed.
CREATE FUNCTION hold(wanted BIGINT[], own_clock BIGINT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    present BIGINT := own_clock;
BEGIN
    LOCK TABLE journal IN ROW EXCLUSIVE MODE; -- who closes periods waits for those at work
    PERFORM 1 FROM account_window w JOIN unnest(wanted) AS v (id)
        ON w.bucket = v.id % 64 AND w.account_id = v.id
        ORDER BY w.bucket, w.account_id FOR UPDATE OF w;
    IF present = 0 THEN
        present := CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT);
    END IF;
    RETURN greatest(present, (SELECT c.at FROM closing c ORDER BY c.id DESC LIMIT 1));
END $$;

-- Writes what was decided for accounts that are held, and the batch's journal row, whose id it
-- returns; the second time a batch comes, its id is taken already.
CREATE FUNCTION admit(
    batch BYTEA, by_node BIGINT, writing BIGINT, present BIGINT, call_count BIGINT,
    calls_body BYTEA, windows BYTEA,
    callers BIGINT[], stamps BIGINT[], starts BIGINT[], lengths BIGINT[], keepers BIGINT[],
    payers BIGINT[], periods BIGINT[], days BIGINT[], days_used BIGINT[], useds BIGINT[],
    overages BIGINT[], overages_micros BIGINT[], plans TEXT[], plan_versions BIGINT[],
    includeds BIGINT[], cents BIGINT[]) RETURNS BIGINT
LANGUAGE plpgsql AS $$
DECLARE
    row_id BIGINT := nextval('journal_id');
    kept BIGINT;
BEGIN
    UPDATE account_window w SET newest_at = v.stamp, written_by = writing,
            calls = substr(windows, CAST(v.start AS INTEGER), CAST(v.length AS INTEGER))
                || CASE v.keeps WHEN 1 THEN w.calls ELSE '' END
        FROM unnest(callers, stamps, starts, lengths, keepers)
            AS v (id, stamp, start, length, keeps)
        WHERE w.bucket = v.id % 64 AND w.account_id = v.id;
    UPDATE balance b SET day = v.day, day_used = v.day_used, used = v.used, overage = v.overage,
            overage_micros = v.overage_micros
        FROM unnest(payers, periods, days, days_used, useds, overages, overages_micros)
            AS v (id, period, day, day_used, used, overage, overage_micros)
        WHERE b.bucket = v.id % 64 AND b.account_id = v.id AND b.period = v.period;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept < cardinality(payers) THEN -- a period's first charge makes its row
        INSERT INTO balance (bucket, account_id, period, day, day_used, used, overage,
                overage_micros, plan, plan_version, included, subscription_cents)
            SELECT v.id % 64, v.id, v.period, v.day, v.day_used, v.used, v.overage,
                v.overage_micros, v.plan, v.plan_version, v.included, v.cents
            FROM unnest(payers, periods, days, days_used, useds, overages, overages_micros, plans,
                plan_versions, includeds, cents) AS v (id, period, day, day_used, used, overage,
                overage_micros, plan, plan_version, included, cents)
            ON CONFLICT (bucket, account_id, period) DO NOTHING;
    END IF;
    INSERT INTO journal (bucket, id, node, batch_id, at, calls, body)
        VALUES (-1, row_id, by_node, batch, present, call_count, calls_body);
    RETURN row_id;
END $$;
