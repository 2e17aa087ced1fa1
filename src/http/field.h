/* field: one header line of a request, cut into its name and value. */
#pragma once

#include "base/text.h"

struct http_field {
    struct text name;  /* as written; compare ignoring case */
    struct text value; /* without the white space around it */
};
