#include "crash/scene.h"

#include <stdio.h>

#define LONG_ROUNDS 150

static struct reason reason;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        enum status status_ = (expression);                                                    \
        if (status_ != STATUS_OK)                                                              \
            (void)fprintf(stderr, "%s: %s\n", #expression, reason.sentence);                   \
        check(status_ == STATUS_OK);                                                           \
    } while (0)

static void key_comes_and_goes(void)
{
    struct api_key key;
    struct api_key_text secret;
    struct key_rotation rotation;
    DONE(ledger_key_create(scene_ledger, text_of(scene_emails[ROOMY]), TEXT(""), &key, &secret,
                           &reason));
    DONE(ledger_key_rotate(scene_ledger, text_of(key.outward_id), (duration){DAY_US}, &rotation,
                           &reason));
    DONE(ledger_key_revoke(scene_ledger, text_of(key.outward_id), &reason));
}

static void account_is_suspended_and_resumed(void)
{
    struct text email = text_of(scene_emails[TINY]);
    DONE(ledger_account_suspend(scene_ledger, email, true, &reason));
    DONE(ledger_account_suspend(scene_ledger, email, false, &reason));
}

/* What the key was charged while it had no cap counts when it has one again. */
static void cap_is_taken_and_given(void)
{
    struct text id = text_of(scene_keys[ROOMY].outward_id);
    int64_t cap = scene_keys[ROOMY].daily_credit_cap;
    struct api_key key;
    DONE(ledger_key_cap(scene_ledger, id, NO_KEY_CAP, &key, &reason));
    scene_round();
    DONE(ledger_key_cap(scene_ledger, id, cap, &key, &reason));
}

static void slots_take(void)
{
    check(scene_slot(ROOMY, CALL_HEAD) == STATUS_OK);
    enum status status = scene_slot(CAPPED, CALL_INVALID);
    check(status == STATUS_OK || status == STATUS_EXHAUSTED);
}

static void change_something(int second)
{
    if (second == 1)
        scene_plan(ROOMY, TINY); /* with the next period */
    if (second == 2)
        scene_terms(60);
    if (second == 3)
        key_comes_and_goes();
    if (second == 4)
        account_is_suspended_and_resumed();
    if (second == 5)
        cap_is_taken_and_given();
}

void scene_start(void)
{
    scene_open();
    scene_close();
}

void scene_play(void)
{
    scene_open();
    for (int second = 0; second < 7; second++) {
        slots_take();
        scene_round();
        change_something(second);
        scene_advance(1);
    }
    scene_round();
    scene_advance(29 * DAY_SECONDS); /* the 28th of February: a new period of the 30th */
    scene_plan(TINY, ROOMY); /* at once, before the old period's last calls are folded */
    scene_round();
    scene_close();
    scene_resume();
}

/* A round writes 16 KB and more; the first MB of room follows the first MB of the log. */
void scene_play_long(void)
{
    scene_open();
    for (int round = 0; round < LONG_ROUNDS; round++) {
        scene_round();
        scene_advance(1);
    }
    scene_close();
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
