/* describe: the documents about the API, rendered from the tables and the plans in force.
 *
 * Each is a pure function of its facts; none blocks. They are called whenever a plan file comes
 * into force, on the main thread, and never by a call. */
#pragma once

#include "api/schemas.h"
#include "base/json_write.h"
#include "call/endpoint.h"
#include "settings/plans.h"

struct describe_facts {
    const struct plans *plans; /* in force: what each plan grants, what each endpoint costs */
    struct text public_url;    /* "https://api.example.com", without '/' at the end */
    struct text version;       /* of this program */
    int64_t ttl_hours;         /* in which a list counts as fresh */
    bool has_console;          /* there is a /console/ that pages may link to */
};

/* OpenAPI 3.1, the JSON Schema dialect of 2020-12. */
void describe_openapi(const struct describe_facts *facts, struct buffer *json);

/* Swagger 2.0 (OpenAPI 2.0), with the definitions that customers' clients know. */
void describe_swagger(const struct describe_facts *facts, struct buffer *json);

/* ---- What a document or a page is put together from ---- */

/* What a successful call costs under the plans in force. */
int64_t describe_credits(const struct describe_facts *facts, const struct endpoint *endpoint);

/* One cell of the plan table, as the customer's page has it: "$9/mo", "20,000", "5,000 daily
 * credits" or "No daily cap", "15/min", "$0.75/1,000 overage credits when enabled". */
void describe_plan_price(const struct plan *plan, struct buffer *out);
void describe_plan_included(const struct plan *plan, struct buffer *out);
void describe_plan_daily_cap(const struct plan *plan, struct buffer *out);
void describe_plan_rate_limit(const struct plan *plan, struct buffer *out);
void describe_plan_overage(const struct plan *plan, struct buffer *out);

/* 1234567 as "1,234,567". */
void describe_count(int64_t count, struct buffer *out);

/* A text that is no Markdown, in Markdown: what would be a mark gets a backslash. */
void describe_markdown(struct text text, struct buffer *out);

/* "Page number; must be an integer (it is clamped to 1-10)." */
void describe_parameter_words(const struct parameter *parameter, struct buffer *out);

/* Its example as a JSON value. It must have one. */
void describe_parameter_example(const struct parameter *parameter, struct json_writer *writer);

/* The JSON Schema of a parameter, an object: type, enum, default, words, examples. An integer
 * that is clamped has no bounds there: whatever is outside them is accepted too. */
void describe_parameter_schema(const struct parameter *parameter, struct json_writer *writer);

/* The JSON Schema of an answer, an object, with nothing in it referred to by name. */
void describe_answer_schema(const struct schema *schema, struct json_writer *writer);

/* ---- Headers of requests, beside the key ---- */

struct request_header {
    struct text name;
    struct text example;
    struct text meaning; /* a whole sentence */
    enum { REQUEST_HEADER_ANY, REQUEST_HEADER_PRODUCT, REQUEST_HEADER_LIST } place;
};

#define REQUEST_HEADER_COUNT 3
extern const struct request_header request_headers[REQUEST_HEADER_COUNT];

/* Whether it says something to that endpoint. */
bool request_header_is_at(const struct request_header *header, const struct endpoint *endpoint);

/* What the key's header is called, and what a customer's page says of it. */
#define KEY_HEADER "x-api-key"
#define KEY_HEADER_WORDS "API key required"
