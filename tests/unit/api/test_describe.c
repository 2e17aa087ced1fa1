/* The documents, of an endpoint table that is played here and plans at their longest. */
#include "api/describe.h"
#include "api/endpoints.h"
#include "base/json_read.h"
#include "support/unit.h"

#include <stdio.h>

/* ---- A table of its own ---- */

static enum status never_known(struct text value, unsigned *index)
{
    (void)value, (void)index;
    return STATUS_MISSING;
}

static const struct parameter parameters[] = {
    {.name = TEXT_INITIAL("count"),
     .type = TEXT_INITIAL("integer"),
     .kind = PARAMETER_CLAMPED,
     .minimum = 1,
     .maximum = 9,
     .absent = 3,
     .refusal = TEXT_INITIAL("must be an integer"),
     .example = TEXT_INITIAL("4"),
     .description = TEXT_INITIAL("How many")},
    {.name = TEXT_INITIAL("place"),
     .type = TEXT_INITIAL("string"),
     .kind = PARAMETER_KNOWN,
     .known = never_known,
     .without = TEXT_INITIAL("all of them"),
     .refusal = TEXT_INITIAL("must be known"),
     .example = TEXT_INITIAL("\"here\""),
     .description = TEXT_INITIAL("Where")},
};

static const char *const tags[] = {"One", NULL};
const struct endpoint_tag endpoint_tags[] = {{TEXT_INITIAL("One"), TEXT_INITIAL("The one.")}};
const size_t endpoint_tag_count = 1;
const struct endpoint endpoints[] = {
    {.path = TEXT_INITIAL("/priced"),
     .operation_id = TEXT_INITIAL("priced"),
     .summary = TEXT_INITIAL("Sell"),
     .description = TEXT_INITIAL("Sells."),
     .tags = tags,
     .credits = 8,
     .kind = ENDPOINT_PRODUCT,
     .parameters = parameters,
     .parameter_count = LENGTH_OF(parameters),
     .answers_list = true,
     .answer = &hashtag_schema},
    {.path = TEXT_INITIAL("/open"),
     .operation_id = TEXT_INITIAL("open"),
     .summary = TEXT_INITIAL("Tell"),
     .description = TEXT_INITIAL("Tells."),
     .tags = tags,
     .answer = &ready_schema,
     .unready = &ready_schema},
    {.path = TEXT_INITIAL("/messages"), .kind = ENDPOINT_RPC},
};
const size_t endpoint_count = LENGTH_OF(endpoints);

/* ---- Reading back ---- */

static json_t *read_back(struct text written)
{
    json_t *document;
    struct reason reason = {""};
    if (json_document_read(written, &document, &reason) != STATUS_OK)
        fail_msg("%s in %.*s", reason.sentence, TEXT_PRINT(written));
    return document;
}

static json_t *render(void (*document)(const struct describe_facts *, struct buffer *),
                      const struct plans *plans)
{
    struct buffer json CLEANUP(buffer_finish);
    buffer_init(&json, 4 * 1024 * 1024);
    document(&(struct describe_facts){.plans = plans,
                                      .public_url = TEXT("https://api.example.org:8443"),
                                      .version = TEXT("1.2.3")},
             &json);
    assert_false(json.overflowed);
    return read_back(buffer_text(&json));
}

static json_t *at(json_t *place, const char *const *way)
{
    for (; *way; way++) {
        place = json_object_get(place, *way);
        if (!place)
            fail_msg("there is no %s", *way);
    }
    return place;
}
#define AT(place, ...) at(place, (const char *const[]){__VA_ARGS__, NULL})

/* ---- Documents ---- */

