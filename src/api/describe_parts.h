/* describe_parts: what the two API documents have in common, and where their dialects differ.
 *
 * Both are the same walk over the tables: paths, operations, parameters, answers, definitions. A
 * dialect is the few places at which OpenAPI 3.1 and Swagger 2.0 write the same thing in another
 * form. Pure; any thread. */
#pragma once

#include "api/describe.h"
#include "call/answer_headers.h"
#include "call/failures.h"

/* One answer of one operation, as it is described. */
struct answer_case {
    const struct endpoint *endpoint;
    unsigned status;
    struct text description;
    const struct schema *schema; /* NULL: without a body */
};

struct dialect {
    struct text definitions; /* where they are: "#/definitions/" */
    bool examples_are_lists; /* of a schema: "examples":[x], or "example":x */
    /* Customers know the other dialect from a page of their own; where that has words, it keeps to
     * them, and what they leave out stands in members of our own, x-accepted and x-reasons. */
    bool says_everything;
    /* Members of a parameter after name, in, required and description. */
    void (*parameter_form)(const struct parameter *parameter, struct json_writer *writer);
    /* Members of a header, or of a parameter that is one, after its description. example: as the
     * header is written; empty for none. */
    void (*header_form)(struct text type, struct text format, struct text example,
                        struct json_writer *writer);
    /* Members of an answer after description and headers. */
    void (*content)(const struct answer_case *answer, struct json_writer *writer);
};

/* ---- The walk ---- */

/* The members "tags" and "paths". */
void parts_tags(struct json_writer *writer);
void parts_paths(const struct describe_facts *facts, const struct dialect *dialect,
                 struct json_writer *writer);

/* The member "info". */
void parts_info(const struct describe_facts *facts, struct json_writer *writer);

/* The member "x-plans": the plan file in force. */
void parts_plans(const struct describe_facts *facts, struct json_writer *writer);

/* The member "ApiKeyAuth". */
void parts_security_scheme(struct json_writer *writer);

/* A member for each definition that an answer refers to. */
void parts_definitions(const struct dialect *dialect, struct json_writer *writer);

/* ---- Schemas ---- */

/* {"$ref":...} of a schema's definition. */
void parts_reference(const struct dialect *dialect, struct text name,
                     struct json_writer *writer);

/* Members of a schema: type, format, enum, default; and its description. */
void parts_parameter_type(const struct parameter *parameter, struct json_writer *writer);
void parts_parameter_words(const struct parameter *parameter, struct json_writer *writer);

/* ---- Examples ---- */

/* The failures of one status that can happen at an endpoint, one after the other: *place is 0
 * before the first; NULL after the last. */
const struct failure *parts_failure_next(const struct answer_case *answer, size_t *place);

/* Whether the failure has a sentence of its own, or the endpoint's parameters make one. */
bool parts_failure_has_example(const struct endpoint *endpoint, const struct failure *failure);
void parts_failure_example(const struct endpoint *endpoint, const struct failure *failure,
                           struct json_writer *writer);
