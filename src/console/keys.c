#include "console/keys.h"

#include "console/key_rows.h"

/* ---- Whose key, and what of it ---- */

/* The one gate: what is not the caller's does not exist. */
static bool key_of_caller(struct errand *errand, struct text id, struct api_key *key)
{
    enum status status = ledger_key_of(errand_ledger(errand), errand->call->session.account_id,
                                       id, key, &errand->reason);
    if (status == STATUS_MISSING)
        errand_refuse_missing(errand, "The account has no key with this id.");
    else if (status != STATUS_OK)
        errand_refuse_status(errand, status);
    return status == STATUS_OK;
}

/* Answers with the key as it is after a verb. */
static void key_tell(struct errand *errand, enum status status, struct text id)
{
    if (status != STATUS_OK)
        errand_refuse_status(errand, status);
    else
        key_row_write(errand, "key", id);
}

static bool is_grace(int64_t seconds)
{
    return seconds == 3600 || seconds == 86400 || seconds == KEY_GRACE_MAX_US / SECOND_US;
}

static duration grace_read(struct errand *errand, bool may_be_none)
{
    int64_t seconds = -1;
    if (!errand_integer(errand, "grace_period_seconds", &seconds) && !errand_is_refused(errand))
        errand_fault(errand, "grace_period_seconds", TEXT(""), "is missing");
    else if (!errand_is_refused(errand) && !is_grace(seconds) && !(may_be_none && seconds == 0))
        errand_fault(errand, "grace_period_seconds", TEXT(""),
                     may_be_none ? "must be 0, 3600, 86400 or 604800"
                                 : "must be 3600, 86400 or 604800");
    return (duration){seconds * SECOND_US};
}

static struct text account_counted(const struct errand *errand)
{
    const int64_t *id = &errand->call->session.account_id;
    return (struct text){(const char *)id, sizeof(*id)};
}

/* One more key; false: it was one too many, and is refused. */
static bool may_make(struct errand *errand)
{
    errand->retry_after_s = limits_take(console_of(errand->call)->limits, LIMIT_KEYS,
                                        account_counted(errand));
    if (errand->retry_after_s > 0)
        errand_refuse(errand, REFUSED_TOO_OFTEN);
    return errand->retry_after_s == 0;
}

/* None was made after all. */
static void refuse_making(struct errand *errand, enum status status)
{
    limits_give_back(console_of(errand->call)->limits, LIMIT_KEYS, account_counted(errand));
    errand_refuse_status(errand, status);
}

/* ---- List ---- */

void keys_list(struct call *call)
{
    errand_run(call, key_rows_write, NULL);
}

/* ---- Create ---- */

static void life_read(struct errand *errand, duration *life)
{
    int64_t days;
    if (!errand_integer(errand, "expires_in_days", &days))
        return;
    if (days != 30 && days != 90 && days != 365)
        errand_fault(errand, "expires_in_days", TEXT(""), "must be 30, 90 or 365");
    *life = (duration){days * DAY_US};
}

static void cap_read(struct errand *errand, int64_t *cap)
{
    int64_t given;
    if (!errand_integer(errand, "daily_credit_cap", &given))
        return;
    if (given < 0 || given > KEY_CAP_MAX)
        errand_fault(errand, "daily_credit_cap", TEXT(""),
                     "must be a number of credits from 0 to 1000000000000, or null for none");
    *cap = given;
}

static void name_read(struct errand *errand, struct text *name)
{
    bool is_given = errand_text(errand, "name", name);
    if (errand_is_refused(errand) && !is_given)
        return;
    *name = is_given ? text_trim(*name) : (struct text){0};
    if (name->length == 0 || name->length > API_KEY_NAME_BYTES_MAX || !text_is_plain(*name))
        errand_fault(errand, "name", name->length <= API_KEY_NAME_BYTES_MAX ? *name : TEXT(""),
                     "must be 1 to 100 bytes of text on one line, in which every "
                     "character shows");
}

static void create(struct errand *errand)
{
    struct key_request request = {.daily_credit_cap = NO_KEY_CAP, .source = API_KEY_CREATED};
    struct api_key key;
    struct api_key_text secret;
    CLEANUP(key_rows_finish) struct key_rows before = {.keys = NULL};
    name_read(errand, &request.name);
    life_read(errand, &request.life);
    cap_read(errand, &request.daily_credit_cap);
    if (errand_is_refused(errand) || !key_rows_read(errand, &before) || !may_make(errand))
        return;
    enum status status = ledger_key_make(errand_ledger(errand), text_of(before.account.email),
                                         &request, &key, &secret, &errand->reason);
    if (status != STATUS_OK) {
        refuse_making(errand, status);
        return;
    }
    json_member_text(&errand->data, TEXT("api_key"), text_of(secret.characters));
    explicit_bzero(&secret, sizeof(secret));
    key_row_tell(errand, "key", &before, &key, before.chosen_id == 0);
}

void keys_create(struct call *call)
{
    static const char *const members[] = {"name", "expires_in_days", "daily_credit_cap", NULL};
    errand_run(call, create, members);
}

/* ---- Rotate ---- */

