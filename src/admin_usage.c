#include "admin_verbs.h"
#include "ledger/usage.h"

#include <stdio.h>

#define USAGE_DAYS_MAX 3660  /* ten years: rows of days and keys that fit one answer */
#define KEYS_LISTED_MAX 1000 /* as key_list shows them; older ones go by their number */

/* ---- Days and keys ---- */

struct day_row {
    int64_t day;
    struct usage_row usage; /* its key; endpoint and hour say nothing */
};

struct day_rows {
    struct day_row *rows; /* by day, then key */
    size_t count, capacity;
};

static void day_rows_finish(struct day_rows *days)
{
    free(days->rows);
}

static size_t place_of(const struct day_rows *days, int64_t day, int64_t key_id)
{
    size_t first = 0, end = days->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct day_row *row = &days->rows[middle];
        if (row->day < day || (row->day == day && row->usage.key_id < key_id))
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static void day_add(void *owner, const struct usage_row *usage)
{
    struct day_rows *days = owner;
    int64_t day = usage->hour / 24;
    size_t place = place_of(days, day, usage->key_id);
    if (place < days->count && days->rows[place].day == day &&
        days->rows[place].usage.key_id == usage->key_id) {
        for (size_t i = 0; i < USAGE_COLUMNS; i++)
            days->rows[place].usage.sums[i] += usage->sums[i];
        return;
    }
    if (days->count == days->capacity) {
        days->capacity = days->capacity ? 2 * days->capacity : 64;
        days->rows = memory_grow(days->rows, days->capacity * sizeof(days->rows[0]));
    }
    struct day_row *row = &days->rows[place];
    memmove(row + 1, row, (days->count - place) * sizeof(*row));
    *row = (struct day_row){day, *usage};
    days->count++;
}

/* ---- The answer ---- */

static void sums_write(struct json_writer *result, const struct usage_row *usage)
{
    json_member_integer(result, TEXT("calls"), usage_calls(usage));
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        json_member_integer(result, text_of(usage_column_names[i]), usage->sums[i]);
}

static const struct api_key *key_find(const struct api_key *keys, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i].id == id)
            return &keys[i];
    return NULL;
}

static void row_write(struct json_writer *result, const struct day_row *row,
                      const struct api_key *key)
{
    char day[INSTANT_TEXT_BYTES], masked[32];
    json_object_open(result);
    json_member_text(result, TEXT("day"), instant_date((instant){row->day * DAY_US}, day));
    if (key) {
        (void)snprintf(masked, sizeof(masked), "%s...%s", key->prefix, key->suffix);
        json_member_text(result, TEXT("key_id"), text_of(key->outward_id));
        json_member_text(result, TEXT("masked_key"), text_of(masked));
        json_member_text(result, TEXT("name"), text_of(key->name));
    }
    sums_write(result, &row->usage);
    json_object_close(result);
}

static enum status rows_write(struct ledger *ledger, struct text email,
                              const struct day_rows *days, struct json_writer *result,
                              struct reason *reason)
{
    struct api_key *keys = memory_take(KEYS_LISTED_MAX * sizeof(*keys));
    size_t listed = 0;
    struct usage_row totals = {0};
    enum status status = ledger_key_list(ledger, email, keys, KEYS_LISTED_MAX, &listed, reason);
    json_name(result, TEXT("rows"));
    json_array_open(result);
    for (size_t i = 0; i < days->count && status == STATUS_OK; i++) {
        const struct usage_row *usage = &days->rows[i].usage;
        row_write(result, &days->rows[i], key_find(keys, listed, usage->key_id));
        for (size_t column = 0; column < USAGE_COLUMNS; column++)
            totals.sums[column] += usage->sums[column];
    }
    json_array_close(result);
    json_name(result, TEXT("totals"));
    json_object_open(result);
    sums_write(result, &totals);
    json_object_close(result);
    free(keys);
    return status;
}

/* ---- The verb ---- */

struct days {
    int64_t first, last;
    bool has_first; /* was asked for */
};

static enum status day_read(const json_t *arguments, const char *name, int64_t *day,
                            struct reason *reason)
{
    struct text written;
    instant at;
    if (!json_read_text(arguments, name, &written))
        return STATUS_OK;
    if (written.length != sizeof("2025-10-21") - 1 || instant_read(written, &at) != STATUS_OK)
        return reason_set(reason, STATUS_INVALID, "--%s %.*s is no day; write it as 2025-10-21",
                          name, TEXT_PRINT(text_slice(written, 0, 40)));
    *day = instant_day(at);
    return STATUS_OK;
}

static enum status days_read(const json_t *arguments, struct days *days, struct reason *reason)
{
    struct text from;
    days->has_first = json_read_text(arguments, "from", &from);
    TRY(day_read(arguments, "from", &days->first, reason));
    TRY(day_read(arguments, "to", &days->last, reason));
    if (days->first > days->last)
        return reason_set(reason, STATUS_INVALID, "the last day is before the first one");
    if (days->last - days->first >= USAGE_DAYS_MAX)
        return reason_set(reason, STATUS_INVALID, "that is over %d days: ask for fewer",
                          USAGE_DAYS_MAX);
    return STATUS_OK;
}

/* Calls of a clock that was set back lie before the account's first period, and count in it: they
 * are shown with it, unless another first day was asked for. */
static void days_stretch(struct days *days, const struct day_rows *rows)
{
    if (rows->count > 0 && rows->rows[0].day < days->first)
        days->first = rows->rows[0].day;
}

static bool begins_with_account(const struct days *days, const struct account *account)
{
    return !days->has_first && days->first <= instant_day(account->created_at);
}

enum status admin_usage(const struct admin_context *context, const json_t *arguments,
                        struct json_writer *result, struct reason *reason)
{
    struct text email;
    struct account account;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(ledger_account_find(context->ledger, email, &account, reason));
    struct billing_period period = ledger_billing_period(context->ledger, &account);
    struct days days = {.first = instant_day(period.start),
                        .last = instant_day(period.end) - 1};
    TRY(days_read(arguments, &days, reason));
    CLEANUP(day_rows_finish) struct day_rows rows = {.rows = NULL};
    const struct usage_visitor visitor = {day_add, &rows};
    TRY(ledger_usage_visit(
        context->ledger,
        &(struct usage_query){
            .account_id = account.id,
            .hours_from = begins_with_account(&days, &account) ? 0 : days.first * 24,
            .hours_before = (days.last + 1) * 24},
        &visitor, reason));
    days_stretch(&days, &rows);
    char first[INSTANT_TEXT_BYTES], last[INSTANT_TEXT_BYTES];
    json_object_open(result);
    json_member_text(result, TEXT("email"), text_of(account.email));
    json_member_text(result, TEXT("plan"), text_of(account.plan));
    json_member_text(result, TEXT("from"), instant_date((instant){days.first * DAY_US}, first));
    json_member_text(result, TEXT("to"), instant_date((instant){days.last * DAY_US}, last));
    TRY(rows_write(context->ledger, email, &rows, result, reason));
    json_object_close(result);
    return STATUS_OK;
}
