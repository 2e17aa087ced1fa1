#include "ledger/embedded.h"

void ledger_event_open(struct event *event)
{
    buffer_init_on(&event->json, event->room, sizeof(event->room));
    event->detail = json_writer_on(&event->json);
    json_object_open(&event->detail);
}

enum status ledger_event_write(struct ledger *ledger, int64_t account_id, const char *verb,
                               struct event *event, struct reason *reason)
{
    json_object_close(&event->detail);
    check(!event->json.overflowed);
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO audit_event (bucket, account_id, id, at, verb, detail)"
                          " VALUES ($1, $2, (SELECT coalesce(max(id), 0) + 1 FROM audit_event),"
                          " $3, $4, $5)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account_id));
    db_bind_integer(insert, 2, account_id);
    db_bind_integer(insert, 3, time_now(ledger->time).us);
    db_bind_text(insert, 4, text_of(verb));
    db_bind_text(insert, 5, buffer_text(&event->json));
    TRY(db_run(insert, reason));
    return ledger->cluster ? db_execute(ledger->db, "NOTIFY " CLUSTER_CHANNEL, reason)
                           : STATUS_OK;
}
