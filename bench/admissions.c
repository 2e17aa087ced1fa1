/* admissions: how many charges a second nodes of a cluster admit, over one PostgreSQL database.
 *
 * usage: admissions ADDRESS NODES OUTSTANDING ACCOUNTS SECONDS
 *
 * Makes ACCOUNTS accounts where there are none yet. Each node is a ledger of its own in this process,
 * with OUTSTANDING charges on their way at any time: as soon as one is settled, another account's
 * follows. Prints one line: admissions a second, journal rows a second, CPU microseconds of this
 * process an admission. */
#include "ledger/counts.h"
#include "ledger/ledger.h"

#include <semaphore.h>
#include <stdio.h>
#include <sys/resource.h>

#define NODES_MAX 16
#define IMPORTED_AT_ONCE 1000

static const struct plan roomy = {.name = "Bench",
                                  .included_credits = INT64_C(1000000000000),
                                  .rate_limit_per_minute = 1000000,
                                  .overage = OVERAGE_NONE};

static struct ledger *nodes[NODES_MAX];
static int64_t accounts;
static _Atomic int64_t next_account, admitted;
static atomic_bool is_over;
static atomic_int outstanding;
static sem_t ended;

static void done(enum status status, const struct reason *reason)
{
    if (status == STATUS_OK)
        return;
    (void)fprintf(stderr, "admissions: %s\n", reason->sentence);
    exit(1);
}

struct caller {
    struct charge charge;
    struct ledger *node;
};

static void settled(struct charge *charge, enum status status);

static void call(struct caller *caller)
{
    caller->charge = (struct charge){.account_id = 1 + next_account++ % accounts,
                                     .key_id = 1,
                                     .cost = credits_of(8),
                                     .endpoint = 1,
                                     .request_id = TEXT_INITIAL("0123456789abcdef"),
                                     .address = TEXT_INITIAL("192.0.2.1"),
                                     .settled = settled};
    check(ledger_charge(caller->node, &caller->charge) == STATUS_BUSY);
}

/* On a committer's thread. */
static void settled(struct charge *charge, enum status status)
{
    struct caller *caller = CONTAINER_OF(charge, struct caller, charge);
    check(status == STATUS_OK);
    admitted++;
    if (!is_over)
        call(caller);
    else if (--outstanding == 0)
        (void)sem_post(&ended);
}

static void accounts_make(struct ledger *ledger)
{
    struct reason reason = {0};
    struct account last;
    char mail[32];
    (void)snprintf(mail, sizeof(mail), "a%lld@bench.example", (long long)accounts - 1);
    if (ledger_account_find(ledger, text_of(mail), &last, &reason) == STATUS_OK)
        return;
    struct account_row *rows = memory_take_zeroed((size_t)accounts, sizeof(*rows));
    struct api_key_text *keys = memory_take_zeroed((size_t)accounts, sizeof(*keys));
    char(*mails)[32] = memory_take_zeroed((size_t)accounts, sizeof(*mails));
    for (int64_t i = 0; i < accounts; i++) {
        (void)snprintf(mails[i], sizeof(mails[i]), "a%lld@bench.example", (long long)i);
        rows[i] = (struct account_row){
            .email = text_of(mails[i]), .plan = TEXT("Bench"), .name = TEXT("")};
    }
    for (int64_t i = 0; i < accounts; i += IMPORTED_AT_ONCE) {
        int64_t count = accounts - i < IMPORTED_AT_ONCE ? accounts - i : IMPORTED_AT_ONCE;
        done(ledger_account_import(ledger, rows + i, (size_t)count, keys + i, &reason),
             &reason);
    }
    free(mails);
    free(keys);
    free(rows);
}

static int64_t rows_written(int node_count)
{
    static struct ledger_counts counts;
    int64_t rows = 0;
    for (int i = 0; i < node_count; i++) {
        ledger_counts(nodes[i], &counts);
        rows += counts.journal_rows;
    }
    return rows;
}

static int64_t cpu_us(void)
{
    struct rusage used;
    check(getrusage(RUSAGE_SELF, &used) == 0);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND_US + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
    struct reason reason = {0};
    const struct time_source *time = time_source_system();
    struct plans plans = {.plans = {roomy}, .plan_count = 1};
    check(argc == 6);
    int node_count = atoi(argv[2]), in_flight = atoi(argv[3]), seconds = atoi(argv[5]);
    accounts = atoll(argv[4]);
    check(node_count >= 1 && node_count <= NODES_MAX && sem_init(&ended, 0, 0) == 0);
    secret_start();
    for (int i = 0; i < node_count; i++) {
        done(ledger_open(text_of(argv[1]), time, &nodes[i], &reason), &reason);
        done(ledger_terms_set(nodes[i], &plans, &reason), &reason);
        if (i == 0)
            accounts_make(nodes[0]);
    }
    outstanding = node_count * in_flight;
    struct caller *callers = memory_take_zeroed((size_t)outstanding, sizeof(*callers));
    int64_t began_us = time_elapsed(time).us, cpu_began_us = cpu_us();
    for (int i = 0; i < node_count * in_flight; i++) {
        callers[i].node = nodes[i % node_count];
        call(&callers[i]);
    }
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_sec = seconds}, NULL);
    is_over = true;
    while (sem_wait(&ended) != 0)
        continue;
    double took = (double)(time_elapsed(time).us - began_us) / 1e6;
    (void)printf("%.0f %.0f %.1f\n", (double)admitted / took,
                 (double)rows_written(node_count) / took,
                 (double)(cpu_us() - cpu_began_us) / (double)admitted);
    for (int i = 0; i < node_count; i++)
        ledger_close(nodes[i]);
    free(callers);
    return 0;
}
