/* The page, of an endpoint table that is played here: what no plan file may hold, and the most. */
#include "api/docs.h"
#include "api/endpoints.h"
#include "support/unit.h"

#include <stdio.h>

static const struct parameter parameters[] = {
    {.name = TEXT_INITIAL("page"),
     .type = TEXT_INITIAL("integer"),
     .kind = PARAMETER_CLAMPED,
     .minimum = 1,
     .maximum = 4,
     .absent = 1,
     .refusal = TEXT_INITIAL("must be an integer")},
    {.name = TEXT_INITIAL("place"),
     .type = TEXT_INITIAL("string"),
     .kind = PARAMETER_WORD,
     .word = TEXT_INITIAL("here"),
     .without = TEXT_INITIAL("everywhere"),
     .refusal = TEXT_INITIAL("must be here"),
     .example = TEXT_INITIAL("here")},
};

static const char *const tags[] = {"One", NULL};
const struct endpoint_tag endpoint_tags[] = {{TEXT_INITIAL("One"), TEXT_INITIAL("The one.")}};
const size_t endpoint_tag_count = 1;
const struct endpoint endpoints[] = {
    {.path = TEXT_INITIAL("/api/v1/priced"),
     .operation_id = TEXT_INITIAL("priced"),
     .summary = TEXT_INITIAL("Sell <things>"),
     .description = TEXT_INITIAL("Sells `a` and `b`."),
     .tags = tags,
     .credits = 8,
     .kind = ENDPOINT_PRODUCT,
     .parameters = parameters,
     .parameter_count = LENGTH_OF(parameters),
     .answers_list = true,
     .answer = &hashtag_schema},
    {.path = TEXT_INITIAL("/open"), .summary = TEXT_INITIAL("Tell")},
};
const size_t endpoint_count = LENGTH_OF(endpoints);

static struct plans plans;

static struct describe_facts facts_of(const char *url)
{
    return (struct describe_facts){
        .plans = &plans, .public_url = text_of(url), .version = TEXT("1.2.3"), .ttl_hours = 24};
}

static int set_up(void **state)
{
    (void)state;
    plans = (struct plans){.plans = {{.name = "Free", .rate_limit_per_minute = 5}},
                           .plan_count = 1};
    return 0;
}

/* The page as a C string, which lives until the next one. */
static const char *rendered(void (*render)(const struct describe_facts *, struct buffer *),
                            const struct describe_facts *facts)
{
    static char room[1024 * 1024];
    struct buffer out;
    buffer_init_on(&out, room, sizeof(room));
    render(facts, &out);
    buffer_append_byte(&out, '\0');
    assert_false(out.overflowed);
    return room;
}

static void assert_holds(const char *page, const char *wanted)
{
    if (!strstr(page, wanted))
        fail_msg("%s is not in %.2000s", wanted, page);
}

static void names_are_text(void **state)
{
    (void)state;
    struct describe_facts facts = facts_of("https://api.example.com");
    (void)snprintf(plans.plans[0].name, sizeof(plans.plans[0].name), "<b>\"|_x_*&a_b`c\\");
    assert_holds(rendered(docs_html, &facts), ">&lt;b&gt;&quot;|_x_*&amp;a_b`c\\</th>");
    assert_holds(rendered(docs_markdown, &facts),
                 "\n| \\<b\\>\"\\|\\_x\\_\\*\\&a_b\\`c\\\\ | $0/mo |");
    assert_holds(rendered(docs_html, &facts), "<h1>Sell &lt;things&gt;</h1>");
}

static void marks_are_code_and_the_sentence_keeps_them(void **state)
{
    (void)state;
    struct describe_facts facts = facts_of("https://api.example.com");
    const char *page = rendered(docs_html, &facts);
    assert_holds(page, "Sells <code>`a`</code> and <code>`b`</code>.</p>");
    assert_holds(page, "<p>Read on while <code>pagination.has_more</code> is true");
    assert_holds(page, "asking for number 5 brings number 4 again");
    page = rendered(docs_markdown, &facts);
    assert_holds(page, "\nSells `a` and `b`.\n");
    assert_holds(page, "\n# Sell \\<things\\>\n");
}

static void examples_have_the_address_and_the_parameters(void **state)
{
    (void)state;
    struct describe_facts facts = facts_of("http://[::1]:8080");
    const char *page = rendered(docs_markdown, &facts);
    assert_holds(page, "curl -X GET \"http://[::1]:8080/api/v1/priced?place=here\" -H");
    assert_holds(page, "url.searchParams.set(\"place\", \"here\");\n");
    assert_holds(page, "    \"http://[::1]:8080/api/v1/priced\"\n    \"?place=here\"\n    ;\n");
}

static void the_console_is_linked_where_there_is_one(void **state)
{
    (void)state;
    struct describe_facts facts = facts_of("https://api.example.com");
    assert_null(strstr(rendered(docs_html, &facts), "/console/"));
    facts.has_console = true;
    assert_holds(rendered(docs_html, &facts),
                 " href=\"/console/playground?operation=priced\">Run in playground</a>");
}

/* Names, numbers and address at their longest; twice, for what is kept between two pages. */
static void the_longest_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < PLANS_MAX; i++) {
        plans.plans[i] = (struct plan){.price_cents = 100000000,
                                       .included_credits = INT64_C(1000000000000),
                                       .daily_credit_cap = INT64_C(1000000000000),
                                       .rate_limit_per_minute = 1000000,
                                       .overage = OVERAGE_OPT_IN,
                                       .overage_cents_per_1000 = 1000000};
        memset(plans.plans[i].name, '<', PLAN_NAME_BYTES_MAX);
    }
    plans.plan_count = PLANS_MAX;
    char url[256];
    memset(url, 'a', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    struct describe_facts facts = facts_of(url);
    size_t first = strlen(rendered(docs_html, &facts));
    assert_int_equal(strlen(rendered(docs_html, &facts)), first);
    assert_holds(rendered(docs_html, &facts), "1,000,000,000,000 daily credits");
    assert_holds(rendered(docs_html, &facts), "$80.00 when enabled");
    assert_true(strlen(rendered(docs_markdown, &facts)) > 0);
}

static void what_costs_nothing_has_no_table_of_calls(void **state)
{
    (void)state;
    struct describe_facts facts = facts_of("https://api.example.com");
    assert_holds(rendered(docs_html, &facts), "The plans in calls");
    plans.prices[0] = (struct endpoint_price){.operation_id = "priced", .credits = 0};
    plans.price_count = 1;
    assert_null(strstr(rendered(docs_html, &facts), "The plans in calls"));
    assert_holds(rendered(docs_html, &facts), "<li>0 credits/request</li>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(names_are_text, set_up),
        cmocka_unit_test_setup(marks_are_code_and_the_sentence_keeps_them, set_up),
        cmocka_unit_test_setup(examples_have_the_address_and_the_parameters, set_up),
        cmocka_unit_test_setup(the_console_is_linked_where_there_is_one, set_up),
        cmocka_unit_test_setup(the_longest_fits, set_up),
        cmocka_unit_test_setup(what_costs_nothing_has_no_table_of_calls, set_up),
    };
    return cmocka_run_group_tests_name("api/docs", tests, NULL, NULL);
}