/* As many plans as a file may hold, each as long as it may be. */
static void fill(struct plans *plans)
{
    *plans = (struct plans){.plan_count = PLANS_MAX, .price_count = 1};
    for (size_t i = 0; i < PLANS_MAX; i++) {
        struct plan *plan = &plans->plans[i];
        memset(plan->name, 'a' + (int)(i % 26), PLAN_NAME_BYTES_MAX);
        plan->price_cents = 99999999;
        plan->included_credits = INT64_C(999999999999);
        plan->daily_credit_cap = INT64_C(999999999999);
        plan->rate_limit_per_minute = 999999;
        plan->overage = OVERAGE_OPT_IN;
        plan->overage_cents_per_1000 = 999999;
    }
    plans->prices[0] = (struct endpoint_price){.operation_id = "priced", .credits = 5};
}

static void the_longest_plans_fit(void **state)
{
    (void)state;
    static struct plans plans;
    fill(&plans);
    json_t *openapi = render(describe_openapi, &plans),
           *swagger = render(describe_swagger, &plans);
    assert_int_equal(json_array_size(AT(openapi, "x-plans")), PLANS_MAX);
    assert_int_equal(json_array_size(AT(swagger, "x-plans")), PLANS_MAX);
    const char *words = json_string_value(AT(openapi, "info", "description"));
    assert_non_null(strstr(words,
                           "| $999,999.99/mo | 999,999,999,999 | 999,999,999,999 daily "
                           "credits | 999,999/min | $9,999.99/1,000 overage credits when "
                           "enabled |"));
    json_decref(openapi);
    json_decref(swagger);
}

static void prices_come_from_the_plan_file(void **state)
{
    (void)state;
    static struct plans plans;
    fill(&plans);
    json_t *document = render(describe_openapi, &plans);
    json_t *operation = AT(document, "paths", "/priced", "get");
    assert_int_equal(json_integer_value(AT(operation, "x-credit-cost")), 5);
    assert_non_null(strstr(json_string_value(AT(operation, "description")), "Costs 5 credits"));
    json_decref(document);
    plans.price_count = 0;
    document = render(describe_openapi, &plans);
    operation = AT(document, "paths", "/priced", "get");
    assert_int_equal(json_integer_value(AT(operation, "x-credit-cost")), 8);
    json_decref(document);
}

static void each_kind_of_endpoint_has_its_answers(void **state)
{
    (void)state;
    static const struct plans plans;
    json_t *document = render(describe_swagger, &plans);
    json_t *priced = AT(document, "paths", "/priced", "get", "responses");
    json_t *open = AT(document, "paths", "/open", "get", "responses");
    for (const char *const *status = (const char *const[]){"304", "401", "402", "429", NULL};
         *status; status++) {
        assert_non_null(json_object_get(priced, *status));
        assert_null(json_object_get(open, *status));
    }
    assert_string_equal(json_string_value(AT(open, "503", "schema", "$ref")),
                        "#/definitions/health.readyResponseDoc");
    assert_string_equal(json_string_value(AT(priced, "503", "schema", "$ref")),
                        "#/definitions/app.Response");
    assert_null(json_object_get(AT(document, "paths"), "/messages"));
    assert_string_equal(json_string_value(AT(document, "host")), "api.example.org:8443");
    json_decref(document);
}

/* ---- Parts ---- */

static void parameters_say_what_is_accepted(void **state)
{
    (void)state;
    char room[1024];
    struct buffer json;
    buffer_init_on(&json, room, sizeof(room));
    struct json_writer writer = json_writer_on(&json);
    json_array_open(&writer);
    describe_parameter_schema(&parameters[0], &writer);
    describe_parameter_schema(&parameters[1], &writer);
    json_array_close(&writer);
    json_t *both = read_back(buffer_text(&json));
    json_t *count = json_array_get(both, 0), *place = json_array_get(both, 1);
    assert_int_equal(json_integer_value(AT(count, "default")), 3);
    assert_null(json_object_get(count, "minimum"));
    assert_null(json_object_get(count, "maximum"));
    assert_string_equal(json_string_value(AT(place, "description")),
                        "Where; must be known. Without it: all of them.");
    json_t *example = json_array_get(AT(place, "examples"), 0);
    assert_string_equal(json_string_value(example), "\"here\"");
    json_decref(both);
}

