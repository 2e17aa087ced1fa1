#include "console/sign_in.h"

#include "call/answer_headers.h"
#include "call/origin.h"
#include "console/visit.h"

/* ---- Signing in ---- */

/* One sentence for an unknown address and a wrong password. */
#define REFUSED "The mail address or the password is not right."

static void sign_in_write(struct call *call, const struct visit *visit)
{
    struct page page;
    struct query query;
    struct text next = TEXT(CONSOLE_PATH);
    if (visit)
        next = visit->next;
    else if (query_read(call->request->query, http_exchange_arena(call->exchange), &query) ==
             STATUS_OK)
        next = form_next(form_value(&query, "next"));
    page_open(&page, call, TEXT("Sign in"));
    form_open(&page, TEXT(SIGN_IN_PATH));
    form_hidden(&page, TEXT("next"), next);
    form_field(&page, &(struct form_field){.name = "email",
                                           .label = "Mail address",
                                           .type = "email",
                                           .autocomplete = "username",
                                           .value = visit ? visit->email : (struct text){0}});
    form_field(&page, &(struct form_field){.name = "password",
                                           .label = "Password",
                                           .type = "password",
                                           .autocomplete = "current-password",
                                           .fault = visit ? TEXT(REFUSED) : (struct text){0}});
    form_close(&page, TEXT("Sign in"));
    page_paragraph(&page,
                   TEXT("Forgot it, or never had one? Whoever runs this service can make "
                        "you a link that signs you in once."));
    if (console_of(call)->sign_up_is_open) {
        html_open(&page.html, HTML_P);
        page_link(&page, TEXT(SIGN_UP_PATH), TEXT("Make an account"));
        html_close(&page.html, HTML_P);
    }
    if (visit)
        answer_header_text(&page.headers, HEADER_CHALLENGE, TEXT(SESSION_CHALLENGE));
    page_send(&page, visit ? 401 : 200);
}

void sign_in_page(struct call *call)
{
    if (call_find_session(call) == STATUS_OK)
        page_redirect(call, TEXT(CONSOLE_PATH), (struct text){0});
    else
        sign_in_write(call, NULL);
}

/* What the browser had is over when another begins. */
static enum status session_change(const struct call *call, int64_t account_id,
                                  const struct session_origin *origin,
                                  struct session_token *token, struct reason *reason)
{
    struct text before = session_cookie_read(call);
    if (before.length > 0) {
        struct digest digest = secret_digest(before);
        TRY(ledger_session_end(call->pipeline->ledger, &digest, reason));
    }
    return ledger_session_begin(call->pipeline->ledger, account_id, origin, token, reason);
}

/* Whether or not there is such an account, a password is compared. */
static void sign_in_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    struct account_login login = {0};
    struct session_origin origin = visit_origin(errand->call, false);
    enum status status = ledger_login_find(errand_ledger(errand), visit->email, &login,
                                           &errand->reason);
    bool matches = password_matches(visit->password, text_of(login.password_hash));
    if (status == STATUS_OK)
        status = matches ? session_change(errand->call, login.account_id, &origin,
                                          &visit->token, &errand->reason)
                         : STATUS_MISSING;
    explicit_bzero(&login, sizeof(login));
    visit->status = status;
}

static struct text folded_of(const struct text email, char *room)
{
    bool is_one = account_email_is_valid(email);
    return is_one ? account_email_fold(email, room) : TEXT("no mail address");
}

static void sign_in_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    char room[ACCOUNT_EMAIL_BYTES_MAX];
    if (visit->status == STATUS_OK) {
        limits_clear(console_of(errand->call)->limits, LIMIT_SIGN_IN_ACCOUNT,
                     folded_of(visit->email, room));
        visit_was_no_guess(errand->call);
        visit_enter(visit, visit->next);
    } else if (visit->status == STATUS_MISSING) {
        sign_in_write(errand->call, visit);
    } else {
        visit_fail(visit);
    }
}

void sign_in_post(struct call *call)
{
    char room[ACCOUNT_EMAIL_BYTES_MAX];
    struct visit *visit = visit_open(call);
    if (visit && visit_may_from_here(call, LIMIT_SIGN_IN_ADDRESS) &&
        visit_may(call, LIMIT_SIGN_IN_ACCOUNT, folded_of(visit->email, room)))
        visit_send(visit, console_of(call)->hashers, sign_in_work, sign_in_answer);
}

#define NEXT_BYTES_MAX 1024

void sign_in_first(struct call *call)
{
    char room[NEXT_BYTES_MAX];
    struct buffer path;
    buffer_init_on(&path, room, sizeof(room));
    buffer_append(&path, TEXT(SIGN_IN_PATH));
    struct text target = form_next(call->request->target);
    if (!text_equals(target, TEXT(CONSOLE_PATH)) && target.length < NEXT_BYTES_MAX / 4) {
        buffer_append(&path, TEXT("?next="));
        query_escape(target, &path);
    }
    check(!path.overflowed);
    page_redirect(call, buffer_text(&path), (struct text){0});
}

