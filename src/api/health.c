#include "api/look_ups.h"
#include "version.h"

#include <stdatomic.h>

static void envelope_open(struct json_writer *writer, int64_t code, struct text message)
{
    json_object_open(writer);
    json_member_integer(writer, TEXT("code"), code);
    json_member_text(writer, TEXT("msg"), message);
    json_name(writer, TEXT("data"));
    json_object_open(writer);
}

static void envelope_close(struct json_writer *writer, const struct call *call)
{
    json_member_text(writer, TEXT("request_id"), call->request_id);
    json_object_close(writer);
    json_object_close(writer);
}

#define HEALTH_BYTES_MAX 4096

void ping_look_up(struct call *call)
{
    char room[HEALTH_BYTES_MAX];
    struct buffer body;
    buffer_init_on(&body, room, sizeof(room));
    struct json_writer writer = json_writer_on(&body);
    envelope_open(&writer, 200, TEXT("OK"));
    json_member_text(&writer, TEXT("api"), TEXT("v1"));
    json_member_text(&writer, TEXT("commit"), TEXT(TRENDGATE_COMMIT));
    json_member_text(&writer, TEXT("commit_short"), text_slice(TEXT(TRENDGATE_COMMIT), 0, 12));
    json_member_text(&writer, TEXT("service"), TEXT("trendgate"));
    json_member_text(&writer, TEXT("status"), TEXT("ok"));
    json_member_text(&writer, TEXT("version"), TEXT(TRENDGATE_VERSION));
    envelope_close(&writer, call);
    check(!body.overflowed);
    call_answer_body(call, 200, (struct text){0}, buffer_text(&body));
}

/* error: NULL when the component is ready. The library's words stay in the log. */
static void component_write(struct json_writer *writer, struct text name, const char *error)
{
    json_name(writer, name);
    json_object_open(writer);
    json_member_boolean(writer, TEXT("ready"), error == NULL);
    if (error)
        json_member_text(writer, TEXT("error"), text_of(error));
    json_object_close(writer);
}

/* A source that does not answer makes nobody unready: what is there is served. Its faults stay in
 * the log. */
static void sources_write(struct json_writer *writer, struct collector *collector)
{
    struct collector_state states[COLLECTOR_SOURCES_MAX];
    size_t count = collector ? collector_states(collector, states) : 0;
    json_name(writer, TEXT("sources"));
    json_array_open(writer);
    for (size_t i = 0; i < count; i++) {
        char date[INSTANT_TEXT_BYTES];
        json_object_open(writer);
        json_member_text(writer, TEXT("name"), text_of(states[i].name));
        json_member_text(writer, TEXT("state"), text_of(source_state_word(states[i].state)));
        if (states[i].until.us > 0)
            json_member_text(writer, TEXT("until"), instant_rfc3339(states[i].until, date));
        if (states[i].last_success.us > 0)
            json_member_text(writer, TEXT("last_success"),
                             instant_rfc3339(states[i].last_success, date));
        json_member_integer(writer, TEXT("lists"), states[i].lists);
        json_member_integer(writer, TEXT("failures"), states[i].failures);
        json_member_integer(writer, TEXT("short_lists"), states[i].short_lists);
        json_member_integer(writer, TEXT("refused_files"), states[i].refused_files);
        json_object_close(writer);
    }
    json_array_close(writer);
}

void ready_look_up(struct call *call)
{
    struct pipeline *pipeline = call->pipeline;
    struct reason reason;
    bool has_catalog = catalog_health(pipeline->catalog, &reason) == STATUS_OK;
    bool has_ledger = atomic_load(&pipeline->ledger_answers);
    bool is_ready = has_catalog && has_ledger;
    char room[HEALTH_BYTES_MAX];
    char date[INSTANT_TEXT_BYTES];
    struct buffer body;
    buffer_init_on(&body, room, sizeof(room));
    struct json_writer writer = json_writer_on(&body);
    envelope_open(&writer, is_ready ? 200 : 503, is_ready ? TEXT("OK") : TEXT("Not ready."));
    json_member_text(&writer, TEXT("checked_at"),
                     instant_rfc3339(time_now(pipeline->time), date));
    json_name(&writer, TEXT("components"));
    json_object_open(&writer);
    component_write(&writer, TEXT("catalog"),
                    has_catalog ? NULL : "the catalogue's store does not answer");
    component_write(&writer, TEXT("ledger"), has_ledger ? NULL : "the ledger does not answer");
    json_object_close(&writer);
    sources_write(&writer, pipeline->collector);
    json_member_boolean(&writer, TEXT("ready"), is_ready);
    if (!is_ready)
        json_member_text(&writer, TEXT("reason"), TEXT("upstream_unavailable"));
    envelope_close(&writer, call);
    check(!body.overflowed);
    call_answer_body(call, is_ready ? 200 : 503,
                     is_ready ? (struct text){0} : TEXT("Retry-After: 5\r\n"),
                     buffer_text(&body));
}
