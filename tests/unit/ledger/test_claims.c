#include "base/status.h"
#include "ledger/claims.h"
#include "support/unit.h"

#include <pthread.h>
#include <time.h>

static const int64_t one_and_five[] = {1, 5}, two_and_five[] = {2, 5},
                     two_to_four[] = {2, 3, 4};

/* What happened, in its order. */
struct story {
    struct claims claims;
    char told[4];
    size_t count;
};

static void *second_claimant(void *owner)
{
    struct story *story = owner;
    claims_take(&story->claims, 1, two_and_five, LENGTH_OF(two_and_five));
    story->told[story->count++] = '2';
    claims_release(&story->claims, 1);
    return NULL;
}

static void an_account_is_waited_for(void **state)
{
    (void)state;
    struct story story = {0};
    pthread_t thread;
    claims_init(&story.claims);
    claims_take(&story.claims, 0, one_and_five, LENGTH_OF(one_and_five));
    assert_true(pthread_create(&thread, NULL, second_claimant, &story) == 0);
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* it has come by then */
    story.told[story.count++] = '1';
    claims_release(&story.claims, 0);
    assert_true(pthread_join(thread, NULL) == 0);
    assert_memory_equal(story.told, "12", 2);
    claims_finish(&story.claims);
}

static void accounts_of_nobody_are_not_waited_for(void **state)
{
    (void)state;
    struct claims claims;
    claims_init(&claims);
    claims_take(&claims, 0, one_and_five, LENGTH_OF(one_and_five));
    claims_take(&claims, 3, two_to_four, LENGTH_OF(two_to_four));
    claims_release(&claims, 0);
    claims_take(&claims, 1, one_and_five, LENGTH_OF(one_and_five));
    claims_release(&claims, 3);
    claims_take(&claims, 3, two_to_four, LENGTH_OF(two_to_four));
    claims_release(&claims, 1);
    claims_release(&claims, 3);
    claims_finish(&claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_waited_for),
        cmocka_unit_test(accounts_of_nobody_are_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
