/* plans_builtin: etc/plans.ini as it was when the program was built. Frozen; any thread. */
#pragma once

#include "base/text.h"

extern const struct text plans_builtin;
