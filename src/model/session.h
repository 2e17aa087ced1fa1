/* session: how long a person stays signed in to the console.
 *
 * A session ends by itself when it was not used for SESSION_IDLE_US, and SESSION_LIFE_US after it
 * began, whatever happened in between. Pure; any thread. */
#pragma once

#include "base/instant.h"

#define SESSION_IDLE_US (12 * 3600 * SECOND_US)
#define SESSION_LIFE_US (14 * DAY_US)
#define SESSION_TOKEN_BYTES 32  /* 256 random bits */
#define SESSION_TOKEN_LENGTH 64 /* the same in lower-case hexadecimal: what a cookie holds */
#define SESSION_SEEN_US (60 * SECOND_US) /* how exactly its last use is kept */
#define SESSIONS_MAX 32 /* of one account: past it the one that was idle longest ends */
#define SESSION_AGENT_BYTES_MAX 256
#define SIGN_IN_LINK_LIFE_US (3600 * SECOND_US)
#define LINK_PASSWORD_US (3600 * SECOND_US) /* of a session's: it stands for the old password */

/* A clock that was set back makes a session no older than it is: one from the future is live. */
bool session_is_live(instant created_at, instant last_seen_at, instant now);
