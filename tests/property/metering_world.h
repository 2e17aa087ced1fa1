/* metering_world: a real ledger and the plain model side by side, moved together and compared.
 *
 * Every function that can find a difference answers false and leaves a sentence in
 * world->difference. Owned by one thread. */
#pragma once

#include "ledger/changes.h"
#include "ledger/embedded.h"
#include "property/metering_model.h"

#define TIDE 3 /* the account whose charge brings all slots before it into the journal */

struct world {
    struct model model;
    struct ledger *ledger;
    bool is_shared; /* on a server's database, whose clock decides: that goes on alone */
    char folder[64], path[256];
    int generation; /* of the file: a copy goes on after a crash */
    int64_t account_ids[MODEL_ACCOUNTS], key_ids[MODEL_KEYS_MAX];
    char key_names[MODEL_KEYS_MAX][OUTWARD_ID_LENGTH + 1];
    struct digest digests[MODEL_KEYS_MAX];
    int64_t stepped_ms; /* when the wall clock was stepped last, on the true clock */
    int64_t booted_ms;  /* likewise, the machine */
    bool lost_refusals; /* a crash forgets 429s that were not folded */
    struct reason reason;
    char difference[1024];
};

/* On the server of tests/support/postgres_database.h where TRENDGATE_TEST_ENGINE says so. */
bool world_is_shared(void);
bool world_open(struct world *world, int64_t wall_us);
void world_close(struct world *world);

/* One call of that cost; outcome: what it is if it costs nothing. */
bool world_call(struct world *world, int key, int64_t cost, int outcome);

/* Every account's numbers, as headers would show them now. */
bool world_look(struct world *world);

bool world_plan(struct world *world, int account, int plan);
bool world_overage(struct world *world, int account, bool is_on, int64_t limit_cents);
bool world_key_make(struct world *world, int account, int64_t cap);
bool world_key_revoke(struct world *world, int key);
bool world_key_cap(struct world *world, int key, int64_t cap);
bool world_terms(struct world *world, const struct model_plan plans[MODEL_PLANS]);

/* Both clocks, or the wall clock alone (also backward). */
bool world_wait(struct world *world, int64_t ms);
bool world_step_clock(struct world *world, int64_t us);

enum world_restart {
    RESTART_CLEAN,
    RESTART_CRASHED, /* goes on with a copy of the files, taken while the ledger was open */
    RESTART_BOOTED,  /* clean, on a clock that begins anew */
};
bool world_restart(struct world *world, enum world_restart kind);

/* ---- For metering_*.c ---- */

__attribute__((format(printf, 2, 3))) bool world_differs(struct world *world,
                                                         const char *format, ...);

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            return world_differs(world, "%s: %s", #expression, world->reason.sentence);        \
    } while (0)

#define SAME(what, got, wanted)                                                                \
    do {                                                                                       \
        int64_t got_value = (got), wanted_value = (wanted);                                    \
        if (got_value != wanted_value)                                                         \
            return world_differs(world, "%s: wanted %lld, got %lld", what,                     \
                                 (long long)wanted_value, (long long)got_value);               \
    } while (0)

extern const char *const world_plan_names[MODEL_PLANS];

/* Moves the clocks that the ledger reads to the model's. boot: which it is of the machine. */
void world_clocks_set(const struct model *model);
extern struct time_source world_time;
struct plans world_plans(const struct model *model);

/* Everything that waits is in the journal, told by the present clocks. */
bool world_flush(struct world *world);
