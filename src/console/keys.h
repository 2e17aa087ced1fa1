/* keys: an account's API keys, for who is signed in to it; each ends the call. */
#pragma once

#include "call/call.h"

void keys_list(struct call *call);
void keys_create(struct call *call);
void keys_rotate(struct call *call);
void keys_activate(struct call *call);
void keys_extend(struct call *call);
void keys_stop(struct call *call);
void keys_cap(struct call *call);
void keys_delete(struct call *call);
void keys_reveal(struct call *call); /* no key is kept, so that none can be shown */
