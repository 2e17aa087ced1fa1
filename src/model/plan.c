#include "model/plan.h"

const char *overage_word(enum overage overage)
{
    switch (overage) {
    case OVERAGE_NONE: return "none";
    case OVERAGE_OPT_IN: return "opt_in";
    case OVERAGE_ALWAYS: return "always";
    }
    check(false);
}
