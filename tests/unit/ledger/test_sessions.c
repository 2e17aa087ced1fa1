/* sessions.h: their life, what ends them, and links that work once; as it goes on, reopened and
 * after a crash. */
#include "changes_harness.h"
#include "ledger/session_table.h"
#include "ledger/sessions.h"

#include <stdio.h>

static const struct session_origin desk = {TEXT_INITIAL("192.0.2.1"), TEXT_INITIAL("Browser/1"),
                                           false};

static struct session_token begin(const struct caller *caller)
{
    struct session_token token;
    DONE(ledger_session_begin(ledger, caller->account_id, &desk, &token, &reason));
    return token;
}

static bool is_live(const struct session_token *token, struct session_standing *standing)
{
    struct session_standing found;
    struct digest digest = secret_digest(text_of(token->characters));
    return ledger_find_session(ledger, &digest, standing ? standing : &found) == STATUS_OK;
}

static void a_token_is_256_bits_that_differ(void **state)
{
    (void)state;
    struct session_token a = session_token_make(), b = session_token_make();
    assert_int_equal(strlen(a.characters), 64);
    assert_string_not_equal(a.characters, b.characters);
    assert_true(session_token_is_well_formed(text_of(a.characters)));
    assert_false(session_token_is_well_formed(text_slice(text_of(a.characters), 0, 63)));
    a.characters[0] = 'A';
    assert_false(session_token_is_well_formed(text_of(a.characters)));
    a.characters[0] = 'g';
    assert_false(session_token_is_well_formed(text_of(a.characters)));
}

static void a_session_outlives_the_ledger_and_ends_when_idle(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        struct session_standing standing;
        clock_to("2024-02-01T00:00:00Z");
        struct session_token token = begin(&ann);
        between[way]();
        clock_to("2024-02-01T11:59:59Z");
        assert_true(is_live(&token, &standing));
        assert_int_equal(standing.account_id, ann.account_id);
        assert_int_equal(standing.link_password_until.us, 0);
        between[way]();
        if (between[way] == crash) /* what was seen was not written yet */
            continue;
        clock_to("2024-02-01T23:59:58Z");
        assert_true(is_live(&token, NULL));
        clock_to("2024-02-02T11:59:58Z");
        assert_false(is_live(&token, NULL));
    }
}

static void a_session_that_is_used_ends_after_two_weeks(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct session_token token = begin(&ann);
    char written[40];
    for (int hour = 7; hour < 14 * 24; hour += 8) {
        (void)snprintf(written, sizeof(written), "2024-02-%02dT%02d:00:00Z", hour / 24 + 1,
                       hour % 24);
        clock_to(written);
        assert_true(is_live(&token, NULL));
    }
    clock_to("2024-02-14T23:59:59Z");
    assert_true(is_live(&token, NULL));
    clock_to("2024-02-15T00:00:00Z");
    assert_false(is_live(&token, NULL));
}

static void the_file_holds_no_token(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct session_token token = begin(&ann);
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM session WHERE hex(digest) = upper('%s')",
                   token.characters);
    assert_int_equal(stored_integer(sql), 0);
    assert_int_equal(stored_integer("SELECT length(digest) FROM session"), 32);
    assert_stored_text("SELECT ip || ' ' || user_agent FROM session", "192.0.2.1 Browser/1");
}

static void the_longest_idle_one_makes_room(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    struct session_token tokens[SESSIONS_MAX], of_bob = begin(&bob);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        tokens[i] = begin(&ann);
    clock_to("2024-02-01T01:00:00Z");
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        if (i != 5)
            assert_true(is_live(&tokens[i], NULL));
    DONE(ledger_sessions_write(ledger, &reason));
    struct session_token last = begin(&ann);
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        assert_int_equal(is_live(&tokens[i], NULL), i != 5);
    assert_true(is_live(&last, NULL) && is_live(&of_bob, NULL));
    assert_int_equal(stored_integer("SELECT count(*) FROM session"), SESSIONS_MAX + 1);
}

static void a_browser_that_is_no_plain_text_is_left_out(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct session_token token;
    char longest[400];
    memset(longest, 'a', sizeof(longest));
    const struct text agents[] = {TEXT("a\nb"), TEXT("\xFF"), {longest, sizeof(longest)}};
    for (size_t i = 0; i < LENGTH_OF(agents); i++) {
        struct session_origin origin = {.ip = TEXT("::1"), .user_agent = agents[i]};
        DONE(ledger_session_begin(ledger, ann.account_id, &origin, &token, &reason));
    }
    assert_int_equal(
        stored_integer("SELECT CAST(sum(length(user_agent)) AS BIGINT) FROM session"), 256);
}

