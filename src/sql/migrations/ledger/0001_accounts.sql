-- The ledger: who may call, and with which keys. Times are microseconds since 1970, UTC.

-- One row a customer.
CREATE TABLE account (
    bucket       BIGINT NOT NULL, -- 0 to 63, the account id modulo 64; leads every key, so that
                                  -- a cluster can spread the customers over its nodes
    id           BIGINT NOT NULL, -- from 1, rising; inward only
    outward_id   TEXT   NOT NULL, -- 128 random bits in hexadecimal, the id that customers see
    email        TEXT   NOT NULL, -- as it was given
    email_folded TEXT   NOT NULL, -- the same in lower-case ASCII letters: what is unique and looked up
    name         TEXT   NOT NULL, -- of the customer, may be empty
    plan         TEXT   NOT NULL, -- name of a plan of the plan file
    suspended_at BIGINT,          -- since when its calls are refused; NULL: they are not
    created_at   BIGINT NOT NULL, -- when the account was made
    updated_at   BIGINT NOT NULL, -- when this row was last changed
    PRIMARY KEY (bucket, id)
);
CREATE UNIQUE INDEX account_by_email ON account (email_folded);
CREATE UNIQUE INDEX account_by_id ON account (id);
CREATE UNIQUE INDEX account_by_outward_id ON account (outward_id);
CREATE INDEX account_suspended ON account (bucket, id) WHERE suspended_at IS NOT NULL;

-- One row a key; the key itself is kept nowhere.
CREATE TABLE api_key (
    bucket     BIGINT NOT NULL, -- of the account
    account_id BIGINT NOT NULL, -- whose key it is
    id         BIGINT NOT NULL, -- from 1, rising; inward only
    outward_id TEXT   NOT NULL, -- 128 random bits in hexadecimal, the id that customers see
    digest     BLOB   NOT NULL, -- SHA-256 of the whole key
    prefix     TEXT   NOT NULL, -- its first 12 characters, for display
    suffix     TEXT   NOT NULL, -- its last 4 characters, for display
    name       TEXT   NOT NULL, -- given by the customer, may be empty
    created_at BIGINT NOT NULL, -- when the key was made
    rotated_at BIGINT,          -- when another took its place; NULL: none did
    stops_at   BIGINT,          -- when it ceases to work; NULL: never by itself
    revoked_at BIGINT,          -- when it was revoked; NULL: it was not
    updated_at BIGINT NOT NULL, -- when this row was last changed
    PRIMARY KEY (bucket, account_id, id),
    FOREIGN KEY (bucket, account_id) REFERENCES account (bucket, id)
);
CREATE UNIQUE INDEX api_key_by_digest ON api_key (digest);
CREATE UNIQUE INDEX api_key_by_outward_id ON api_key (outward_id);
CREATE UNIQUE INDEX api_key_by_id ON api_key (id);