/* ---- Signing up ---- */

static bool sign_up_is_open(struct call *call)
{
    if (console_of(call)->sign_up_is_open)
        return true;
    page_say(call, 404, TEXT("No sign-up here"),
             TEXT("Whoever runs this service makes the accounts; ask for one."));
    return false;
}

static void sign_up_write(struct call *call, const struct visit *visit, struct text email_fault,
                          struct text password_fault)
{
    struct page page;
    page_open(&page, call, TEXT("Make an account"));
    form_open(&page, TEXT(SIGN_UP_PATH));
    form_field(&page, &(struct form_field){.name = "email",
                                           .label = "Mail address",
                                           .type = "email",
                                           .autocomplete = "username",
                                           .value = visit ? visit->email : (struct text){0},
                                           .fault = email_fault});
    form_field(&page, &(struct form_field){.name = "password",
                                           .label = "Password",
                                           .type = "password",
                                           .autocomplete = "new-password",
                                           .hint = "At least 12 characters.",
                                           .fault = password_fault});
    form_close(&page, TEXT("Make the account"));
    html_open(&page.html, HTML_P);
    page_link(&page, TEXT(SIGN_IN_PATH), TEXT("Sign in instead"));
    html_close(&page.html, HTML_P);
    page_send(&page, visit ? 400 : 200);
}

void sign_up_page(struct call *call)
{
    if (sign_up_is_open(call))
        sign_up_write(call, NULL, (struct text){0}, (struct text){0});
}

/* On the first plan: what it costs is chosen later. */
static void sign_up_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    struct ledger *ledger = errand_ledger(errand);
    const struct account_row row = {.email = visit->email,
                                    .plan = text_of(ledger_terms(ledger)->plans.plans[0].name)};
    struct session_origin origin = visit_origin(errand->call, false);
    struct password_hash hash;
    int64_t account_id;
    password_hash(visit->password, &hash);
    visit->status = ledger_account_sign_up(ledger, &row, text_of(hash.characters), &account_id,
                                           &errand->reason);
    explicit_bzero(&hash, sizeof(hash));
    if (visit->status == STATUS_OK)
        visit->status = session_change(errand->call, account_id, &origin, &visit->token,
                                       &errand->reason);
}

static void sign_up_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    if (visit->status == STATUS_OK)
        visit_enter(visit, TEXT(CONSOLE_PATH));
    else if (visit->status == STATUS_EXISTS)
        sign_up_write(errand->call, visit,
                      TEXT("An account cannot be made with this address; if it is yours, sign "
                           "in instead."),
                      (struct text){0});
    else
        visit_fail(visit);
}

void sign_up_post(struct call *call)
{
    if (!sign_up_is_open(call))
        return;
    struct visit *visit = visit_open(call);
    if (!visit)
        return;
    bool has_mail = account_email_is_valid(visit->email);
    bool is_fit = password_is_fit(visit->password);
    if (!has_mail || !is_fit) {
        sign_up_write(call, visit,
                      has_mail ? (struct text){0} : TEXT("That is not a mail address."),
                      is_fit ? (struct text){0} : TEXT("Choose at least 12 characters."));
        return;
    }
    if (visit_may_from_here(call, LIMIT_SIGN_UP_ADDRESS))
        visit_send(visit, console_of(call)->hashers, sign_up_work, sign_up_answer);
}

/* ---- Signing out ---- */

static void sign_out_work(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    struct digest digest = secret_digest(session_cookie_read(errand->call));
    visit->status = ledger_session_end(errand_ledger(errand), &digest, &errand->reason);
}

static void sign_out_tell(struct call *call)
{
    char room[256];
    struct buffer cookie;
    buffer_init_on(&cookie, room, sizeof(room));
    session_cookie_write(call->pipeline, TEXT(""), &cookie);
    check(!cookie.overflowed);
    page_redirect(call, TEXT(SIGN_IN_PATH), buffer_text(&cookie));
}

static void sign_out_answer(struct errand *errand)
{
    struct visit *visit = CONTAINER_OF(errand, struct visit, errand);
    if (visit->status == STATUS_OK)
        sign_out_tell(errand->call);
    else
        visit_fail(visit);
}

/* Browsers send no cookie along with a form of another site, but take the cookies of its answer:
 * the session would be lost to whoever sends a person here. */
static void sign_out_of_none(struct call *call)
{
    if (origin_may_change(call->request, call->pipeline->public_url))
        sign_out_tell(call);
    else
        page_say(call, 403, TEXT("Open the page again"),
                 TEXT("This form was not sent by a page of ours. Nothing was changed."));
}

void sign_out_post(struct call *call)
{
    if (call_find_session(call) != STATUS_OK) {
        sign_out_of_none(call);
        return;
    }
    struct visit *visit = visit_open(call);
    if (visit)
        visit_send(visit, console_of(call)->desk, sign_out_work, sign_out_answer);
}
