/* user: who is signed in, and the sessions and the password of that account; each ends the call. */
#pragma once

#include "call/call.h"

void user_me(struct call *call);
void user_sessions(struct call *call);
void user_session_end(struct call *call);
void user_sign_out_others(struct call *call);
void user_password(struct call *call);
