/* scene: a ledger that is played on by hand, in a process that may die at any moment.
 *
 * Clock and calls stand in memory that children of fork share with their parent, so that the
 * parent knows what was settled before the death. One scene a program; one thread plays. */
#pragma once

#include "ledger/changes.h"
#include "support/shim_vfs.h"

#define SCENE_CALLS_MAX 1024
#define SCENE_ACCOUNTS 3
#define SCENE_COST 8

enum scene_account {
    TINY,   /* few credits and no overage */
    ROOMY,  /* overage without end */
    CAPPED, /* a daily cap and a low rate limit */
};

enum call_state {
    CALL_PLANNED,    /* about to ask for it, or refused */
    CALL_WAITS,      /* handed over: the ledger decides */
    CALL_SETTLED,    /* told durable: this call had its 200 */
    CALL_TAKEN_BACK, /* told not durable: this call had its 503 */
};

struct scene_call {
    enum scene_account account;
    enum call_state state;
    uint8_t charge_id[CHARGE_ID_BYTES];
};

/* What the last change of plan that was told done says; before: none was, or it waits for word. */
struct scene_plan {
    bool is_told;
    enum scene_account
        plan; /* in force; plans are called after the accounts that begin on them */
    int64_t included;
    instant period_start;
};

struct scene {
    char path[64];
    bool is_careless; /* synchronous=OFF */
    bool has_room;    /* the log grows, and room is made ahead of it, as in the server */
    instant now;
    duration elapsed;
    size_t call_count;
    struct scene_call calls[SCENE_CALLS_MAX];
    struct scene_plan plans[SCENE_ACCOUNTS];
    bool is_made[SCENE_ACCOUNTS]; /* told made, with its key */
};

extern struct scene *scene;
extern struct ledger *scene_ledger; /* NULL: closed */

/* A whole test program, in a folder of its own that is removed. An argument names the tests to
 * run, with '*' and '?'. SCENE_TEST closes what a failed test left open. */
#define SCENE_TEST(function) cmocka_unit_test_teardown(function, scene_end)
#define scene_main(tests, argc, argv)                                                          \
    (scene_begin((argc) > 1 ? (argv)[1] : NULL),                                               \
     scene_finish(cmocka_run_group_tests((tests), NULL, NULL)))
void scene_begin(const char *tests);
int scene_finish(int failed);
int scene_end(void **state);

/* A new beginning: no files, no calls, a clock shortly before midnight. */
void scene_clear(void);

/* Puts a scene whose ledger is closed aside with its files, and back as it was then. */
void scene_keep(void);
void scene_put_back(void);

/* Opens the ledger, brings the plans into force and makes the accounts where they are missing.
 * Anything but STATUS_OK is a bug. */
void scene_open(void);
void scene_close(void);

/* The wall clock alone, the clock that never steps alone, and both. The committer reads them
 * meanwhile: they are moved by nothing else. */
void scene_step(int64_t seconds);
void scene_elapse(int64_t seconds);
void scene_advance(int64_t seconds);

/* Asks for the slot alone. */
enum status scene_slot(enum scene_account account, enum call_outcome outcome);

/* Asks for a charge; BUSY is not waited for. */
enum status scene_charge(enum scene_account account);

/* Waits until nothing waits any more. */
void scene_await(void);

/* Asks again until it is granted or refused for a limit: after a failure the ledger tries by
 * itself. BUSY is not waited for. */
void scene_charge_when_admitted(enum scene_account account);

/* Polls until it holds, for a minute at most. */
void scene_until(bool (*holds)(void));

/* Charges of all accounts at once, awaited; they must have been granted or refused for a limit. */
void scene_round(void);

/* Brings the plan file into force with that price of overage; scene_open does so with 75. */
void scene_terms(int64_t overage_cents);

/* Asks for another plan and keeps what is told. */
void scene_plan(enum scene_account account, enum scene_account plan);

extern const char *const scene_emails[SCENE_ACCOUNTS];
extern struct api_key scene_keys[SCENE_ACCOUNTS]; /* that calls are made with */

/* The first start of all: makes the database and the accounts. */
void scene_start(void);

/* A run through all that a ledger does, over seconds, a midnight and a month, in 2 openings. */
void scene_play(void);

/* Rounds until room has been made ahead of the log twice. Only where scene->has_room. */
void scene_play_long(void);

/* What a restart does at the least: opens, charges, folds, closes. */
void scene_resume(void);

/* Runs play in a child. True: it died as ordered; false: it played to its end. Any other end
 * fails the test. */
bool scene_dies(void (*play)(void));

enum scene_promise {
    SCENE_EXACT,      /* what was settled, and of the rest only what waited at the death */
    SCENE_MAY_RETURN, /* a charge that was taken back may be there after all: its outcome was
                       * unknown when the process died */
    SCENE_MAY_LOSE,   /* settled charges may be missing: the disk lied */
};

/* Opens what survived and holds it against what was told: nothing settled is missing, nothing is
 * twice or unasked for, everything re-adds, and the numbers that decide are those of the journal.
 * Then plays on, closes and adds up again. Returns how many settled charges were missing. */
size_t scene_check(enum scene_promise promise);

/* How many of the deaths checked so far found a round of folds half written. */
size_t scene_deaths_in_rounds(void);

/* The one integer that a query answers. */
int64_t scene_stored(const char *sql);

/* ledger_look's numbers for one account. */
struct charge_standing scene_standing(enum scene_account account);
