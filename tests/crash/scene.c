#include "crash/scene.h"

#include "crash/books.h"
#include "ledger/embedded.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60
#define CHECKPOINT_PAGES 40 /* so that a short run checkpoints several times */

struct scene *scene;
struct ledger *scene_ledger;

/* ---- Time, accounts and plans ---- */

static instant now_read(void *owner)
{
    (void)owner;
    return scene->now;
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return scene->elapsed;
}

static const struct time_source clock_by_hand = {now_read, elapsed_read, NULL, 1};

static const char *const emails[SCENE_ACCOUNTS] = {"tiny@example.com", "roomy@example.com",
                                                   "capped@example.com"};
static const char *const plan_names[SCENE_ACCOUNTS] = {"Tiny", "Roomy", "Capped"};

static struct plans plans_of(int64_t overage_cents)
{
    return (struct plans){
        .plans =
            {
                [TINY] = {.name = "Tiny", .included_credits = 40, .rate_limit_per_minute = 500},
                [ROOMY] = {.name = "Roomy",
                           .included_credits = 100,
                           .rate_limit_per_minute = 500,
                           .overage = OVERAGE_ALWAYS,
                           .overage_cents_per_1000 = overage_cents},
                [CAPPED] = {.name = "Capped",
                            .included_credits = 1000,
                            .daily_credit_cap = 40,
                            .rate_limit_per_minute = 12},
            },
        .plan_count = SCENE_ACCOUNTS,
    };
}

static struct account accounts[SCENE_ACCOUNTS];
static struct reason reason;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        enum status status_ = (expression);                                                    \
        if (status_ != STATUS_OK)                                                              \
            (void)fprintf(stderr, "%s: %s\n", #expression, reason.sentence);                   \
        check(status_ == STATUS_OK);                                                           \
    } while (0)

static void account_ensure(enum scene_account account)
{
    struct text email = text_of(emails[account]);
    enum status found = ledger_account_find(scene_ledger, email, &accounts[account], &reason);
    if (found == STATUS_MISSING)
        found = ledger_account_create(scene_ledger, email, TEXT(""),
                                      text_of(plan_names[account]), &accounts[account],
                                      &reason);
    DONE(found);
}

static void terms_set(int64_t overage_cents)
{
    struct plans plans = plans_of(overage_cents);
    DONE(ledger_terms_set(scene_ledger, &plans, &reason));
}

void scene_open(void)
{
    char checkpoint[64];
    (void)snprintf(checkpoint, sizeof(checkpoint), "PRAGMA wal_autocheckpoint=%d",
                   CHECKPOINT_PAGES);
    DONE(ledger_open(text_of(scene->path), &clock_by_hand, &scene_ledger, &reason));
    DONE(db_execute(scene_ledger->db, checkpoint, &reason));
    if (scene->is_careless)
        DONE(db_execute(scene_ledger->db, "PRAGMA synchronous=OFF", &reason));
    terms_set(75);
    for (enum scene_account account = 0; account < SCENE_ACCOUNTS; account++)
        account_ensure(account);
}

void scene_close(void)
{
    ledger_close(scene_ledger);
    scene_ledger = NULL;
}

void scene_advance(int64_t seconds)
{
    scene->now.us += seconds * SECOND_US;
    scene->elapsed.us += seconds * SECOND_US;
}

static void files_remove(void)
{
    static const char *const endings[] = {"",      "-wal",  "-shm",      "-journal",
                                          ".lock", ".kept", "-wal.kept", "-journal.kept"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", scene->path, endings[i]);
        (void)unlink(name);
    }
}

void scene_clear(void)
{
    files_remove();
    scene->is_careless = false;
    scene->call_count = 0;
    scene->now = instant_of_seconds(INT64_C(1769817597)); /* 2026-01-30T23:59:57Z */
    scene->elapsed = (duration){1000 * SECOND_US};
}

static char folder[48];

void scene_begin(const char *tests)
{
    secret_start();
    cmocka_set_test_filter(tests);
    scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                 0);
    check(scene != MAP_FAILED);
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof(folder), "%s/trendgate-crash-XXXXXX", parent);
    check(mkdtemp(folder) != NULL);
    (void)snprintf(scene->path, sizeof(scene->path), "%s/x.db", folder);
    shim_install();
    scene_clear();
}

int scene_finish(int failed)
{
    files_remove();
    check(rmdir(folder) == 0);
    check(munmap(scene, sizeof(*scene)) == 0);
    return failed;
}

int scene_end(void **state)
{
    (void)state;
    shim_order(&(struct shim_orders){0});
    scene_close();
    return 0;
}

/* ---- Calls ---- */

struct played {
    struct charge charge;
    char request_id[24];
    size_t number; /* in scene->calls */
};

