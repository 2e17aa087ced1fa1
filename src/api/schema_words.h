/* schema_words: how the tables of schemas write their rows. Literals alone. */
#pragma once

#include "api/schemas.h"

/* clang-format off */
#define FIELD(way, kind, ...) {.path = TEXT_INITIAL(way), .type = TEXT_INITIAL(kind), ##__VA_ARGS__}
#define SAYS(words) .description = TEXT_INITIAL(words)
#define FORMAT(name) .format = TEXT_INITIAL(name)
#define EXAMPLE(value) .example = TEXT_INITIAL(value)
#define ONE_OF(values) .one_of = TEXT_INITIAL(values)
#define FROM(least) .minimum = TEXT_INITIAL(least)
#define TO(most) .maximum = TEXT_INITIAL(most)
#define OPTIONAL .is_optional = true

#define REQUEST_ID                                                                             \
    FIELD("data.request_id", "string", EXAMPLE("\"0f3c6b2a9d\""),                              \
          SAYS("The X-Request-Id of the answer."))
#define ENVELOPE                                                                               \
    FIELD("code", "integer", EXAMPLE("200"), SAYS("The HTTP status."))
#define ENVELOPE_END                                                                           \
    FIELD("msg", "string", EXAMPLE("\"OK\""), SAYS("OK, or a sentence that says what is wrong."))
/* clang-format on */
