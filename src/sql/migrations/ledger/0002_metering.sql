-- Metering: what calls took, what is left, and under which terms. Times are microseconds since
-- 1970, UTC.

-- An account's plan and switches.
ALTER TABLE account ADD COLUMN next_plan TEXT NOT NULL DEFAULT '';             -- from the next period on; '': the same
ALTER TABLE account ADD COLUMN has_opted_in BIGINT NOT NULL DEFAULT 0;         -- 1: overage, where the plan leaves it open
ALTER TABLE account ADD COLUMN spend_limit_cents BIGINT NOT NULL DEFAULT -1;   -- for overage, a period; -1: none

-- A key's own daily credit cap.
ALTER TABLE api_key ADD COLUMN daily_credit_cap BIGINT;                        -- NULL: none

-- One row a plan file that was ever in force: what charges name as their terms.
CREATE TABLE plan_version (
    id        INTEGER NOT NULL PRIMARY KEY, -- from 1, rising
    loaded_at BIGINT  NOT NULL,             -- when it came into force first
    digest    BLOB    NOT NULL UNIQUE,      -- SHA-256 of plans
    plans     TEXT    NOT NULL              -- plans and prices as canonical JSON
);

-- One row a batch of calls that took a slot; appended and never changed. Balances and
-- usage are projections of it.
CREATE TABLE journal (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- rising
    at         BIGINT  NOT NULL, -- wall time of the commit's beginning
    boot       BIGINT  NOT NULL, -- which boot of the machine elapsed_us counts from
    elapsed_us BIGINT  NOT NULL, -- since that boot, on a clock that never steps
    calls      BIGINT  NOT NULL, -- in body
    body       BLOB    NOT NULL  -- the calls, packed: see ledger/journal.h
);

-- Who changed which account, key or plan.
CREATE TABLE audit_event (
    bucket     BIGINT  NOT NULL, -- of the account
    account_id BIGINT  NOT NULL,
    id         INTEGER NOT NULL, -- rising over all accounts
    at         BIGINT  NOT NULL,
    verb       TEXT    NOT NULL, -- 'account_plan', 'key_revoke', ...
    detail     TEXT    NOT NULL, -- JSON: what changed, without secrets
    PRIMARY KEY (bucket, account_id, id)
);
CREATE UNIQUE INDEX audit_event_by_id ON audit_event (id);
