-- Collecting: what each source was asked, and who fetches which list. Several collectors, and the
-- same one after a restart, share these rows. Times are microseconds since 1970, UTC.

-- One row a source that was ever asked.
CREATE TABLE source_use (
    source       TEXT    NOT NULL PRIMARY KEY, -- as in [source.NAME]
    day          BIGINT  NOT NULL,             -- days since 1970 of the last request
    used_today   BIGINT  NOT NULL,             -- requests taken on that day, from 00:00 UTC on
    paused_from  BIGINT  NOT NULL,             -- when it was last put off, 0: never
    paused_until BIGINT  NOT NULL,             -- and until when
    is_shut      INTEGER NOT NULL,             -- 1: put off because it failed again and again
    lists        BIGINT  NOT NULL,             -- lists that it gave, ever
    succeeded_at BIGINT  NOT NULL,             -- when it last gave one, 0: never
    failed_at    BIGINT  NOT NULL,             -- when it last failed, 0: never
    fault        TEXT    NOT NULL              -- the sentence of that failure
);

-- One row a request of the last minute, written before it is made. Ages come from a clock that does
-- not step and counts anew with each boot of the machine.
CREATE TABLE source_request (
    id       INTEGER NOT NULL PRIMARY KEY, -- to say when it was answered
    source   TEXT    NOT NULL,             -- as in [source.NAME]
    wall_at  BIGINT  NOT NULL,             -- when it was taken, and then when it was answered
    boot     BIGINT  NOT NULL,             -- of the machine
    elapsed  BIGINT  NOT NULL              -- the same instant by the clock that counts since that boot
);
CREATE INDEX source_request_of_source ON source_request (source, boot, elapsed);

-- One row a list that is being fetched, or pauses.
CREATE TABLE collection_job (
    country     TEXT    NOT NULL, -- as in list
    period      INTEGER NOT NULL,
    industry    BIGINT  NOT NULL,
    holder      BIGINT  NOT NULL, -- a random number of the collector that fetches it; 0: nobody does
    leased_at   BIGINT  NOT NULL, -- when it took or renewed its lease
    lease_until BIGINT  NOT NULL, -- another may fetch the list from then on
    failures    BIGINT  NOT NULL, -- one after the other
    paused_from BIGINT  NOT NULL, -- when the pause began
    not_before  BIGINT  NOT NULL, -- when it may be fetched again
    PRIMARY KEY (country, period, industry)
);
