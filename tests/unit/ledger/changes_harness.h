/* changes_harness: a metered ledger over a real file, for tests of what changes while calls go on.
 * Time is moved by hand; the fold comes with it. */
#pragma once

#include "ledger/changes.h"
#include "support/unit.h"

extern struct ledger *ledger;
extern struct plans
    plans; /* in force, and again at each reopening; the built-in ones at first */
extern struct reason reason;

/* How finely folds of a file are cut, from the next opening on; 0, as at first: as they are. */
extern size_t parts_a_slice;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

/* "2024-02-15T12:00:00Z" */
instant at(const char *written);

/* Goes on to that, or steps back; the clock that never steps goes on as far, and by more than a
 * minute, so that all slots have returned and the next batch folds what came before. */
void clock_to(const char *written);
/* The wall clock alone: nothing is folded for it. */
void clock_step(const char *written);
instant clock_now(void);

/* Runs that once, when this thread's next look at the wall clock begins: in the middle of a verb. */
void at_next_clock_look(void (*run)(void));

int harness_start(void **state);  /* once: the folder */
int harness_finish(void **state); /* once: and nothing is left of it */
int ledger_make(void **state);    /* a new file, at 2024-02-01T00:00:00Z */
int ledger_remove(void **state);

const char *ledger_path(void); /* the file's, for now */

/* On a server's database, which nodes share, and not in a file. */
bool ledger_is_shared(void);

void reopen(void);
void reopen_at(const char *written); /* nobody runs in between */
enum status reopen_status(void);     /* what opening comes to, after ledger_close */

/* Goes on with what a power loss at this moment would leave: the files as they are. */
void crash(void);

/* From one to the other ledger is what a command opens where no server runs: the file as a power loss at this moment would leave
 * it, and nothing of it in memory. Of a file alone. */
void command_begins(void);
void command_ends(void);

/* How the ledger goes on between the steps of a test: as it is, reopened, after a crash. */
extern void (*const between[3])(void);

/* Makes an account with one key. */
struct caller {
    int64_t account_id;
    int64_t key_id;
    char email[64];
    char key_id_outward[OUTWARD_ID_LENGTH + 1];
    struct api_key_text secret;
};
struct caller caller_make(const char *email, const char *plan);

/* A call of that cost, to the end: true when it was charged. standing (may be NULL) is set. */
bool charged(const struct caller *caller, int64_t cost, struct charge_standing *standing);

/* The same at the price of the one priced operation. */
bool charged_by_price(const struct caller *caller, struct charge_standing *standing);

/* What a call would find. */
struct charge_standing standing_of(const struct caller *caller);

enum status plan_to(const struct caller *caller, const char *plan, struct plan_change *change);

/* The one integer or text that a query answers, read on a connection of its own. */
int64_t stored_integer(const char *sql);
void stored_text(const char *sql, char *room, size_t room_bytes);
/* Of a query for hex(...): returns how many bytes there are, room_bytes at most. */
size_t stored_bytes(const char *sql, uint8_t *room, size_t room_bytes);
/* Of the first charge in the journal's last row of calls, in hexadecimal. */
void last_charge_id(char written[2 * CHARGE_ID_BYTES + 1]);
void assert_stored_text(const char *sql, const char *wanted);
void execute(const char *sql);

/* From now on no audit event can be written, and so no change be made; until events_accept. */
void events_refuse(void);
void events_accept(void);

/* For what is so in a file alone: skips the test where the ledger is on a server. */
void in_a_file_alone(void);
void on_a_server_alone(void); /* and the other way round */
bool is_on_a_server(void);

/* A whole test program: each test on a ledger of its own; an argument names the tests to run. */
#define FRESH(function) cmocka_unit_test_setup_teardown(function, ledger_make, ledger_remove)
#define changes_main(tests, argc, argv)                                                        \
    changes_run(tests, LENGTH_OF(tests), (argc) > 1 ? (argv)[1] : NULL)

/* On a server's database where TRENDGATE_TEST_ENGINE says postgres; all is skipped where none is. */
int changes_run(const struct CMUnitTest *tests, size_t count, const char *names);
