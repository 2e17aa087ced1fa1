/* browse: the product's lists as the console shows them: free, and limited by session instead.
 *
 * The same look-ups as the product's, without the charge, and their data in the envelope of the
 * account API, with when and where it was captured. Each ends the call. */
#pragma once

#include "call/call.h"

void browse_trends(struct call *call);
void browse_history(struct call *call);
void browse_lists(struct call *call);
