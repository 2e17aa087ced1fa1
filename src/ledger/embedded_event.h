/* embedded_event: who changed what, as each verb leaves it. Inside the ledger's lock. */
#pragma once

#include "base/json_write.h"
#include "base/reason.h"

struct ledger;

/* What an audit event says of a change, as members of one JSON object; no secrets. */
struct event {
    char room[2048]; /* over what a few labels and numbers take with every byte escaped */
    struct buffer json;
    struct json_writer detail;
};

void ledger_event_open(struct event *event);

/* Inside the transaction of the change. verb: "account_plan", "key_revoke", ... */
enum status ledger_event_write(struct ledger *ledger, int64_t account_id, const char *verb,
                               struct event *event, struct reason *reason);
