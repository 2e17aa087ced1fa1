#include "api/describe_parts.h"

static void parameter_form(const struct parameter *parameter, struct json_writer *writer)
{
    parts_parameter_type(parameter, writer);
    if (parameter->example.length == 0)
        return;
    json_name(writer, TEXT("x-example"));
    describe_parameter_example(parameter, writer);
}

static void header_form(struct text type, struct text format, struct text example,
                        struct json_writer *writer)
{
    json_member_text(writer, TEXT("type"), type);
    if (format.length > 0)
        json_member_text(writer, TEXT("format"), format);
    json_name(writer, TEXT("x-example"));
    if (text_equals(type, TEXT("integer")))
        json_write_raw(writer, example);
    else
        json_write_text(writer, example);
}

static const struct dialect swagger;

/* Of several reasons the first: there is one example for each media type. */
static void failure_example(const struct answer_case *answer, struct json_writer *writer)
{
    size_t place = 0;
    const struct failure *failure;
    while ((failure = parts_failure_next(answer, &place)) != NULL) {
        if (!parts_failure_has_example(answer->endpoint, failure))
            continue;
        json_name(writer, TEXT("examples"));
        json_object_open(writer);
        json_name(writer, TEXT("application/json"));
        parts_failure_example(answer->endpoint, failure, writer);
        json_object_close(writer);
        return;
    }
}

static void content(const struct answer_case *answer, struct json_writer *writer)
{
    if (!answer->schema)
        return;
    json_name(writer, TEXT("schema"));
    parts_reference(&swagger, answer->schema->name, writer);
    if (answer->status >= 400) {
        failure_example(answer, writer);
        return;
    }
    json_name(writer, TEXT("examples"));
    json_object_open(writer);
    json_name(writer, TEXT("application/json"));
    json_write_raw(writer, answer->schema->example);
    json_object_close(writer);
}

static const struct dialect swagger = {
    .definitions = TEXT_INITIAL("#/definitions/"),
    .parameter_form = parameter_form,
    .header_form = header_form,
    .content = content,
};

/* "https://api.example.com:8443" as its scheme and host. */
static void address_write(const struct describe_facts *facts, struct json_writer *writer)
{
    struct text rest = facts->public_url;
    struct text scheme = text_cut(&rest, ':');
    json_member_text(writer, TEXT("host"), text_slice(rest, 2, rest.length));
    json_member_text(writer, TEXT("basePath"), TEXT("/"));
    json_name(writer, TEXT("schemes"));
    json_array_open(writer);
    json_write_text(writer, scheme);
    json_array_close(writer);
}

static void media_types_write(struct json_writer *writer)
{
    json_name(writer, TEXT("produces"));
    json_array_open(writer);
    json_write_text(writer, TEXT("application/json"));
    json_array_close(writer);
}

void describe_swagger(const struct describe_facts *facts, struct buffer *json)
{
    struct json_writer writer = json_writer_on(json);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("swagger"), TEXT("2.0"));
    parts_info(facts, &writer);
    address_write(facts, &writer);
    media_types_write(&writer);
    parts_tags(&writer);
    parts_paths(facts, &swagger, &writer);
    json_name(&writer, TEXT("securityDefinitions"));
    json_object_open(&writer);
    parts_security_scheme(&writer);
    json_object_close(&writer);
    json_name(&writer, TEXT("definitions"));
    json_object_open(&writer);
    parts_definitions(&swagger, &writer);
    json_object_close(&writer);
    parts_plans(facts, &writer);
    json_object_close(&writer);
}
