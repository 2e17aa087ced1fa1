/* events: one account's calls out of the journal, the newest first, page by page.
 *
 * Every call that took a slot is an event: those that were charged with their charge id, and those
 * that were not. They are found by the ranges of the table activity, and what was committed since
 * the last fold is read whole; all in one view. The order is the journal's, which a stepped clock
 * does not change. Blocks on the disk: on a pool thread or in a command. */
#pragma once

#include "ledger/journal.h"
#include "model/account.h"

struct ledger;

#define EVENTS_LISTED_MAX 100 /* of one page */

enum event_kind {
    EVENT_CHARGED = 1,
    EVENT_NON_BILLABLE = 2, /* answered as asked, without a charge */
    EVENT_FAILED = 4,       /* refused */
};

enum event_kind event_kind_of(enum call_outcome outcome);

/* Where an event stands in the journal: its row, and the how manieth of the row's calls it is. */
struct event_place {
    int64_t row;
    int64_t call; /* from 0 */
};

#define EVENTS_FROM_NEWEST ((struct event_place){INT64_MAX, 0})

struct event_query {
    int64_t account_id;
    instant from, to;          /* when the calls were admitted; to itself is outside */
    uint8_t endpoint;          /* 0: all */
    unsigned kinds;            /* a set of enum event_kind */
    struct text request_id;    /* empty: all; only charged calls have kept theirs */
    struct event_place before; /* EVENTS_FROM_NEWEST, or next of the page before */
    size_t limit;              /* 1 to EVENTS_LISTED_MAX */
};

struct call_event {
    struct event_place place;
    struct journal_entry entry;            /* its texts are those below */
    char key_id[OUTWARD_ID_LENGTH + 1];    /* outward; empty: such a key is not there */
    char request_id[JOURNAL_TEXT_MAX + 1]; /* of charged ones */
    char idempotency_key[IDEMPOTENCY_KEY_MAX + 1];
};

/* has_more: there may be earlier ones, before next. A page ends early, even without an event, when
 * more of the journal would have to be read than one look may: then it is to be asked for on. */
struct event_page {
    size_t count;
    bool has_more;
    struct event_place next;
    struct call_event events[EVENTS_LISTED_MAX];
};

enum status ledger_events_read(struct ledger *ledger, const struct event_query *query,
                               struct event_page *page, struct reason *reason);
