-- What db migrate --citus asks of Citus, answered by a plain PostgreSQL: the same names and arguments, the
-- refusals that we know of (their words are our own), and a record of the calls. Nothing is spread.
SET allow_system_table_mods = on;
SET search_path = pg_catalog;

INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (99999, 'citus', 10, 11, false, '12.1-1');

CREATE TABLE pg_dist_local_group (groupid INT);
INSERT INTO pg_dist_local_group VALUES (0);
CREATE TABLE pg_dist_node (groupid INT, nodename TEXT, nodeport INT, noderole TEXT DEFAULT 'primary',
    isactive BOOLEAN DEFAULT true, shouldhaveshards BOOLEAN DEFAULT true);
CREATE TABLE pg_dist_partition (logicalrelid REGCLASS, partmethod "char", partkey TEXT, colocationid INT,
    repmodel "char");
CREATE TABLE pg_dist_shard (logicalrelid REGCLASS, shardid BIGINT);
CREATE TABLE pg_dist_placement (shardid BIGINT, groupid INT);
CREATE SEQUENCE stub_colocation;

-- What was called, in order; and what the stub is to do wrong.
CREATE TABLE stub_call (id BIGSERIAL, call TEXT);
CREATE TABLE stub_fault (fault TEXT);

CREATE FUNCTION stub_keep(told TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT groupid FROM pg_dist_local_group) <> 0 THEN
        RAISE 'operation is not allowed on this node';
    END IF;
    INSERT INTO stub_call (call) VALUES (told);
    IF EXISTS (SELECT 1 FROM stub_fault WHERE told LIKE fault) THEN
        RAISE 'the stub fails at %', told;
    END IF;
END $$;

-- Columns of unique keys and foreign keys, and what a table must not have.
CREATE FUNCTION stub_check(of REGCLASS, by TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    found RECORD;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = of) THEN
        RAISE 'table % is already distributed', of;
    END IF;
    IF EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = of AND NOT tgisinternal) THEN
        RAISE 'triggers are not supported on distributed tables: %', of;
    END IF;
    FOR found IN SELECT i.indexrelid, i.indkey FROM pg_index i WHERE i.indrelid = of AND i.indisunique LOOP
        IF by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = of AND attname = by
                AND attnum = ANY (found.indkey)) THEN
            RAISE 'cannot create constraint on %: % lacks the distribution column', of, found.indexrelid::regclass;
        END IF;
    END LOOP;
    FOR found IN SELECT confrelid FROM pg_constraint WHERE conrelid = of AND contype = 'f' LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_dist_partition WHERE logicalrelid = found.confrelid) THEN
            RAISE 'referenced table % must be a distributed table or a reference table', found.confrelid::regclass;
        END IF;
    END LOOP;
    IF EXISTS (SELECT 1 FROM pg_attrdef WHERE adrelid = of AND pg_get_expr(adbin, adrelid) ~ '\(') THEN
        RAISE 'a default of % is a call', of;
    END IF;
END $$;

CREATE FUNCTION create_distributed_table(table_name REGCLASS, distribution_column TEXT,
    distribution_type TEXT DEFAULT 'hash', colocate_with TEXT DEFAULT 'default', shard_count INT DEFAULT NULL)
    RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
    groups INT[] := ARRAY(SELECT n.groupid FROM pg_dist_node n WHERE n.shouldhaveshards ORDER BY n.groupid);
    colocation INT;
    shards INT := shard_count;
    shard BIGINT;
BEGIN
    PERFORM stub_keep(format('create_distributed_table(%s, %s, %s, %s)', table_name, distribution_column,
        colocate_with, coalesce(shard_count::text, '-')));
    PERFORM stub_check(table_name, distribution_column);
    IF colocate_with IN ('none', 'default') THEN
        colocation := nextval('pg_catalog.stub_colocation');
    ELSE
        SELECT p.colocationid INTO STRICT colocation FROM pg_dist_partition p
            WHERE p.logicalrelid = colocate_with::regclass;
        SELECT count(*) INTO shards FROM pg_dist_shard s WHERE s.logicalrelid = colocate_with::regclass;
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, 'h', distribution_column, colocation, 's');
    FOR i IN 0 .. coalesce(shards, 32) - 1 LOOP
        shard := 102008 + (SELECT count(*) FROM pg_dist_shard);
        INSERT INTO pg_dist_shard VALUES (table_name, shard);
        INSERT INTO pg_dist_placement VALUES (shard, groups[1 + i % cardinality(groups)]);
    END LOOP;
END $$;

CREATE FUNCTION create_reference_table(table_name REGCLASS) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stub_keep(format('create_reference_table(%s)', table_name));
    PERFORM stub_check(table_name, NULL);
    INSERT INTO pg_dist_partition VALUES (table_name, 'n', NULL, 100, 't');
END $$;

CREATE FUNCTION column_to_column_name(table_name REGCLASS, column_var TEXT) RETURNS TEXT LANGUAGE sql
    AS 'SELECT column_var';

-- As Citus: by a hash, so that buckets may share a shard, and shards may have none.
CREATE FUNCTION get_shard_id_for_distribution_column(table_name REGCLASS, value BIGINT) RETURNS BIGINT LANGUAGE sql
    AS $$
    SELECT s.shardid FROM pg_dist_shard s WHERE s.logicalrelid = table_name ORDER BY s.shardid
    OFFSET (SELECT abs(hashint8(value)::bigint) % count(*) FROM pg_dist_shard t WHERE t.logicalrelid = table_name)
    LIMIT 1
    $$;

-- A function of one argument is delegated from then on: it answers for the group of its bucket.
CREATE FUNCTION create_distributed_function(function_name REGPROCEDURE, distribution_arg_name TEXT,
    colocate_with TEXT DEFAULT 'default') RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM stub_keep(format('create_distributed_function(%s, %s, %s)', function_name::regproc,
        distribution_arg_name, colocate_with));
    IF distribution_arg_name <> ALL ((SELECT proargnames FROM pg_proc WHERE oid = function_name)::text[]) THEN
        RAISE 'cannot distribute the function %: it has no argument %', function_name, distribution_arg_name;
    END IF;
    PERFORM 1 FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass;
    IF NOT FOUND THEN
        RAISE 'relation % is not distributed', colocate_with;
    END IF;
    IF (SELECT pronargs FROM pg_proc WHERE oid = function_name) = 1
            AND NOT EXISTS (SELECT 1 FROM stub_fault WHERE fault = 'nothing is delegated') THEN
        EXECUTE format('CREATE OR REPLACE FUNCTION %s(b BIGINT) RETURNS BIGINT LANGUAGE sql AS %L',
            function_name::regproc, 'SELECT groupid::bigint FROM pg_dist_placement WHERE shardid ='
            ' (SELECT get_shard_id_for_distribution_column(''ledger.account'', b))');
    END IF;
END $$;
