/* ledger.h over a real file; time is moved by hand. */
#include "ledger/embedded.h"
#include "sql/db.h"
#include "support/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/trendgate-ledger-XXXXXX";
static char path[96];
static struct ledger *ledger;
static instant now;
static struct reason reason;

static instant now_read(void *owner)
{
    (void)owner;
    return now;
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){0};
}

static const struct time_source clock_by_hand = {
    .now = now_read, .elapsed = elapsed_read, .boot = 1};

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

static void reopen(void)
{
    ledger_close(ledger);
    ledger = NULL;
    DONE(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason));
}

static int ledger_make(void **state)
{
    (void)state;
    now = instant_of_seconds(1700000000);
    ledger = NULL;
    return ledger_open(text_of(path), &clock_by_hand, &ledger, &reason) == STATUS_OK ? 0 : -1;
}

static int files_remove(void **state)
{
    (void)state;
    ledger_close(ledger);
    ledger = NULL;
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return 0;
}

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/var/trendgate.db", folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)files_remove(state);
    char var[64];
    (void)snprintf(var, sizeof(var), "%s/var", folder);
    return rmdir(var) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static struct account created(const char *email)
{
    struct account account;
    DONE(ledger_account_create(ledger, text_of(email), TEXT("Ann"), TEXT("Free"), &account,
                               &reason));
    return account;
}

static struct api_key_text key_made(const char *email, struct api_key *key)
{
    struct api_key_text secret;
    DONE(ledger_key_create(ledger, text_of(email), TEXT(""), key, &secret, &reason));
    return secret;
}

static enum status find(const struct api_key_text *secret, struct key_standing *standing)
{
    struct digest digest = secret_digest(text_of(secret->characters));
    return ledger_find_key(ledger, &digest, standing);
}

static void an_account_is_kept(void **state)
{
    (void)state;
    struct account made = created("Ann@Example.com"), found;
    for (int round = 0; round < 2; round++) {
        DONE(ledger_account_find(ledger, TEXT("aNN@eXAMPLE.COM"), &found, &reason));
        assert_int_equal(found.id, made.id);
        assert_string_equal(found.outward_id, made.outward_id);
        assert_int_equal(strlen(found.outward_id), OUTWARD_ID_LENGTH);
        assert_string_equal(found.email, "Ann@Example.com");
        assert_string_equal(found.name, "Ann");
        assert_string_equal(found.plan, "Free");
        assert_false(found.is_suspended);
        assert_int_equal(found.created_at.us, now.us);
        reopen();
    }
}

static void an_email_is_used_once_in_any_letter_case(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct account account;
    assert_int_equal(
        ledger_account_create(ledger, TEXT("ANN@B"), TEXT(""), TEXT("Free"), &account, &reason),
        STATUS_EXISTS);
    assert_string_equal(
        reason.sentence,
        "there is an account for ANN@B already: `trendgate account show` shows it, and "
        "`trendgate key create` makes another key");
    assert_int_equal(ledger_account_find(ledger, TEXT("bob@b"), &account, &reason),
                     STATUS_MISSING);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    struct account account;
    char name[ACCOUNT_NAME_BYTES_MAX + 1];
    memset(name, 'x', sizeof(name));
    struct text long_name = {name, sizeof(name)};
    assert_int_equal(
        ledger_account_create(ledger, TEXT("ann"), TEXT(""), TEXT("Free"), &account, &reason),
        STATUS_INVALID);
    assert_int_equal(
        ledger_account_create(ledger, TEXT("a@b"), long_name, TEXT("Free"), &account, &reason),
        STATUS_INVALID);
    assert_int_equal(ledger_account_create(ledger, TEXT("a@b"), TEXT("a\nb"), TEXT("Free"),
                                           &account, &reason),
                     STATUS_INVALID);
    assert_int_equal(
        ledger_account_create(ledger, TEXT("a@b"), TEXT(""), TEXT(""), &account, &reason),
        STATUS_INVALID);
    assert_int_equal(ledger_account_create(ledger, TEXT("a@b"), TEXT("a\x7f"), TEXT("Free"),
                                           &account, &reason),
                     STATUS_INVALID);
    assert_int_equal(ledger_account_create(ledger, TEXT("a@b"), TEXT("a\xff"), TEXT("Free"),
                                           &account, &reason),
                     STATUS_INVALID);
    assert_int_equal(ledger_account_find(ledger, TEXT("nobody"), &account, &reason),
                     STATUS_MISSING);
    assert_string_equal(reason.sentence, "'nobody' is not a mail address");
    size_t listed;
    assert_int_equal(ledger_account_list(ledger,
                                         (struct text){name, ACCOUNT_EMAIL_BYTES_MAX + 1},
                                         &account, 1, &listed, &reason),
                     STATUS_INVALID);
    DONE(ledger_account_create(ledger, TEXT("a@b"), text_slice(long_name, 0, 200), TEXT("Free"),
                               &account, &reason));
}

