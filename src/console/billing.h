/* billing: an account's plan and overage, for who is signed in to it; each ends the call. */
#pragma once

#include "call/call.h"

void billing_plan(struct call *call);
void billing_overage(struct call *call);
