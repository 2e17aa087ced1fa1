#include "admin_verbs.h"
#include "ledger/changes.h"
#include "ledger/sessions.h"

#define KEYS_COUNTED_MAX 1000 /* the newest of an account; 20 of them can be live */

/* The server meters from its beginning; a command that owns the ledger begins when it must know
 * what calls have used. */
enum status admin_metering_begin(const struct admin_context *context, struct reason *reason)
{
    if (ledger_terms(context->ledger))
        return STATUS_OK;
    struct plans plans;
    plan_book_read(context->plans, &plans);
    return ledger_terms_join(context->ledger, &plans, reason);
}

/* ---- Showing ---- */

static struct text overage_state(const struct plan *plan, const struct account *account)
{
    switch (plan->overage) {
    case OVERAGE_NONE: return TEXT("none");
    case OVERAGE_ALWAYS: return TEXT("always");
    case OVERAGE_OPT_IN: break;
    }
    return account->has_opted_in ? TEXT("on") : TEXT("off");
}

static void day_write(struct json_writer *result, const struct quota *quota)
{
    bool is_capped = quota->daily_cap.count < CREDITS_MAX;
    json_member_integer(result, TEXT("daily_credit_limit"),
                        is_capped ? quota->daily_cap.count : 0);
    json_member_integer(result, TEXT("daily_credits_used"), quota->daily_used.count);
    if (is_capped)
        json_member_integer(result, TEXT("daily_credits_remaining"),
                            credits_left(quota->daily_cap, quota->daily_used).count);
}

static void standing_write(struct json_writer *result, const struct account *account,
                           const struct charge_standing *standing)
{
    const struct quota *quota = &standing->quota;
    char key[PERIOD_KEY_BYTES], written[INSTANT_TEXT_BYTES];
    period_key_write(&standing->period, key);
    json_member_text(result, TEXT("overage"), overage_state(standing->plan, account));
    json_member_text(result, TEXT("period_key"), text_of(key));
    json_member_text(result, TEXT("period_start"),
                     instant_rfc3339(standing->period.start, written));
    json_member_text(result, TEXT("period_end"),
                     instant_rfc3339(standing->period.end, written));
    json_member_integer(result, TEXT("credits_included"), quota->included.count);
    json_member_integer(result, TEXT("credits_used"),
                        credits_add(quota->used, quota->overage_used).count);
    json_member_integer(result, TEXT("credits_remaining"), quota_remaining(quota).count);
    json_member_integer(result, TEXT("overage_credits"), quota->overage_used.count);
    day_write(result, quota);
}

static enum status live_keys_write(const struct admin_context *context,
                                   const struct account *account, struct json_writer *result,
                                   struct reason *reason)
{
    size_t listed, live = 0;
    struct api_key *keys = memory_take_zeroed(KEYS_COUNTED_MAX, sizeof(*keys));
    enum status status = ledger_key_list(context->ledger, text_of(account->email), keys,
                                         KEYS_COUNTED_MAX, &listed, reason);
    for (size_t i = 0; status == STATUS_OK && i < listed; i++)
        live += keys[i].status == API_KEY_ACTIVE || keys[i].status == API_KEY_GRACE;
    free(keys);
    json_member_integer(result, TEXT("live_keys"), (int64_t)live);
    return status;
}

/* Without the numbers when the plan file cannot be brought into force: whoever has to mend that
 * must see who is on which plan. */
enum status admin_account_show(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason)
{
    struct text email;
    struct account account;
    TRY(admin_argument(arguments, "email", &email, reason));
    enum status metering = admin_metering_begin(context, reason);
    if (metering != STATUS_OK && metering != STATUS_CONFLICT)
        return metering;
    TRY(ledger_account_find(context->ledger, email, &account, reason));
    json_object_open(result);
    admin_account_members(result, &account);
    TRY(live_keys_write(context, &account, result, reason));
    if (metering == STATUS_OK) {
        struct charge look = {.account_id = account.id};
        TRY(ledger_catch_up(context->ledger, account.id, reason));
        ledger_look(context->ledger, &look);
        standing_write(result, &account, &look.standing);
    }
    json_object_close(result);
    return STATUS_OK;
}