static void an_answer_is_a_tree_of_its_rows(void **state)
{
    (void)state;
    struct buffer json CLEANUP(buffer_finish);
    buffer_init(&json, 65536);
    struct json_writer writer = json_writer_on(&json);
    describe_answer_schema(&hashtag_schema, &writer);
    json_t *schema = read_back(buffer_text(&json));
    json_t *list = AT(schema, "properties", "data", "properties", "data", "properties", "list");
    json_t *item = AT(list, "items", "properties");
    assert_string_equal(
        json_string_value(AT(item, "trend", "items", "properties", "value", "type")), "number");
    assert_non_null(AT(schema, "properties", "data", "properties", "data", "properties",
                       "pagination", "properties", "has_more"));
    assert_null(memmem(json.bytes, json.length, "$ref", strlen("$ref")));
    json_decref(schema);
    buffer_clear(&json);
    writer = json_writer_on(&json);
    describe_answer_schema(&meta_schema, &writer);
    schema = read_back(buffer_text(&json));
    json_t *periods = AT(schema, "properties", "data", "properties", "periods");
    assert_int_equal(json_array_size(AT(periods, "items", "enum")), 3);
    json_decref(schema);
}

static const struct schema *const schemas[] = {
    &hashtag_schema, &meta_schema, &history_schema, &movers_schema,
    &billing_schema, &ping_schema, &ready_schema,   &failure_schema};

static void rows_follow_what_they_are_inside(void **state)
{
    (void)state;
    for (size_t s = 0; s < LENGTH_OF(schemas); s++)
        for (size_t i = 0; i < schemas[s]->field_count; i++) {
            struct text parent = schema_field_parent(&schemas[s]->fields[i]);
            struct text outer = text_slice(parent, 0, text_find(parent, '['));
            bool is_found = parent.length == 0;
            for (size_t j = 0; j < i; j++)
                is_found |= text_starts_with(schemas[s]->fields[j].path, outer);
            assert_true(is_found);
            assert_in_range(schemas[s]->fields[i].description.length, 1, 120);
        }
}

static void assert_cell(void (*cell)(const struct plan *, struct buffer *),
                        const struct plan *plan, const char *wanted)
{
    char room[128];
    struct buffer out;
    buffer_init_on(&out, room, sizeof(room));
    cell(plan, &out);
    assert_int_equal(out.length, strlen(wanted));
    assert_memory_equal(room, wanted, out.length);
}

static void cells_are_those_of_the_page(void **state)
{
    (void)state;
    const struct plan none = {.rate_limit_per_minute = 1000},
                      half = {.price_cents = 950,
                              .included_credits = 20000,
                              .daily_credit_cap = 5000,
                              .overage = OVERAGE_ALWAYS,
                              .overage_cents_per_1000 = 5};
    assert_cell(describe_plan_price, &none, "$0/mo");
    assert_cell(describe_plan_price, &half, "$9.50/mo");
    assert_cell(describe_plan_included, &none, "0");
    assert_cell(describe_plan_included, &half, "20,000");
    assert_cell(describe_plan_daily_cap, &none, "No daily cap");
    assert_cell(describe_plan_daily_cap, &half, "5,000 daily credits");
    assert_cell(describe_plan_rate_limit, &none, "1,000/min");
    assert_cell(describe_plan_overage, &none, "No overage");
    assert_cell(describe_plan_overage, &half, "$0.05/1,000 overage credits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_plans_fit),
        cmocka_unit_test(prices_come_from_the_plan_file),
        cmocka_unit_test(each_kind_of_endpoint_has_its_answers),
        cmocka_unit_test(parameters_say_what_is_accepted),
        cmocka_unit_test(an_answer_is_a_tree_of_its_rows),
        cmocka_unit_test(rows_follow_what_they_are_inside),
        cmocka_unit_test(cells_are_those_of_the_page),
    };
    return cmocka_run_group_tests_name("api/describe", tests, NULL, NULL);
}
