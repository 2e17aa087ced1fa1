#include "api/look_ups.h"
#include "base/json_read.h"
#include "support/unit.h"

#include <stdio.h>

/* ---- The parts that are asked, and the answer ---- */

static enum status catalog_says;
static struct pipeline pipeline;
static struct call call;
static unsigned answered;
static char headers_kept[256];
static json_t *body_kept;

enum status catalog_health(struct catalog *catalog, struct reason *reason)
{
    (void)catalog;
    return catalog_says == STATUS_OK ? STATUS_OK
                                     : reason_set(reason, catalog_says, "a disk is gone");
}

size_t collector_states(struct collector *collector,
                        struct collector_state states[COLLECTOR_SOURCES_MAX])
{
    assert_non_null(collector);
    states[0] = (struct collector_state){
        .name = "one", .state = SOURCE_IS_SHUT, .until = {INT64_C(1795373379) * SECOND_US}};
    states[1] = (struct collector_state){
        .name = "two", .last_success = {INT64_C(1795373259) * SECOND_US}, .short_lists = 3};
    return 2;
}

const char *source_state_word(enum source_state state)
{
    return state == SOURCE_IS_SHUT ? "shut" : "works";
}

void call_answer_body(struct call *asked, unsigned status, struct text headers,
                      struct text body)
{
    struct reason reason = {""};
    assert_ptr_equal(asked, &call);
    answered = status;
    (void)snprintf(headers_kept, sizeof(headers_kept), "%.*s", TEXT_PRINT(headers));
    assert_int_equal(json_document_read(body, &body_kept, &reason), STATUS_OK);
}

static instant now(void *owner)
{
    (void)owner;
    return (instant){INT64_C(1795373319) * SECOND_US};
}

static const struct time_source time_source = {.now = now};

/* ---- What is answered ---- */

static json_t *component(const char *name)
{
    json_t *data = json_object_get(body_kept, "data");
    json_t *found = json_object_get(json_object_get(data, "components"), name);
    assert_non_null(found);
    return found;
}

static void ask(enum status catalog, bool ledger_answers)
{
    catalog_says = catalog;
    pipeline.time = &time_source;
    atomic_store(&pipeline.ledger_answers, ledger_answers);
    call = (struct call){.pipeline = &pipeline, .request_id = TEXT("r")};
    ready_look_up(&call);
}

static void assert_answer(unsigned status, bool catalog_ready, bool ledger_ready)
{
    bool is_ready = catalog_ready && ledger_ready;
    json_t *data = json_object_get(body_kept, "data");
    assert_int_equal(answered, status);
    assert_int_equal(json_integer_value(json_object_get(body_kept, "code")), status);
    assert_int_equal(json_is_true(json_object_get(data, "ready")), is_ready);
    assert_int_equal(json_is_true(json_object_get(component("catalog"), "ready")),
                     catalog_ready);
    assert_int_equal(json_is_true(json_object_get(component("ledger"), "ready")), ledger_ready);
    assert_int_equal(json_is_string(json_object_get(component("catalog"), "error")),
                     !catalog_ready);
    assert_int_equal(json_is_string(json_object_get(component("ledger"), "error")),
                     !ledger_ready);
    assert_int_equal(strstr(headers_kept, "Retry-After: ") != NULL, !is_ready);
    assert_int_equal(json_object_get(data, "reason") != NULL, !is_ready);
    json_decref(body_kept);
}

static void ready_when_every_part_is(void **state)
{
    (void)state;
    ask(STATUS_OK, true);
    assert_answer(200, true, true);
}

static const char *told(size_t source, const char *name)
{
    json_t *rows = json_object_get(json_object_get(body_kept, "data"), "sources");
    assert_int_equal(json_array_size(rows), 2);
    return json_string_value(json_object_get(json_array_get(rows, source), name));
}

static int64_t short_lists_told(size_t source)
{
    json_t *rows = json_object_get(json_object_get(body_kept, "data"), "sources");
    return json_integer_value(json_object_get(json_array_get(rows, source), "short_lists"));
}

static void ready_whatever_the_sources_say(void **state)
{
    (void)state;
    pipeline.collector =
        (struct collector *)&pipeline; /* anything but NULL: the fake looks no further */
    ask(STATUS_OK, true);
    assert_string_equal(told(0, "state"), "shut");
    assert_string_equal(told(0, "until"), "2026-11-22T18:49:39Z");
    assert_null(told(0, "last_success"));
    assert_string_equal(told(1, "name"), "two");
    assert_null(told(1, "until"));
    assert_string_equal(told(1, "last_success"), "2026-11-22T18:47:39Z");
    assert_int_equal(short_lists_told(0), 0);
    assert_int_equal(short_lists_told(1), 3);
    assert_answer(200, true, true);
    pipeline.collector = NULL;
}

static void not_ready_without_the_ledger(void **state)
{
    (void)state;
    ask(STATUS_OK, false);
    assert_answer(503, true, false);
}

static void not_ready_without_the_catalogue(void **state)
{
    (void)state;
    ask(STATUS_IO, true);
    assert_answer(503, false, true);
    ask(STATUS_CORRUPT, false);
    assert_answer(503, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_when_every_part_is),
        cmocka_unit_test(ready_whatever_the_sources_say),
        cmocka_unit_test(not_ready_without_the_ledger),
        cmocka_unit_test(not_ready_without_the_catalogue),
    };
    return cmocka_run_group_tests_name("api/health", tests, NULL, NULL);
}
