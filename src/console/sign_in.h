/* sign_in: the pages by which a person comes in, goes out and changes the password; each ends the
 * call, and works without scripts. */
#pragma once

#include "call/call.h"

void sign_in_page(struct call *call);
void sign_in_post(struct call *call);
void sign_up_page(struct call *call);
void sign_up_post(struct call *call);
void sign_out_post(struct call *call);
void link_page(struct call *call);
void link_post(struct call *call);
void password_page(struct call *call);
void password_post(struct call *call);

/* Not signed in: to the sign-in page, and from there back to what was asked for. */
void sign_in_first(struct call *call);

/* Whether the call's session may set a password only with the old one: unless it began with a
 * sign-in link less than LINK_PASSWORD_US ago. */
bool sign_in_asks_password(const struct call *call);

struct password_change {
    struct text current; /* looked at where sign_in_asks_password */
    struct text wanted;  /* fit */
};

/* Changes the password of the call's session, ends all sessions of the account and begins a new
 * one. STATUS_FORBIDDEN: current is not right; STATUS_EXHAUSTED: too many of those, and
 * *retry_after_s says how long. Takes the time of a hash or two, on a thread of the console. */
enum status sign_in_password_change(const struct call *call,
                                    const struct password_change *change,
                                    struct session_token *token, int64_t *retry_after_s,
                                    struct reason *reason);