/* A key as it is after its rotation. */
static struct api_key rotated(struct api_key key, const struct key_rotation *rotation)
{
    key.rotated_at = key.updated_at = rotation->key.created_at;
    key.stops_at = rotation->stops_at;
    key.status = key.stops_at.us > key.rotated_at.us ? API_KEY_GRACE : API_KEY_EXPIRED;
    memcpy(key.replaced_by, rotation->key.outward_id, sizeof(key.replaced_by));
    return key;
}

static void rotate(struct errand *errand)
{
    struct text id = TEXT("");
    struct api_key key;
    struct key_rotation rotation;
    CLEANUP(key_rows_finish) struct key_rows before = {.keys = NULL};
    duration grace = grace_read(errand, true);
    if (!errand_text(errand, "id", &id) && !errand->faults.bytes)
        errand_fault(errand, "id", TEXT(""), "is missing");
    if (errand_is_refused(errand) || !key_rows_read(errand, &before) ||
        !key_of_caller(errand, id, &key) || !may_make(errand))
        return;
    enum status status = ledger_key_rotate(errand_ledger(errand), id, grace, &rotation,
                                           &errand->reason);
    if (status != STATUS_OK) {
        refuse_making(errand, status);
        return;
    }
    json_member_text(&errand->data, TEXT("new_api_key"), text_of(rotation.secret.characters));
    json_member_integer(&errand->data, TEXT("grace_period_seconds"), grace.us / SECOND_US);
    struct api_key previous = rotated(key, &rotation);
    key_row_tell(errand, "active_key", &before, &rotation.key, before.chosen_id == key.id);
    key_row_tell(errand, "previous_key", &before, &previous, false);
    explicit_bzero(&rotation, sizeof(rotation));
}

void keys_rotate(struct call *call)
{
    static const char *const members[] = {"id", "grace_period_seconds", NULL};
    errand_run(call, rotate, members);
}

/* ---- One key, named by the path ---- */

static const char *const no_members[] = {NULL};

static void activate(struct errand *errand)
{
    struct api_key key;
    struct text id = errand->call->id;
    if (key_of_caller(errand, id, &key))
        key_tell(errand, ledger_key_choose(errand_ledger(errand), id, &errand->reason), id);
}

void keys_activate(struct call *call)
{
    errand_run(call, activate, no_members);
}

static void extend(struct errand *errand)
{
    struct api_key key;
    struct text id = errand->call->id;
    duration grace = grace_read(errand, false);
    if (!errand_is_refused(errand) && key_of_caller(errand, id, &key))
        key_tell(errand,
                 ledger_key_extend(errand_ledger(errand), id, grace, &key, &errand->reason),
                 id);
}

void keys_extend(struct call *call)
{
    static const char *const members[] = {"grace_period_seconds", NULL};
    errand_run(call, extend, members);
}

static void stop(struct errand *errand)
{
    struct api_key key;
    struct text id = errand->call->id;
    if (key_of_caller(errand, id, &key))
        key_tell(errand, ledger_key_stop(errand_ledger(errand), id, &errand->reason), id);
}

void keys_stop(struct call *call)
{
    errand_run(call, stop, no_members);
}

static void cap(struct errand *errand)
{
    struct api_key key;
    struct text id = errand->call->id;
    int64_t wanted = NO_KEY_CAP;
    cap_read(errand, &wanted);
    if (!errand_is_refused(errand) && !json_object_get(errand->body, "daily_credit_cap"))
        errand_fault(errand, "daily_credit_cap", TEXT(""),
                     "is missing: give credits, or null for no cap");
    if (!errand_is_refused(errand) && key_of_caller(errand, id, &key))
        key_tell(errand,
                 ledger_key_cap(errand_ledger(errand), id, wanted, &key, &errand->reason), id);
}

void keys_cap(struct call *call)
{
    static const char *const members[] = {"daily_credit_cap", NULL};
    errand_run(call, cap, members);
}

static bool was_used_today(const struct errand *errand, const struct api_key *key)
{
    return key->last_used_at.us != 0 &&
           time_now(errand->call->pipeline->time).us - key->last_used_at.us < DAY_US;
}

static void end(struct errand *errand)
{
    struct api_key key;
    struct text id = errand->call->id, name = TEXT("");
    bool is_named = errand_text(errand, "name", &name);
    enum status status = ledger_seen_write(errand_ledger(errand), &errand->reason);
    if (errand_is_refused(errand))
        return;
    if (status != STATUS_OK) {
        errand_refuse_status(errand, status);
        return;
    }
    if (!key_of_caller(errand, id, &key))
        return;
    if (was_used_today(errand, &key) && key.status != API_KEY_REVOKED &&
        !(is_named && text_equals(name, text_of(key.name)))) {
        errand_refuse(errand, REFUSED_NAME_REQUIRED);
        return;
    }
    key_tell(errand, ledger_key_revoke(errand_ledger(errand), id, &errand->reason), id);
}

void keys_delete(struct call *call)
{
    static const char *const members[] = {"name", NULL};
    errand_run(call, end, members);
}

void keys_reveal(struct call *call)
{
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_NOT_FOUND],
                                        .message = TEXT("raw value unavailable")});
}
