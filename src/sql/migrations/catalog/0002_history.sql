-- The history of every hashtag: where it stood in each snapshot.

-- One row a hashtag that ever stood on a list, so that the many rows about it need not repeat its name.
CREATE TABLE hashtag (
    id           INTEGER NOT NULL PRIMARY KEY, -- of this file alone
    hashtag_id   TEXT    NOT NULL,             -- the id that its source gave it, digits as written
    hashtag_name TEXT    NOT NULL,             -- as captured, without the #
    UNIQUE (hashtag_id, hashtag_name)
);
CREATE INDEX hashtag_by_name ON hashtag (hashtag_name COLLATE NOCASE);

-- One row a hashtag and snapshot; in the order of ranks, as one capture is read. It is small on purpose (the capture's
-- time and source are its snapshot's): some 45 bytes with its place in the index.
CREATE TABLE appearance (
    snapshot_id BIGINT NOT NULL REFERENCES snapshot (id), -- the capture that it stood in
    rank        BIGINT NOT NULL,                          -- its place there, from 1
    hashtag     BIGINT NOT NULL REFERENCES hashtag (id) DEFERRABLE INITIALLY DEFERRED, -- which hashtag
    list_id     BIGINT NOT NULL REFERENCES list (id),     -- the snapshot's list, for the index below
    posts       BIGINT NOT NULL,                          -- videos published with it in the list's period
    views       BIGINT NOT NULL,                          -- views of those videos
    PRIMARY KEY (snapshot_id, rank)
) WITHOUT ROWID;

-- One hashtag's history in one list.
CREATE INDEX appearance_by_hashtag ON appearance (hashtag, list_id, snapshot_id);

-- Snapshots whose appearances are still to be written: those that were kept before there were any. Each leaves this
-- table in the transaction that writes them, so that whoever stops in between goes on where it was.
CREATE TABLE appearance_due (
    snapshot_id BIGINT NOT NULL PRIMARY KEY REFERENCES snapshot (id) -- which snapshot
);
INSERT INTO appearance_due (snapshot_id) SELECT id FROM snapshot WHERE hashtag_count > 0;
