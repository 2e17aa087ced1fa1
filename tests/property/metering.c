/* Random sequences of calls, changes, clocks and restarts: the ledger against the plain model.
 *
 * TRENDGATE_PROPERTY_SEQUENCES says how many (a sample otherwise), TRENDGATE_PROPERTY_SEED which
 * one comes first. A sequence that fails is made as short as it gets, and told step by step. */
#include "property/metering_world.h"
#include "support/postgres_database.h"
#include "support/unit.h"

#include <stdio.h>

#define STEPS 200
#define SAMPLE 30
#define OF_SHARED 30 /* one of so many on a server, where each call is a journey */

#define SECOND_MS INT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

/* ---- Randomness: each step has its own, so that leaving one out changes no other ---- */

struct dice {
    uint64_t state;
};

static int64_t below(struct dice *dice, int64_t bound)
{
    dice->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = (dice->state ^ dice->state >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (int64_t)((mixed ^ mixed >> 31) % (uint64_t)bound);
}

static struct dice dice_of(uint64_t seed, int step)
{
    struct dice dice = {seed * UINT64_C(1000003) + (uint64_t)step};
    (void)below(&dice, 1);
    return dice;
}

#define PICK(dice, array) ((array)[below(dice, (int64_t)LENGTH_OF(array))])

/* ---- Steps ---- */

static bool tells; /* print the steps that are played */

#define TELL(...)                                                                              \
    do {                                                                                       \
        if (tells)                                                                             \
            print_message(__VA_ARGS__);                                                        \
    } while (0)

/* Any account but the tide. */
static int random_account(struct dice *dice)
{
    return (int)below(dice, TIDE);
}

static int random_key(struct world *world, struct dice *dice)
{
    int key = (int)below(dice, world->model.key_count);
    return key == TIDE ? 0 : key;
}

static bool step_calls(struct world *world, struct dice *dice)
{
    static const int64_t costs[] = {8, 8, 8, 8, 8, 3, 1, 100, 0, 0};
    static const int outcomes[] = {1, 2, 3, 4, 5, 6, 7, 12};
    int key = random_key(world, dice);
    int64_t cost = PICK(dice, costs), count = below(dice, 6) == 0 ? 1 + below(dice, 20) : 1;
    int outcome = PICK(dice, outcomes);
    TELL("%d calls with key %d of account %d, cost %d, else outcome %d\n", (int)count, key,
         world->model.keys[key].account, (int)cost, outcome);
    for (int64_t i = 0; i < count; i++)
        if (!world_call(world, key, cost, outcome))
            return false;
    return true;
}

static bool step_plan(struct world *world, struct dice *dice)
{
    int account = random_account(dice), plan = (int)below(dice, 3);
    TELL("account %d to plan %d\n", account, plan);
    return world_plan(world, account, plan);
}

static bool step_overage(struct world *world, struct dice *dice)
{
    static const int64_t limits[] = {UNLIMITED, 0, 1, 2, 10};
    int account = random_account(dice);
    bool is_on = below(dice, 3) > 0;
    int64_t limit = PICK(dice, limits);
    TELL("account %d: overage %s, limit %d cents\n", account, is_on ? "on" : "off", (int)limit);
    return world_overage(world, account, is_on, limit);
}

static bool step_key(struct world *world, struct dice *dice)
{
    static const int64_t caps[] = {UNLIMITED, 0, 8, 20, 40, 100};
    int64_t what = below(dice, 8), cap = PICK(dice, caps);
    int account = random_account(dice), key = random_key(world, dice);
    if (what < 3) {
        TELL("a new key for account %d, cap %d\n", account, (int)cap);
        return world_key_make(world, account, cap);
    }
    if (what == 3) {
        TELL("key %d revoked\n", key);
        return world_key_revoke(world, key);
    }
    TELL("key %d: cap %d\n", key, (int)cap);
    return world_key_cap(world, key, cap);
}

static bool step_terms(struct world *world, struct dice *dice)
{
    static const int64_t rates[] = {1, 5, 15, 1000}, caps[] = {0, 40, 160},
                         included[] = {0, 50, 100, 400, 1000}, prices[] = {0, 30, 75},
                         monthly[] = {0, 1, 900, 2900, 49900};
    struct model_plan plans[MODEL_PLANS];
    memcpy(plans, world->model.plans, sizeof(plans));
    int plan = (int)below(dice, 3);
    plans[plan].rate = PICK(dice, rates);
    plans[plan].cap = PICK(dice, caps);
    plans[plan].included = PICK(dice, included);
    plans[plan].monthly = PICK(dice, monthly);
    if (plans[plan].overage != MODEL_NONE)
        plans[plan].price = PICK(dice, prices);
    TELL("plan %d: %d a minute, cap %d, included %d, overage %d\n", plan, (int)plans[plan].rate,
         (int)plans[plan].cap, (int)plans[plan].included, (int)plans[plan].price);
    return world_terms(world, plans);
}

static bool step_wait(struct world *world, struct dice *dice)
{
    static const int64_t waits[] = {1,      100,         SECOND_MS,  5 * SECOND_MS, 20000,
                                    59999,  60000,       20000,      5000,          HOUR_MS,
                                    DAY_MS, 31 * DAY_MS, 6 * HOUR_MS};
    int64_t ms = PICK(dice, waits);
    if (below(dice, 8) == 0) /* to just before midnight */
        ms = DAY_MS - world->model.wall_us / 1000 % DAY_MS - below(dice, 2);
    TELL("%lld ms pass\n", (long long)ms);
    return world_wait(world, ms);
}

static bool step_clock(struct world *world, struct dice *dice)
{
    static const int64_t steps[] = {-1,     -SECOND_MS, -HOUR_MS, -DAY_MS, -31 * DAY_MS,
                                    -60000, SECOND_MS,  HOUR_MS,  DAY_MS,  31 * DAY_MS};
    int64_t ms = PICK(dice, steps);
    if (world->is_shared)
        return true;
    TELL("the wall clock is stepped by %lld ms\n", (long long)ms);
    return world_step_clock(world, ms * 1000);
}

static bool step_restart(struct world *world, struct dice *dice)
{
    static const char *const words[] = {"a restart", "a crash", "a reboot"};
    enum world_restart kind = (enum world_restart)below(dice, 3);
    if (world->is_shared)
        kind = RESTART_CLEAN;
    TELL("%s\n", words[kind]);
    return world_restart(world, kind);
}

struct step_kind {
    int weight;
    bool (*play)(struct world *world, struct dice *dice);
};

static const struct step_kind kinds[] = {
    {56, step_calls}, {6, step_plan},  {4, step_overage}, {8, step_key},
    {4, step_terms},  {14, step_wait}, {4, step_clock},   {4, step_restart},
};

static bool step_play(struct world *world, uint64_t seed, int step)
{
    struct dice dice = dice_of(seed, step);
    int weight = (int)below(&dice, 100);
    size_t kind = 0;
    while (weight >= kinds[kind].weight)
        weight -= kinds[kind++].weight;
    TELL("  %3d: ", step);
    return kinds[kind].play(world, &dice) && world_look(world);
}

/* ---- Sequences ---- */

struct sequence {
    uint64_t seed;
    bool is_in[STEPS]; /* which of its steps are played */
    int failed_at;     /* -1: none */
    char difference[1024];
};

/* Days around the ends of months, also of February in a leap year. */
static int64_t first_wall_us(struct dice *dice)
{
    static const int64_t days[] = {19752, 19753, 19781, 19782, 19783, 19812, 20000, 20088};
    return (PICK(dice, days) * DAY_MS + below(dice, DAY_MS)) * 1000;
}

static bool sequence_play(struct sequence *sequence)
{
    static struct world world;
    struct dice dice = dice_of(sequence->seed, STEPS);
    sequence->failed_at = -1;
    bool is_same = world_open(&world, first_wall_us(&dice));
    for (int step = 0; step < STEPS && is_same; step++) {
        sequence->failed_at = step;
        if (sequence->is_in[step])
            is_same = step_play(&world, sequence->seed, step);
    }
    const char *wrong = is_same ? model_windows_check(&world.model) : NULL;
    if (is_same && !wrong)
        is_same = world_restart(&world, RESTART_CLEAN);
    (void)snprintf(sequence->difference, sizeof(sequence->difference), "%s",
                   wrong ? wrong : world.difference);
    world_close(&world);
    if (is_same && !wrong)
        sequence->failed_at = -1;
    return is_same && !wrong;
}

/* Leaves out ever smaller runs of steps as long as it still fails. */
static void sequence_shrink(struct sequence *sequence)
{
    for (int step = sequence->failed_at + 1; step < STEPS; step++)
        sequence->is_in[step] = false;
    for (int run = STEPS / 2; run > 0; run /= 2)
        for (int from = 0; from < STEPS; from += run) {
            struct sequence shorter = *sequence;
            bool has_any = false;
            for (int i = from; i < from + run && i < STEPS; i++) {
                has_any |= shorter.is_in[i];
                shorter.is_in[i] = false;
            }
            if (has_any && !sequence_play(&shorter))
                *sequence = shorter;
        }
}

static void sequence_tell(struct sequence *sequence)
{
    print_message("seed %llu fails (%s); the shortest that still does:\n",
                  (unsigned long long)sequence->seed, sequence->difference);
    tells = true;
    (void)sequence_play(sequence);
    tells = false;
    fail_msg("seed %llu, step %d: %s", (unsigned long long)sequence->seed, sequence->failed_at,
             sequence->difference);
}

static int64_t setting(const char *name, int64_t otherwise)
{
    int64_t value = otherwise;
    const char *written = getenv(name);
    if (written)
        assert_int_equal(text_read_integer(text_of(written), &value), STATUS_OK);
    return value;
}

static void the_ledger_equals_the_plain_model(void **state)
{
    (void)state;
    uint64_t first = (uint64_t)setting("TRENDGATE_PROPERTY_SEED", 1);
    if (world_is_shared() && !postgres_is_there())
        skip();
    int64_t count = setting("TRENDGATE_PROPERTY_SEQUENCES", SAMPLE);
    if (world_is_shared())
        count = (count + OF_SHARED - 1) / OF_SHARED;
    print_message("%lld sequences of %d steps from seed %llu on\n", (long long)count, STEPS,
                  (unsigned long long)first);
    for (int64_t i = 0; i < count; i++) {
        struct sequence sequence = {.seed = first + (uint64_t)i};
        memset(sequence.is_in, true, sizeof(sequence.is_in));
        if (sequence_play(&sequence))
            continue;
        sequence_shrink(&sequence);
        sequence_tell(&sequence);
    }
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_equals_the_plain_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
