/* shell: the page around the console's program, the same at every path under /console/. */
#pragma once

#include "call/call.h"

void shell_page(struct call *call);     /* or to the sign-in page, where nobody is signed in */
void shell_redirect(struct call *call); /* from /console */