static void sessions_end_by_token_by_id_and_all_but_one(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        struct session_token tokens[4], of_bob = begin(&bob);
        struct session listed[SESSIONS_MAX];
        size_t count;
        for (size_t i = 0; i < LENGTH_OF(tokens); i++)
            tokens[i] = begin(&ann);
        struct digest digest = secret_digest(text_of(tokens[0].characters));
        DONE(ledger_session_end(ledger, &digest, &reason));
        DONE(ledger_session_end(ledger, &digest, &reason));
        between[way]();
        assert_false(is_live(&tokens[0], NULL));
        DONE(ledger_session_list(ledger, ann.account_id, listed, &count, &reason));
        assert_int_equal(count, 3);
        assert_true(listed[0].id > listed[1].id);
        struct text second = text_of(listed[1].outward_id);
        assert_int_equal(ledger_session_end_by_id(ledger, bob.account_id, second, &reason),
                         STATUS_MISSING);
        DONE(ledger_session_end_by_id(ledger, ann.account_id, second, &reason));
        assert_int_equal(ledger_session_end_by_id(ledger, ann.account_id, second, &reason),
                         STATUS_MISSING);
        assert_false(is_live(&tokens[2], NULL));
        DONE(ledger_session_end_others(ledger, ann.account_id, listed[0].id, &reason));
        between[way]();
        assert_true(is_live(&tokens[3], NULL) && !is_live(&tokens[1], NULL));
        assert_true(is_live(&of_bob, NULL));
        DONE(ledger_session_end_others(ledger, ann.account_id, 0, &reason));
        assert_false(is_live(&tokens[3], NULL));
    }
}

/* ---- Passwords ---- */

static void a_new_password_ends_all_sessions(void **state)
{
    (void)state;
    struct caller ann = caller_make("Ann@b", "Free");
    struct account_login login;
    DONE(ledger_login_find(ledger, TEXT("aNN@b"), &login, &reason));
    assert_string_equal(login.password_hash, "");
    assert_int_equal(ledger_login_find(ledger, TEXT("bob@b"), &login, &reason), STATUS_MISSING);
    assert_int_equal(ledger_login_find(ledger, TEXT("no mail"), &login, &reason),
                     STATUS_MISSING);
    struct session_token token = begin(&ann);
    DONE(ledger_password_set(ledger, ann.account_id, TEXT("$hash"), &reason));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_false(is_live(&token, NULL));
        DONE(ledger_login_of(ledger, ann.account_id, &login, &reason));
        assert_string_equal(login.password_hash, "$hash");
    }
    assert_int_equal(
        stored_integer("SELECT count(*) FROM audit_event WHERE detail LIKE '%hash%'"), 0);
}

static void who_signs_up_has_an_account_that_calls(void **state)
{
    (void)state;
    const struct account_row row = {.email = TEXT("new@b"), .plan = TEXT("Free")};
    struct account_login login;
    struct account account;
    int64_t id, other;
    DONE(ledger_account_sign_up(ledger, &row, TEXT("$hash"), &id, &reason));
    assert_int_equal(ledger_account_sign_up(ledger, &row, TEXT("$other"), &other, &reason),
                     STATUS_EXISTS);
    DONE(ledger_login_find(ledger, row.email, &login, &reason));
    assert_int_equal(login.account_id, id);
    assert_string_equal(login.password_hash, "$hash");
    DONE(ledger_account_of(ledger, id, &account, &reason));
    assert_string_equal(account.email, "new@b");
    assert_int_equal(ledger_account_of(ledger, id + 1, &account, &reason), STATUS_MISSING);
    struct caller caller = {.account_id = id};
    struct api_key key;
    DONE(ledger_key_create(ledger, row.email, TEXT(""), &key, &caller.secret, &reason));
    caller.key_id = key.id;
    assert_true(charged(&caller, 8, NULL));
}

/* ---- Links ---- */

