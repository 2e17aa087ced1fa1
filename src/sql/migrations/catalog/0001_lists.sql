-- The catalogue: every captured list with its history.

-- One row a list that has ever been captured.
CREATE TABLE list (
    id       INTEGER NOT NULL PRIMARY KEY, -- made at the list's first snapshot
    country  TEXT    NOT NULL,             -- ISO 3166-1 alpha-2, or 'ALL' for the global list
    period   INTEGER NOT NULL,             -- days the ranking looks back: 7, 30 or 120
    industry BIGINT  NOT NULL,             -- industry id, 0 for the list over all industries
    UNIQUE (country, period, industry)
);

-- One row a publication; never changed afterwards. Times are microseconds since 1970, UTC.
CREATE TABLE snapshot (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- rises with each publication, never used twice
    list_id       BIGINT  NOT NULL REFERENCES list (id),      -- which list was captured
    captured_at   BIGINT  NOT NULL,                           -- when it was captured
    as_of         BIGINT  NOT NULL,                           -- newest trend point, else captured_at
    source        TEXT    NOT NULL,                           -- who captured it: 'import', 'creative-center', ...
    hashtag_count BIGINT  NOT NULL,                           -- items in it
    digest        BLOB    NOT NULL,                           -- SHA-256 of the canonical JSON
    plain_size    BIGINT  NOT NULL,                           -- bytes of the canonical JSON
    items         BLOB    NOT NULL,                           -- the canonical JSON, compressed with zstd
    published_at  BIGINT  NOT NULL,                           -- when this row was written
    UNIQUE (list_id, captured_at, source)
);
