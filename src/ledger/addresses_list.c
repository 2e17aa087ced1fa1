/* What is told of addresses: of the table and of what waits, together. */
#include "ledger/addresses_parts.h"
#include "ledger/embedded.h"

void address_list_finish(struct address_list *list)
{
    free(list->at);
}

void address_list_add(struct address_list *list, const struct recent_address *use)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->at = memory_grow(list->at, list->capacity * sizeof(list->at[0]));
    }
    list->at[list->count++] = *use;
}

static void rows_add(struct address_list *list, struct db_statement *select)
{
    struct recent_address use = {.first_seen = {db_column_integer(select, 1)},
                                 .last_seen = {db_column_integer(select, 2)},
                                 .succeeded = db_column_integer(select, 3),
                                 .failed = db_column_integer(select, 4)};
    ledger_copy_text(use.address, sizeof(use.address),
                     text_slice(db_column_text(select, 0), 0, sizeof(use.address) - 1));
    if (use.address[0]) /* the row of further ones has that of whichever came last */
        ledger_copy_text(use.user_agent, sizeof(use.user_agent),
                         text_slice(db_column_text(select, 5), 0, sizeof(use.user_agent) - 1));
    address_list_add(list, &use);
}

static enum status select_open(struct db *db, const struct address_query *query,
                               struct db_statement **select, struct reason *reason)
{
    TRY(db_statement_take(db,
                          "SELECT address, first_seen, last_seen, succeeded, failed, user_agent"
                          " FROM recent_address WHERE bucket = $1 AND account_id = $2"
                          " AND day >= $3 AND day < $4 ORDER BY day",
                          select, reason));
    db_bind_integer(*select, 1, account_bucket(query->account_id));
    db_bind_integer(*select, 2, query->account_id);
    db_bind_integer(*select, 3, query->day_from);
    db_bind_integer(*select, 4, query->day_before);
    return STATUS_OK;
}

/* The view begins with its first step: at that moment nothing may move from memory to the table. */
static enum status both_read(struct ledger *ledger, struct db_statement *select,
                             const struct address_query *query, struct address_list *list,
                             struct reason *reason)
{
    struct addresses *addresses = &ledger->committer.addresses;
    bool row = false;
    addresses_lock(addresses);
    enum status status = db_step(select, &row, reason);
    if (status == STATUS_OK)
        addresses_list_waiting(addresses, query, list);
    addresses_unlock(addresses);
    while (status == STATUS_OK && row) {
        rows_add(list, select);
        status = db_step(select, &row, reason);
    }
    return status;
}

static int by_address(const void *left, const void *right)
{
    const struct recent_address *a = left, *b = right;
    int order = strcmp(a->address, b->address);
    return order != 0                           ? order
           : a->last_seen.us == b->last_seen.us ? 0
           : a->last_seen.us < b->last_seen.us  ? -1
                                                : 1;
}

static int by_last_seen(const void *left, const void *right)
{
    const struct recent_address *a = left, *b = right;
    return a->last_seen.us == b->last_seen.us  ? strcmp(a->address, b->address)
           : a->last_seen.us > b->last_seen.us ? -1
                                               : 1;
}

static int by_day(const void *left, const void *right)
{
    const struct recent_address *a = left, *b = right;
    int64_t day = instant_day(a->first_seen), other_day = instant_day(b->first_seen);
    return day != other_day ? (day > other_day) - (day < other_day) : by_address(a, b);
}

/* Those of further addresses come last. */
static int by_day_and_first_seen(const void *left, const void *right)
{
    const struct recent_address *a = left, *b = right;
    int64_t day = instant_day(a->first_seen), other_day = instant_day(b->first_seen);
    bool is_named = a->address[0], is_other_named = b->address[0];
    return day != other_day                      ? (day > other_day) - (day < other_day)
           : is_named != is_other_named          ? is_other_named - is_named
           : a->first_seen.us < b->first_seen.us ? -1
           : a->first_seen.us > b->first_seen.us ? 1
                                                 : strcmp(a->address, b->address);
}

static bool is_same(const struct recent_address *a, const struct recent_address *b,
                    bool by_days)
{
    return strcmp(a->address, b->address) == 0 &&
           (!by_days || instant_day(a->first_seen) == instant_day(b->first_seen));
}

/* Of each address, or of each address and day, one row is left. */
static void list_merge(struct address_list *list, bool by_days)
{
    size_t kept = 0;
    if (list->count > 0)
        qsort(list->at, list->count, sizeof(list->at[0]), by_days ? by_day : by_address);
    for (size_t i = 0; i < list->count; i++) {
        const struct recent_address *use = &list->at[i];
        struct recent_address *last = &list->at[kept > 0 ? kept - 1 : 0];
        if (kept == 0 || !is_same(last, use, by_days)) {
            list->at[kept++] = *use;
            continue;
        }
        if (use->first_seen.us < last->first_seen.us)
            last->first_seen = use->first_seen;
        if (use->last_seen.us > last->last_seen.us)
            last->last_seen = use->last_seen;
        last->succeeded += use->succeeded;
        last->failed += use->failed;
        if (use->user_agent[0])
            memcpy(last->user_agent, use->user_agent, sizeof(use->user_agent));
    }
    list->count = kept;
}

/* Nodes that write at once each keep as many, and more may wait: the first ones of a day are told. */
static void days_cap(struct address_list *list)
{
    list_merge(list, true);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof(list->at[0]), by_day_and_first_seen);
    int64_t day = INT64_MIN;
    for (size_t i = 0, count = 0; i < list->count; i++) {
        struct recent_address *use = &list->at[i];
        count = instant_day(use->first_seen) == day ? count + 1 : 1;
        day = instant_day(use->first_seen);
        if (count > ADDRESSES_A_DAY_MAX)
            use->address[0] = use->user_agent[0] = '\0';
    }
}

enum status ledger_addresses_list(struct ledger *ledger, const struct address_query *query,
                                  struct address_list *list, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(select_open(view.reader->db, query, &select, reason));
    TRY(both_read(ledger, select, query, list, reason));
    days_cap(list);
    list_merge(list, false);
    if (list->count > 0)
        qsort(list->at, list->count, sizeof(list->at[0]), by_last_seen);
    return STATUS_OK;
}