static enum status use(const struct session_token *link, struct session_token *token)
{
    struct digest digest = secret_digest(text_of(link->characters));
    const struct session_origin origin = {.ip = TEXT("::1"), .by_link = true};
    return ledger_link_use(ledger, &digest, &origin, token, &reason);
}

static enum status look(const struct session_token *link)
{
    struct digest digest = secret_digest(text_of(link->characters));
    return ledger_link_check(ledger, &digest, &reason);
}

static struct session_token link_make(const char *email, instant *expires_at)
{
    struct session_token link;
    DONE(ledger_link_make(ledger, text_of(email), &link, expires_at, &reason));
    return link;
}

static void a_link_works_once(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        struct session_standing standing;
        struct session_token token, other;
        instant expires_at;
        struct session_token link = link_make("ANN@b", &expires_at);
        between[way]();
        DONE(look(&link));
        DONE(use(&link, &token));
        int64_t until_us = clock_now().us + LINK_PASSWORD_US;
        assert_true(is_live(&token, &standing));
        assert_int_equal(standing.link_password_until.us, until_us);
        assert_int_equal(standing.account_id, ann.account_id);
        between[way]();
        assert_true(is_live(&token, &standing));
        assert_int_equal(standing.link_password_until.us, until_us);
        assert_int_equal(look(&link), STATUS_MISSING);
        assert_int_equal(use(&link, &other), STATUS_MISSING);
    }
}

static void a_link_works_for_an_hour_unless_a_newer_one_is_made(void **state)
{
    (void)state;
    (void)caller_make("ann@b", "Free");
    (void)caller_make("bob@b", "Free");
    struct session_token token, of_bob;
    instant expires_at;
    struct session_token link = link_make("ann@b", &expires_at);
    assert_int_equal(expires_at.us, at("2024-02-01T01:00:00Z").us);
    of_bob = link_make("bob@b", &expires_at);
    struct session_token newer = link_make("ann@b", &expires_at);
    assert_int_equal(use(&link, &token), STATUS_MISSING);
    clock_to("2024-02-01T00:59:59Z");
    DONE(look(&newer));
    DONE(use(&of_bob, &token));
    clock_to("2024-02-01T01:00:00Z");
    assert_int_equal(use(&newer, &token), STATUS_MISSING);
    assert_int_equal(ledger_link_make(ledger, TEXT("eve@b"), &link, &expires_at, &reason),
                     STATUS_MISSING);
}

/* ---- What others changed ---- */

static struct session_entry entry_of(uint8_t number, instant seen)
{
    struct session_entry entry = {
        .id = number, .account_id = 1, .created_at = {0}, .last_seen_at = seen};
    entry.digest.bytes[0] = number;
    return entry;
}

static void a_session_that_goes_on_is_found_while_its_account_is_followed(void **state)
{
    (void)state;
    const instant seen = {0}, later = {SESSION_SEEN_US};
    struct session_entry stays = entry_of(1, seen), ends = entry_of(2, seen), found;
    struct session_table *table = session_table_open();
    session_table_add(table, &stays);
    session_table_add(table, &ends);
    assert_true(session_table_see(table, &stays.digest, later, &found));
    session_table_doubt_account(table, 1);
    assert_true(session_table_see(table, &stays.digest, later, &found));
    session_table_put(table, &stays); /* as its row has it: not seen since */
    session_table_remove_doubted(table);
    assert_true(session_table_see(table, &stays.digest, later, &found));
    assert_int_equal(found.last_seen_at.us, later.us);
    assert_true(found.is_unwritten);
    assert_false(session_table_see(table, &ends.digest, later, &found));
    session_table_close(table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_token_is_256_bits_that_differ),
        cmocka_unit_test(a_session_that_goes_on_is_found_while_its_account_is_followed),
        FRESH(a_session_outlives_the_ledger_and_ends_when_idle),
        FRESH(a_session_that_is_used_ends_after_two_weeks),
        FRESH(the_file_holds_no_token),
        FRESH(the_longest_idle_one_makes_room),
        FRESH(a_browser_that_is_no_plain_text_is_left_out),
        FRESH(sessions_end_by_token_by_id_and_all_but_one),
        FRESH(a_new_password_ends_all_sessions),
        FRESH(who_signs_up_has_an_account_that_calls),
        FRESH(a_link_works_once),
        FRESH(a_link_works_for_an_hour_unless_a_newer_one_is_made),
    };
    return changes_main(tests, argc, argv);
}
