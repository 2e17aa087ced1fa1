#include "console/user.h"

#include "call/client_address.h"
#include "console/errand.h"
#include "console/sign_in.h"
#include "ledger/changes.h"

static const char *const no_members[] = {NULL};

static void csrf_write(struct errand *errand, struct text session_token)
{
    struct csrf_token token = csrf_token_of(session_token);
    json_member_text(&errand->data, TEXT("csrf_token"),
                     (struct text){token.characters, CSRF_LENGTH});
}

/* ---- Me ---- */

static void me(struct errand *errand)
{
    const struct call *call = errand->call;
    struct json_writer *data = &errand->data;
    struct account account;
    struct chosen_key chosen = {0};
    char written[INSTANT_TEXT_BYTES];
    enum status status = ledger_account_of(errand_ledger(errand), call->session.account_id,
                                           &account, &errand->reason);
    if (status == STATUS_OK)
        status = ledger_key_chosen(errand_ledger(errand), account.id, &chosen, &errand->reason);
    if (status != STATUS_OK && status != STATUS_MISSING) {
        errand_refuse_status(errand, status);
        return;
    }
    json_member_text(data, TEXT("id"), text_of(account.outward_id));
    json_member_text(data, TEXT("email"), text_of(account.email));
    json_member_text(data, TEXT("username"), text_of(account.name));
    json_member_text(data, TEXT("plan"), text_of(account.plan));
    json_member_text(data, TEXT("created_at"), instant_rfc3339(account.created_at, written));
    errand_member_text(errand, "active_key_id", text_of(chosen.outward_id));
    csrf_write(errand, session_cookie_read(call));
    errand_member_instant(errand, "link_password_until", call->session.link_password_until);
    enum account_refusal refusal = account_refusal(account.is_suspended, account.is_unpaid);
    json_member_boolean(data, TEXT("suspended"), refusal != ACCOUNT_ADMITTED);
    json_member_boolean(data, TEXT("unpaid"), refusal == ACCOUNT_UNPAID);
    json_member_text(data, TEXT("sign_up"),
                     console_of(call)->sign_up_is_open ? TEXT("open") : TEXT("closed"));
}

void user_me(struct call *call)
{
    errand_run(call, me, NULL);
}

/* ---- Sessions ---- */

static void session_write(struct errand *errand, const struct session *session)
{
    struct json_writer *data = &errand->data;
    json_object_open(data);
    json_member_text(data, TEXT("id"), text_of(session->outward_id));
    errand_member_instant(errand, "created_at", session->created_at);
    errand_member_instant(errand, "last_seen_at", session->last_seen_at);
    json_member_text(data, TEXT("ip"), text_of(session->ip));
    json_member_text(data, TEXT("user_agent"), text_of(session->user_agent));
    json_member_boolean(data, TEXT("is_current"), session->id == errand->call->session.id);
    json_object_close(data);
}

static void sessions(struct errand *errand)
{
    struct session listed[SESSIONS_MAX];
    size_t count;
    enum status status = ledger_session_list(errand_ledger(errand),
                                             errand->call->session.account_id, listed, &count,
                                             &errand->reason);
    if (status != STATUS_OK) {
        errand_refuse_status(errand, status);
        return;
    }
    json_name(&errand->data, TEXT("items"));
    json_array_open(&errand->data);
    for (size_t i = 0; i < count; i++)
        session_write(errand, &listed[i]);
    json_array_close(&errand->data);
}

void user_sessions(struct call *call)
{
    errand_run(call, sessions, NULL);
}

static void session_end(struct errand *errand)
{
    enum status status = ledger_session_end_by_id(errand_ledger(errand),
                                                  errand->call->session.account_id,
                                                  errand->call->id, &errand->reason);
    if (status == STATUS_MISSING)
        errand_refuse_missing(errand, "The account has no session with this id.");
    else if (status != STATUS_OK)
        errand_refuse_status(errand, status);
}

void user_session_end(struct call *call)
{
    errand_run(call, session_end, no_members);
}

static void sign_out_others(struct errand *errand)
{
    const struct session_standing *session = &errand->call->session;
    enum status status = ledger_session_end_others(errand_ledger(errand), session->account_id,
                                                   session->id, &errand->reason);
    if (status != STATUS_OK)
        errand_refuse_status(errand, status);
}

void user_sign_out_others(struct call *call)
{
    errand_run(call, sign_out_others, no_members);
}

/* ---- Password ---- */

static void password(struct errand *errand)
{
    struct password_change change = {0};
    struct session_token token;
    bool has_current = errand_text(errand, "current_password", &change.current);
    bool has_new = errand_text(errand, "new_password", &change.wanted);
    if (errand_is_refused(errand))
        return;
    if (!has_current && sign_in_asks_password(errand->call))
        errand_fault(
            errand, "current_password", TEXT(""),
            errand->call->session.link_password_until.us != 0
                ? "is missing: the hour is over in which a sign-in link stands for it; "
                  "give it, or ask for a new link"
                : "is missing");
    if (!has_new || !password_is_fit(change.wanted))
        errand_fault(errand, "new_password", TEXT(""), "must have at least 12 characters");
    if (errand_is_refused(errand))
        return;
    enum status status = sign_in_password_change(errand->call, &change, &token,
                                                 &errand->retry_after_s, &errand->reason);
    if (status == STATUS_OK) {
        session_cookie_write(errand->call->pipeline, text_of(token.characters),
                             &errand->headers);
        csrf_write(errand, text_of(token.characters));
        explicit_bzero(&token, sizeof(token));
    } else if (status == STATUS_FORBIDDEN) {
        errand->reason = (struct reason){""};
        errand_refuse(errand, REFUSED_WRONG_PASSWORD);
    } else if (status == STATUS_EXHAUSTED) {
        errand->reason = (struct reason){""};
        errand_refuse(errand, REFUSED_TOO_OFTEN);
    } else {
        errand_refuse_status(errand, status);
    }
}

void user_password(struct call *call)
{
    static const char *const members[] = {"current_password", "new_password", NULL};
    errand_run_hashing(call, password, members);
}
