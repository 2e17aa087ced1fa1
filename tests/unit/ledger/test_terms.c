/* Versions of the plan file, and the slots by which plans are told apart through them. */
#include "ledger/terms.h"
#include "support/unit.h"

#include <stdio.h>

static struct terms_book book;

static struct plans plans_of(const char *first, const char *second, int64_t included)
{
    struct plans plans = {.plan_count = 2};
    (void)snprintf(plans.plans[0].name, sizeof(plans.plans[0].name), "%s", first);
    (void)snprintf(plans.plans[1].name, sizeof(plans.plans[1].name), "%s", second);
    plans.plans[0].included_credits = included;
    return plans;
}

static int set_up(void **state)
{
    (void)state;
    terms_book_init(&book);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    terms_book_finish(&book);
    return 0;
}

static void before_the_first_there_are_none(void **state)
{
    (void)state;
    assert_null(terms_now(&book));
}

static void a_plan_keeps_its_slot_through_all_versions(void **state)
{
    (void)state;
    struct plans old = plans_of("Free", "Pro", 10), young = plans_of("Pro", "Huge", 20);
    uint8_t free_slot, pro_slot, huge_slot;
    assert_int_equal(terms_add(&book, 1, (instant){10}, &old), STATUS_OK);
    const struct terms *first = terms_now(&book);
    assert_int_equal(terms_slot(&book, TEXT("fREE"), &free_slot), STATUS_OK);
    assert_int_equal(terms_slot(&book, TEXT("Pro"), &pro_slot), STATUS_OK);
    assert_int_equal(terms_add(&book, 5, (instant){20}, &young), STATUS_OK);
    const struct terms *second = terms_now(&book);
    assert_int_equal(second->version, 5);
    assert_int_equal(terms_slot(&book, TEXT("HUGE"), &huge_slot), STATUS_OK);
    assert_string_equal(second->by_slot[pro_slot]->name, "Pro");
    assert_int_equal(second->by_slot[pro_slot]->included_credits, 20);
    assert_string_equal(second->by_slot[huge_slot]->name, "Huge");
    assert_null(second->by_slot[free_slot]);
    assert_string_equal(terms_slot_name(&book, free_slot), "Free");
    /* Who holds the older version reads it as it was. */
    assert_int_equal(first->version, 1);
    assert_int_equal(first->by_slot[free_slot]->included_credits, 10);
    assert_null(first->by_slot[huge_slot]);
}

static int64_t version_at(int64_t at_us, const char *plan)
{
    uint8_t slot;
    assert_int_equal(terms_slot(&book, text_of(plan), &slot), STATUS_OK);
    const struct terms *terms = terms_at(&book, (instant){at_us}, slot);
    assert_string_equal(terms->by_slot[slot]->name, plan);
    return terms->version;
}

/* Version 1 comes back, as when a price is set back. */
static void what_was_in_force_then_is_found(void **state)
{
    (void)state;
    struct plans old = plans_of("Free", "Pro", 10), young = plans_of("Free", "Huge", 20);
    assert_int_equal(terms_add(&book, 1, (instant){100}, &old), STATUS_OK);
    assert_int_equal(terms_add(&book, 2, (instant){200}, &young), STATUS_OK);
    assert_int_equal(terms_add(&book, 1, (instant){300}, &old), STATUS_OK);
    assert_int_equal(version_at(99, "Free"), 1); /* before all */
    assert_int_equal(version_at(199, "Free"), 1);
    assert_int_equal(version_at(200, "Free"), 2);
    assert_int_equal(version_at(299, "Free"), 2);
    assert_int_equal(version_at(300, "Free"), 1);
    assert_int_equal(version_at(99, "Huge"), 2); /* made before its plan file was loaded */
    assert_int_equal(version_at(1000, "Huge"), 2);
    assert_ptr_equal(terms_of_version(&book, 1), terms_now(&book));
    assert_int_equal(terms_of_version(&book, 2)->in_force_at.us, 200);
    assert_null(terms_of_version(&book, 3));
}

static void slots_run_out(void **state)
{
    (void)state;
    char name[16];
    uint8_t slot;
    for (int i = 0; i < TERMS_SLOTS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "plan %d", i);
        assert_int_equal(terms_slot(&book, text_of(name), &slot), STATUS_OK);
        assert_int_equal(slot, i);
    }
    assert_int_equal(terms_slot(&book, TEXT("one more"), &slot), STATUS_EXHAUSTED);
    assert_int_equal(terms_slot(&book, TEXT("PLAN 3"), &slot), STATUS_OK);
    assert_int_equal(slot, 3);
    struct plans plans = plans_of("plan 7", "another", 1);
    assert_int_equal(terms_add(&book, 1, (instant){0}, &plans), STATUS_EXHAUSTED);
    assert_null(terms_now(&book));
}

static void a_name_over_its_bound_is_refused(void **state)
{
    (void)state;
    char name[PLAN_NAME_BYTES_MAX + 2];
    memset(name, 'x', sizeof(name));
    uint8_t slot;
    assert_int_equal(terms_slot(&book, (struct text){name, PLAN_NAME_BYTES_MAX + 1}, &slot),
                     STATUS_EXHAUSTED);
    assert_int_equal(terms_slot(&book, (struct text){name, PLAN_NAME_BYTES_MAX}, &slot),
                     STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_first_there_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_plan_keeps_its_slot_through_all_versions, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_in_force_then_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slots_run_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_over_its_bound_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
