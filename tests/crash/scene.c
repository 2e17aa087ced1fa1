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
#define ENDPOINT 1
#define KEY_CAP 1000000     /* never met: what counts is that it counts */
#define CHECKPOINT_PAGES 40 /* so that a short run checkpoints several times */

struct scene *scene;
struct ledger *scene_ledger;

/* ---- Time, accounts and plans ---- */

static instant now_read(void *owner)
{
    (void)owner;
    return (instant){__atomic_load_n(&scene->now.us, __ATOMIC_RELAXED)};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){__atomic_load_n(&scene->elapsed.us, __ATOMIC_RELAXED)};
}

static const struct time_source clock_by_hand = {
    .now = now_read, .elapsed = elapsed_read, .boot = 1};

const char *const scene_emails[SCENE_ACCOUNTS] = {"tiny@example.com", "roomy@example.com",
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

struct api_key scene_keys[SCENE_ACCOUNTS];
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
    struct text email = text_of(scene_emails[account]);
    enum status found = ledger_account_find(scene_ledger, email, &accounts[account], &reason);
    bool is_new = found == STATUS_MISSING;
    if (is_new)
        found = ledger_account_create(scene_ledger, email, TEXT(""),
                                      text_of(plan_names[account]), &accounts[account],
                                      &reason);
    DONE(found);
    struct api_key keys[API_KEY_LIVE_MAX];
    size_t count;
    DONE(ledger_key_list(scene_ledger, email, keys, LENGTH_OF(keys), &count, &reason));
    if ((is_new || count == 0) && scene->is_made[account])
        fail_msg("%s was made, and is lost", scene_emails[account]);
    if (count > 0) {
        scene_keys[account] = keys[count - 1]; /* the first that was made */
        scene->is_made[account] = true;
        return;
    }
    struct api_key_text secret;
    const struct key_request request = {
        .name = TEXT("first"), .daily_credit_cap = account == ROOMY ? KEY_CAP : NO_KEY_CAP};
    DONE(
        ledger_key_make(scene_ledger, email, &request, &scene_keys[account], &secret, &reason));
    scene->is_made[account] = true;
}

void scene_terms(int64_t overage_cents)
{
    struct plans plans = plans_of(overage_cents);
    DONE(ledger_terms_set(scene_ledger, &plans, &reason));
}

void scene_plan(enum scene_account account, enum scene_account plan)
{
    struct plan_change change;
    scene->plans[account].is_told = false;
    DONE(ledger_account_plan(scene_ledger, text_of(scene_emails[account]),
                             &(struct plan_request){.plan = text_of(plan_names[plan])}, &change,
                             &reason));
    struct scene_plan told = {.is_told = true,
                              .included = change.included,
                              .period_start = scene_standing(account).period.start};
    while (strcmp(plan_names[told.plan], change.plan->name) != 0)
        told.plan++;
    scene->plans[account] = told;
}

void scene_open(void)
{
    char checkpoint[64];
    (void)snprintf(checkpoint, sizeof(checkpoint), "PRAGMA wal_autocheckpoint=%d",
                   CHECKPOINT_PAGES);
    DONE(ledger_open(text_of(scene->path), &clock_by_hand, &scene_ledger, &reason));
    scene_ledger->committer.cohorts.parts_a_slice = 1; /* an account at a time */
    if (!scene->has_room) /* this takes the place of what makes room */
        DONE(db_execute(scene_ledger->db, checkpoint, &reason));
    if (scene->is_careless)
        DONE(db_execute(scene_ledger->db, "PRAGMA synchronous=OFF", &reason));
    scene_terms(75);
    for (enum scene_account account = 0; account < SCENE_ACCOUNTS; account++)
        account_ensure(account);
}

void scene_close(void)
{
    ledger_close(scene_ledger);
    scene_ledger = NULL;
}

void scene_step(int64_t seconds)
{
    (void)__atomic_add_fetch(&scene->now.us, seconds * SECOND_US, __ATOMIC_RELAXED);
}

