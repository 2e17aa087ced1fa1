/* Opening, closing and restarting of metering_world.h: what the file holds, and what comes back. */
#include "property/metering_world.h"
#include "support/postgres_database.h"

#include <stdio.h>
#include <unistd.h>

#define MINUTE_MS INT64_C(60000)

/* ---- Files ---- */

static void path_set(struct world *world)
{
    if (world->is_shared)
        (void)snprintf(world->path, sizeof(world->path), "%s", postgres_address());
    else
        (void)snprintf(world->path, sizeof(world->path), "%s/%d.db", world->folder,
                       world->generation);
}

static const char *const endings[] = {"", "-wal", "-shm", ".lock"};

static void files_remove(const struct world *world)
{
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[300];
        (void)snprintf(name, sizeof(name), "%s%s", world->path, endings[i]);
        (void)unlink(name);
    }
}

static void file_copy(const char *from, const char *to)
{
    FILE *source = fopen(from, "rb"), *target = fopen(to, "wb");
    check(source && target);
    static char bytes[65536];
    for (size_t length; (length = fread(bytes, 1, sizeof(bytes), source)) > 0;)
        check(fwrite(bytes, 1, length, target) == length);
    check(fclose(source) == 0 && fclose(target) == 0);
}

/* The files as a machine that loses its power now would find them again; the ledger goes on with
 * them. The log is copied first: a page that the database got meanwhile is in it too. */
static void files_leave(struct world *world)
{
    char from[2][300], to[2][300];
    for (size_t i = 0; i < 2; i++)
        (void)snprintf(from[i], sizeof(from[i]), "%s%s", world->path, endings[i]);
    struct world old = *world;
    world->generation++;
    path_set(world);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(to[i], sizeof(to[i]), "%s%s", world->path, endings[i]);
        file_copy(from[i], to[i]);
    }
    ledger_close(world->ledger);
    files_remove(&old);
}

/* ---- What the file holds ---- */

static int place_of(const int64_t *ids, int count, int64_t id)
{
    int place = 0;
    while (place < count && ids[place] != id)
        place++;
    return place;
}

/* How often, and with which credits, a key did that in that hour. */
struct sums {
    int64_t calls[MODEL_RATE_LIMITED + 1];
    int64_t charged, overage, micros;
};

static struct sums sums_of(const struct model *model, int key, int64_t hour)
{
    struct sums sums = {{0}, 0, 0, 0};
    for (int i = 0; i < model->call_count; i++) {
        const struct model_call *call = &model->calls[i];
        if (call->key != key || call->hour != hour)
            continue;
        sums.calls[call->outcome]++;
        sums.charged += call->charged;
        sums.overage += call->overage;
        sums.micros += call->micros;
    }
    return sums;
}

static bool usage_row_check(struct world *world, struct db_statement *row, int64_t *calls)
{
    const struct model *model = &world->model;
    int key = place_of(world->key_ids, model->key_count, db_column_integer(row, 1));
    SAME("a known key", key < model->key_count, true);
    SAME("its account", db_column_integer(row, 0),
         world->account_ids[model->keys[key].account]);
    struct sums sums = sums_of(model, key, db_column_integer(row, 2));
    for (int i = 0; i <= MODEL_RATE_LIMITED; i++) {
        int64_t got = db_column_integer(row, 3 + i);
        *calls += got;
        if (i != MODEL_RATE_LIMITED || !world->lost_refusals)
            SAME("calls of an hour", got, sums.calls[i]);
        else if (got > sums.calls[i])
            return world_differs(world, "more 429s in the file than were made");
    }
    SAME("credits of an hour", db_column_integer(row, 17), sums.charged);
    SAME("overage of an hour", db_column_integer(row, 18), sums.overage);
    SAME("cost of an hour", db_column_integer(row, 19), sums.micros);
    return true;
}

static bool usage_check(struct world *world, struct db *db)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    DONE(db_statement_take(db,
                           "SELECT account_id, key_id, hour, charged, unchanged, head,"
                           " empty_page, replayed, free, invalid, conflict, key_daily, daily,"
                           " insufficient, spend_limit, unavailable, rate_limited, credits,"
                           " overage, overage_micros FROM usage_hour",
                           &select, &world->reason));
    int64_t calls = 0;
    for (;;) {
        bool row;
        DONE(db_step(select, &row, &world->reason));
        if (!row)
            break;
        if (!usage_row_check(world, select, &calls))
            return false;
    }
    if (!world->lost_refusals)
        SAME("calls in the file", calls, world->model.call_count);
    return true;
}

