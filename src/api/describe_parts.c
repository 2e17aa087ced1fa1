#include "api/describe_parts.h"

#include "api/endpoints.h"

/* ---- What it is ---- */

static void plan_row_write(const struct plan *plan, struct buffer *out)
{
    buffer_append(out, TEXT("| "));
    describe_markdown(text_of(plan->name), out);
    buffer_append(out, TEXT(" | "));
    describe_plan_price(plan, out);
    buffer_append(out, TEXT(" | "));
    describe_plan_included(plan, out);
    buffer_append(out, TEXT(" | "));
    describe_plan_daily_cap(plan, out);
    buffer_append(out, TEXT(" | "));
    describe_plan_rate_limit(plan, out);
    buffer_append(out, TEXT(" | "));
    describe_plan_overage(plan, out);
    buffer_append(out, TEXT(" |\n"));
}

static void introduction_write(const struct describe_facts *facts, struct buffer *out)
{
    buffer_append(
        out,
        TEXT("Ranked lists of trending TikTok hashtags. Send your API key in the `" KEY_HEADER
             "` header.\n\n"
             "Usage is metered in credits: a successful call costs what its operation says "
             "(`x-credit-cost`), every other answer costs none. HEAD is answered like GET "
             "without a body, and charged nothing; OPTIONS needs no key. The plans in force:"
             "\n\n"
             "| Plan | Price | Included credits | Daily cap | Rate limit | Overage |\n"
             "|---|---|---|---|---|---|\n"));
    for (size_t i = 0; i < facts->plans->plan_count; i++)
        plan_row_write(&facts->plans->plans[i], out);
}

#define INTRODUCTION_BYTES_MAX 16384 /* PLANS_MAX rows of the longest plan */

void parts_info(const struct describe_facts *facts, struct json_writer *writer)
{
    struct buffer words CLEANUP(buffer_finish);
    buffer_init(&words, INTRODUCTION_BYTES_MAX);
    introduction_write(facts, &words);
    check(!words.overflowed);
    json_name(writer, TEXT("info"));
    json_object_open(writer);
    json_member_text(writer, TEXT("title"), TEXT("trendgate"));
    json_member_text(writer, TEXT("version"), facts->version);
    json_member_text(writer, TEXT("description"), buffer_text(&words));
    json_name(writer, TEXT("contact"));
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), TEXT("The operator of this service"));
    json_member_text(writer, TEXT("url"), facts->public_url);
    json_object_close(writer);
    json_name(writer, TEXT("license"));
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), TEXT("Apache-2.0"));
    json_member_text(writer, TEXT("url"), TEXT("https://www.apache.org/licenses/LICENSE-2.0"));
    json_object_close(writer);
    json_object_close(writer);
}

void parts_plans(const struct describe_facts *facts, struct json_writer *writer)
{
    json_name(writer, TEXT("x-plans"));
    json_array_open(writer);
    for (size_t i = 0; i < facts->plans->plan_count; i++) {
        const struct plan *plan = &facts->plans->plans[i];
        json_object_open(writer);
        json_member_text(writer, TEXT("name"), text_of(plan->name));
        json_member_integer(writer, TEXT("price_cents"), plan->price_cents);
        json_member_integer(writer, TEXT("included_credits"), plan->included_credits);
        json_member_integer(writer, TEXT("daily_credit_cap"), plan->daily_credit_cap);
        json_member_integer(writer, TEXT("rate_limit_per_minute"), plan->rate_limit_per_minute);
        json_member_text(writer, TEXT("overage"), text_of(overage_word(plan->overage)));
        json_member_integer(writer, TEXT("overage_cents_per_1000"),
                            plan->overage_cents_per_1000);
        json_object_close(writer);
    }
    json_array_close(writer);
}

void parts_tags(struct json_writer *writer)
{
    json_name(writer, TEXT("tags"));
    json_array_open(writer);
    for (size_t i = 0; i < endpoint_tag_count; i++) {
        json_object_open(writer);
        json_member_text(writer, TEXT("name"), endpoint_tags[i].name);
        json_member_text(writer, TEXT("description"), endpoint_tags[i].description);
        json_object_close(writer);
    }
    json_array_close(writer);
}