static void a_key_is_found_by_its_digest_only(void **state)
{
    (void)state;
    struct account account = created("ann@b");
    struct api_key key;
    struct api_key_text secret = key_made("ann@b", &key);
    assert_true(api_key_is_well_formed(text_of(secret.characters)));
    assert_memory_equal(key.prefix, secret.characters, 12);
    assert_string_equal(key.suffix, secret.characters + 40);
    struct key_standing standing;
    for (int round = 0; round < 2; round++) {
        DONE(find(&secret, &standing));
        assert_int_equal(standing.key_id, key.id);
        assert_int_equal(standing.account_id, account.id);
        assert_true(standing.is_live);
        assert_int_equal(standing.refusal, ACCOUNT_ADMITTED);
        reopen();
    }
    struct api_key_text unknown = api_key_make();
    assert_int_equal(find(&unknown, &standing), STATUS_MISSING);
}

/* No file of the ledger holds a key's text: only its digest and its two ends. */
static void the_key_itself_is_stored_nowhere(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key;
    struct api_key_text secret = key_made("ann@b", &key);
    static const char *const endings[] = {"", "-wal"};
    static char bytes[4 * 1024 * 1024];
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[128];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        FILE *file = fopen(name, "rb");
        assert_non_null(file);
        size_t length = fread(bytes, 1, sizeof(bytes), file);
        assert_int_equal(fclose(file), 0);
        assert_true(length < sizeof(bytes));
        assert_null(memmem(bytes, length, secret.characters, 20));
        assert_null(memmem(bytes, length, secret.characters + 14, 20));
    }
}

static void a_revocation_holds_at_once_and_after_a_restart(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key, other;
    struct api_key_text secret = key_made("ann@b", &key), kept = key_made("ann@b", &other);
    DONE(ledger_key_revoke(ledger, text_of(key.outward_id), &reason));
    DONE(ledger_key_revoke(ledger, text_of(key.outward_id), &reason));
    struct key_standing standing;
    for (int round = 0; round < 2; round++) {
        DONE(find(&secret, &standing));
        assert_false(standing.is_live);
        DONE(find(&kept, &standing));
        assert_true(standing.is_live);
        reopen();
    }
    assert_int_equal(ledger_key_revoke(ledger, TEXT("no such id"), &reason), STATUS_MISSING);
    struct api_key keys[3];
    size_t listed = 0;
    DONE(ledger_key_list(ledger, TEXT("ANN@B"), keys, 3, &listed, &reason));
    assert_int_equal(listed, 2);
    assert_int_equal(keys[0].id, other.id);
    assert_int_equal(keys[0].status, API_KEY_ACTIVE);
    assert_int_equal(keys[1].status, API_KEY_REVOKED);
    assert_string_equal(keys[1].prefix, key.prefix);
}

static void a_suspension_holds_for_old_and_new_keys(void **state)
{
    (void)state;
    (void)created("ann@b");
    (void)created("bob@b");
    struct api_key key;
    struct api_key_text old = key_made("ann@b", &key), bob = key_made("bob@b", &key);
    DONE(ledger_account_suspend(ledger, TEXT("Ann@b"), true, &reason));
    struct api_key_text young = key_made("ann@b", &key);
    struct key_standing standing;
    for (int round = 0; round < 2; round++) {
        DONE(find(&old, &standing));
        assert_true(standing.refusal == ACCOUNT_SUSPENDED && standing.is_live);
        DONE(find(&young, &standing));
        assert_int_equal(standing.refusal, ACCOUNT_SUSPENDED);
        DONE(find(&bob, &standing));
        assert_int_equal(standing.refusal, ACCOUNT_ADMITTED);
        reopen();
    }
    struct account account;
    DONE(ledger_account_find(ledger, TEXT("ann@b"), &account, &reason));
    assert_true(account.is_suspended);
    DONE(ledger_account_suspend(ledger, TEXT("ann@b"), false, &reason));
    for (int round = 0; round < 2; round++) {
        DONE(find(&young, &standing));
        assert_int_equal(standing.refusal, ACCOUNT_ADMITTED);
        reopen();
    }
    assert_int_equal(ledger_account_suspend(ledger, TEXT("x@y"), true, &reason),
                     STATUS_MISSING);
}