static bool balances_check(struct world *world, struct db *db)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    DONE(db_statement_take(db,
                           "SELECT account_id, period, day, day_used, used, overage,"
                           " overage_micros FROM balance",
                           &select, &world->reason));
    for (;;) {
        bool row;
        DONE(db_step(select, &row, &world->reason));
        if (!row)
            return true;
        int account = place_of(world->account_ids, MODEL_ACCOUNTS,
                               db_column_integer(select, 0));
        SAME("a known account", account < MODEL_ACCOUNTS, true);
        int64_t overage, micros;
        int64_t used = model_period_used(&world->model, account, db_column_integer(select, 1),
                                         &overage, &micros);
        SAME("day's use in the file", db_column_integer(select, 3),
             model_day_used(&world->model, account, db_column_integer(select, 2)));
        SAME("period's use in the file", db_column_integer(select, 4), used);
        SAME("period's overage in the file", db_column_integer(select, 5), overage);
        SAME("period's cost in the file", db_column_integer(select, 6), micros);
    }
}

static bool file_check(struct world *world)
{
    struct db *db = NULL;
    const struct db_options options = {.busy_timeout_ms = 1000, .schema = LEDGER_SCHEMA};
    DONE(db_open_to_read(text_of(world->path), &options, &db, &world->reason));
    bool is_same = usage_check(world, db) && balances_check(world, db);
    db_close(db);
    return is_same;
}

/* ---- What comes back ---- */

/* A day or a period that was seen, but in which nothing was charged or changed, may be forgotten
 * by a restart: nothing is granted twice by that. */
static bool period_adopt(struct world *world, struct model_account *account, bool was_kept,
                         const struct meter_balance *got)
{
    int64_t period = got->period == 0 ? -1 : got->period;
    if (period > account->period || (period < account->period && was_kept))
        SAME("period after a restart", period, account->period);
    if (period < account->period && period == account->period_before) {
        account->plan = account->plan_before;
        account->period = period;
        account->subscription = account->subscription_before;
        account->is_kept = period >= 0;
    }
    if (period < account->period) /* entered since, by a plan that waited for it */
        model_period_enter(&world->model, account, period);
    if (period < 0)
        return true;
    SAME("included after a restart", got->subscription.included,
         account->subscription.included);
    SAME("cents after a restart", got->subscription.cents, account->subscription.cents);
    return true;
}

static int64_t day_charged(const struct model *model, int account)
{
    int64_t day = 0;
    for (int i = 0; i < model->call_count; i++)
        if (model->calls[i].account == account && model->calls[i].charged > 0 &&
            model->calls[i].day > day)
            day = model->calls[i].day;
    return day;
}

static bool account_adopt(struct world *world, int place, bool was_kept)
{
    struct model *model = &world->model;
    struct model_account *account = &model->accounts[place];
    if (world->is_shared)
        DONE(ledger_catch_up(world->ledger, world->account_ids[place], &world->reason));
    struct meter_balance got = meter_balance_of(world->ledger->meter,
                                                world->account_ids[place]);
    if (!period_adopt(world, account, was_kept, &got))
        return false;
    /* A clock that is set to before the account was made changes plans on the day of its making. */
    int64_t made_day = account->made_us / INT64_C(86400000000);
    int64_t latest_day = account->day > made_day ? account->day : made_day;
    if (got.day > latest_day || got.day < day_charged(model, place))
        return world_differs(world, "day after a restart: %d, seen was %lld, charged %lld",
                             got.day, (long long)account->day,
                             (long long)day_charged(model, place));
    account->day = got.day;
    int64_t overage, micros;
    SAME("used after a restart", got.used,
         model_period_used(model, place, account->period, &overage, &micros));
    SAME("overage after a restart", got.overage, overage);
    SAME("cost after a restart", got.overage_micros, micros);
    SAME("day's use after a restart", got.day_used, model_day_used(model, place, got.day));
    struct meter_account found;
    SAME("account after a restart",
         meter_account_find(world->ledger->meter, world->account_ids[place], &found), true);
    SAME("opted in after a restart", found.has_opted_in, account->has_opted_in);
    SAME("spend limit after a restart", found.spend_limit_cents, account->spend_limit_cents);
    const struct terms *terms = ledger_terms(world->ledger);
    const char *plan = terms->by_slot[found.plan_slot]->name;
    if (strcmp(plan, world_plan_names[account->plan]) != 0)
        return world_differs(world, "plan of account %d after a restart: wanted %s, got %s",
                             place, world_plan_names[account->plan], plan);
    return true;
}

