/* Many threads for the last credits, and for the last slots, of one account, with a real file and
 * a real committer, and with four nodes that share a server's database: what is charged is what the
 * plan permits, to the credit. */
#include "ledger/changes.h"
#include "sql/db.h"
#include "support/postgres_database.h"
#include "support/unit.h"

#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 32
#define CALLS 20 /* of each thread */
#define COST 8
#define NODES 4

static char folder[] = "/tmp/trendgate-last-XXXXXX";
static char path[512];
static struct ledger *nodes[NODES];
static size_t node_count;
static struct account account;
static struct api_key key;
static struct reason reason;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

static void begin(const struct plan *plan)
{
    struct plans plans = {.plans = {*plan}, .plan_count = 1};
    struct api_key_text secret;
    if (node_count == 0)
        skip(); /* there is no server */
    for (size_t i = 0; i < node_count; i++) {
        DONE(ledger_open(text_of(path), time_source_system(), &nodes[i], &reason));
        DONE(ledger_terms_set(nodes[i], &plans, &reason));
    }
    DONE(ledger_account_create(nodes[0], TEXT("a@x"), TEXT(""), text_of(plan->name), &account,
                               &reason));
    DONE(ledger_key_create(nodes[0], TEXT("a@x"), TEXT(""), &key, &secret, &reason));
}

struct waiting {
    struct charge charge;
    sem_t settled;
    enum status status;
};

static void settle(struct charge *charge, enum status status)
{
    struct waiting *waiting = CONTAINER_OF(charge, struct waiting, charge);
    waiting->status = status;
    (void)sem_post(&waiting->settled);
}

static atomic_int charged, refused, rate_limited;
static _Atomic int64_t credits_sum, overage_sum;

static void call_make(struct ledger *ledger)
{
    struct waiting waiting = {.charge = {.account_id = account.id,
                                         .key_id = key.id,
                                         .cost = credits_of(COST),
                                         .endpoint = 1,
                                         .request_id = TEXT("r"),
                                         .settled = settle}};
    check(sem_init(&waiting.settled, 0, 0) == 0);
    enum status status = ledger_charge(ledger, &waiting.charge);
    if (status == STATUS_BUSY) {
        while (sem_wait(&waiting.settled) != 0)
            continue;
        status = waiting.status;
    }
    if (status == STATUS_EXHAUSTED) {
        bool has_slot = waiting.charge.standing.verdict == CHARGE_REFUSED;
        atomic_fetch_add(has_slot ? &refused : &rate_limited, 1);
        return;
    }
    check(status == STATUS_OK);
    atomic_fetch_add(&charged, 1);
    atomic_fetch_add(&credits_sum, waiting.charge.standing.charged.count);
    atomic_fetch_add(&overage_sum, waiting.charge.standing.overage.count);
}

static void *calls_make(void *node)
{
    for (int i = 0; i < CALLS; i++)
        call_make(node);
    return NULL;
}

static void threads_run(void)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, calls_make, nodes[i % node_count]),
                         0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(charged + refused + rate_limited, THREADS * CALLS);
    assert_int_equal(credits_sum, charged * COST);
}

/* sql selects one number; it lives for ever. */
static int64_t number(const char *sql)
{
    struct db *db = NULL;
    struct db_statement *select = NULL;
    bool row;
    const struct db_options options = {.busy_timeout_ms = 1000, .schema = "ledger"};
    DONE(db_open_to_read(text_of(path), &options, &db, &reason));
    DONE(db_statement_take(db, sql, &select, &reason));
    DONE(db_step(select, &row, &reason));
    int64_t value = db_column_integer(select, 0);
    db_statement_release(&select);
    db_close(db);
    return value;
}

static void nodes_close(void)
{
    for (size_t i = 0; i < NODES; i++) {
        ledger_close(nodes[i]);
        nodes[i] = NULL;
    }
}

/* After a clean end every projection says the same. */
static void assert_file(int64_t included, int64_t overage)
{
    nodes_close();
    assert_int_equal(number("SELECT used FROM balance"), included);
    assert_int_equal(number("SELECT overage FROM balance"), overage);
    assert_int_equal(number("SELECT CAST(sum(credits) AS BIGINT) FROM usage_hour"),
                     included + overage);
    assert_int_equal(number("SELECT CAST(sum(charged) AS BIGINT) FROM usage_hour"), charged);
    assert_int_equal(
        number(
            "SELECT CAST(sum(insufficient + spend_limit + daily) AS BIGINT) FROM usage_hour"),
        refused);
    assert_int_equal(number("SELECT CAST(sum(rate_limited) AS BIGINT) FROM usage_hour"),
                     rate_limited);
    assert_int_equal(number("SELECT CAST(sum(calls) AS BIGINT) FROM journal"),
                     charged + refused);
}