static void a_key_stops_when_its_time_comes(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key;
    struct api_key_text secret = key_made("ann@b", &key);
    ledger_close(ledger);
    ledger = NULL;
    struct db *db = NULL;
    const struct db_options options = {.journal = DB_JOURNAL_WAL};
    DONE(db_open(text_of(path), &options, &db, &reason));
    DONE(db_execute(db, "UPDATE api_key SET stops_at = 1700000100000000", &reason));
    db_close(db);
    DONE(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason));
    struct key_standing standing;
    size_t listed;
    now = instant_of_seconds(1700000099);
    DONE(find(&secret, &standing));
    assert_true(standing.is_live);
    DONE(ledger_key_list(ledger, TEXT("ann@b"), &key, 1, &listed, &reason));
    assert_int_equal(key.status, API_KEY_GRACE);
    now = instant_of_seconds(1700000100);
    DONE(find(&secret, &standing));
    assert_false(standing.is_live);
    DONE(ledger_key_list(ledger, TEXT("ann@b"), &key, 1, &listed, &reason));
    assert_int_equal(key.status, API_KEY_EXPIRED);
}

static void live_keys_have_a_bound_and_names_of_their_own(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key;
    struct api_key_text secret;
    DONE(ledger_key_create(ledger, TEXT("ann@b"), TEXT("laptop"), &key, &secret, &reason));
    assert_string_equal(key.name, "laptop");
    assert_int_equal(
        ledger_key_create(ledger, TEXT("ann@b"), TEXT("laptop"), &key, &secret, &reason),
        STATUS_EXISTS);
    for (int i = 1; i < API_KEY_LIVE_MAX; i++)
        (void)key_made("ann@b", &key);
    assert_int_equal(ledger_key_create(ledger, TEXT("ann@b"), TEXT(""), &key, &secret, &reason),
                     STATUS_EXHAUSTED);
    assert_non_null(strstr(reason.sentence, "revoke one first"));
    struct api_key keys[API_KEY_LIVE_MAX];
    size_t listed;
    DONE(ledger_key_list(ledger, TEXT("ann@b"), keys, LENGTH_OF(keys), &listed, &reason));
    assert_int_equal(listed, API_KEY_LIVE_MAX);
    DONE(ledger_key_revoke(ledger, text_of(keys[API_KEY_LIVE_MAX - 1].outward_id), &reason));
    DONE(ledger_key_create(ledger, TEXT("ann@b"), TEXT("laptop"), &key, &secret, &reason));
}

static void a_short_list_has_the_keys_that_live_first_of_all(void **state)
{
    (void)state;
    struct api_key first, made[3], keys[2];
    size_t listed;
    (void)created("ann@b");
    (void)key_made("ann@b", &first);
    for (size_t i = 0; i < LENGTH_OF(made); i++) {
        (void)key_made("ann@b", &made[i]);
        DONE(ledger_key_revoke(ledger, text_of(made[i].outward_id), &reason));
    }
    DONE(ledger_key_list(ledger, TEXT("ann@b"), keys, LENGTH_OF(keys), &listed, &reason));
    assert_int_equal(listed, 2);
    assert_string_equal(keys[0].outward_id, made[2].outward_id);
    assert_string_equal(keys[1].outward_id, first.outward_id);
    assert_int_equal(keys[1].status, API_KEY_ACTIVE);
}