void parts_security_scheme(struct json_writer *writer)
{
    json_name(writer, TEXT("ApiKeyAuth"));
    json_object_open(writer);
    json_member_text(writer, TEXT("type"), TEXT("apiKey"));
    json_member_text(writer, TEXT("in"), TEXT("header"));
    json_member_text(writer, TEXT("name"), TEXT(KEY_HEADER));
    json_member_text(writer, TEXT("description"), TEXT(KEY_HEADER_WORDS));
    json_object_close(writer);
}

/* ---- Parameters ---- */

static void parameter_write(const struct dialect *dialect, const struct parameter *parameter,
                            struct text in, struct json_writer *writer)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), parameter->name);
    json_member_text(writer, TEXT("in"), in);
    json_member_boolean(writer, TEXT("required"), parameter->is_required);
    if (dialect->says_everything) {
        parts_parameter_words(parameter, writer);
    } else {
        json_member_text(writer, TEXT("description"), parameter->description);
        json_member_text(writer, TEXT("x-accepted"), parameter->refusal);
    }
    dialect->parameter_form(parameter, writer);
    json_object_close(writer);
}

static void header_parameter_write(const struct dialect *dialect,
                                   const struct request_header *header,
                                   struct json_writer *writer)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), header->name);
    json_member_text(writer, TEXT("in"), TEXT("header"));
    json_member_boolean(writer, TEXT("required"), false);
    json_member_text(writer, TEXT("description"), header->meaning);
    dialect->header_form(TEXT("string"), (struct text){0}, header->example, writer);
    json_object_close(writer);
}

static void parameters_write(const struct dialect *dialect, const struct endpoint *endpoint,
                             struct json_writer *writer)
{
    json_name(writer, TEXT("parameters"));
    json_array_open(writer);
    if (endpoint->path_parameter)
        parameter_write(dialect, endpoint->path_parameter, TEXT("path"), writer);
    for (size_t i = 0; i < endpoint->parameter_count; i++)
        parameter_write(dialect, &endpoint->parameters[i], TEXT("query"), writer);
    for (size_t i = 0; i < LENGTH_OF(request_headers); i++)
        if (request_header_is_at(&request_headers[i], endpoint))
            header_parameter_write(dialect, &request_headers[i], writer);
    json_array_close(writer);
}

/* ---- Failures ---- */

const struct failure *parts_failure_next(const struct answer_case *answer, size_t *place)
{
    while (*place < FAILURE_COUNT) {
        const struct failure *failure = &failures[(*place)++];
        if (failure->status == answer->status && failure_is_at(failure, answer->endpoint))
            return failure;
    }
    return NULL;
}

/* The parameter that examples of invalid input are made of. */
static const struct parameter *input_of(const struct endpoint *endpoint)
{
    return endpoint->path_parameter        ? endpoint->path_parameter
           : endpoint->parameter_count > 0 ? &endpoint->parameters[0]
                                           : NULL;
}

bool parts_failure_has_example(const struct endpoint *endpoint, const struct failure *failure)
{
    bool is_input = failure == &failures[FAILURE_INVALID_INPUT];
    return failure->message.length > 0 || (is_input && input_of(endpoint) != NULL);
}

#define MESSAGE_BYTES_MAX 512

static void input_message_write(const struct parameter *parameter, struct json_writer *writer)
{
    char room[MESSAGE_BYTES_MAX];
    struct buffer message;
    buffer_init_on(&message, room, sizeof(room));
    buffer_append_format(&message, "Invalid input: %.*s %.*s", TEXT_PRINT(parameter->name),
                         TEXT_PRINT(parameter->refusal));
    check(!message.overflowed);
    json_member_text(writer, TEXT("msg"), buffer_text(&message));
}

static void input_errors_write(const struct parameter *parameter, struct json_writer *writer)
{
    json_name(writer, TEXT("errors"));
    json_array_open(writer);
    json_object_open(writer);
    json_member_text(writer, TEXT("parameter"), parameter->name);
    json_member_text(writer, TEXT("value"), TEXT("x"));
    json_member_text(writer, TEXT("reason"), parameter->refusal);
    json_object_close(writer);
    json_array_close(writer);
}

