-- Accounts are folded a few cohorts at a time. Up to fold_mark all are; these are further.
CREATE TABLE fold_cohort (
    cohort     BIGINT NOT NULL PRIMARY KEY, -- of an account: id / 16384 * 64 + id % 64
    journal_id BIGINT NOT NULL -- the last row that the projections hold of its accounts
);
