#include "sql/postgres_session.h"

#include "sql/postgres_wait.h"

#include <stdio.h>

#define STATEMENT_TIMEOUT_MS                                                                   \
    30000 /* of a writer: none of its statements reads a whole ledger */
#define READER_ANSWER_MS (3600 * 1000) /* of one without limit: it may read a whole ledger */
#define ANSWER_GRACE_MS 1000 /* a server that can tell that it took too long tells it first */
#define SET_UP_MS 2000       /* as connect_timeout: no work is asked for */
#define SESSION_SQL_BYTES 512

enum status session_address_check(const char *address, struct reason *reason)
{
    PQconninfoOption *options = PQconninfoParse(address, NULL);
    if (!options)
        return reason_set(
            reason, STATUS_INVALID,
            "the database's address cannot be read: write "
            "postgresql://USER@HOST:PORT/NAME, with %%XX for a special character");
    PQconninfoFree(options);
    return STATUS_OK;
}

/* ---- Outcomes ---- */

static bool is_class(const char *sqlstate, const char *class)
{
    return strncmp(sqlstate, class, strlen(class)) == 0;
}

/* PostgreSQL 15, Appendix A: error codes. */
static enum status status_of(const char *sqlstate)
{
    static const struct {
        const char *class;
        enum status status;
    } meanings[] = {
        {"23505", STATUS_EXISTS},      {"23", STATUS_CONFLICT},
        {"55P03", STATUS_BUSY},        {"40001", STATUS_BUSY},
        {"40P01", STATUS_BUSY},        {"57014", STATUS_BUSY},
        {"08", STATUS_UNAVAILABLE},    {"57P", STATUS_UNAVAILABLE},
        {"53", STATUS_UNAVAILABLE},    {"25006", STATUS_UNAVAILABLE},
        {"25P03", STATUS_UNAVAILABLE}, {"XX001", STATUS_CORRUPT},
        {"XX002", STATUS_CORRUPT},
    };
    for (size_t i = 0; i < LENGTH_OF(meanings); i++)
        if (is_class(sqlstate, meanings[i].class))
            return meanings[i].status;
    return STATUS_IO;
}

/* The first line of what libpq or the server says. */
static struct text words_of(const struct postgres *db, const PGresult *result)
{
    if (!db->connection)
        return TEXT("it does not answer in time");
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    struct text all = text_of(words ? words : PQerrorMessage(db->connection));
    struct text line = text_cut(&all, '\n');
    return line.length > 0 ? line : TEXT("it gives no reason");
}

static enum status failure(const struct postgres *db, enum status status, struct text words,
                           struct reason *reason)
{
    if (status == STATUS_BUSY)
        return reason_set(reason, status, "%s is held by another program: try again later",
                          db->place);
    if (status == STATUS_UNAVAILABLE)
        return reason_set(reason, status, "%s is not to be had: %.*s", db->place,
                          TEXT_PRINT(words));
    return reason_set(reason, status, "%s: %.*s", db->place, TEXT_PRINT(words));
}

static bool is_lost(const struct postgres *db)
{
    return PQstatus(db->connection) != CONNECTION_OK;
}

enum status session_outcome(struct postgres *db, PGresult *result, struct reason *reason)
{
    ExecStatusType kind = PQresultStatus(result);
    if (kind == PGRES_COMMAND_OK || kind == PGRES_TUPLES_OK || kind == PGRES_EMPTY_QUERY)
        return STATUS_OK;
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    enum status status = sqlstate ? status_of(sqlstate) : STATUS_IO;
    if (is_lost(db))
        status = STATUS_UNAVAILABLE;
    status = failure(db, status, words_of(db, result), reason);
    PQclear(result);
    if (db->is_inside && db->spoiled == STATUS_OK)
        db->spoiled = status;
    return status;
}

static void give_up(struct postgres *db)
{
    PQfinish(db->connection);
    db->connection = NULL;
}

