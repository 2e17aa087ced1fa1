/* playground: one call of the product, made in the server for who is signed in.
 *
 * It is made with the account's active key, which nobody needs to know for that, and takes slot,
 * credits and place in the books like any other. It names an operation of ours and nothing else:
 * no address is ever asked. */
#pragma once

#include "call/call.h"

void playground_call(struct call *call);
