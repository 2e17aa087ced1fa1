-- What an account's plan gives and costs in one billing period, decided when it begins. Times are
-- microseconds since 1970, UTC.

-- Which plan version came into force when: a version that comes back has a row each time.
CREATE TABLE plan_load (
    id           INTEGER NOT NULL PRIMARY KEY, -- from 1, rising
    at           BIGINT  NOT NULL, -- since when; never before that of the row before
    plan_version BIGINT  NOT NULL REFERENCES plan_version (id)
);
INSERT INTO plan_load (id, at, plan_version)
    SELECT v.id, (SELECT max(w.loaded_at) FROM plan_version w WHERE w.id <= v.id), v.id
    FROM plan_version v;

ALTER TABLE balance ADD COLUMN plan TEXT NOT NULL DEFAULT '';                -- the account's last one in the period
ALTER TABLE balance ADD COLUMN plan_version BIGINT NOT NULL DEFAULT 0;       -- whose plan that is
ALTER TABLE balance ADD COLUMN subscription_cents BIGINT NOT NULL DEFAULT 0; -- what the plans of the period cost
UPDATE balance SET
    plan = (SELECT a.plan FROM account a
            WHERE a.bucket = balance.bucket AND a.id = balance.account_id),
    plan_version = (SELECT max(v.id) FROM plan_version v);
UPDATE balance SET subscription_cents = coalesce(
    (SELECT json_extract(p.value, '$.price_cents')
     FROM plan_version v, json_each(v.plans, '$.plans') p
     WHERE v.id = balance.plan_version
     AND lower(json_extract(p.value, '$.name')) = lower(balance.plan)), 0);