PGresult *session_answer(struct postgres *db, int is_sent, int limit_ms)
{
    bool is_late = false;
    if (!is_sent)
        return NULL;
    PGresult *result = postgres_answer_await(db->connection, limit_ms, &is_late);
    if (is_late)
        give_up(db);
    return result;
}

static int statement_timeout_of(const struct postgres *db)
{
    if (db->options.statement_timeout_ms > 0 || db->reads_only)
        return db->options.statement_timeout_ms;
    return STATEMENT_TIMEOUT_MS;
}

int session_answer_ms(const struct postgres *db)
{
    int statement_ms = statement_timeout_of(db);
    if (db->answer_ms > 0)
        return db->answer_ms;
    return statement_ms > 0 ? statement_ms + ANSWER_GRACE_MS : READER_ANSWER_MS;
}

static enum status execute_within(struct postgres *db, const char *sql, int limit_ms,
                                  struct reason *reason)
{
    PGresult *result = session_answer(db, PQsendQuery(db->connection, sql), limit_ms);
    TRY(session_outcome(db, result, reason));
    PQclear(result);
    return STATUS_OK;
}

/* The server's limit is each statement's own. */
enum status session_execute(struct postgres *db, const char *sql, struct reason *reason)
{
    int64_t limit_ms = session_answer_ms(db);
    for (const char *at = sql; (at = strchr(at, ';')) != NULL; at++)
        limit_ms += session_answer_ms(db);
    return execute_within(
        db, sql, limit_ms < READER_ANSWER_MS ? (int)limit_ms : READER_ANSWER_MS, reason);
}

/* ---- Answers that are read together ---- */

#define SOON_MAX 512 /* answers that a server must be able to put down unread */

bool session_soon_begin(struct postgres *db)
{
    return db->soon > 0 || PQenterPipelineMode(db->connection) == 1;
}

enum status session_soon_sent(struct postgres *db, int is_sent, struct reason *reason)
{
    db->soon++;
    if (!is_sent)
        give_up(db);
    return is_sent && db->soon < SOON_MAX ? STATUS_OK : session_soon_settle(db, reason);
}

/* What follows the one that failed was passed over by the server. */
static enum status answers_read(struct postgres *db, struct reason *reason)
{
    while (db->soon > 0) {
        PGresult *result = session_answer(db, db->connection != NULL, session_answer_ms(db));
        db->soon--;
        TRY(session_outcome(db, result, reason));
        PQclear(result);
    }
    return STATUS_OK;
}

enum status session_soon_settle(struct postgres *db, struct reason *reason)
{
    if (db->soon == 0)
        return STATUS_OK;
    if (db->connection && !PQpipelineSync(db->connection))
        give_up(db);
    enum status status = answers_read(db, reason);
    for (; db->soon > 0; db->soon--)
        PQclear(session_answer(db, db->connection != NULL, session_answer_ms(db)));
    PQclear(session_answer(db, db->connection != NULL, session_answer_ms(db))); /* the sync's */
    if (db->connection && !PQexitPipelineMode(db->connection))
        give_up(db);
    return status;
}

/* ---- Connecting ---- */

static void place_write(struct postgres *db)
{
    const char *schema = db->options.schema;
    const char *host = PQhost(db->connection);
    const char *name = PQdb(db->connection);
    (void)snprintf(db->place, sizeof(db->place), "%s%s%sdatabase %.64s at %.128s:%.5s",
                   schema ? "schema " : "", schema ? schema : "", schema ? " of " : "",
                   name ? name : "", host && host[0] != '\0' ? host : "its server",
                   PQport(db->connection));
}

/* What the server says beside an answer goes nowhere: a failure comes as a result. */
static void notice_drop(void *unused, const PGresult *notice)
{
    (void)unused, (void)notice;
}

/* A lock is waited for like SQLite's file: 0 would mean for ever. */
static int lock_timeout_of(int busy_timeout_ms)
{
    return busy_timeout_ms > 0 ? busy_timeout_ms : 1;
}

