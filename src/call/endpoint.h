/* endpoint: what one row of the endpoint table says, and what a request's arguments become.
 *
 * The table itself is api/endpoints.c. Everything that depends on an endpoint is derived from its
 * row: routing, validation, price, headers, both API documents and the docs page. Frozen; any
 * thread. */
#pragma once

#include "base/text.h"

struct call;
struct faults;
struct schema; /* api/schemas.h: what an answer consists of */

enum parameter_kind {
    PARAMETER_CLAMPED, /* an integer, brought into minimum to maximum */
    PARAMETER_ONE_OF,  /* an integer of the list one_of */
    PARAMETER_WORD,    /* the text word and nothing else; read as 1 */
    PARAMETER_CHOICE,  /* one of the texts words; read as its index */
    PARAMETER_KNOWN,   /* what known finds; read as its index */
    PARAMETER_TEXT,    /* minimum to maximum bytes after prefix; in arguments.texts */
    PARAMETER_INSTANT, /* a date or an instant of RFC 3339; read as microseconds since 1970 */
};

#define PARAMETER_CHOICES_MAX 8
#define PARAMETERS_MAX 16
#define PARAMETER_ALIASES_MAX 8

struct parameter {
    struct text name;
    const char *aliases[PARAMETER_ALIASES_MAX]; /* its names elsewhere, for "did you mean" */
    struct text type; /* "integer" or "string", as the API documents say it */
    enum parameter_kind kind;
    int64_t minimum, maximum;
    int64_t one_of[PARAMETER_CHOICES_MAX]; /* ended by 0 */
    struct text word;
    const char *words[PARAMETER_CHOICES_MAX]; /* ended by NULL */
    struct text prefix; /* may stand before a text, and is no part of it */
    bool is_required;   /* absent or empty is refused, in the words of refusal */
    /* STATUS_OK and the index, STATUS_INVALID: not the type, STATUS_MISSING: not known. */
    enum status (*known)(struct text value, unsigned *index);
    int64_t absent;      /* the value when the parameter is absent or empty */
    struct text without; /* what that means, where absent is an index: "the global list" */
    struct text refusal; /* the rest of the sentence "<name> must be ..."; without ';' */
    struct text example;
    struct text description;
};

enum endpoint_kind {
    ENDPOINT_OPEN,    /* answers anybody: health */
    ENDPOINT_ACCOUNT, /* about the caller's account: costs nothing, takes no slot; without CORS */
    ENDPOINT_PRODUCT, /* a call: takes a key, a slot, and its credits */
    ENDPOINT_RPC,     /* takes messages by POST, some of which are calls; without CORS */
    ENDPOINT_PAGE,    /* of the console, in HTML: looks for itself at who asks; without CORS */
};

/* Who may ask. */
enum endpoint_caller {
    CALLER_KEY,            /* who sends an API key; a session's cookie counts for nothing */
    CALLER_KEY_OR_SESSION, /* likewise, or a session of the console; the key wins */
    CALLER_SESSION,        /* a session of the console; a key counts for nothing */
    CALLER_ANYONE, /* everybody; a key is looked at where the endpoint's own rules say so */
};

enum endpoint_method {
    ENDPOINT_GET, /* and HEAD */
    ENDPOINT_POST,
    ENDPOINT_DELETE,
};

struct endpoint {
    /* Matched byte by byte; "{id}" stands for one part that is not empty, a '*' at the end for
     * all that follows. Several rows may have one path, each with a method of its own. */
    struct text path;
    enum endpoint_method method;
    struct text operation_id;
    struct text summary;     /* its title: a few words without a full stop */
    struct text description; /* what it does, in whole sentences; `code` between backticks */
    const char *const *tags; /* ended by NULL */
    uint8_t number;          /* in journals: never changed, never given to another endpoint */
    int64_t credits;         /* of a successful call, unless the plan file says otherwise */
    enum endpoint_kind kind;
    enum endpoint_caller caller;
    const struct parameter *path_parameter; /* what "{id}" of path is; NULL: it has none */
    const struct parameter *parameters;
    size_t parameter_count;
    bool answers_list;            /* of the catalogue: with ETag, age, 304 and no_data */
    bool gives_file;              /* a 200 is kept under the name that it tells */
    const struct schema *answer;  /* of a 200 */
    const struct schema *unready; /* of a 503 that is this endpoint's own; NULL: none is */
    /* Adds what is wrong with the arguments together, beside what is wrong with each; NULL: nothing
     * can be. A value that is_refused stands in them as if it were absent. */
    void (*examine)(const struct call *call, struct faults *faults);
    /* Finds what the call asks for and ends in exactly one call_found or call_refused, at once
     * or later, on the loop's thread. */
    void (*look_up)(struct call *call);
};

/* arguments[i] belongs to parameters[i] of the call's endpoint. Texts live as long as the call. */
struct arguments {
    int64_t values[PARAMETERS_MAX];
    struct text texts[PARAMETERS_MAX]; /* of those that are PARAMETER_TEXT */
    bool is_refused[PARAMETERS_MAX];   /* what was given; for examine alone */
};
