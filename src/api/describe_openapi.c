#include "api/describe_parts.h"

static void schema_open(struct json_writer *writer)
{
    json_name(writer, TEXT("schema"));
    json_object_open(writer);
}

static void parameter_form(const struct parameter *parameter, struct json_writer *writer)
{
    schema_open(writer);
    parts_parameter_type(parameter, writer);
    json_object_close(writer);
    if (parameter->example.length == 0)
        return;
    json_name(writer, TEXT("example"));
    describe_parameter_example(parameter, writer);
}

static void header_form(struct text type, struct text format, struct text example,
                        struct json_writer *writer)
{
    schema_open(writer);
    json_member_text(writer, TEXT("type"), type);
    if (format.length > 0)
        json_member_text(writer, TEXT("format"), format);
    json_object_close(writer);
    json_name(writer, TEXT("example"));
    if (text_equals(type, TEXT("integer")))
        json_write_raw(writer, example);
    else
        json_write_text(writer, example);
}

static const struct dialect openapi;

/* An example for each reason, under the reason's name. */
static void failure_examples(const struct answer_case *answer, struct json_writer *writer)
{
    size_t place = 0;
    const struct failure *failure;
    bool is_any = false;
    while ((failure = parts_failure_next(answer, &place)) != NULL) {
        if (!parts_failure_has_example(answer->endpoint, failure))
            continue;
        if (!is_any) {
            json_name(writer, TEXT("examples"));
            json_object_open(writer);
        }
        is_any = true;
        json_name(writer, failure->reason);
        json_object_open(writer);
        json_member_text(writer, TEXT("summary"), failure->meaning);
        json_name(writer, TEXT("value"));
        parts_failure_example(answer->endpoint, failure, writer);
        json_object_close(writer);
    }
    if (is_any)
        json_object_close(writer);
}

static void content(const struct answer_case *answer, struct json_writer *writer)
{
    if (!answer->schema)
        return;
    json_name(writer, TEXT("content"));
    json_object_open(writer);
    json_name(writer, TEXT("application/json"));
    json_object_open(writer);
    json_name(writer, TEXT("schema"));
    parts_reference(&openapi, answer->schema->name, writer);
    if (answer->status >= 400) {
        failure_examples(answer, writer);
    } else {
        json_name(writer, TEXT("example"));
        json_write_raw(writer, answer->schema->example);
    }
    json_object_close(writer);
    json_object_close(writer);
}

static const struct dialect openapi = {
    .definitions = TEXT_INITIAL("#/components/schemas/"),
    .examples_are_lists = true,
    .says_everything = true,
    .parameter_form = parameter_form,
    .header_form = header_form,
    .content = content,
};

static void servers_write(const struct describe_facts *facts, struct json_writer *writer)
{
    json_name(writer, TEXT("servers"));
    json_array_open(writer);
    json_object_open(writer);
    json_member_text(writer, TEXT("url"), facts->public_url);
    json_object_close(writer);
    json_array_close(writer);
}

static void components_write(struct json_writer *writer)
{
    json_name(writer, TEXT("components"));
    json_object_open(writer);
    json_name(writer, TEXT("securitySchemes"));
    json_object_open(writer);
    parts_security_scheme(writer);
    json_object_close(writer);
    json_name(writer, TEXT("schemas"));
    json_object_open(writer);
    parts_definitions(&openapi, writer);
    json_object_close(writer);
    json_object_close(writer);
}

void describe_openapi(const struct describe_facts *facts, struct buffer *json)
{
    struct json_writer writer = json_writer_on(json);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("openapi"), TEXT("3.1.0"));
    parts_info(facts, &writer);
    servers_write(facts, &writer);
    parts_tags(&writer);
    parts_paths(facts, &openapi, &writer);
    components_write(&writer);
    parts_plans(facts, &writer);
    json_object_close(&writer);
}
