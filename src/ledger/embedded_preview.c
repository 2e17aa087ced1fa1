#include "ledger/embedded_preview.h"

#include "ledger/billing.h"
#include "ledger/embedded_billing.h"

void plan_preview_finish(struct plan_preview *preview)
{
    invoice_finish(&preview->now);
    invoice_finish(&preview->next);
}

/* ---- What a change would come to ---- */

/* By the very step that the change takes. */
static void preview_fill(const struct terms *terms, const struct meter_plan *before,
                         uint8_t slot, struct plan_preview *preview)
{
    struct meter_plan after = *before;
    const struct plan *plan = terms->by_slot[slot];
    preview->is_at_once = meter_plan_change(terms, &after, slot);
    preview->from = preview->is_at_once ? after.now : after.period.end;
    preview->plan = plan;
    preview->before = terms->by_slot[before->plan_slot];
    preview->included = subscription_allowance(&after.subscription).count;
    if (preview->is_at_once && after.plan_slot != before->plan_slot)
        invoice_add_proration(
            &preview->now, period_number(&after.period),
            &(struct invoice_proration){
                .from_plan = text_of(preview->before->name),
                .plan = text_of(plan->name),
                .at = after.now,
                .credits = after.subscription.included - before->subscription.included,
                .cents = after.subscription.cents - before->subscription.cents});
    invoice_add_subscription(&preview->next, period_number(&after.period) + 1,
                             text_of(plan->name), plan->included_credits, plan->price_cents);
}

/* ---- The digest: the second that the preview is of, and SHA-256 of its numbers ---- */

#define NUMBERS_BYTES_MAX 2048 /* some plan names and a dozen integers */

static void lines_append(struct buffer *out, const struct invoice *invoice)
{
    for (size_t i = 0; i < invoice->count; i++) {
        const struct invoice_line *line = &invoice->lines[i];
        buffer_append_format(out, "\n%d %d %lld %lld %s", (int)line->kind, line->period,
                             (long long)line->credits, (long long)line->cents, line->plan);
    }
}

static void digest_write(const struct terms *terms, const struct meter_plan *before,
                         struct plan_preview *preview)
{
    char room[NUMBERS_BYTES_MAX], hex[2 * sizeof(struct digest) + 1];
    int64_t second = instant_seconds(before->now);
    struct buffer numbers;
    buffer_init_on(&numbers, room, sizeof(room));
    buffer_append_format(&numbers, "%lld %lld %lld %d %d %lld %lld", (long long)second,
                         (long long)before->account_id, (long long)terms->version,
                         before->plan_slot != before->next_plan_slot, preview->is_at_once,
                         (long long)before->subscription.cents, (long long)preview->included);
    buffer_append_format(&numbers, "\n%s\n%s", preview->before->name, preview->plan->name);
    lines_append(&numbers, &preview->now);
    lines_append(&numbers, &preview->next);
    check(!numbers.overflowed);
    struct digest digest = secret_digest(buffer_text(&numbers));
    secret_hex(digest.bytes, sizeof(digest.bytes), hex);
    hex[sizeof(hex) - 1] = '\0';
    int written = snprintf(preview->digest, sizeof(preview->digest), "%lld-%s",
                           (long long)second, hex);
    check(written > 0 && (size_t)written < sizeof(preview->digest));
}

static void preview_make(const struct terms *terms, const struct meter_plan *before,
                         uint8_t slot, struct plan_preview *preview)
{
    *preview = (struct plan_preview){0};
    preview_fill(terms, before, slot, preview);
    digest_write(terms, before, preview);
}

/* False: it is none, or not of the last minutes of this billing period. */
static bool moment_read(struct text digest, const struct meter_plan *before, instant *moment)
{
    int64_t second;
    struct text written = text_cut(&digest, '-');
    if (!text_is_digits(written) || text_read_integer(written, &second) != STATUS_OK ||
        second > instant_seconds(before->now))
        return false;
    *moment = (instant){second * SECOND_US};
    return before->now.us - moment->us <= PLAN_PREVIEW_LIFE_US &&
           moment->us >= before->period.start.us;
}

static enum status refuse_other(struct reason *reason)
{
    return reason_set(reason, STATUS_CONFLICT,
                      "what the change comes to is not what was shown: look at a new preview");
}

enum status plan_preview_hold(const struct terms *terms, struct text digest, uint8_t slot,
                              struct meter_plan *before, struct reason *reason)
{
    struct meter_plan then = *before;
    CLEANUP(plan_preview_finish) struct plan_preview preview = {0};
    if (!moment_read(digest, before, &then.now))
        return refuse_other(reason);
    preview_make(terms, &then, slot, &preview);
    if (!text_equals(digest, text_of(preview.digest)))
        return refuse_other(reason);
    *before = then;
    return STATUS_OK;
}

/* ---- The verb ---- */

enum status ledger_plan_preview(struct ledger *ledger, int64_t account_id,
                                const struct plan_request *request,
                                struct plan_preview *preview, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    const struct terms *terms = terms_now(&held->terms);
    const struct plan *wanted = plans_find(&terms->plans, request->plan);
    struct meter_account account;
    uint8_t slot;
    if (!wanted || terms_slot(&held->terms, text_of(wanted->name), &slot) != STATUS_OK)
        return reason_set(reason, STATUS_INVALID, "the plan file in force has no plan '%.*s'",
                          TEXT_PRINT(text_slice(request->plan, 0, PLAN_NAME_BYTES_MAX)));
    if (!meter_account_find(held->meter, account_id, &account))
        return reason_set(reason, STATUS_MISSING, "there is no account %lld",
                          (long long)account_id);
    TRY(ledger_hold_to_look(held, &transaction, account_id, reason));
    struct meter_plan before;
    meter_plan_look(held->meter, account_id, ledger_change_time(held), &before);
    if (request->preview.length > 0)
        TRY(plan_preview_hold(terms, request->preview, slot, &before, reason));
    struct meter_balance balance = meter_balance_of(held->meter, account_id);
    preview_make(terms, &before, slot, preview);
    preview->is_over = balance.used + balance.overage > wanted->included_credits;
    return STATUS_OK;
}
