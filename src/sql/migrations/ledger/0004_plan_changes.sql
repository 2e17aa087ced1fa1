-- When a plan that waits for the next period comes into force. Times are microseconds since 1970,
-- UTC.
ALTER TABLE account ADD COLUMN next_plan_at BIGINT NOT NULL DEFAULT 0; -- when next_plan comes into force; 0: none waits
CREATE INDEX account_by_next_plan ON account (id) WHERE next_plan <> '';
