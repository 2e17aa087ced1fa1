#include "api/usage_counts.h"

#include "ledger/events.h"

/* Rows before they are merged: hours of a month by 40 keys and 3 endpoints; some 16 MB. */
#define ROWS_MAX 100000

void usage_row_add(struct usage_row *row, const struct usage_row *more)
{
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        row->sums[i] += more->sums[i];
}

struct usage_counts usage_counts_of(const struct usage_row *row)
{
    struct usage_counts counts = {.requests = usage_calls(row),
                                  .charged = row->sums[CALL_CHARGED],
                                  .failed = row->sums[USAGE_RATE_LIMITED]};
    for (int outcome = 0; outcome < CALL_OUTCOMES; outcome++) {
        enum event_kind kind = event_kind_of((enum call_outcome)outcome);
        counts.non_billable += kind == EVENT_NON_BILLABLE ? row->sums[outcome] : 0;
        counts.failed += kind == EVENT_FAILED ? row->sums[outcome] : 0;
    }
    return counts;
}

void usage_counts_write(struct json_writer *writer, const struct usage_row *row)
{
    struct usage_counts counts = usage_counts_of(row);
    json_member_integer(writer, TEXT("requests"), counts.requests);
    json_member_integer(writer, TEXT("charged_requests"), counts.charged);
    json_member_integer(writer, TEXT("non_billable_requests"), counts.non_billable);
    json_member_integer(writer, TEXT("failed_requests"), counts.failed);
    json_member_integer(writer, TEXT("credits"), row->sums[USAGE_CREDITS]);
    json_member_integer(writer, TEXT("overage"), row->sums[USAGE_OVERAGE]);
}

void usage_refusals_write(struct json_writer *writer, const struct usage_row *row)
{
    json_name(writer, TEXT("refusals"));
    json_object_open(writer);
    for (size_t column = CALL_INVALID; column <= USAGE_RATE_LIMITED; column++)
        json_member_integer(writer, text_of(usage_column_names[column]), row->sums[column]);
    json_object_close(writer);
}

/* ---- Items ---- */

static struct usage_row group_of(const struct usage_items *items, const struct usage_row *row)
{
    struct usage_row group = *row;
    group.key_id = items->by_key ? row->key_id : 0;
    group.endpoint = items->grouping == BY_ENDPOINT ? row->endpoint : 0;
    if (items->grouping == BY_DAY)
        group.hour -= row->hour % 24;
    else if (items->grouping != BY_HOUR)
        group.hour = 0;
    return group;
}

static int order_of(const void *left, const void *right)
{
    const struct usage_row *a = left, *b = right;
    if (a->hour != b->hour)
        return a->hour < b->hour ? -1 : 1;
    if (a->key_id != b->key_id)
        return a->key_id < b->key_id ? -1 : 1;
    return (int)a->endpoint - (int)b->endpoint;
}

void usage_items_add(void *owner, const struct usage_row *row)
{
    struct usage_items *items = owner;
    struct usage_row group = group_of(items, row);
    if (items->count == 0 || row->hour < items->first_hour)
        items->first_hour = row->hour;
    if (items->count > 0 && order_of(&items->rows[items->count - 1], &group) == 0) {
        usage_row_add(&items->rows[items->count - 1], &group);
        return;
    }
    items->is_too_many = items->is_too_many || items->count == ROWS_MAX;
    if (items->is_too_many)
        return;
    if (items->count == items->capacity) {
        items->capacity = items->capacity ? 2 * items->capacity : 64;
        items->rows = memory_grow(items->rows, items->capacity * sizeof(items->rows[0]));
    }
    items->rows[items->count++] = group;
}

void usage_items_merge(struct usage_items *items)
{
    size_t kept = 0;
    if (items->count > 0)
        qsort(items->rows, items->count, sizeof(items->rows[0]), order_of);
    for (size_t i = 0; i < items->count; i++) {
        if (kept > 0 && order_of(&items->rows[kept - 1], &items->rows[i]) == 0)
            usage_row_add(&items->rows[kept - 1], &items->rows[i]);
        else
            items->rows[kept++] = items->rows[i];
    }
    items->count = kept;
}

void usage_items_finish(struct usage_items *items)
{
    free(items->rows);
}
