/* The pages of sign-in links and of the password, which often follow each other. */
#include "console/sign_in.h"
#include "console/visit.h"

/* ---- Sign-in links ---- */

#define DEAD_LINK                                                                              \
    "It was used, is over an hour old, or a newer one was made. Ask whoever made it for "      \
    "another."

static void refuse_link(struct call *call)
{
    page_say(call, 404, TEXT("This link does not work"), TEXT(DEAD_LINK));
}

/* Looking at a link does not use it up: programs that read mail look at all of them. */
void link_page(struct call *call)
{
    if (!session_token_is_well_formed(call->id)) {
        refuse_link(call);
        return;
    }
    struct page page;
    page_open(&page, call, TEXT("Sign in"));
    page_paragraph(&page, TEXT("This link signs you in once. You can then set a password."));
    form_open(&page, call->request->path);
    form_close(&page, TEXT("Sign in"));
    page_send(&page, 200);
}

static void link_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    struct digest digest = secret_digest(errand->call->id);
    struct session_origin origin = visit_origin(errand->call, true);
    struct text before = session_cookie_read(errand->call);
    visit->status = ledger_link_use(errand_ledger(errand), &digest, &origin, &visit->token,
                                    &errand->reason);
    if (visit->status == STATUS_OK && before.length > 0) {
        struct digest old = secret_digest(before);
        visit->status = ledger_session_end(errand_ledger(errand), &old, &errand->reason);
    }
}

static void link_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    if (visit->status == STATUS_OK) {
        visit_was_no_guess(errand->call);
        visit_enter(visit, TEXT(PASSWORD_PATH));
    } else if (visit->status == STATUS_MISSING) {
        refuse_link(errand->call);
    } else {
        visit_fail(visit);
    }
}

void link_post(struct call *call)
{
    struct visit *visit = visit_open(call);
    if (visit && visit_may_from_here(call, LIMIT_SIGN_IN_ADDRESS))
        visit_send(visit, console_of(call)->desk, link_work, link_answer);
}

/* ---- The password ---- */

bool sign_in_asks_password(const struct call *call)
{
    return time_now(call->pipeline->time).us >= call->session.link_password_until.us;
}

enum status sign_in_password_change(const struct call *call,
                                    const struct password_change *change,
                                    struct session_token *token, int64_t *retry_after_s,
                                    struct reason *reason)
{
    struct ledger *ledger = call->pipeline->ledger;
    struct limits *limits = console_of(call)->limits;
    int64_t account_id = call->session.account_id;
    struct text who = {(const char *)&account_id, sizeof(account_id)};
    struct account_login login;
    struct password_hash hash;
    TRY(ledger_login_of(ledger, account_id, &login, reason));
    if (sign_in_asks_password(call)) {
        *retry_after_s = limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, who);
        if (*retry_after_s > 0)
            return reason_set(reason, STATUS_EXHAUSTED, "too many wrong passwords");
        if (!password_matches(change->current, text_of(login.password_hash)))
            return reason_set(reason, STATUS_FORBIDDEN, "the password is not right");
        limits_clear(limits, LIMIT_SIGN_IN_ACCOUNT, who);
    }
    explicit_bzero(&login, sizeof(login));
    password_hash(change->wanted, &hash);
    struct session_origin origin = visit_origin(call, false);
    TRY(ledger_password_set(ledger, account_id, text_of(hash.characters), reason));
    explicit_bzero(&hash, sizeof(hash));
    return ledger_session_begin(ledger, account_id, &origin, token, reason);
}

#define LINK_IS_OVER                                                                           \
    "You are signed in by a link, and for an hour it let you set a password without the old "  \
    "one. Give the old one now, or ask whoever made the link for another."

/* email: whose password it is, for those who look and for what keeps passwords; what a form sent
 * of it comes back, and is used for nothing else. */
static void password_write(struct visit *visit, unsigned status, struct text current_fault,
                           struct text new_fault)
{
    struct call *call = visit->errand.call;
    struct page page;
    page_open(&page, call, TEXT("Password"));
    bool asks = sign_in_asks_password(call);
    if (!asks)
        page_paragraph(&page, TEXT("You are signed in by a link. Set a password, and sign in "
                                   "with it from now on."));
    else if (call->session.link_password_until.us != 0)
        page_paragraph(&page, TEXT(LINK_IS_OVER));
    form_open(&page, TEXT(PASSWORD_PATH));
    form_field(&page, &(struct form_field){.name = "email",
                                           .label = "Mail address",
                                           .type = "email",
                                           .autocomplete = "username",
                                           .value = visit->email,
                                           .is_fixed = true});
    if (asks)
        form_field(&page, &(struct form_field){.name = "current_password",
                                               .label = "Current password",
                                               .type = "password",
                                               .autocomplete = "current-password",
                                               .fault = current_fault});
    form_field(&page, &(struct form_field){.name = "new_password",
                                           .label = "New password",
                                           .type = "password",
                                           .autocomplete = "new-password",
                                           .hint = "At least 12 characters. All other sessions "
                                                   "are signed out.",
                                           .fault = new_fault});
    form_close(&page, TEXT("Set the password"));
    html_open(&page.html, HTML_P);
    page_link(&page, TEXT(CONSOLE_PATH), TEXT("Leave it as it is"));
    html_close(&page.html, HTML_P);
    page_send(&page, status);
}

static void password_page_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    visit->status = ledger_account_of(errand_ledger(errand), errand->call->session.account_id,
                                      &visit->account, &errand->reason);
    visit->email = text_of(visit->account.email);
}

static void password_page_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    if (visit->status == STATUS_OK)
        password_write(visit, 200, (struct text){0}, (struct text){0});
    else
        visit_fail(visit);
}

void password_page(struct call *call)
{
    if (call_find_session(call) != STATUS_OK) {
        sign_in_first(call);
        return;
    }
    struct visit *visit = visit_begin(call);
    visit_send(visit, console_of(call)->desk, password_page_work, password_page_answer);
}

static void password_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    const struct password_change change = {
        .current = form_value(&visit->form, "current_password"),
        .wanted = form_value(&visit->form, "new_password")};
    visit->status = sign_in_password_change(errand->call, &change, &visit->token,
                                            &errand->retry_after_s, &errand->reason);
}

static void password_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    if (visit->status == STATUS_OK)
        visit_enter(visit, TEXT(CONSOLE_PATH));
    else if (visit->status == STATUS_FORBIDDEN)
        password_write(visit, 403, TEXT("The current password is not right."),
                       (struct text){0});
    else if (visit->status == STATUS_EXHAUSTED)
        visit_refuse_often(errand->call, errand->retry_after_s);
    else
        visit_fail(visit);
}

void password_post(struct call *call)
{
    struct visit *visit = visit_open(call);
    if (!visit)
        return;
    if (call->session.id == 0)
        sign_in_first(call);
    else if (!password_is_fit(form_value(&visit->form, "new_password")))
        password_write(visit, 400, (struct text){0}, TEXT("Choose at least 12 characters."));
    else
        visit_send(visit, console_of(call)->hashers, password_work, password_answer);
}
