/* session: the session that a request's cookie names, and the proof that a page of ours sent it.
 *
 * The cookie is __Host-sid (RFC 6265bis, section 4.1.3.2); sid without Secure where the operator
 * allows plain HTTP for development. The proof, called csrf, is an HMAC with the cookie's token as
 * its key: pages of ours are told it, and nobody else can tell it. On the call's loop thread. */
#pragma once

#include "base/buffer.h"
#include "http/message.h"
#include "ledger/sessions.h"

struct call;
struct pipeline;

#define CSRF_LENGTH 64
struct csrf_token {
    char characters[CSRF_LENGTH]; /* lower-case hexadecimal; no NUL */
};
/* A 401 needs a challenge (decision record 0015), and no registered scheme is a cookie. */
#define SESSION_CHALLENGE "Cookie realm=\"trendgate\", form-action=\"/console/signin\""

struct csrf_token csrf_token_of(struct text secret);

/* The value of the one cookie of that name (RFC 6265, section 4.2); empty for none, or several. */
struct text cookie_read(const struct http_request *request, struct text name);

/* The session's token as it was sent, if it is of its form; else empty. */
struct text session_cookie_read(const struct call *call);

/* Appends the Set-Cookie line that begins a session in the browser; an empty token ends it. */
void session_cookie_write(const struct pipeline *pipeline, struct text token,
                          struct buffer *headers);

/* Finds the session of the request's cookie and puts it into the call. STATUS_MISSING: there is
 * none that goes on. */
enum status call_find_session(struct call *call);

/* Authenticates a call that only a session may make, and, where its method changes something,
 * holds it against origin and csrf; STATUS_OK, or it has answered 401 or 403. */
enum status call_authenticate_session(struct call *call);

/* Whether given proves that a page of ours sent this; secret: what it was told to go with. */
bool csrf_is_proved(const struct call *call, struct text secret, struct text given);
