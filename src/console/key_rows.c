#include "console/key_rows.h"

#include "ledger/sessions.h"
#include "ledger/usage.h"

#include <stdio.h>

void key_rows_finish(struct key_rows *rows)
{
    free(rows->keys);
    free(rows->sums);
}

static size_t place_of(const struct key_rows *rows, int64_t key_id)
{
    size_t first = 0, end = rows->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (rows->keys[middle].id > key_id)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static void usage_add(void *owner, const struct usage_row *row)
{
    struct key_rows *rows = owner;
    size_t place = place_of(rows, row->key_id);
    if (place == rows->count || rows->keys[place].id != row->key_id)
        return;
    struct key_sums *sums = &rows->sums[place];
    if (row->hour >= rows->period_hour)
        sums->credits_this_period += row->sums[USAGE_CREDITS];
    if (row->hour >= rows->recent_hour)
        sums->calls_24h += usage_calls(row);
}

static enum status sums_read(struct errand *errand, struct key_rows *rows)
{
    struct ledger *ledger = errand_ledger(errand);
    struct billing_period period = ledger_billing_period(ledger, &rows->account);
    int64_t hour = instant_hour(time_now(errand->call->pipeline->time));
    rows->period_hour = instant_hour(period.start);
    rows->recent_hour = hour - 23;
    int64_t from = rows->period_hour < rows->recent_hour ? rows->period_hour
                                                         : rows->recent_hour;
    const struct usage_query query = {
        .account_id = rows->account.id, .hours_from = from, .hours_before = INT64_MAX};
    const struct usage_visitor visitor = {usage_add, rows};
    return ledger_usage_visit(ledger, &query, &visitor, &errand->reason);
}

/* The uses that wait are written first: what is shown is what happened. */
static enum status rows_read(struct errand *errand, struct key_rows *rows)
{
    struct ledger *ledger = errand_ledger(errand);
    struct chosen_key chosen;
    TRY(ledger_seen_write(ledger, &errand->reason));
    TRY(ledger_account_of(ledger, errand->call->session.account_id, &rows->account,
                          &errand->reason));
    rows->keys = memory_take(KEYS_LISTED_MAX * sizeof(rows->keys[0]));
    TRY(ledger_key_list(ledger, text_of(rows->account.email), rows->keys, KEYS_LISTED_MAX,
                        &rows->count, &errand->reason));
    rows->sums = memory_take_zeroed(rows->count + 1, sizeof(rows->sums[0]));
    if (ledger_key_chosen(ledger, rows->account.id, &chosen, NULL) == STATUS_OK)
        rows->chosen_id = chosen.id;
    return sums_read(errand, rows);
}

static void use_write(struct errand *errand, const struct api_key *key)
{
    errand_member_instant(errand, "last_used_at", key->last_used_at);
    errand_member_text(errand, "last_used_ip", text_of(key->last_used_address));
}

static void cap_write(struct errand *errand, const struct api_key *key)
{
    json_name(&errand->data, TEXT("daily_credit_cap"));
    if (key->daily_credit_cap == NO_KEY_CAP)
        json_write_raw(&errand->data, TEXT("null"));
    else
        json_write_integer(&errand->data, key->daily_credit_cap);
}

bool key_rows_read(struct errand *errand, struct key_rows *rows)
{
    *rows = (struct key_rows){.keys = NULL};
    enum status status = rows_read(errand, rows);
    if (status != STATUS_OK)
        errand_refuse_status(errand, status);
    return status == STATUS_OK;
}

static void key_write(struct errand *errand, const struct api_key *key,
                      const struct key_sums *sums, bool is_chosen)
{
    struct json_writer *data = &errand->data;
    char masked[API_KEY_PREFIX_LENGTH + API_KEY_SUFFIX_LENGTH + 4];
    (void)snprintf(masked, sizeof(masked), "%s...%s", key->prefix, key->suffix);
    json_object_open(data);
    json_member_text(data, TEXT("id"), text_of(key->outward_id));
    json_member_text(data, TEXT("masked_key"), text_of(masked));
    json_member_text(data, TEXT("key_prefix"), text_of(key->prefix));
    json_member_text(data, TEXT("key_suffix"), text_of(key->suffix));
    json_member_text(data, TEXT("name"), text_of(key->name));
    json_member_text(data, TEXT("status"), text_of(api_key_status_word(key->status)));
    errand_member_instant(errand, "created_at", key->created_at);
    errand_member_instant(errand, "updated_at", key->updated_at);
    errand_member_instant(errand, "rotated_at", key->rotated_at);
    errand_member_instant(errand, "stops_at", key->stops_at);
    errand_member_instant(errand, "expires_at", key->expires_at);
    use_write(errand, key);
    json_member_integer(data, TEXT("credits_this_period"), sums->credits_this_period);
    json_member_integer(data, TEXT("calls_24h"), sums->calls_24h);
    cap_write(errand, key);
    errand_member_text(errand, "replaced_by", text_of(key->replaced_by));
    json_member_boolean(data, TEXT("is_active_key"), is_chosen);
    json_member_text(data, TEXT("source"), text_of(api_key_source_word(key->source)));
    json_object_close(data);
}

static void row_write(struct errand *errand, const struct key_rows *rows, size_t place)
{
    const struct api_key *key = &rows->keys[place];
    key_write(errand, key, &rows->sums[place], key->id == rows->chosen_id);
}

void key_rows_write(struct errand *errand)
{
    CLEANUP(key_rows_finish) struct key_rows rows;
    if (!key_rows_read(errand, &rows))
        return;
    json_name(&errand->data, TEXT("items"));
    json_array_open(&errand->data);
    for (size_t i = 0; i < rows.count; i++)
        row_write(errand, &rows, i);
    json_array_close(&errand->data);
}

void key_row_tell(struct errand *errand, const char *name, const struct key_rows *rows,
                  const struct api_key *key, bool is_chosen)
{
    size_t place = place_of(rows, key->id);
    bool is_known = place < rows->count && rows->keys[place].id == key->id;
    struct key_sums unused = {0};
    json_name(&errand->data, text_of(name));
    key_write(errand, key, is_known ? &rows->sums[place] : &unused, is_chosen);
}

void key_row_write(struct errand *errand, const char *name, struct text id)
{
    CLEANUP(key_rows_finish) struct key_rows rows;
    if (!key_rows_read(errand, &rows))
        return;
    size_t place = 0;
    while (place < rows.count && !text_equals(text_of(rows.keys[place].outward_id), id))
        place++;
    if (place == rows.count) {
        errand_refuse_status(errand, STATUS_MISSING);
        return;
    }
    json_name(&errand->data, text_of(name));
    row_write(errand, &rows, place);
}