void parts_failure_example(const struct endpoint *endpoint, const struct failure *failure,
                           struct json_writer *writer)
{
    bool has_own = failure->message.length > 0;
    json_object_open(writer);
    json_member_integer(writer, TEXT("code"), failure->status);
    if (has_own)
        json_member_text(writer, TEXT("msg"), failure->message);
    else
        input_message_write(input_of(endpoint), writer);
    json_name(writer, TEXT("data"));
    json_object_open(writer);
    if (!has_own)
        input_errors_write(input_of(endpoint), writer);
    json_member_text(writer, TEXT("reason"), failure->reason);
    json_member_text(writer, TEXT("request_id"), answer_headers[HEADER_REQUEST_ID].example);
    json_object_close(writer);
    json_object_close(writer);
}

/* ---- Answers ---- */

/* What a header says where nothing is charged, and where no call is left; 41 is the example of
 * Retry-After. */
static struct text header_example(enum answer_header_id id, const struct answer_case *answer)
{
    bool is_charged = answer->status == 200 && answer->endpoint->credits > 0;
    if (id == HEADER_CREDITS_CHARGED && !is_charged)
        return TEXT("0");
    if (answer->status == 429 && id == HEADER_RATE)
        return TEXT("\"minute\";r=0;t=41");
    if (answer->status == 429 && id == HEADER_RATE_REMAINING)
        return TEXT("0");
    if (answer->status == 429 && id == HEADER_RATE_RESET)
        return TEXT("41");
    return answer_headers[id].example;
}

static void answer_headers_write(const struct dialect *dialect,
                                 const struct answer_case *answer, struct json_writer *writer)
{
    json_name(writer, TEXT("headers"));
    json_object_open(writer);
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        const struct answer_header *header = &answer_headers[i];
        if (!answer_header_is_on(header, answer->endpoint, answer->status))
            continue;
        json_name(writer, header->name);
        json_object_open(writer);
        json_member_text(writer, TEXT("description"), header->meaning);
        dialect->header_form(header->type, header->format,
                             header_example((enum answer_header_id)i, answer), writer);
        json_object_close(writer);
    }
    json_object_close(writer);
}

/* For programs: every reason word of a failure, and what it means. */
static void reasons_write(const struct answer_case *answer, struct json_writer *writer)
{
    size_t place = 0;
    const struct failure *failure;
    if (answer->status < 400)
        return;
    json_name(writer, TEXT("x-reasons"));
    json_object_open(writer);
    while ((failure = parts_failure_next(answer, &place)) != NULL)
        json_member_text(writer, failure->reason, failure->meaning);
    json_object_close(writer);
}

static void answer_write(const struct dialect *dialect, const struct answer_case *answer,
                         struct json_writer *writer)
{
    char status[16];
    struct buffer name;
    buffer_init_on(&name, status, sizeof(status));
    buffer_append_integer(&name, answer->status);
    json_name(writer, buffer_text(&name));
    json_object_open(writer);
    json_member_text(writer, TEXT("description"), answer->description);
    reasons_write(answer, writer);
    answer_headers_write(dialect, answer, writer);
    dialect->content(answer, writer);
    json_object_close(writer);
}

#define DESCRIPTION_BYTES_MAX 2048

/* "Invalid input", or "Invalid input. `reason`: what it means. ..." */
static void failure_words(const struct dialect *dialect, const struct answer_case *answer,
                          struct buffer *words)
{
    size_t place = 0;
    const struct failure *failure;
    buffer_append(words, failure_status_line(answer->status));
    if (!dialect->says_everything)
        return;
    buffer_append_byte(words, '.');
    while ((failure = parts_failure_next(answer, &place)) != NULL)
        buffer_append_format(words, " `%.*s`: %.*s", TEXT_PRINT(failure->reason),
                             TEXT_PRINT(failure->meaning));
}

