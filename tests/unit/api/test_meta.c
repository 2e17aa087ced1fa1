#include "api/look_ups.h"
#include "base/json_read.h"
#include "support/unit.h"

#define NOW_S INT64_C(1795373319)
#define TTL_S INT64_C(3600)

/* One list captured exactly time_to_live ago, one a microsecond earlier, one fresh. */
static const int64_t ages_us[] = {TTL_S * SECOND_US, (TTL_S * SECOND_US) + 1, 0};

static struct arena arena;
static json_t *body_kept;

size_t catalog_entries(struct catalog *catalog, struct catalog_entry *entries)
{
    (void)catalog;
    for (size_t i = 0; i < LENGTH_OF(ages_us); i++)
        entries[i] = (struct catalog_entry){
            .list = {.country = (uint8_t)i, .period = 0, .industry = INDUSTRY_ALL},
            .captured_at = {NOW_S * SECOND_US - ages_us[i]},
            .source = TEXT("import"),
        };
    return LENGTH_OF(ages_us);
}

struct arena *http_exchange_arena(struct http_exchange *exchange)
{
    (void)exchange;
    return &arena;
}

/* The answer step closes what the look-up leaves open: the request id and two objects. */
void call_found(struct call *call, const struct finding *finding)
{
    (void)call;
    struct buffer whole;
    struct reason reason = {""};
    buffer_init(&whole, finding->body.length + 16);
    buffer_append(&whole, finding->body);
    buffer_append(&whole, TEXT("r\"}}"));
    assert_int_equal(json_document_read(buffer_text(&whole), &body_kept, &reason), STATUS_OK);
    buffer_finish(&whole);
}

static instant now(void *owner)
{
    (void)owner;
    return (instant){NOW_S * SECOND_US};
}

static void lists_past_their_time_are_marked_stale(void **state)
{
    (void)state;
    const struct time_source time_source = {.now = now};
    struct pipeline pipeline = {.time = &time_source, .time_to_live = {TTL_S * SECOND_US}};
    struct call call = {.pipeline = &pipeline, .request_id = TEXT("r")};
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    meta_look_up(&call);
    json_t *lists = json_object_get(json_object_get(body_kept, "data"), "lists");
    assert_int_equal(json_array_size(lists), LENGTH_OF(ages_us));
    for (size_t i = 0; i < LENGTH_OF(ages_us); i++) {
        json_t *stale = json_object_get(json_array_get(lists, i), "stale");
        assert_true(json_is_boolean(stale));
        assert_int_equal(json_is_true(stale), ages_us[i] > TTL_S * SECOND_US);
    }
    json_decref(body_kept);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_past_their_time_are_marked_stale)};
    return cmocka_run_group_tests_name("api/meta", tests, NULL, NULL);
}