static void an_import_is_done_whole_or_not_at_all(void **state)
{
    (void)state;
    struct account_row rows[] = {
        {TEXT_INITIAL("a@x"), TEXT_INITIAL("Free"), TEXT_INITIAL("A")},
        {TEXT_INITIAL("b@x"), TEXT_INITIAL("Pro"), TEXT_INITIAL("")},
        {TEXT_INITIAL("A@X"), TEXT_INITIAL("Free"), TEXT_INITIAL("")},
    };
    struct api_key_text keys[3];
    assert_int_equal(ledger_account_import(ledger, rows, 3, keys, &reason), STATUS_EXISTS);
    assert_non_null(strstr(reason.sentence, "A@X"));
    assert_int_equal(keys[0].characters[0], '\0');
    struct account account;
    assert_int_equal(ledger_account_find(ledger, TEXT("a@x"), &account, &reason),
                     STATUS_MISSING);
    DONE(ledger_account_import(ledger, rows, 2, keys, &reason));
    struct key_standing standing;
    for (int round = 0; round < 2; round++) {
        DONE(ledger_account_find(ledger, TEXT("b@x"), &account, &reason));
        DONE(find(&keys[1], &standing));
        assert_int_equal(standing.account_id, account.id);
        reopen();
    }
}

static void a_row_is_checked_without_being_imported(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct account_row row = {TEXT("bob@b"), TEXT("Free"), TEXT("Bob")};
    DONE(ledger_account_check(ledger, &row, &reason));
    DONE(ledger_account_check(ledger, &row, &reason));
    row.email = TEXT("ANN@b");
    assert_int_equal(ledger_account_check(ledger, &row, &reason), STATUS_EXISTS);
    row.email = TEXT("ann");
    assert_int_equal(ledger_account_check(ledger, &row, &reason), STATUS_INVALID);
    DONE(ledger_account_import(ledger, NULL, 0, NULL, &reason));
}

static void a_key_is_found_by_its_outward_id(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key, found;
    char email[ACCOUNT_EMAIL_BYTES_MAX + 1];
    (void)key_made("ann@b", &key);
    DONE(ledger_key_find(ledger, text_of(key.outward_id), &found, email, &reason));
    assert_string_equal(found.outward_id, key.outward_id);
    assert_string_equal(found.prefix, key.prefix);
    assert_string_equal(email, "ann@b");
    assert_int_equal(ledger_key_find(ledger, TEXT("nothing"), &found, email, &reason),
                     STATUS_MISSING);
}

/* Nothing is metered before there are plans; the cap is read when that begins. */
static void a_cap_may_be_set_before_there_are_plans(void **state)
{
    (void)state;
    (void)created("ann@b");
    struct api_key key, capped;
    (void)key_made("ann@b", &key);
    DONE(ledger_key_cap(ledger, text_of(key.outward_id), 80, &capped, &reason));
    assert_int_equal(capped.daily_credit_cap, 80);
    DONE(ledger_key_cap(ledger, text_of(key.outward_id), NO_KEY_CAP, &capped, &reason));
    assert_int_equal(capped.daily_credit_cap, NO_KEY_CAP);
}

/* A verb at work is a sign of life; so a long one does not make the server look ill. */
static void a_ledger_at_work_is_well(void **state)
{
    (void)state;
    struct ledger *held = ledger_lock(ledger);
    enum status status = ledger_health(ledger, &reason);
    ledger_unlock(&held);
    assert_int_equal(status, STATUS_OK);
}

/* The longest path that the system takes leaves none for "-catalog" and what SQLite adds. */
static void a_path_without_room_for_its_endings_is_refused(void **state)
{
    (void)state;
    enum { NAME = 200, DEPTH_MAX = 32, LENGTH = PATH_BYTES_MAX - 10 };
    char deep[PATH_BYTES_MAX];
    size_t ends[DEPTH_MAX], depth = 0;
    size_t length = (size_t)snprintf(deep, sizeof(deep), "%s", folder);
    while (length + 1 < LENGTH) {
        size_t name = LENGTH - length - 1 < NAME ? LENGTH - length - 1 : NAME;
        deep[length] = '/';
        memset(deep + length + 1, 'd', name);
        length += 1 + name;
        deep[length] = '\0';
        assert_int_equal(mkdir(deep, 0700), 0);
        ends[depth++] = length;
    }
    memcpy(deep + length, "/x.db", sizeof("/x.db"));
    struct ledger *opened = NULL;
    assert_int_equal(ledger_open(text_of(deep), &clock_by_hand, &opened, &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "the path of the database has "));
    assert_null(opened);
    while (depth-- > 0) {
        deep[ends[depth]] = '\0';
        assert_int_equal(rmdir(deep), 0);
    }
}