static void failures_write(const struct dialect *dialect, const struct endpoint *endpoint,
                           unsigned status, struct json_writer *writer)
{
    struct answer_case answer = {
        .endpoint = endpoint,
        .status = status,
        .schema = status == 503 && endpoint->unready ? endpoint->unready : &failure_schema};
    size_t place = 0;
    if (!parts_failure_next(&answer, &place))
        return;
    char room[DESCRIPTION_BYTES_MAX];
    struct buffer words;
    buffer_init_on(&words, room, sizeof(room));
    failure_words(dialect, &answer, &words);
    check(!words.overflowed);
    answer.description = buffer_text(&words);
    answer_write(dialect, &answer, writer);
}

static void answers_write(const struct dialect *dialect, const struct endpoint *endpoint,
                          struct json_writer *writer)
{
    json_name(writer, TEXT("responses"));
    json_object_open(writer);
    struct answer_case answer = {.endpoint = endpoint,
                                 .status = 200,
                                 .description = endpoint->answer->description,
                                 .schema = endpoint->answer};
    answer_write(dialect, &answer, writer);
    if (endpoint->answers_list) {
        answer = (struct answer_case){
            .endpoint = endpoint,
            .status = 304,
            .description = TEXT("The list is the same as that of the If-None-Match; no credits "
                                "are charged.")};
        answer_write(dialect, &answer, writer);
    }
    for (size_t i = 0; i < FAILURE_COUNT; i++)
        if (i == 0 || failures[i].status != failures[i - 1].status)
            failures_write(dialect, endpoint, failures[i].status, writer);
    json_object_close(writer);
}

/* ---- Operations ---- */

static void description_write(const struct describe_facts *facts,
                              const struct endpoint *endpoint, struct json_writer *writer)
{
    char room[DESCRIPTION_BYTES_MAX];
    struct buffer words;
    int64_t cost = describe_credits(facts, endpoint);
    buffer_init_on(&words, room, sizeof(room));
    buffer_append(&words, endpoint->description);
    if (cost > 0)
        buffer_append_format(&words,
                             "\n\nCosts %lld credits; charged are successful 2xx responses "
                             "only, and not an empty page.",
                             (long long)cost);
    check(!words.overflowed);
    json_member_text(writer, TEXT("description"), buffer_text(&words));
}

static void security_write(const struct endpoint *endpoint, struct json_writer *writer)
{
    json_name(writer, TEXT("security"));
    json_array_open(writer);
    if (endpoint->kind != ENDPOINT_OPEN) {
        json_object_open(writer);
        json_name(writer, TEXT("ApiKeyAuth"));
        json_array_open(writer);
        json_array_close(writer);
        json_object_close(writer);
    }
    json_array_close(writer);
}

static void operation_write(const struct describe_facts *facts, const struct dialect *dialect,
                            const struct endpoint *endpoint, struct json_writer *writer)
{
    json_object_open(writer);
    json_name(writer, TEXT("tags"));
    json_array_open(writer);
    for (const char *const *tag = endpoint->tags; *tag; tag++)
        json_write_text(writer, text_of(*tag));
    json_array_close(writer);
    json_member_text(writer, TEXT("summary"), endpoint->summary);
    description_write(facts, endpoint, writer);
    json_member_text(writer, TEXT("operationId"), endpoint->operation_id);
    parameters_write(dialect, endpoint, writer);
    security_write(endpoint, writer);
    json_member_integer(writer, TEXT("x-credit-cost"), describe_credits(facts, endpoint));
    answers_write(dialect, endpoint, writer);
    json_object_close(writer);
}

void parts_paths(const struct describe_facts *facts, const struct dialect *dialect,
                 struct json_writer *writer)
{
    json_name(writer, TEXT("paths"));
    json_object_open(writer);
    for (size_t i = 0; i < endpoint_count; i++) {
        if (endpoints[i].kind == ENDPOINT_RPC)
            continue; /* its messages describe themselves: tools/list */
        json_name(writer, endpoints[i].path);
        json_object_open(writer);
        json_name(writer, TEXT("get"));
        operation_write(facts, dialect, &endpoints[i], writer);
        json_object_close(writer);
    }
    json_object_close(writer);
}
