#include "api/describe.h"

void describe_swagger(const struct describe_facts *facts, struct buffer *json)
{
    struct json_writer writer = json_writer_on(json);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("swagger"), TEXT("2.0"));
    json_name(&writer, TEXT("info"));
    json_object_open(&writer);
    json_member_text(&writer, TEXT("title"), TEXT("trendgate"));
    json_member_text(&writer, TEXT("version"), facts->version);
    json_object_close(&writer);
    json_object_close(&writer);
}