static void accounts_are_listed_page_by_page(void **state)
{
    (void)state;
    static const char *const emails[] = {"d@x", "B@x", "a@x", "C@x", "e@x"};
    for (size_t i = 0; i < LENGTH_OF(emails); i++)
        (void)created(emails[i]);
    char seen[64] = "";
    struct account page[2] = {{.id = 0}};
    struct text after = TEXT("");
    size_t listed = 2;
    while (listed == 2) {
        DONE(ledger_account_list(ledger, after, page, 2, &listed, &reason));
        for (size_t i = 0; i < listed; i++)
            (void)strcat(seen, page[i].email);
        after = text_of(page[1].email);
    }
    assert_string_equal(seen, "a@xB@xC@xd@xe@x");
}

static void one_process_owns_a_file(void **state)
{
    (void)state;
    struct ledger *second = NULL;
    assert_int_equal(ledger_open(text_of(path), &clock_by_hand, &second, &reason), STATUS_BUSY);
    assert_null(second);
    char named[32];
    (void)snprintf(named, sizeof(named), "process %d", (int)getpid());
    assert_non_null(strstr(reason.sentence, named));
    struct stat found;
    char lock[128];
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    assert_int_equal(stat(lock, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    DONE(ledger_health(ledger, &reason));
    reopen();
}

static void no_other_name_gets_past_the_owner(void **state)
{
    (void)state;
    char lock[128], other[128];
    struct ledger *second = NULL;
    (void)snprintf(lock, sizeof(lock), "%s.lock", path);
    (void)snprintf(other, sizeof(other), "%s/other.db", folder);

    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(ledger_open(text_of(other), &clock_by_hand, &second, &reason),
                     STATUS_BUSY);
    assert_int_equal(unlink(other), 0);

    assert_int_equal(link(path, other), 0);
    ledger_close(ledger);
    ledger = NULL;
    assert_int_equal(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason),
                     STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "another name"));
    assert_int_equal(unlink(other), 0);
    reopen();

    assert_int_equal(unlink(lock), 0);
    assert_int_equal(ledger_open(text_of(path), &clock_by_hand, &second, &reason), STATUS_BUSY);
    assert_null(second);
    assert_non_null(strstr(reason.sentence, "in use by another trendgate"));
}

static void a_link_that_leads_nowhere_is_refused(void **state)
{
    (void)state;
    char other[128];
    struct ledger *second = NULL;
    (void)snprintf(other, sizeof(other), "%s/other.db", folder);
    assert_int_equal(symlink("nowhere.db", other), 0);
    assert_int_equal(ledger_open(text_of(other), &clock_by_hand, &second, &reason), STATUS_IO);
    assert_non_null(strstr(reason.sentence, "leads nowhere"));
    assert_int_equal(unlink(other), 0);
}

static void a_foreign_file_is_refused_and_left_alone(void **state)
{
    (void)state;
    ledger_close(ledger);
    ledger = NULL;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("precious notes", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason),
                     STATUS_CORRUPT);
    assert_null(ledger);
    char read[32] = "";
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(read, sizeof(read), file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(read, "precious notes");
    assert_int_equal(ledger_open(TEXT("/nonexistent/a/b.db"), &clock_by_hand, &ledger, &reason),
                     STATUS_IO);
}

#define FRESH(function) cmocka_unit_test_setup_teardown(function, ledger_make, files_remove)

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        FRESH(an_account_is_kept),
        FRESH(an_email_is_used_once_in_any_letter_case),
        FRESH(bad_input_is_refused),
        FRESH(a_key_is_found_by_its_digest_only),
        FRESH(the_key_itself_is_stored_nowhere),
        FRESH(a_revocation_holds_at_once_and_after_a_restart),
        FRESH(a_suspension_holds_for_old_and_new_keys),
        FRESH(a_key_stops_when_its_time_comes),
        FRESH(live_keys_have_a_bound_and_names_of_their_own),
        FRESH(a_short_list_has_the_keys_that_live_first_of_all),
        FRESH(an_import_is_done_whole_or_not_at_all),
        FRESH(a_row_is_checked_without_being_imported),
        FRESH(a_key_is_found_by_its_outward_id),
        FRESH(a_cap_may_be_set_before_there_are_plans),
        FRESH(a_ledger_at_work_is_well),
        FRESH(a_path_without_room_for_its_endings_is_refused),
        FRESH(accounts_are_listed_page_by_page),
        FRESH(one_process_owns_a_file),
        FRESH(no_other_name_gets_past_the_owner),
        FRESH(a_link_that_leads_nowhere_is_refused),
        FRESH(a_foreign_file_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
