#include "admin_verbs.h"

#define ACCOUNTS_LISTED_MAX 500 /* a page of account_list */

/* ---- Arguments ---- */

enum status admin_argument(const json_t *arguments, const char *name, struct text *value,
                           struct reason *reason)
{
    if (json_read_text(arguments, name, value))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID, "the argument '%s' is missing", name);
}

struct text admin_argument_or_empty(const json_t *arguments, const char *name)
{
    struct text value = TEXT("");
    (void)json_read_text(arguments, name, &value);
    return value;
}

static enum status plan_unknown(const struct plans *plans, struct text name,
                                struct reason *reason)
{
    struct buffer known;
    buffer_init(&known, REASON_BYTES_MAX);
    for (size_t i = 0; i < plans->plan_count; i++)
        buffer_append_format(&known, "%s%s", i == 0 ? "" : ", ", plans->plans[i].name);
    (void)reason_set(reason, STATUS_INVALID, "there is no plan '%.*s'; the plans are %.*s",
                     TEXT_PRINT(text_slice(name, 0, PLAN_NAME_BYTES_MAX)),
                     TEXT_PRINT(buffer_text(&known)));
    buffer_finish(&known);
    return STATUS_INVALID;
}

enum status admin_plan_name(const struct plans *plans, struct text asked, struct text *name,
                            struct reason *reason)
{
    const struct plan *plan = asked.length == 0 ? &plans->plans[0] : plans_find(plans, asked);
    if (!plan)
        return plan_unknown(plans, asked, reason);
    *name = text_of(plan->name);
    return STATUS_OK;
}

/* ---- Results ---- */

void admin_account_members(struct json_writer *result, const struct account *account)
{
    char created[INSTANT_TEXT_BYTES], next_at[INSTANT_TEXT_BYTES];
    json_member_text(result, TEXT("id"), text_of(account->outward_id));
    json_member_text(result, TEXT("email"), text_of(account->email));
    json_member_text(result, TEXT("name"), text_of(account->name));
    json_member_text(result, TEXT("plan"), text_of(account->plan));
    json_member_text(result, TEXT("status"),
                     account->is_suspended ? TEXT("suspended")
                     : account->is_unpaid  ? TEXT("unpaid")
                                           : TEXT("active"));
    json_member_text(result, TEXT("created_at"), instant_rfc3339(account->created_at, created));
    if (account->next_plan[0] != '\0') {
        json_member_text(result, TEXT("next_plan"), text_of(account->next_plan));
        json_member_text(result, TEXT("next_plan_at"),
                         instant_rfc3339(account->next_plan_at, next_at));
    }
    if (account->spend_limit_cents != NO_SPEND_LIMIT)
        json_member_integer(result, TEXT("spend_limit_cents"), account->spend_limit_cents);
}

/* ---- Verbs of accounts ---- */

static void key_forget(struct api_key_text *key)
{
    explicit_bzero(key, sizeof(*key));
}

/* The ids of an account with its first key, where they can be read: they can be asked for later,
 * the key cannot. */
static void first_ids_write(const struct admin_context *context, struct text email,
                            struct json_writer *result)
{
    struct account account;
    struct api_key keys[API_KEY_LIVE_MAX];
    size_t listed = 0;
    if (ledger_account_find(context->ledger, email, &account, NULL) != STATUS_OK ||
        ledger_key_list(context->ledger, email, keys, LENGTH_OF(keys), &listed, NULL) !=
            STATUS_OK ||
        listed == 0)
        return;
    json_member_text(result, TEXT("id"), text_of(keys[listed - 1].outward_id));
    json_member_text(result, TEXT("account_id"), text_of(account.outward_id));
}

/* One row of an import: the account and its first key come into being together. */
static enum status account_create(const struct admin_context *context, const json_t *arguments,
                                  struct json_writer *result, struct reason *reason)
{
    struct plans plans;
    plan_book_read(context->plans, &plans);
    struct account_row row = {.name = admin_argument_or_empty(arguments, "name")};
    TRY(admin_argument(arguments, "email", &row.email, reason));
    TRY(admin_plan_name(&plans, admin_argument_or_empty(arguments, "plan"), &row.plan, reason));
    CLEANUP(key_forget) struct api_key_text secret = {0};
    TRY(ledger_account_import(context->ledger, &row, 1, &secret, reason));
    json_object_open(result);
    json_member_text(result, TEXT("api_key"), text_of(secret.characters));
    first_ids_write(context, row.email, result);
    json_member_text(result, TEXT("plan"), row.plan);
    json_object_close(result);
    return STATUS_OK;
}

