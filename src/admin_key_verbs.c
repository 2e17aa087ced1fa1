#include "admin_verbs.h"
#include "ledger/changes.h"

#include <stdio.h>

#define KEYS_LISTED_MAX 1000 /* the newest of an account; 20 of them can be live */

static void masked_key_write(struct json_writer *result, const struct api_key *key)
{
    char masked[32];
    (void)snprintf(masked, sizeof(masked), "%s...%s", key->prefix, key->suffix);
    json_member_text(result, TEXT("masked_key"), text_of(masked));
}

static void key_write(struct json_writer *result, const struct api_key *key)
{
    char written[INSTANT_TEXT_BYTES];
    json_object_open(result);
    json_member_text(result, TEXT("id"), text_of(key->outward_id));
    masked_key_write(result, key);
    json_member_text(result, TEXT("name"), text_of(key->name));
    json_member_text(result, TEXT("status"), text_of(api_key_status_word(key->status)));
    json_member_text(result, TEXT("created_at"), instant_rfc3339(key->created_at, written));
    if (key->stops_at.us != 0)
        json_member_text(result, TEXT("stops_at"), instant_rfc3339(key->stops_at, written));
    if (key->daily_credit_cap != NO_KEY_CAP)
        json_member_integer(result, TEXT("daily_credit_cap"), key->daily_credit_cap);
    json_object_close(result);
}

/* An empty one is none too: the argument was not given. */
static enum status cap_read(struct text written, int64_t *cap, struct reason *reason)
{
    *cap = NO_KEY_CAP;
    if (written.length == 0 || text_equals(written, TEXT("none")))
        return STATUS_OK;
    if (text_is_digits(written) && text_read_integer(written, cap) == STATUS_OK &&
        *cap <= KEY_CAP_MAX)
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "'%.*s' is no daily cap: give whole credits up to %lld, or none",
                      TEXT_PRINT(text_slice(written, 0, 40)), (long long)KEY_CAP_MAX);
}

enum status admin_key_create(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason)
{
    struct text email;
    struct api_key key;
    struct api_key_text secret;
    struct key_request request = {.name = admin_argument_or_empty(arguments, "name")};
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(cap_read(admin_argument_or_empty(arguments, "daily_credit_cap"),
                 &request.daily_credit_cap, reason));
    TRY(ledger_key_make(context->ledger, email, &request, &key, &secret, reason));
    json_object_open(result);
    json_member_text(result, TEXT("api_key"), text_of(secret.characters));
    json_member_text(result, TEXT("id"), text_of(key.outward_id));
    json_object_close(result);
    explicit_bzero(&secret, sizeof(secret));
    return STATUS_OK;
}

enum status admin_key_list(const struct admin_context *context, const json_t *arguments,
                           struct json_writer *result, struct reason *reason)
{
    struct text email;
    TRY(admin_argument(arguments, "email", &email, reason));
    struct api_key *keys = memory_take(KEYS_LISTED_MAX * sizeof(*keys));
    size_t listed = 0;
    enum status status = ledger_key_list(context->ledger, email, keys, KEYS_LISTED_MAX, &listed,
                                         reason);
    if (status == STATUS_OK) {
        json_object_open(result);
        json_name(result, TEXT("keys"));
        json_array_open(result);
        for (size_t i = 0; i < listed; i++)
            key_write(result, &keys[i]);
        json_array_close(result);
        json_object_close(result);
    }
    free(keys);
    return status;
}

#define GRACE_DEFAULT "24h"

static int64_t unit_us(char unit)
{
    switch (unit) {
    case 's': return SECOND_US;
    case 'm': return 60 * SECOND_US;
    case 'h': return 3600 * SECOND_US;
    case 'd': return DAY_US;
    default: return 0;
    }
}

static enum status grace_read(struct text written, duration *grace, struct reason *reason)
{
    grace->us = 0;
    if (text_equals(written, TEXT("now")) || text_equals(written, TEXT("0")))
        return STATUS_OK;
    if (written.length == 0)
        written = TEXT(GRACE_DEFAULT);
    size_t digits = written.length - 1;
    int64_t unit = unit_us(written.at[digits]), count = 0;
    struct text number = text_slice(written, 0, digits);
    if (unit > 0 && text_is_digits(number) && text_read_integer(number, &count) == STATUS_OK &&
        count <= KEY_GRACE_MAX_US / unit) {
        grace->us = count * unit;
        return STATUS_OK;
    }
    return reason_set(reason, STATUS_INVALID,
                      "'%.*s' is no grace: write now, or a time up to 7d in s, m, h or d "
                      "(1h, 24h)",
                      TEXT_PRINT(text_slice(written, 0, 40)));
}

enum status admin_key_rotate(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason)
{
    struct text id;
    duration grace;
    struct key_rotation rotation;
    char stops_at[INSTANT_TEXT_BYTES];
    TRY(admin_argument(arguments, "id", &id, reason));
    TRY(grace_read(admin_argument_or_empty(arguments, "grace"), &grace, reason));
    TRY(ledger_key_rotate(context->ledger, id, grace, &rotation, reason));
    json_object_open(result);
    json_member_text(result, TEXT("api_key"), text_of(rotation.secret.characters));
    json_member_text(result, TEXT("id"), text_of(rotation.key.outward_id));
    json_member_text(result, TEXT("previous_id"), text_of(rotation.previous_id));
    json_member_text(result, TEXT("stops_at"), instant_rfc3339(rotation.stops_at, stops_at));
    json_object_close(result);
    explicit_bzero(&rotation, sizeof(rotation));
    return STATUS_OK;
}

enum status admin_key_cap(const struct admin_context *context, const json_t *arguments,
                          struct json_writer *result, struct reason *reason)
{
    struct text id, written;
    struct api_key key;
    int64_t cap;
    TRY(admin_argument(arguments, "id", &id, reason));
    TRY(admin_argument(arguments, "daily_credit_cap", &written, reason));
    if (written.length == 0)
        return reason_set(reason, STATUS_INVALID, "the cap is empty: give credits, or none");
    TRY(cap_read(written, &cap, reason));
    TRY(ledger_key_cap(context->ledger, id, cap, &key, reason));
    key_write(result, &key);
    return STATUS_OK;
}

enum status admin_key_revoke(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason)
{
    struct text id;
    TRY(admin_argument(arguments, "id", &id, reason));
    struct api_key key;
    char email[ACCOUNT_EMAIL_BYTES_MAX + 1];
    TRY(ledger_key_find(context->ledger, id, &key, email, reason));
    TRY(ledger_key_revoke(context->ledger, id, reason));
    json_object_open(result);
    json_member_text(result, TEXT("id"), text_of(key.outward_id));
    masked_key_write(result, &key);
    json_member_text(result, TEXT("email"), text_of(email));
    json_member_boolean(result, TEXT("was_revoked"), key.status == API_KEY_REVOKED);
    json_object_close(result);
    return STATUS_OK;
}
