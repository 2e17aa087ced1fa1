#include "support/spread_ledger.h"

#include "ledger/ledger.h"
#include "sql/migrate.h"
#include "support/postgres_database.h"
#include "support/unit.h"

/* What a node asks of Citus: where buckets are. */
static const char map[] =
    "CREATE TABLE ledger.pg_dist_node AS SELECT 1 AS groupid, 'primary' AS noderole,"
    " current_setting('unix_socket_directories') AS nodename,"
    " CAST(current_setting('port') AS INTEGER) AS nodeport;"
    "CREATE TABLE ledger.pg_dist_placement AS"
    " SELECT b AS shardid, 1 AS groupid FROM generate_series(CAST(0 AS BIGINT), 63) AS b;"
    "CREATE FUNCTION ledger.get_shard_id_for_distribution_column(REGCLASS, BIGINT)"
    " RETURNS BIGINT LANGUAGE sql AS 'SELECT $2'";

void spread_ledger_make(void)
{
    static const struct db_options options = {.busy_timeout_ms = 1000, .schema = LEDGER_SCHEMA};
    struct db *db;
    struct reason reason = {""};
    enum status status = db_open(text_of(postgres_address()), &options, &db, &reason);
    if (status == STATUS_OK)
        status = db_migrate(db, &migrations_ledger, &reason);
    if (status == STATUS_OK)
        status = db_execute(db, migrations_spread.postgres.at[0].sql, &reason);
    if (status != STATUS_OK)
        fail_msg("%s", reason.sentence);
    db_close(db);
    postgres_run(map);
}
