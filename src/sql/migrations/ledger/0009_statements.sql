-- Statements: what each billing period comes to, frozen at its end. Times are microseconds since
-- 1970, UTC; a period's number is year * 12 + month - 1 of its start.

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
INSERT INTO billed (bucket, account_id, billed_in, period, kind, cents_per_1000, credits)
    SELECT bucket, account_id, period, period, 1, overage_micros / (10 * overage), overage
    FROM balance WHERE overage > 0;

-- One row each time that periods were closed: all that end by at.
CREATE TABLE closing (
    id         INTEGER NOT NULL PRIMARY KEY, -- from 1, rising
    at         BIGINT  NOT NULL, -- 00:00 UTC of a day, rising
    closed_at  BIGINT  NOT NULL, -- when that was done
    journal_id BIGINT  NOT NULL, -- the last row that the closed periods have in their statements
    account_id BIGINT            -- statements up to this account are written; NULL: all are
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
    digest      BLOB   NOT NULL, -- SHA-256 of statement
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
    charge_id  BLOB   NOT NULL, -- 128 bits
    PRIMARY KEY (bucket, account_id, charge_id)
);

ALTER TABLE account ADD COLUMN unpaid_at BIGINT;                          -- since when it is refused for an unpaid invoice; NULL: it is not
CREATE INDEX account_unpaid ON account (bucket, id) WHERE unpaid_at IS NOT NULL;
ALTER TABLE balance ADD COLUMN granted BIGINT NOT NULL DEFAULT 0;         -- credits added to included by grants and refunds
ALTER TABLE balance ADD COLUMN refunded_micros BIGINT NOT NULL DEFAULT 0; -- of overage_micros, given back within the period