/* Whoever stands still within a transaction for two seconds, with what it has locked, is cut off; a
 * reader locks nothing. Whether writers may write stays the server's to say. */
static enum status session_set(struct postgres *db, struct reason *reason)
{
    char sql[SESSION_SQL_BYTES];
    const char *schema = db->options.schema;
    int length = snprintf(sql, sizeof(sql),
                          "SET synchronous_commit = on; SET lock_timeout = %d;"
                          "SET statement_timeout = %d;"
                          "SET idle_in_transaction_session_timeout = %d;"
                          "SET default_transaction_isolation = 'read committed';"
                          "%s SET search_path = %s",
                          lock_timeout_of(db->options.busy_timeout_ms),
                          statement_timeout_of(db), db->reads_only ? 0 : 2000,
                          db->reads_only ? "SET default_transaction_read_only = on;" : "",
                          schema ? schema : "DEFAULT");
    check(length < (int)sizeof(sql));
    return execute_within(db, sql, SET_UP_MS, reason);
}

/* Of a key word that comes twice libpq takes the last: what stands before the address is ours to
 * propose, what stands behind it ours to say. That wait is libpq's: connect_timeout bounds it to the
 * end, for each address of each host, which no caller of PQconnectPoll could. */
static PGconn *connection_make(const char *address)
{
    static const char *const names[] = {"connect_timeout",
                                        "tcp_user_timeout",
                                        "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "gssencmode",
                                        "application_name",
                                        "dbname",
                                        "client_encoding",
                                        "target_session_attrs",
                                        NULL};
    const char *values[] = {"2",         "5000",  "5",    "2",          "3", "disable",
                            "trendgate", address, "UTF8", "read-write", NULL};
    _Static_assert(LENGTH_OF(names) == LENGTH_OF(values), "a value a name");
    return PQconnectdbParams(names, values, 1);
}

static enum status channel_open(struct postgres *db, struct reason *reason)
{
    char sql[96];
    db->has_missed = true;
    check(snprintf(sql, sizeof(sql), "LISTEN %s", db->channel) < (int)sizeof(sql));
    return execute_within(db, sql, SET_UP_MS, reason);
}

static enum status connect_again(struct postgres *db, struct reason *reason)
{
    PQfinish(db->connection);
    db->connection = connection_make(db->is.path);
    check(db->connection != NULL);
    db->connected++;
    place_write(db);
    if (is_lost(db))
        return failure(db, STATUS_UNAVAILABLE, words_of(db, NULL), reason);
    (void)PQsetNoticeReceiver(db->connection, notice_drop, NULL);
    check(PQsetnonblocking(db->connection, 1) == 0);
    enum status status = session_set(db, reason);
    if (status == STATUS_OK && db->channel)
        status = channel_open(db, reason);
    if (status != STATUS_OK)
        give_up(db);
    return status;
}

/* A server that went away while nothing was asked has left its last words, and then the end: they are
 * read one after the other. */
static bool is_idle_and_alive(const struct postgres *db)
{
    return db->connection && PQconsumeInput(db->connection) && PQconsumeInput(db->connection) &&
           !is_lost(db) && PQtransactionStatus(db->connection) == PQTRANS_IDLE;
}

enum status session_be_ready(struct postgres *db, struct reason *reason)
{
    if (!db->is_inside)
        return is_idle_and_alive(db) ? STATUS_OK : connect_again(db, reason);
    TRY(session_soon_settle(db, reason));
    if (db->spoiled != STATUS_OK)
        return reason_set(
            reason, db->spoiled,
            "%s: an earlier statement of the transaction failed, so that none of it "
            "is kept",
            db->place);
    return STATUS_OK;
}

bool session_has_heard(struct postgres *db)
{
    bool has_heard = db->has_missed;
    db->has_missed = false;
    PGnotify *notice;
    while ((notice = PQnotifies(db->connection)) != NULL) {
        PQfreemem(notice);
        has_heard = true;
    }
    return has_heard;
}