void scene_elapse(int64_t seconds)
{
    (void)__atomic_add_fetch(&scene->elapsed.us, seconds * SECOND_US, __ATOMIC_RELAXED);
}

void scene_advance(int64_t seconds)
{
    scene_step(seconds);
    scene_elapse(seconds);
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
    scene->is_careless = scene->has_room = false;
    scene->call_count = 0;
    memset(scene->plans, 0, sizeof(scene->plans));
    memset(scene->is_made, 0, sizeof(scene->is_made));
    scene->now = instant_of_seconds(INT64_C(1769817597)); /* 2026-01-30T23:59:57Z */
    scene->elapsed = (duration){1000 * SECOND_US};
}

static void file_copy(const char *from, const char *to)
{
    FILE *read = fopen(from, "rb");
    (void)unlink(to);
    if (!read)
        return; /* so the copy is absent too */
    FILE *written = fopen(to, "wb");
    check(written != NULL);
    char bytes[4096];
    size_t length;
    while ((length = fread(bytes, 1, sizeof(bytes), read)) > 0)
        check(fwrite(bytes, 1, length, written) == length);
    check(fclose(written) == 0);
    check(fclose(read) == 0);
}

static void files_keep(bool back)
{
    static const char *const endings[] = {"", "-wal", "-journal"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char file[96], kept[112];
        (void)snprintf(file, sizeof(file), "%s%s", scene->path, endings[i]);
        (void)snprintf(kept, sizeof(kept), "%s.kept", file);
        if (back)
            file_copy(kept, file);
        else
            file_copy(file, kept);
    }
}

static struct scene kept_scene;

void scene_keep(void)
{
    kept_scene = *scene;
    files_keep(false);
}

void scene_put_back(void)
{
    *scene = kept_scene;
    files_keep(true);
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
    enum call_state state = status == STATUS_OK ? CALL_SETTLED : CALL_TAKEN_BACK;
    __atomic_store_n(&told->state, state, __ATOMIC_RELEASE);
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

/* Counted last: the committer may die meanwhile, and what stood in the place would be taken for a
 * call of this run. */
static size_t call_plan(enum scene_account account)
{
    size_t number = scene->call_count;
    check(number < SCENE_CALLS_MAX);
    scene->calls[number] = (struct scene_call){.account = account};
    __atomic_store_n(&scene->call_count, number + 1, __ATOMIC_RELEASE);
    return number;
}

enum status scene_charge(enum scene_account account)
{
    size_t number = call_plan(account);
    struct played *call = &played[number];
    *call = (struct played){.number = number};
    int length = snprintf(call->request_id, sizeof(call->request_id), "call-%zu", number);
    call->charge = (struct charge){.account_id = accounts[account].id,
                                   .key_id = scene_keys[account].id,
                                   .cost = credits_of(SCENE_COST),
                                   .endpoint = ENDPOINT,
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
    struct charge charge = {.account_id = accounts[account].id,
                            .key_id = scene_keys[account].id,
                            .endpoint = ENDPOINT,
                            .outcome = outcome};
    return ledger_charge(scene_ledger, &charge);
}

struct charge_standing scene_standing(enum scene_account account)
{
    struct charge charge = {.account_id = accounts[account].id,
                            .key_id = scene_keys[account].id,
                            .cost = credits_of(SCENE_COST),
                            .endpoint = ENDPOINT,
                            .outcome = CALL_CHARGED};
    ledger_look(scene_ledger, &charge);
    return charge.standing;
}

static enum scene_account asks_again;

static bool is_decided(void)
{
    enum status status = scene_charge(asks_again);
    scene->call_count -= status == STATUS_UNAVAILABLE; /* as if it had not been asked */
    return status == STATUS_BUSY || status == STATUS_EXHAUSTED;
}

void scene_charge_when_admitted(enum scene_account account)
{
    asks_again = account;
    scene_until(is_decided);
}

void scene_until(bool (*holds)(void))
{
    for (int ms = 0; !holds(); ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
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

/* ---- Dying ---- */

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
