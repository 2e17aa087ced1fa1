#include "console/key_rows.h"

#include "ledger/sessions.h"
#include "ledger/usage.h"

#include <stdio.h>

struct key_sums {
    int64_t credits_this_period;
    int64_t calls_24h;
};

struct listing {
    struct account account;
    struct api_key *keys; /* newest first, so that their numbers fall */
    struct key_sums *sums;
    size_t count;
    int64_t chosen_id; /* 0: none */
    int64_t period_hour, recent_hour;
};

static void listing_finish(struct listing *listing)
{
    free(listing->keys);
    free(listing->sums);
}

static size_t place_of(const struct listing *listing, int64_t key_id)
{
    size_t first = 0, end = listing->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (listing->keys[middle].id > key_id)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static void usage_add(void *owner, const struct usage_row *row)
{
    struct listing *listing = owner;
    size_t place = place_of(listing, row->key_id);
    if (place == listing->count || listing->keys[place].id != row->key_id)
        return;
    struct key_sums *sums = &listing->sums[place];
    if (row->hour >= listing->period_hour)
        sums->credits_this_period += row->sums[USAGE_CREDITS];
    if (row->hour >= listing->recent_hour)
        sums->calls_24h += usage_calls(row);
}

static enum status sums_read(struct errand *errand, struct listing *listing)
{
    struct ledger *ledger = errand_ledger(errand);
    struct billing_period period = ledger_billing_period(ledger, &listing->account);
    int64_t hour = instant_hour(time_now(errand->call->pipeline->time));
    listing->period_hour = instant_hour(period.start);
    listing->recent_hour = hour - 23;
    int64_t from = listing->period_hour < listing->recent_hour ? listing->period_hour
                                                               : listing->recent_hour;
    const struct usage_query query = {
        .account_id = listing->account.id, .hours_from = from, .hours_before = INT64_MAX};
    const struct usage_visitor visitor = {usage_add, listing};
    return ledger_usage_visit(ledger, &query, &visitor, &errand->reason);
}

/* The uses that wait are written first: what is shown is what happened. */
static enum status listing_read(struct errand *errand, struct listing *listing)
{
    struct ledger *ledger = errand_ledger(errand);
    struct chosen_key chosen;
    TRY(ledger_seen_write(ledger, &errand->reason));
    TRY(ledger_account_of(ledger, errand->call->session.account_id, &listing->account,
                          &errand->reason));
    listing->keys = memory_take(KEYS_LISTED_MAX * sizeof(listing->keys[0]));
    TRY(ledger_key_list(ledger, text_of(listing->account.email), listing->keys, KEYS_LISTED_MAX,
                        &listing->count, &errand->reason));
    listing->sums = memory_take_zeroed(listing->count + 1, sizeof(listing->sums[0]));
    if (ledger_key_chosen(ledger, listing->account.id, &chosen, NULL) == STATUS_OK)
        listing->chosen_id = chosen.id;
    return sums_read(errand, listing);
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

static void key_write(struct errand *errand, const struct listing *listing, size_t place)
{
    const struct api_key *key = &listing->keys[place];
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
    json_member_integer(data, TEXT("credits_this_period"),
                        listing->sums[place].credits_this_period);
    json_member_integer(data, TEXT("calls_24h"), listing->sums[place].calls_24h);
    cap_write(errand, key);
    errand_member_text(errand, "replaced_by", text_of(key->replaced_by));
    json_member_boolean(data, TEXT("is_active_key"), key->id == listing->chosen_id);
    json_member_text(data, TEXT("source"), text_of(api_key_source_word(key->source)));
    json_object_close(data);
}

void key_rows_write(struct errand *errand)
{
    CLEANUP(listing_finish) struct listing listing = {.keys = NULL};
    enum status status = listing_read(errand, &listing);
    if (status != STATUS_OK) {
        errand_refuse_status(errand, status);
        return;
    }
    json_name(&errand->data, TEXT("items"));
    json_array_open(&errand->data);
    for (size_t i = 0; i < listing.count; i++)
        key_write(errand, &listing, i);
    json_array_close(&errand->data);
}

void key_row_write(struct errand *errand, const char *name, struct text id)
{
    CLEANUP(listing_finish) struct listing listing = {.keys = NULL};
    enum status status = listing_read(errand, &listing);
    size_t place = 0;
    while (status == STATUS_OK && place < listing.count &&
           !text_equals(text_of(listing.keys[place].outward_id), id))
        place++;
    if (status == STATUS_OK && place == listing.count)
        status = STATUS_MISSING;
    if (status != STATUS_OK) {
        errand_refuse_status(errand, status);
        return;
    }
    json_name(&errand->data, text_of(name));
    key_write(errand, &listing, place);
}
