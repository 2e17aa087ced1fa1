#include "console/visit.h"

#include "base/log.h"
#include "call/answer_headers.h"
#include "call/client_address.h"

struct visit *visit_begin(struct call *call)
{
    struct visit *visit = arena_take(http_exchange_arena(call->exchange), sizeof(*visit));
    check(visit != NULL);
    visit->errand.call = call;
    return visit;
}

struct visit *visit_open(struct call *call)
{
    struct visit *visit = visit_begin(call);
    if (!form_read(call, &visit->form))
        return NULL;
    visit->email = text_trim(form_value(&visit->form, "email"));
    visit->password = form_value(&visit->form, "password");
    visit->next = form_next(form_value(&visit->form, "next"));
    return visit;
}

void visit_send(struct visit *visit, struct pool *pool, errand_step *work, errand_step *answer)
{
    visit->errand.work = work;
    visit->errand.answer = answer;
    if (errand_send(&visit->errand, pool))
        return;
    page_say(
        visit->errand.call, 503, TEXT("Too much to do"),
        TEXT("There is more to do than can be done at the moment. Nothing was changed; try "
             "again shortly."));
}

struct session_origin visit_origin(const struct call *call, bool by_link)
{
    return (struct session_origin){
        .ip = client_address(call->request, call->pipeline->trusted_proxies),
        .user_agent = http_request_field(call->request, TEXT("User-Agent")),
        .by_link = by_link};
}

#define COOKIE_BYTES_MAX 256

void visit_enter(struct visit *visit, struct text path)
{
    char room[COOKIE_BYTES_MAX];
    struct buffer cookie;
    buffer_init_on(&cookie, room, sizeof(room));
    session_cookie_write(visit->errand.call->pipeline, text_of(visit->token.characters),
                         &cookie);
    check(!cookie.overflowed);
    explicit_bzero(&visit->token, sizeof(visit->token));
    page_redirect(visit->errand.call, path, buffer_text(&cookie));
    explicit_bzero(room, sizeof(room));
}

void visit_refuse_often(struct call *call, int64_t wait_s)
{
    struct page page;
    char words[160];
    struct buffer sentence;
    buffer_init_on(&sentence, words, sizeof(words));
    if (wait_s <= 90)
        buffer_append_format(&sentence, "That was tried too often. Try again in %lld %s.",
                             (long long)wait_s, wait_s == 1 ? "second" : "seconds");
    else
        buffer_append_format(&sentence, "That was tried too often. Try again in %lld minutes.",
                             (long long)(wait_s + 59) / 60);
    page_open(&page, call, TEXT("Too many attempts"));
    page_paragraph(&page, buffer_text(&sentence));
    answer_header_number(&page.headers, HEADER_RETRY_AFTER, wait_s);
    page_send(&page, 429);
}

bool visit_may(struct call *call, enum limit_kind kind, struct text who)
{
    int64_t wait_s = limits_take(console_of(call)->limits, kind, who);
    if (wait_s > 0)
        visit_refuse_often(call, wait_s);
    return wait_s == 0;
}

bool visit_may_from_here(struct call *call, enum limit_kind kind)
{
    char room[ADDRESS_ROOM_BYTES];
    struct text address = client_address(call->request, call->pipeline->trusted_proxies);
    return visit_may(call, kind, limits_address(address, room));
}

void visit_was_no_guess(struct call *call)
{
    char room[ADDRESS_ROOM_BYTES];
    struct text address = client_address(call->request, call->pipeline->trusted_proxies);
    limits_give_back(console_of(call)->limits, LIMIT_SIGN_IN_ADDRESS,
                     limits_address(address, room));
}

void visit_fail(struct visit *visit)
{
    log_line(LOG_ERROR, "console", "a form is answered 503: %s", visit->errand.reason.sentence);
    page_say(visit->errand.call, 503, TEXT("Not at the moment"),
             TEXT("Accounts cannot be read or changed at the moment. Try again shortly."));
}