struct import {
    struct plans plans; /* the rows' plans are its texts */
    struct account_row *rows;
    size_t count;
};

static void import_finish(struct import *import)
{
    free(import->rows);
}

static enum status import_begin(const struct admin_context *context, const json_t *arguments,
                                struct import *import, struct reason *reason)
{
    const json_t *rows = json_object_get(arguments, "rows");
    if (!json_is_array(rows) || json_array_size(rows) > ADMIN_ROWS_MAX)
        return reason_set(reason, STATUS_INVALID, "'rows' is no array of at most %d rows",
                          ADMIN_ROWS_MAX);
    plan_book_read(context->plans, &import->plans);
    import->count = json_array_size(rows);
    import->rows = memory_take_zeroed(import->count + 1, sizeof(import->rows[0]));
    return STATUS_OK;
}

static enum status row_read(const json_t *written, const struct plans *plans,
                            struct account_row *row, struct reason *reason)
{
    struct text texts[3];
    for (size_t i = 0; i < LENGTH_OF(texts); i++) {
        const json_t *text = json_array_get(written, i);
        if (!json_is_string(text))
            return reason_set(reason, STATUS_INVALID, "a row is no [email, plan, name]");
        texts[i] = (struct text){json_string_value(text), json_string_length(text)};
    }
    *row = (struct account_row){.email = texts[0], .name = texts[2]};
    return admin_plan_name(plans, texts[1], &row->plan, reason);
}

static bool is_refusal_of_row(enum status status)
{
    return status == STATUS_INVALID || status == STATUS_EXISTS;
}

static enum status account_check(const struct admin_context *context, const json_t *arguments,
                                 struct json_writer *result, struct reason *reason)
{
    CLEANUP(import_finish) struct import import = {.rows = NULL};
    TRY(import_begin(context, arguments, &import, reason));
    const json_t *rows = json_object_get(arguments, "rows");
    struct reason fault = {""};
    enum status status = STATUS_OK;
    size_t row = 0;
    for (; row < import.count && status == STATUS_OK; row++) {
        status = row_read(json_array_get(rows, row), &import.plans, &import.rows[row], &fault);
        if (status == STATUS_OK)
            status = ledger_account_check(context->ledger, &import.rows[row], &fault);
    }
    if (status != STATUS_OK && !is_refusal_of_row(status))
        return reason_set(reason, status, "%s", fault.sentence);
    json_object_open(result);
    if (status != STATUS_OK) {
        json_member_integer(result, TEXT("row"), (int64_t)row - 1);
        json_member_text(result, TEXT("sentence"), reason_text(&fault));
    }
    json_object_close(result);
    return STATUS_OK;
}

static enum status account_import(const struct admin_context *context, const json_t *arguments,
                                  struct json_writer *result, struct reason *reason)
{
    CLEANUP(import_finish) struct import import = {.rows = NULL};
    TRY(import_begin(context, arguments, &import, reason));
    const json_t *rows = json_object_get(arguments, "rows");
    for (size_t i = 0; i < import.count; i++)
        TRY(row_read(json_array_get(rows, i), &import.plans, &import.rows[i], reason));
    struct api_key_text *keys = memory_take_zeroed(import.count + 1, sizeof(*keys));
    enum status status = ledger_account_import(context->ledger, import.rows, import.count, keys,
                                               reason);
    if (status == STATUS_OK) {
        json_object_open(result);
        json_name(result, TEXT("keys"));
        json_array_open(result);
        for (size_t i = 0; i < import.count; i++)
            json_write_text(result, (struct text){keys[i].characters, API_KEY_LENGTH});
        json_array_close(result);
        json_object_close(result);
    }
    explicit_bzero(keys, (import.count + 1) * sizeof(*keys));
    free(keys);
    return status;
}

static enum status account_list(const struct admin_context *context, const json_t *arguments,
                                struct json_writer *result, struct reason *reason)
{
    struct account *accounts = memory_take(ACCOUNTS_LISTED_MAX * sizeof(*accounts));
    size_t listed = 0;
    enum status status = ledger_account_list(context->ledger,
                                             admin_argument_or_empty(arguments, "after"),
                                             accounts, ACCOUNTS_LISTED_MAX, &listed, reason);
    if (status == STATUS_OK) {
        json_object_open(result);
        json_name(result, TEXT("accounts"));
        json_array_open(result);
        for (size_t i = 0; i < listed; i++) {
            json_object_open(result);
            admin_account_members(result, &accounts[i]);
            json_object_close(result);
        }
        json_array_close(result);
        json_member_boolean(result, TEXT("has_more"), listed == ACCOUNTS_LISTED_MAX);
        json_object_close(result);
    }
    free(accounts);
    return status;
}

