#include "api/mcp_tools.h"

#include "api/describe.h"

static void required_write(struct json_writer *writer, const struct endpoint *endpoint)
{
    bool is_any = false;
    for (size_t i = 0; i < endpoint->parameter_count; i++) {
        if (!endpoint->parameters[i].is_required)
            continue;
        if (!is_any) {
            json_name(writer, TEXT("required"));
            json_array_open(writer);
        }
        is_any = true;
        json_write_text(writer, endpoint->parameters[i].name);
    }
    if (is_any)
        json_array_close(writer);
}

static void input_schema_write(struct json_writer *writer, const struct endpoint *endpoint)
{
    json_name(writer, TEXT("inputSchema"));
    json_object_open(writer);
    json_member_text(writer, TEXT("type"), TEXT("object"));
    if (endpoint->parameter_count > 0) {
        json_name(writer, TEXT("properties"));
        json_object_open(writer);
        for (size_t i = 0; i < endpoint->parameter_count; i++) {
            json_name(writer, endpoint->parameters[i].name);
            describe_parameter_schema(&endpoint->parameters[i], writer);
        }
        json_object_close(writer);
        required_write(writer, endpoint);
    }
    json_member_boolean(writer, TEXT("additionalProperties"), false);
    json_object_close(writer);
}

/* Clients hold the results of refused calls against it too. */
static void output_schema_write(struct json_writer *writer, const struct endpoint *endpoint)
{
    json_name(writer, TEXT("outputSchema"));
    json_object_open(writer);
    json_member_text(writer, TEXT("type"), TEXT("object"));
    json_name(writer, TEXT("anyOf"));
    json_array_open(writer);
    describe_answer_schema(endpoint->answer, writer);
    describe_answer_schema(&failure_schema, writer);
    json_array_close(writer);
    json_object_close(writer);
}

/* What it reads was written by strangers, hence the open world. */
static void annotations_write(struct json_writer *writer, const struct endpoint *endpoint)
{
    json_name(writer, TEXT("annotations"));
    json_object_open(writer);
    json_member_text(writer, TEXT("title"), endpoint->summary);
    json_member_boolean(writer, TEXT("readOnlyHint"), true);
    json_member_boolean(writer, TEXT("destructiveHint"), false);
    json_member_boolean(writer, TEXT("idempotentHint"), true);
    json_member_boolean(writer, TEXT("openWorldHint"), true);
    json_object_close(writer);
}

#define DESCRIPTION_BYTES_MAX 4096

/* The row tells of an endpoint that costs nothing itself. */
static void description_write(struct json_writer *writer, const struct pipeline *pipeline,
                              const struct endpoint *endpoint)
{
    char room[DESCRIPTION_BYTES_MAX];
    struct buffer sentence;
    buffer_init_on(&sentence, room, sizeof(room));
    int64_t price = call_price(pipeline, endpoint).count;
    buffer_append(&sentence, endpoint->description);
    if (price > 0)
        buffer_append_format(&sentence,
                             " A delivered list costs %lld credits; an empty page and any "
                             "refusal cost none, but one of the plan's calls a minute all the "
                             "same.",
                             (long long)price);
    check(!sentence.overflowed);
    json_member_text(writer, TEXT("description"), buffer_text(&sentence));
}

static void tool_write(struct json_writer *writer, const struct pipeline *pipeline,
                       const struct endpoint *endpoint)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), endpoint->operation_id);
    json_member_text(writer, TEXT("title"), endpoint->summary);
    description_write(writer, pipeline, endpoint);
    input_schema_write(writer, endpoint);
    output_schema_write(writer, endpoint);
    annotations_write(writer, endpoint);
    json_object_close(writer);
}

void mcp_tools_write(const struct pipeline *pipeline, struct json_writer *writer)
{
    json_array_open(writer);
    for (size_t i = 0; i < pipeline->endpoint_count; i++)
        if (pipeline->endpoints[i].kind == ENDPOINT_PRODUCT)
            tool_write(writer, pipeline, &pipeline->endpoints[i]);
    json_array_close(writer);
}

const struct endpoint *mcp_tool_find(const struct pipeline *pipeline, struct text name)
{
    for (size_t i = 0; i < pipeline->endpoint_count; i++)
        if (pipeline->endpoints[i].kind == ENDPOINT_PRODUCT &&
            text_equals(pipeline->endpoints[i].operation_id, name))
            return &pipeline->endpoints[i];
    return NULL;
}
