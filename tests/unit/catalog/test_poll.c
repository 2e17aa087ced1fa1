/* catalog.h: looking for new snapshots does not wait for lists that are being made. */
#include "catalog_harness.h"
#include "support/unit.h"

static void a_poll_passes_lists_that_are_made(void **state)
{
    (void)state;
    static struct catalog_entry entries[LIST_COUNT];
    struct gate gate;
    poll_pool = pool_open(1, 1);
    catalog_begin(1, 1, WIDE_CACHE, false);
    gate_close(&gate);
    (void)publish((struct list_key){.country = 9, .period = 2}, 20, 1, 3);
    catalog_poll(catalog);
    pool_close(poll_pool); /* after the poll */
    poll_pool = NULL;
    size_t count = catalog_entries(catalog, entries);
    gate_open(&gate);
    assert_int_equal(count, 1);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        CATALOG_TEST(a_poll_passes_lists_that_are_made),
    };
    return harness_run(tests, LENGTH_OF(tests));
}
