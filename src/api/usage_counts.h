/* usage_counts: sums of usage as the account API tells them: how many calls were charged, were not
 * billable, or failed. Pure; any thread. */
#pragma once

#include "base/json_write.h"
#include "ledger/usage.h"

void usage_row_add(struct usage_row *row, const struct usage_row *more);

/* charged + non_billable + failed = requests = the calls of `trendgate usage`. */
struct usage_counts {
    int64_t requests, charged, non_billable, failed;
};
struct usage_counts usage_counts_of(const struct usage_row *row);

/* requests, charged_requests, non_billable_requests, failed_requests, credits, overage. */
void usage_counts_write(struct json_writer *writer, const struct usage_row *row);

/* The member refusals: the failed ones by reason. */
void usage_refusals_write(struct json_writer *writer, const struct usage_row *row);

/* ---- Rows gathered into items ---- */

enum usage_grouping { BY_NOTHING, BY_ENDPOINT, BY_HOUR, BY_DAY };

struct usage_items {
    enum usage_grouping grouping;
    bool by_key;
    struct usage_row
        *rows; /* what they are not gathered by is 0; hour: the first of its bucket */
    size_t count, capacity;
    int64_t first_hour; /* of the earliest row; INT64_MAX: there is none */
    bool is_too_many;   /* more than an answer holds */
};

/* Visits for ledger_usage_visit; then usage_items_merge, for one item a group, by hour and key. */
void usage_items_add(void *items, const struct usage_row *row);
void usage_items_merge(struct usage_items *items);
void usage_items_finish(struct usage_items *items);