/* ---- Changing ---- */

enum status admin_account_plan(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason)
{
    struct plans plans;
    struct text email, asked, plan;
    struct plan_change change;
    char from[INSTANT_TEXT_BYTES];
    plan_book_read(context->plans, &plans);
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(admin_argument(arguments, "plan", &asked, reason));
    TRY(admin_plan_name(&plans, asked, &plan, reason));
    TRY(admin_metering_begin(context, reason));
    TRY(ledger_account_plan(context->ledger, email, &(struct plan_request){.plan = plan},
                            &change, reason));
    json_object_open(result);
    json_member_text(result, TEXT("email"), email);
    json_member_text(result, TEXT("plan"), text_of(change.plan->name));
    if (change.next_plan)
        json_member_text(result, TEXT("next_plan"), text_of(change.next_plan->name));
    json_member_text(result, TEXT("from"), instant_rfc3339(change.from, from));
    json_member_integer(result, TEXT("credits_included"), change.included);
    json_object_close(result);
    return STATUS_OK;
}

static enum status limit_read(struct text written, struct overage_change *change,
                              struct reason *reason)
{
    change->sets_limit = written.length > 0;
    change->spend_limit_cents = NO_SPEND_LIMIT;
    if (!change->sets_limit || text_equals(written, TEXT("none")))
        return STATUS_OK;
    if (text_is_digits(written) &&
        text_read_integer(written, &change->spend_limit_cents) == STATUS_OK &&
        change->spend_limit_cents <= SPEND_LIMIT_CENTS_MAX)
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "'%.*s' is no spend limit: give whole US cents up to %lld, or none",
                      TEXT_PRINT(text_slice(written, 0, 40)), (long long)SPEND_LIMIT_CENTS_MAX);
}

enum status admin_account_overage(const struct admin_context *context, const json_t *arguments,
                                  struct json_writer *result, struct reason *reason)
{
    struct text email, word;
    struct overage_change change = {0};
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(admin_argument(arguments, "switch", &word, reason));
    change.is_on = text_equals(word, TEXT("on"));
    if (!change.is_on && !text_equals(word, TEXT("off")))
        return reason_set(reason, STATUS_INVALID, "overage is switched on or off, not '%.*s'",
                          TEXT_PRINT(text_slice(word, 0, 40)));
    TRY(limit_read(admin_argument_or_empty(arguments, "limit"), &change, reason));
    TRY(admin_metering_begin(context, reason));
    TRY(ledger_account_overage(context->ledger, email, &change, reason));
    return admin_account_show(context, arguments, result, reason);
}

/* ---- Signing in ---- */

#define LINK_BYTES_MAX 2048

enum status admin_account_sign_in_link(const struct admin_context *context,
                                       const json_t *arguments, struct json_writer *result,
                                       struct reason *reason)
{
    struct text email;
    struct session_token token;
    instant expires_at;
    char written[INSTANT_TEXT_BYTES], room[LINK_BYTES_MAX];
    struct buffer link;
    buffer_init_on(&link, room, sizeof(room));
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(ledger_link_make(context->ledger, email, &token, &expires_at, reason));
    buffer_append(&link, context->base_url);
    buffer_append(&link, TEXT("/console/link/"));
    buffer_append(&link, text_of(token.characters));
    check(!link.overflowed);
    json_object_open(result);
    json_member_text(result, TEXT("email"), email);
    json_member_text(result, TEXT("link"), buffer_text(&link));
    json_member_text(result, TEXT("expires_at"), instant_rfc3339(expires_at, written));
    json_object_close(result);
    explicit_bzero(&token, sizeof(token));
    explicit_bzero(room, sizeof(room));
    return STATUS_OK;
}