static struct played played[SCENE_CALLS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t settled_one = PTHREAD_COND_INITIALIZER;
static size_t waiting;

static void settled(struct charge *charge, enum status status)
{
    struct played *call = (struct played *)(void *)charge;
    struct scene_call *told = &scene->calls[call->number];
    check(pthread_mutex_lock(&lock) == 0);
    memcpy(told->charge_id, charge->charge_id, CHARGE_ID_BYTES);
    told->state = status == STATUS_OK ? CALL_SETTLED : CALL_TAKEN_BACK;
    waiting--;
    check(pthread_cond_signal(&settled_one) == 0);
    check(pthread_mutex_unlock(&lock) == 0);
}

void scene_await(void)
{
    struct timespec until;
    check(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += PATIENCE_S;
    check(pthread_mutex_lock(&lock) == 0);
    while (waiting > 0)
        check(pthread_cond_timedwait(&settled_one, &lock, &until) == 0);
    check(pthread_mutex_unlock(&lock) == 0);
}

static void waiting_add(bool more)
{
    check(pthread_mutex_lock(&lock) == 0);
    waiting = more ? waiting + 1 : waiting - 1;
    check(pthread_mutex_unlock(&lock) == 0);
}

enum status scene_charge(enum scene_account account)
{
    size_t number = scene->call_count++;
    check(number < SCENE_CALLS_MAX);
    struct played *call = &played[number];
    *call = (struct played){.number = number};
    int length = snprintf(call->request_id, sizeof(call->request_id), "call-%zu", number);
    scene->calls[number] = (struct scene_call){.account = account};
    call->charge = (struct charge){.account_id = accounts[account].id,
                                   .key_id = 1,
                                   .cost = credits_of(SCENE_COST),
                                   .outcome = CALL_CHARGED,
                                   .request_id = {call->request_id, (size_t)length},
                                   .settled = settled};
    waiting_add(true);
    scene->calls[number].state = CALL_WAITS;
    enum status status = ledger_charge(scene_ledger, &call->charge);
    if (status != STATUS_BUSY) {
        scene->calls[number].state = CALL_PLANNED;
        waiting_add(false);
    }
    return status;
}

enum status scene_slot(enum scene_account account, enum call_outcome outcome)
{
    struct charge charge = {
        .account_id = accounts[account].id, .key_id = 1, .outcome = outcome};
    return ledger_charge(scene_ledger, &charge);
}

struct charge_standing scene_standing(enum scene_account account)
{
    struct charge charge = {.account_id = accounts[account].id,
                            .key_id = 1,
                            .cost = credits_of(SCENE_COST),
                            .outcome = CALL_CHARGED};
    ledger_look(scene_ledger, &charge);
    return charge.standing;
}

void scene_round(void)
{
    static const enum scene_account order[] = {TINY, ROOMY, CAPPED, ROOMY};
    for (size_t i = 0; i < LENGTH_OF(order); i++) {
        enum status status = scene_charge(order[i]);
        check(status == STATUS_BUSY || status == STATUS_EXHAUSTED);
    }
    scene_await();
}

/* ---- The play ---- */

static void key_come_and_go(void)
{
    struct api_key key;
    struct api_key_text secret;
    DONE(ledger_key_create(scene_ledger, text_of(emails[ROOMY]), TEXT(""), &key, &secret,
                           &reason));
    DONE(ledger_key_revoke(scene_ledger, text_of(key.outward_id), &reason));
}

static void suspend_and_resume(void)
{
    DONE(ledger_account_suspend(scene_ledger, text_of(emails[TINY]), true, &reason));
    DONE(ledger_account_suspend(scene_ledger, text_of(emails[TINY]), false, &reason));
}

static void slots_take(void)
{
    check(scene_slot(ROOMY, CALL_HEAD) == STATUS_OK);
    enum status status = scene_slot(CAPPED, CALL_INVALID);
    check(status == STATUS_OK || status == STATUS_EXHAUSTED);
}

void scene_play(void)
{
    scene_open();
    for (int second = 0; second < 7; second++) {
        slots_take();
        scene_round();
        if (second == 2)
            terms_set(60);
        if (second == 3)
            key_come_and_go();
        if (second == 4)
            suspend_and_resume();
        scene_advance(1);
    }
    scene_round();
    scene_advance(29 * DAY_SECONDS); /* the 28th of February: a new period of the 30th */
    scene_round();
    scene_close();
    scene_resume();
}

void scene_resume(void)
{
    scene_open();
    scene_round();
    scene_advance(1);
    slots_take();
    scene_round();
    scene_close();
}

static void *play_run(void *play)
{
    (*(void (**)(void))play)();
    return NULL;
}

/* On a thread of its own: randomness that was drawn ahead is a thread's, and the parent's must not
 * be drawn twice. */
static void child_play(void (*play)(void))
{
    pthread_t player;
    check(pthread_create(&player, NULL, play_run, &play) == 0);
    check(pthread_join(player, NULL) == 0);
    _exit(0);
}

bool scene_dies(void (*play)(void))
{
    pid_t child = fork();
    check(child >= 0);
    if (child == 0)
        child_play(play);
    int end;
    check(waitpid(child, &end, 0) == child);
    if (WIFSIGNALED(end))
        fail_msg("after %lld operations the player ended by signal %d",
                 (long long)shim_operations(), WTERMSIG(end));
    if (WEXITSTATUS(end) != 0 && WEXITSTATUS(end) != SHIM_DEATH)
        fail_msg("the player ended with %d", WEXITSTATUS(end));
    return WEXITSTATUS(end) == SHIM_DEATH;
}
