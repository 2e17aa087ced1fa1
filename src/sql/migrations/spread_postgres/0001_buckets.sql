-- What a ledger that Citus spreads over servers has beside its tables: the steps of an admission,
-- each for one bucket b. All that they read and write names the bucket, so that a call stays on the
-- server that holds it. Nothing is volatile that Citus would have to see: clocks and ids are read
-- apart. A function brings its search_path along, for a server that is asked by another has its own.
-- May be run again and again.

-- One row a bucket. Its batches hold it shared, and who closes periods alone: a lock of a table, as
-- one server has it, would be taken on every server for each batch.
CREATE TABLE IF NOT EXISTS bucket_gate (
    bucket BIGINT NOT NULL,
    PRIMARY KEY (bucket)
);
INSERT INTO bucket_gate (bucket) SELECT b FROM generate_series(0, 63) AS b
    ON CONFLICT (bucket) DO NOTHING;

-- As hold, for accounts of one bucket. The clock is that of the server on which this runs.
CREATE OR REPLACE FUNCTION hold_bucket(b BIGINT, wanted BIGINT[], own_clock BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    present BIGINT := own_clock;
BEGIN
    PERFORM 1 FROM bucket_gate g WHERE g.bucket = b FOR SHARE;
    PERFORM 1 FROM account_window w WHERE w.bucket = b AND w.account_id = ANY (wanted)
        ORDER BY w.account_id FOR UPDATE;
    IF present = 0 THEN
        present := CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000) AS BIGINT);
    END IF;
    RETURN greatest(present, (SELECT c.at FROM closing c ORDER BY c.id DESC LIMIT 1));
END $$;

-- As admit, for accounts of one bucket; row_id is drawn from journal_id once they are held.
CREATE OR REPLACE FUNCTION admit_bucket(
    b BIGINT, row_id BIGINT,
    batch BYTEA, by_node BIGINT, writing BIGINT, present BIGINT, call_count BIGINT,
    calls_body BYTEA, windows BYTEA,
    callers BIGINT[], stamps BIGINT[], starts BIGINT[], lengths BIGINT[], keepers BIGINT[],
    payers BIGINT[], periods BIGINT[], days BIGINT[], days_used BIGINT[], useds BIGINT[],
    overages BIGINT[], overages_micros BIGINT[], plans TEXT[], plan_versions BIGINT[],
    includeds BIGINT[], cents BIGINT[]) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    kept BIGINT;
BEGIN
    UPDATE account_window w SET newest_at = v.stamp, written_by = writing,
            calls = substr(windows, CAST(v.start AS INTEGER), CAST(v.length AS INTEGER))
                || CASE v.keeps WHEN 1 THEN w.calls ELSE '' END
        FROM unnest(callers, stamps, starts, lengths, keepers)
            AS v (id, stamp, start, length, keeps)
        WHERE w.bucket = b AND w.account_id = v.id;
    UPDATE balance c SET day = v.day, day_used = v.day_used, used = v.used, overage = v.overage,
            overage_micros = v.overage_micros
        FROM unnest(payers, periods, days, days_used, useds, overages, overages_micros)
            AS v (id, period, day, day_used, used, overage, overage_micros)
        WHERE c.bucket = b AND c.account_id = v.id AND c.period = v.period;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept < cardinality(payers) THEN -- one by one: rows that a query finds are sent around
        FOR i IN 1 .. cardinality(payers) LOOP
            INSERT INTO balance (bucket, account_id, period, day, day_used, used, overage,
                    overage_micros, plan, plan_version, included, subscription_cents)
                VALUES (b, payers[i], periods[i], days[i], days_used[i], useds[i], overages[i],
                    overages_micros[i], plans[i], plan_versions[i], includeds[i], cents[i])
                ON CONFLICT (bucket, account_id, period) DO NOTHING;
        END LOOP;
    END IF;
    INSERT INTO journal (bucket, id, node, batch_id, at, calls, body)
        VALUES (b, row_id, by_node, batch, present, call_count, calls_body);
    RETURN row_id;
END $$;

-- Which of Citus's groups of servers a call about a bucket comes to; the coordinator is of group 0.
CREATE OR REPLACE FUNCTION bucket_group(b BIGINT) RETURNS BIGINT
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT l.groupid FROM pg_dist_local_group l WHERE b >= 0);
END $$;
