/* access_log: one line a request, gathered per thread, handed to the log_writer once a turn.
 *
 * "2026-11-22T18:48:39Z request id=... client=127.0.0.1 GET /path 200 bytes=1234 us=85
 * key=tg_live_8fQ2 account=7" on standard error, of a tool call with " tool=..." and, when it was
 * refused, " refused=..." behind it. Paths come without their query, keys without their secret.
 * What waits when the program is killed is lost: it is a log, not a ledger. */
#pragma once

#include "call/call.h"

/* On the call's loop thread. */
void access_log_add(const struct call *call, unsigned status, size_t body_bytes);

/* Hands over what this thread has gathered. */
void access_log_flush(void);