static bool ledger_begin(struct world *world)
{
    struct plans plans = world_plans(&world->model);
    DONE(ledger_open(text_of(world->path), &world_time, &world->ledger, &world->reason));
    DONE(ledger_terms_set(world->ledger, &plans, &world->reason));
    return true;
}

static void boot_anew(struct world *world)
{
    struct model *model = &world->model;
    world_time.boot++;
    model->boot++;
    model->ms = 7000;
    world->booted_ms = model->true_ms;
    world_clocks_set(model);
}

/* A wall clock that was stepped cannot tell ages: it is brought to where all is long past. */
static bool wall_settle(struct world *world)
{
    struct model *model = &world->model;
    int64_t latest_us = model->wall_us;
    for (int i = 0; i < model->call_count; i++)
        if (model->calls[i].wall_us > latest_us)
            latest_us = model->calls[i].wall_us;
    if (latest_us > model->wall_us && !world_step_clock(world, latest_us - model->wall_us))
        return false;
    bool was_stepped = model->true_ms - world->stepped_ms < 16 * MINUTE_MS;
    return !was_stepped || world_wait(world, 16 * MINUTE_MS);
}

bool world_restart(struct world *world, enum world_restart kind)
{
    if ((kind == RESTART_BOOTED && !wall_settle(world)) || !world_flush(world))
        return false;
    if (kind == RESTART_CRASHED) {
        files_leave(world);
        world->lost_refusals = true;
    } else
        ledger_close(world->ledger);
    world->ledger = NULL;
    if (kind != RESTART_CRASHED && !file_check(world))
        return false;
    if (kind == RESTART_BOOTED)
        boot_anew(world);
    model_ages_tell(&world->model);
    if (!ledger_begin(world))
        return false;
    bool was_kept[MODEL_ACCOUNTS];
    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        was_kept[i] = world->model.accounts[i].is_kept;
    model_plans_follow(&world->model);
    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        if (!account_adopt(world, i, was_kept[i]))
            return false;
    return true;
}

/* ---- Beginning and end ---- */

static const struct model_plan plans_first[MODEL_PLANS] = {
    {.rate = 5, .cap = 40, .included = 100, .price = 0, .overage = MODEL_NONE},
    {.rate = 15,
     .cap = 160,
     .included = 400,
     .price = 75,
     .overage = MODEL_OPT_IN,
     .monthly = 900},
    {.rate = 45,
     .cap = 0,
     .included = 1000,
     .price = 30,
     .overage = MODEL_ALWAYS,
     .monthly = 2900},
    {.rate = 1000000, .cap = 0, .included = 1000000000, .price = 0, .overage = MODEL_NONE},
};

static bool account_make(struct world *world, int place)
{
    static const char *const emails[MODEL_ACCOUNTS] = {"a@x", "b@x", "c@x", "tide@x"};
    struct model *model = &world->model;
    struct account account;
    DONE(ledger_account_create(world->ledger, text_of(emails[place]), TEXT(""),
                               text_of(world_plan_names[place]), &account, &world->reason));
    world->account_ids[place] = account.id;
    struct model_account *made = &model->accounts[place];
    made->made_us = model->wall_us;
    made->anchor_day = model_day_of_month(model->wall_us);
    made->plan = made->next_plan = place;
    made->spend_limit_cents = UNLIMITED;
    made->period = made->period_before = -1;
    return world_key_make(world, place, UNLIMITED);
}

bool world_is_shared(void)
{
    const char *engine = getenv("TRENDGATE_TEST_ENGINE");
    return engine && strcmp(engine, "postgres") == 0;
}

bool world_open(struct world *world, int64_t wall_us)
{
    *world = (struct world){.model = {.wall_us = wall_us, .ms = 1000000, .true_ms = 1000000},
                            .is_shared = world_is_shared()};
    if (world->is_shared)
        postgres_clear("ledger");
    model_load(&world->model, plans_first);
    world->stepped_ms = world->booted_ms = -16 * MINUTE_MS;
    /* In memory where there is such a place: a crash is played by copying, not by losing. */
    (void)snprintf(world->folder, sizeof(world->folder), "%s/trendgate-metering-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(world->folder) != NULL);
    path_set(world);
    world_clocks_set(&world->model);
    if (!ledger_begin(world))
        return false;
    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        if (!account_make(world, i))
            return false;
    return true;
}

void world_close(struct world *world)
{
    ledger_close(world->ledger);
    files_remove(world);
    check(rmdir(world->folder) == 0);
}