static enum status suspension_set(const struct admin_context *context, const json_t *arguments,
                                  bool suspended, struct json_writer *result,
                                  struct reason *reason)
{
    struct text email;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(ledger_account_suspend(context->ledger, email, suspended, reason));
    return admin_account_show(context, arguments, result, reason);
}

static enum status account_suspend(const struct admin_context *context, const json_t *arguments,
                                   struct json_writer *result, struct reason *reason)
{
    return suspension_set(context, arguments, true, result, reason);
}

static enum status account_resume(const struct admin_context *context, const json_t *arguments,
                                  struct json_writer *result, struct reason *reason)
{
    return suspension_set(context, arguments, false, result, reason);
}

/* ---- One request ---- */

static const struct verb {
    struct text name;
    enum status (*run)(const struct admin_context *context, const json_t *arguments,
                       struct json_writer *result, struct reason *reason);
} verbs[] = {
    {TEXT_INITIAL("account_create"), account_create},
    {TEXT_INITIAL("account_check"), account_check},
    {TEXT_INITIAL("account_import"), account_import},
    {TEXT_INITIAL("account_list"), account_list},
    {TEXT_INITIAL("account_show"), admin_account_show},
    {TEXT_INITIAL("account_plan"), admin_account_plan},
    {TEXT_INITIAL("account_overage"), admin_account_overage},
    {TEXT_INITIAL("account_grant"), admin_account_grant},
    {TEXT_INITIAL("account_refund"), admin_account_refund},
    {TEXT_INITIAL("invoice"), admin_invoice},
    {TEXT_INITIAL("invoice_paid"), admin_invoice_paid},
    {TEXT_INITIAL("account_suspend"), account_suspend},
    {TEXT_INITIAL("account_resume"), account_resume},
    {TEXT_INITIAL("account_sign_in_link"), admin_account_sign_in_link},
    {TEXT_INITIAL("key_create"), admin_key_create},
    {TEXT_INITIAL("key_list"), admin_key_list},
    {TEXT_INITIAL("key_rotate"), admin_key_rotate},
    {TEXT_INITIAL("key_cap"), admin_key_cap},
    {TEXT_INITIAL("key_revoke"), admin_key_revoke},
    {TEXT_INITIAL("usage"), admin_usage},
};

static enum status request_run(const struct admin_context *context, struct text request,
                               struct json_writer *result, struct reason *reason)
{
    CLEANUP(json_document_finish) json_t *document = NULL;
    TRY(json_document_read(request, &document, reason));
    struct text name;
    const json_t *arguments = json_object_get(document, "arguments");
    if (!json_read_text(document, "verb", &name) || !json_is_object(arguments))
        return reason_set(reason, STATUS_INVALID, "a request has a verb and arguments");
    for (size_t i = 0; i < LENGTH_OF(verbs); i++)
        if (text_equals(verbs[i].name, name))
            return verbs[i].run(context, arguments, result, reason);
    return reason_set(reason, STATUS_MISSING,
                      "the running server does not know '%.*s': it is of another version",
                      TEXT_PRINT(text_slice(name, 0, 40)));
}

/* A sentence may quote what was refused for not being UTF-8, or be cut inside a character. */
static void sentence_make_ascii(struct reason *reason)
{
    if (text_is_utf8(reason_text(reason)))
        return;
    for (char *at = reason->sentence; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
}

static void refusal_write(enum status status, struct reason *reason, struct buffer *answer)
{
    sentence_make_ascii(reason);
    struct json_writer writer = json_writer_on(answer);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("status"), text_of(status_word(status)));
    json_member_text(&writer, TEXT("sentence"), reason_text(reason));
    json_object_close(&writer);
}

void admin_run(const struct admin_context *context, struct text request, struct buffer *answer)
{
    struct json_writer writer = json_writer_on(answer);
    struct reason reason = {""};
    json_object_open(&writer);
    json_member_text(&writer, TEXT("status"), TEXT("ok"));
    json_name(&writer, TEXT("result"));
    enum status status = request_run(context, request, &writer, &reason);
    json_object_close(&writer);
    if (status == STATUS_OK && answer->overflowed)
        status = reason_set(&reason, STATUS_TOO_LARGE, "the answer is over %d bytes",
                            ADMIN_MESSAGE_BYTES_MAX);
    if (status == STATUS_OK)
        return;
    buffer_clear(answer);
    refusal_write(status, &reason, answer);
}
