-- The console: how an account signs in, its sessions, and what its keys were used for last. Times
-- are microseconds since 1970, UTC.

ALTER TABLE account ADD COLUMN password_hash TEXT NOT NULL DEFAULT ''; -- Argon2id with its salt and costs; '': none was set
ALTER TABLE account ADD COLUMN active_key_id BIGINT;                   -- the key that the console calls with; NULL: none was chosen

ALTER TABLE api_key ADD COLUMN expires_at BIGINT;                      -- when it ceases to work, set when it was made; NULL: never
ALTER TABLE api_key ADD COLUMN source TEXT NOT NULL DEFAULT 'command_line'; -- who made it: 'created' in the console, 'rotated', 'command_line'
ALTER TABLE api_key ADD COLUMN replaced_by BIGINT;                     -- id of the key that took its place; NULL: none did
ALTER TABLE api_key ADD COLUMN last_used_at BIGINT;                    -- a minute in which it was used last; NULL: never
ALTER TABLE api_key ADD COLUMN last_used_ip TEXT NOT NULL DEFAULT '';  -- from where that was

-- One row a session of the console that goes on.
CREATE TABLE session (
    bucket       BIGINT NOT NULL, -- of the account
    account_id   BIGINT NOT NULL, -- whose session it is
    id           BIGINT NOT NULL, -- from 1, rising; inward only
    outward_id   TEXT   NOT NULL, -- 128 random bits in hexadecimal, the id that customers see
    digest       BLOB   NOT NULL, -- SHA-256 of what its cookie holds, which is kept nowhere
    created_at   BIGINT NOT NULL, -- when it began
    last_seen_at BIGINT NOT NULL, -- a minute in which it was used last
    ip           TEXT   NOT NULL, -- from where it began
    user_agent   TEXT   NOT NULL, -- the browser, as that names itself; may be empty
    by_link      BIGINT NOT NULL, -- 1: it began with a sign-in link, and may set a password
    PRIMARY KEY (bucket, account_id, id),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE UNIQUE INDEX session_by_digest ON session (digest);
CREATE UNIQUE INDEX session_by_id ON session (id);

-- One row a sign-in link that was made and not used.
CREATE TABLE sign_in_link (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL, -- who signs in by it
    digest     BLOB   NOT NULL, -- SHA-256 of the link's token, which is kept nowhere
    expires_at BIGINT NOT NULL, -- until when it may be used
    PRIMARY KEY (bucket, account_id, digest),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE UNIQUE INDEX sign_in_link_by_digest ON sign_in_link (digest);
