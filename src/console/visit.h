/* visit: one form of signing in or out on its way: what was sent, and what came of it.
 *
 * work runs on a thread of the console, answer on the call's loop, with a page or a redirection. */
#pragma once

#include "console/page.h"
#include "ledger/sessions.h"

struct visit {
    struct errand errand; /* its job, task, call and reason; no body and no data */
    struct query form;
    struct text email, password, next;
    struct account account;     /* whose password is shown a form */
    struct session_token token; /* of the session that begins */
    enum status status;
};

/* In the call's arena, of a page that is only looked at. */
struct visit *visit_begin(struct call *call);

/* The same with the form read; NULL: that was refused. */
struct visit *visit_open(struct call *call);

/* Sends it off; a full queue is answered with a page. */
void visit_send(struct visit *visit, struct pool *pool, errand_step *work, errand_step *answer);

/* Where the session begins: the client's address and browser. */
struct session_origin visit_origin(const struct call *call, bool by_link);

/* The visit's session begins: cookie, and on to path. */
void visit_enter(struct visit *visit, struct text path);

/* Counts one more; false: it was one too many, and a page has said when to come back. */
bool visit_may(struct call *call, enum limit_kind kind, struct text who);

/* The same by the client's address. */
bool visit_may_from_here(struct call *call, enum limit_kind kind);

/* A sign-in that succeeded: the address is counted as before. */
void visit_was_no_guess(struct call *call);

/* A page for what is no fault of who asks; the log has the words. */
void visit_fail(struct visit *visit);

/* A page that says when to come back. */
void visit_refuse_often(struct call *call, int64_t wait_s);
