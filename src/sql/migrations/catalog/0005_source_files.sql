-- Files that a source showed and that were read: each once, whoever looks. Times are microseconds since 1970, UTC.

-- One row a file that is there; of one that is gone the row goes too.
CREATE TABLE source_file (
    source      TEXT    NOT NULL, -- as in [source.NAME]
    name        TEXT    NOT NULL, -- in its folder
    bytes       BIGINT  NOT NULL, -- its size when it was read
    modified_ns BIGINT  NOT NULL, -- its time of modification then, in nanoseconds as the file system tells it
    changed_ns  BIGINT  NOT NULL, -- and its time of change; another of the three: another content
    outcome     INTEGER NOT NULL, -- 0: it is being read, 1: what it holds is kept, 2: it was refused
    lists       BIGINT  NOT NULL, -- how many it holds; 0 unless they are kept
    sentence    TEXT    NOT NULL, -- why it was refused
    read_at     BIGINT  NOT NULL, -- when that was settled
    holder      BIGINT  NOT NULL, -- a random number of the collector that reads it; 0: nobody does
    leased_at   BIGINT  NOT NULL, -- when it took or renewed its lease
    lease_until BIGINT  NOT NULL, -- another may read it from then on
    PRIMARY KEY (source, name)
) WITHOUT ROWID;
