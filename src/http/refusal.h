/* refusal: the status and the sentence with which the server itself turns a request down. */
#pragma once

#include "base/text.h"

struct http_refusal {
    unsigned status;
    struct text sentence; /* lives for ever */
};

/* Fills *refusal and returns STATUS_INVALID, so that a check may end with it. */
static inline enum status refusal_set(struct http_refusal *refusal, unsigned status,
                                      struct text sentence)
{
    *refusal = (struct http_refusal){status, sentence};
    return STATUS_INVALID;
}
