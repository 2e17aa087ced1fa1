/* docs_examples: the programs on the page, each of which runs as it stands.
 *
 * The address and the parameters in them are those of the endpoint table (the examples of its
 * parameters), and tests run every one against a server. Pure; any thread. */
#pragma once

#include "base/buffer.h"
#include "call/endpoint.h"

enum docs_example {
    EXAMPLE_CURL,
    EXAMPLE_TYPESCRIPT,
    EXAMPLE_PYTHON,
    EXAMPLE_GO,
    EXAMPLE_C,
    EXAMPLE_PAGING,      /* all of a list, page by page; Python */
    EXAMPLE_RETRY,       /* a call that is never paid twice; Python */
    EXAMPLE_CONDITIONAL, /* ask whether a list has changed; curl */
    DOCS_EXAMPLES        /* how many there are */
};

/* "Python", "python". */
struct text docs_example_label(enum docs_example example);
struct text docs_example_language(enum docs_example example);

/* base_url: "https://api.example.com". */
void docs_example_write(enum docs_example example, const struct endpoint *endpoint,
                        struct text base_url, struct buffer *out);