static const struct plan roomy = {.name = "One",
                                  .included_credits = 1000,
                                  .rate_limit_per_minute = 1000000,
                                  .overage = OVERAGE_NONE};

static void the_allowance_is_charged_whole(void **state)
{
    (void)state;
    begin(&roomy);
    threads_run();
    assert_int_equal(credits_sum, 1000);
    assert_int_equal(overage_sum, 0);
    assert_file(1000, 0);
}

static void what_does_not_pay_for_a_call_is_left(void **state)
{
    (void)state;
    struct plan plan = roomy;
    plan.included_credits = 1007;
    begin(&plan);
    threads_run();
    assert_int_equal(credits_sum, 1000);
    assert_file(1000, 0);
}

/* 10 cents at 75 cents for 1,000 credits pay for 133: with the 1,003 that is 142 calls. */
static void overage_is_charged_up_to_the_spend_limit(void **state)
{
    (void)state;
    struct plan plan = roomy;
    plan.included_credits = 1003;
    plan.overage = OVERAGE_OPT_IN;
    plan.overage_cents_per_1000 = 75;
    begin(&plan);
    const struct overage_change change = {
        .is_on = true, .sets_limit = true, .spend_limit_cents = 10};
    DONE(ledger_account_overage(nodes[0], TEXT("a@x"), &change, &reason));
    threads_run();
    assert_int_equal(credits_sum, 1136);
    assert_int_equal(overage_sum, 133);
    assert_file(1003, 133);
}

static void the_daily_cap_is_charged_whole(void **state)
{
    (void)state;
    struct plan plan = roomy;
    plan.daily_credit_cap = 800;
    begin(&plan);
    int64_t day = instant_day(time_now(time_source_system()));
    threads_run();
    if (instant_day(time_now(time_source_system())) != day)
        skip(); /* midnight fell into it */
    assert_int_equal(credits_sum, 800);
    assert_file(800, 0);
}

static void the_slots_of_a_minute_are_all_taken(void **state)
{
    (void)state;
    struct plan plan = roomy;
    plan.included_credits = 1000000;
    plan.rate_limit_per_minute = 300;
    begin(&plan);
    duration began = time_elapsed(time_source_system());
    threads_run();
    if (time_elapsed(time_source_system()).us - began.us >= INT64_C(60) * SECOND_US)
        skip(); /* a machine so slow that slots returned meanwhile */
    assert_int_equal(charged, 300);
    assert_int_equal(rate_limited, THREADS * CALLS - 300);
    assert_file(300 * COST, 0);
}

static int set_up(void **state)
{
    (void)state;
    secret_start();
    node_count = 1;
    (void)snprintf(path, sizeof(path), "%s/x.db", folder);
    charged = refused = rate_limited = 0;
    credits_sum = overage_sum = 0;
    return 0;
}

static int set_up_shared(void **state)
{
    (void)set_up(state);
    node_count = postgres_is_there() ? NODES : 0;
    if (node_count == 0)
        return 0;
    (void)snprintf(path, sizeof(path), "%s", postgres_address());
    postgres_clear("ledger");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nodes_close();
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[520];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return 0;
}

static int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
    (void)state;
    return rmdir(folder);
}

#define IN_A_FILE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define SHARED(function)                                                                       \
    {                                                                                          \
#function " (four nodes)", function, set_up_shared, tear_down, NULL                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FILE(the_allowance_is_charged_whole),
        IN_A_FILE(what_does_not_pay_for_a_call_is_left),
        IN_A_FILE(overage_is_charged_up_to_the_spend_limit),
        IN_A_FILE(the_daily_cap_is_charged_whole),
        IN_A_FILE(the_slots_of_a_minute_are_all_taken),
        SHARED(the_allowance_is_charged_whole),
        SHARED(what_does_not_pay_for_a_call_is_left),
        SHARED(overage_is_charged_up_to_the_spend_limit),
        SHARED(the_daily_cap_is_charged_whole),
        SHARED(the_slots_of_a_minute_are_all_taken),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
