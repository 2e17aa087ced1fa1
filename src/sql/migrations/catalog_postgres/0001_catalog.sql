-- The catalogue: every captured list with its history, and what its collectors share. The same tables as SQLite's, in the
-- schema "catalog" of the cluster's database. Texts are compared byte by byte, as there. Times are microseconds since 1970, UTC.

-- One row a list that has ever been captured.
CREATE TABLE list (
    id       BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- made at the list's first snapshot
    country  TEXT COLLATE "C" NOT NULL, -- ISO 3166-1 alpha-2, or 'ALL' for the global list
    period   BIGINT NOT NULL,           -- days the ranking looks back: 7, 30 or 120
    industry BIGINT NOT NULL,           -- industry id, 0 for the list over all industries
    UNIQUE (country, period, industry)
);

-- One row a publication; never changed afterwards. One transaction publishes at a time, so that ids appear in their order.
CREATE TABLE snapshot (
    id            BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- rises with each publication, never used twice
    list_id       BIGINT NOT NULL REFERENCES list (id), -- which list was captured
    captured_at   BIGINT NOT NULL,                      -- when it was captured
    as_of         BIGINT NOT NULL,                      -- newest trend point, else captured_at
    source        TEXT COLLATE "C" NOT NULL,            -- who captured it: 'import', 'creative-center', ...
    hashtag_count BIGINT NOT NULL,                      -- items in it
    digest        BYTEA  NOT NULL,                      -- SHA-256 of the canonical JSON
    plain_size    BIGINT NOT NULL,                      -- bytes of the canonical JSON
    items         BYTEA  NOT NULL,                      -- the canonical JSON, compressed with zstd
    published_at  BIGINT NOT NULL,                      -- when this row was written
    is_short      BIGINT NOT NULL DEFAULT 0, -- 1: of less than half of its predecessor's length, as a source gave it
    UNIQUE (list_id, captured_at, source)
);
ALTER TABLE snapshot ALTER COLUMN items SET STORAGE EXTERNAL; -- it is compressed already

-- One row a hashtag that ever stood on a list, so that the many rows about it need not repeat its name.
CREATE TABLE hashtag (
    id           BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    hashtag_id   TEXT COLLATE "C" NOT NULL, -- the id that its source gave it, digits as written
    hashtag_name TEXT COLLATE "C" NOT NULL, -- as captured, without the #
    UNIQUE (hashtag_id, hashtag_name)
);
CREATE INDEX hashtag_by_name ON hashtag (lower(hashtag_name)); -- of A to Z alone, by the collation

-- One row a hashtag and snapshot; in the order of ranks, as one capture is read.
CREATE TABLE appearance (
    snapshot_id BIGINT NOT NULL REFERENCES snapshot (id), -- the capture that it stood in
    rank        BIGINT NOT NULL,                          -- its place there, from 1
    hashtag     BIGINT NOT NULL REFERENCES hashtag (id) DEFERRABLE INITIALLY DEFERRED, -- which hashtag
    list_id     BIGINT NOT NULL REFERENCES list (id),     -- the snapshot's list, for the index below
    posts       BIGINT NOT NULL,                          -- videos published with it in the list's period
    views       BIGINT NOT NULL,                          -- views of those videos
    PRIMARY KEY (snapshot_id, rank)
);

-- One hashtag's history in one list.
CREATE INDEX appearance_by_hashtag ON appearance (hashtag, list_id, snapshot_id);

-- Snapshots whose appearances are still to be written. Here they are written with the snapshot: it stays empty.
CREATE TABLE appearance_due (
    snapshot_id BIGINT NOT NULL PRIMARY KEY REFERENCES snapshot (id) -- which snapshot
);

-- One row a source that was ever asked.
CREATE TABLE source_use (
    source       TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- as in [source.NAME]
    day          BIGINT NOT NULL, -- days since 1970 of the last request
    used_today   BIGINT NOT NULL, -- requests taken on that day, from 00:00 UTC on
    paused_from  BIGINT NOT NULL, -- when it was last put off, 0: never
    paused_until BIGINT NOT NULL, -- and until when
    is_shut      BIGINT NOT NULL, -- 1: put off because it failed again and again
    lists        BIGINT NOT NULL, -- lists that it gave, ever
    succeeded_at BIGINT NOT NULL, -- when it last gave one, 0: never
    failed_at    BIGINT NOT NULL, -- when it last failed, 0: never
    fault        TEXT COLLATE "C" NOT NULL -- the sentence of that failure
);

-- One row a request of the last minute, written before it is made. Ages come from a clock that does
-- not step and counts anew with each boot of the machine.
CREATE TABLE source_request (
    id       BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- to say when it was answered
    source   TEXT COLLATE "C" NOT NULL, -- as in [source.NAME]
    wall_at  BIGINT NOT NULL,           -- when it was taken, and then when it was answered
    boot     BIGINT NOT NULL,           -- of the machine
    elapsed  BIGINT NOT NULL            -- the same instant by the clock that counts since that boot
);
CREATE INDEX source_request_of_source ON source_request (source, boot, elapsed);

-- One row a list that is being fetched, or pauses.
CREATE TABLE collection_job (
    country     TEXT COLLATE "C" NOT NULL, -- as in list
    period      BIGINT NOT NULL,
    industry    BIGINT NOT NULL,
    holder      BIGINT NOT NULL, -- a random number of the collector that fetches it; 0: nobody does
    leased_at   BIGINT NOT NULL, -- when it took or renewed its lease
    lease_until BIGINT NOT NULL, -- another may fetch the list from then on
    failures    BIGINT NOT NULL, -- one after the other
    paused_from BIGINT NOT NULL, -- when the pause began
    not_before  BIGINT NOT NULL, -- when it may be fetched again
    PRIMARY KEY (country, period, industry)
);
