-- What the projections lack: the journal behind the fold mark.
CREATE VIEW unfolded AS
    SELECT id, at, body FROM journal WHERE id > (SELECT journal_id FROM fold_mark);
