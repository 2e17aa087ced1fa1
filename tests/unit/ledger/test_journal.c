/* Bodies of journal rows: what goes in comes out; what is damaged is refused, never misread past
 * its end. */
#include "ledger/journal.h"
#include "support/unit.h"

#include <stdio.h>

#define ENTRIES_MAX 40
#define BODY_BYTES_MAX (1024 * 1024)

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state >> 11;
}

static int64_t random_below(int64_t bound)
{
    return (int64_t)(random_next() % (uint64_t)bound);
}

/* Of any magnitude up to 2^61. */
static int64_t random_size(void)
{
    uint64_t bits = random_next() << 8 | (random_next() & 0xFF);
    return (int64_t)(bits & ((UINT64_C(1) << random_below(62)) - 1));
}

static int64_t random_signed(void)
{
    return random_below(2) ? random_size() : -random_size();
}

static char letters[ADJUSTMENT_REASON_MAX]; /* the longest of all texts */

static struct text random_text(int64_t length_max)
{
    return (struct text){letters, (size_t)random_below(length_max + 1)};
}

#define HEX_ID "0123456789abcdeffedcba9876543210"
#define NEXT_HEX_ID "0123456789abcdeffedcba9876543211"

/* As it may be sent, or as one that nobody sent is made, or nearly so. */
static struct text random_request_id(void)
{
    static const struct text ids[] = {TEXT_INITIAL(HEX_ID),
                                      TEXT_INITIAL("0123456789abcdeffedcba987654321G"),
                                      TEXT_INITIAL("0123456789ABCDEFFEDCBA9876543210"),
                                      TEXT_INITIAL(NEXT_HEX_ID),
                                      TEXT_INITIAL("0123456789abcdefffffffffffffffff"),
                                      TEXT_INITIAL("00000000000000000000000000000001"),
                                      TEXT_INITIAL("ffffffffffffffffffffffffffffffff"),
                                      TEXT_INITIAL("ffffffffffffffffffffffffffffffffff")};
    return random_below(2) ? random_text(JOURNAL_TEXT_MAX) : ids[random_below(LENGTH_OF(ids))];
}

static struct journal_entry random_entry(instant row_at)
{
    struct journal_entry entry = {
        .account_id = random_signed(),
        .key_id = random_signed(),
        .plan_version = random_signed(),
        .endpoint = (uint8_t)random_below(256),
        .outcome = random_below(2) ? CALL_CHARGED
                                   : (enum call_outcome)random_below(CALL_OUTCOMES),
        .at = {row_at.us + random_signed() / 4},
        .credits = random_size(),
        .overage_micros = random_size(),
    };
    entry.overage = random_below(2) ? entry.credits : entry.credits / 3;
    if (entry.outcome != CALL_CHARGED)
        return entry;
    for (size_t i = 0; i < CHARGE_ID_BYTES; i++)
        entry.charge_id[i] = (uint8_t)random_below(256);
    entry.request_id = random_request_id();
    if (random_below(2))
        return entry;
    entry.idempotency_key = text_slice(random_text(IDEMPOTENCY_KEY_MAX), 0,
                                       IDEMPOTENCY_KEY_MAX);
    if (entry.idempotency_key.length > 0) {
        entry.arguments_hash = random_next() << 11 | random_next();
        entry.snapshot_id = random_signed();
    }
    return entry;
}

static void assert_same(const struct journal_entry *a, const struct journal_entry *b)
{
    assert_int_equal(a->account_id, b->account_id);
    assert_int_equal(a->key_id, b->key_id);
    assert_int_equal(a->plan_version, b->plan_version);
    assert_int_equal(a->endpoint, b->endpoint);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->at.us, b->at.us);
    assert_int_equal(a->credits, b->credits);
    assert_int_equal(a->overage, b->overage);
    assert_int_equal(a->overage_micros, b->overage_micros);
    assert_memory_equal(a->charge_id, b->charge_id, CHARGE_ID_BYTES);
    assert_true(text_equals(a->request_id, b->request_id));
    assert_true(text_equals(a->idempotency_key, b->idempotency_key));
    assert_true(a->arguments_hash == b->arguments_hash);
    assert_int_equal(a->snapshot_id, b->snapshot_id);
}

static struct journal_entry entries[ENTRIES_MAX];

/* The same up to any byte, its end too. */
static void charge_id_follow(const struct journal_entry *before, struct journal_entry *entry)
{
    if (entry->outcome == CALL_CHARGED)
        memcpy(entry->charge_id, before->charge_id, (size_t)random_below(CHARGE_ID_BYTES + 1));
}

static size_t body_make(struct buffer *body, instant at)
{
    size_t count = (size_t)random_below(ENTRIES_MAX + 1);
    struct journal_writer writer;
    journal_body_open(&writer, body, at);
    for (size_t i = 0; i < count; i++) {
        entries[i] = random_entry(at);
        if (i > 0 && random_below(2))
            charge_id_follow(&entries[i - 1], &entries[i]);
        journal_body_add(&writer, &entries[i]);
    }
    assert_false(body->overflowed);
    return count;
}

/* Entries up to the first fault or the end, each equal to what was put in. */
static enum status body_walk(struct text body, instant at, size_t *read)
{
    struct journal_reader reader;
    *read = 0;
    TRY(journal_body_read(body, at, &reader));
    for (;;) {
        struct journal_entry entry;
        bool more;
        TRY(journal_body_next(&reader, &entry, &more));
        if (!more)
            return STATUS_OK;
        assert_same(&entry, &entries[(*read)++]);
    }
}

static void what_is_packed_is_unpacked(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    for (uint64_t seed = 1; seed <= 500; seed++) {
        random_state = seed;
        instant at = {random_size()};
        size_t count = body_make(&body, at);
        size_t read;
        assert_int_equal(body_walk(buffer_text(&body), at, &read), STATUS_OK);
        assert_int_equal(read, count);
    }
}

/* Cut at every byte: in memory of its very size, so that a read past the end is seen. A cut between
 * two entries is a shorter body; any other is corrupt. */
static void a_body_that_is_cut_is_never_misread(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_state = seed;
        instant at = instant_of_seconds(1700000000);
        size_t count = body_make(&body, at);
        size_t whole = 0;
        for (size_t length = 0; length < body.length; length++) {
            char *cut = memory_take(length + 1);
            memcpy(cut, body.bytes, length);
            cut = memory_grow(cut, length ? length : 1);
            size_t read;
            enum status status = body_walk((struct text){cut, length}, at, &read);
            whole += status == STATUS_OK;
            assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
            free(cut);
        }
        assert_int_equal(whole, count); /* one for each entry, the last of them cut away */
    }
}

static void a_body_with_a_changed_byte_never_passes_its_end(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        random_state = seed;
        (void)body_make(&body, (instant){0});
        for (int round = 0; round < 20; round++) {
            body.bytes[random_below((int64_t)body.length)] = (char)random_below(256);
            struct journal_reader reader;
            bool more = journal_body_read(buffer_text(&body), (instant){0}, &reader) ==
                        STATUS_OK;
            struct journal_entry entry;
            while (more && journal_body_next(&reader, &entry, &more) == STATUS_OK && more) {
                assert_true(entry.outcome < CALL_OUTCOMES);
                assert_true(entry.credits >= 0 && entry.overage >= 0);
                assert_true(entry.overage <= entry.credits && entry.overage_micros >= 0);
                assert_true(entry.request_id.length <= JOURNAL_TEXT_MAX);
                assert_true(entry.idempotency_key.length <= IDEMPOTENCY_KEY_MAX);
            }
        }
    }
}

/* After the version: account, key, plan version, endpoint, outcome, since, credits, overage, cost. */
struct hostile {
    const char *what;
    struct text body;
};

#define BODY(literal) TEXT_INITIAL(literal)
#define LONG_ID HEX_ID HEX_ID HEX_ID HEX_ID "01"

static const struct hostile hostiles[] = {
    {"nothing at all", BODY("")},
    {"version 0", BODY("\0")},
    {"version 5", BODY("\5\2\2\2\0\1\0\0\0\0")},
    {"a newer version", BODY("\2\2\2\2\0\1\0\0\0\0")},
    {"an endpoint over 255", BODY("\1\2\2\2\x80\2\1\0\0\0\0")},
    {"an unknown outcome", BODY("\1\2\2\2\0\x0D\0\0\0\0")},
    {"negative credits", BODY("\1\2\2\2\0\1\0\1\0\0")},
    {"negative overage", BODY("\1\2\2\2\0\1\0\2\1\0")},
    {"more overage than credits", BODY("\1\2\2\2\0\1\0\2\4\0")},
    {"a negative cost", BODY("\1\2\2\2\0\1\0\2\2\1")},
    {"a number without end", BODY("\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")},
    {"a number over 64 bits", BODY("\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\2\2\2\0\1\0\0\0\0")},
    {"a time past the end of all times",
     BODY("\1\2\2\2\0\1\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1\0\0\0")},
    {"a charge without its id", BODY("\1\2\2\2\0\0\0\0\0\0"
                                     "0123456789abcde")},
    {"a request id over 128 bytes", BODY("\1\2\2\2\0\0\0\0\0\0"
                                         "0123456789abcdef"
                                         "\x82\1" LONG_ID "\0")},
    {"15 bytes for a request id of 32 digits", BODY("\3\2\2\2\0\0\0\0\0\0"
                                                    "0123456789abcdef"
                                                    "\x81\1"
                                                    "0123456789abcde")},
    {"an old request id that shares a byte", BODY("\3\2\2\2\0\0\0\0\0\0"
                                                  "0123456789abcdef"
                                                  "\x82\1"
                                                  "0123456789abcde\0")},
    {"a charge id that shares 17 bytes", BODY("\4\2\2\2\0\0\0\0\0\0"
                                              "\x11"
                                              "\0\0")},
    {"a charge id that shares 2^63 bytes", BODY("\4\2\2\2\0\0\0\0\0\0"
                                                "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"
                                                "\0\0")},
    {"14 bytes behind one that is shared", BODY("\4\2\2\2\0\0\0\0\0\0"
                                                "\1"
                                                "123456789abcde")},
    {"a request id that shares 17 bytes", BODY("\4\2\2\2\0\0\0\0\0\0"
                                               "\x10"
                                               "\x92\1\0")},
    {"a request id that shares 2^63 bytes", BODY("\4\2\2\2\0\0\0\0\0\0"
                                                 "\x10"
                                                 "\x81\x81\x80\x80\x80\x80\x80\x80\x80\1\0")},
    {"a request id of 2^63 bytes", BODY("\1\2\2\2\0\0\0\0\0\0"
                                        "0123456789abcdef"
                                        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1")},
    {"an idempotency key over 64 bytes", BODY("\1\2\2\2\0\0\0\0\0\0"
                                              "0123456789abcdef"
                                              "\0\x41"
                                              "kkkk")},
    {"an idempotency key without its arguments", BODY("\1\2\2\2\0\0\0\0\0\0"
                                                      "0123456789abcdef"
                                                      "\0\1k")},
};

/* The order and sizes of all that stands in a row, byte by byte: rows of years must be read. */
static void a_body_is_as_it_ever_was(void **state)
{
    (void)state;
    static const struct text bodies[] = {
        BODY(
            "\4\2\4\6\7\0\x0A\x10\0\0"
            "\0"
            "0123456789abcdef"
            "\x81\1\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10\0"
            "\2\4\6\7\0\x0A\x10\0\0" /* the next one of the same turn, whose request id is a text */
            "\x0F"
            "g"
            "\3one\0"
            "\2\4\6\7\0\x0A\x10\0\0" /* and the next, whose request id follows the first one's */
            "\x0F"
            "h"
            "\x90\1\x11\0"),
        BODY("\3\2\4\6\7\0\x0A\x10\0\0" /* of version 3, which is read too */
             "0123456789abcdef"
             "\x81\1\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10\0"
             "\2\4\6\7\0\x0A\x10\0\0"
             "0123456789abcdeg"
             "\3one\0"
             "\2\4\6\7\0\x0A\x10\0\0"
             "0123456789abcdeh"
             "\x81\1\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x11\0"),
        BODY("\1\2\4\6\7\0\x0A\x10\0\0" /* of version 1, likewise */
             "0123456789abcdef"
             "\x20" HEX_ID "\0"
             "\2\4\6\7\0\x0A\x10\0\0"
             "0123456789abcdeg"
             "\3one\0"
             "\2\4\6\7\0\x0A\x10\0\0"
             "0123456789abcdeh"
             "\x20" NEXT_HEX_ID "\0"),
    };
    struct journal_entry entry = {.account_id = 1,
                                  .key_id = 2,
                                  .plan_version = 3,
                                  .endpoint = 7,
                                  .at = {1005},
                                  .credits = 8,
                                  .charge_id = "0123456789abcde"};
    struct buffer body CLEANUP(buffer_finish);
    struct journal_writer writer;
    buffer_init(&body, BODY_BYTES_MAX);
    journal_body_open(&writer, &body, (instant){1000});
    static const struct text request_ids[] = {TEXT_INITIAL(HEX_ID), TEXT_INITIAL("one"),
                                              TEXT_INITIAL(NEXT_HEX_ID)};
    for (size_t i = 0; i < LENGTH_OF(request_ids); i++) {
        entries[i] = entry;
        entries[i].charge_id[15] = (uint8_t)('f' + i);
        entries[i].request_id = request_ids[i];
        journal_body_add(&writer, &entries[i]);
    }
    assert_int_equal(body.length, bodies[0].length);
    assert_memory_equal(body.bytes, bodies[0].at, body.length);
    for (size_t i = 0; i < LENGTH_OF(bodies); i++) {
        size_t read;
        assert_int_equal(body_walk(bodies[i], (instant){1000}, &read), STATUS_OK);
        assert_int_equal(read, LENGTH_OF(request_ids));
    }
}

static void a_hostile_body_is_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(hostiles); i++) {
        struct journal_reader reader;
        struct journal_entry entry;
        bool more;
        enum status status = journal_body_read(hostiles[i].body, (instant){1}, &reader);
        if (status == STATUS_OK)
            status = journal_body_next(&reader, &entry, &more);
        if (status != STATUS_CORRUPT)
            fail_msg("%s: %s", hostiles[i].what, status_word(status));
    }
}

/* ---- Adjustments ---- */

static struct adjustment random_adjustment(instant row_at)
{
    struct adjustment made = {
        .kind = random_below(2) ? ADJUSTMENT_REFUND : ADJUSTMENT_GRANT,
        .account_id = random_signed(),
        .at = {row_at.us + random_signed() / 4},
        .period = (int32_t)random_below(100000),
        .credits = random_size(),
        .reason = random_text(ADJUSTMENT_REASON_MAX),
    };
    if (made.kind == ADJUSTMENT_GRANT)
        return made;
    for (size_t i = 0; i < CHARGE_ID_BYTES; i++)
        made.charge_id[i] = (uint8_t)random_below(256);
    made.charge_period = (int32_t)random_below(100000);
    made.overage = random_size();
    made.overage_micros = random_size();
    return made;
}

static void assert_same_adjustment(const struct adjustment *read, const struct adjustment *made)
{
    assert_int_equal(read->kind, made->kind);
    assert_int_equal(read->account_id, made->account_id);
    assert_int_equal(read->at.us, made->at.us);
    assert_int_equal(read->period, made->period);
    assert_int_equal(read->credits, made->credits);
    assert_true(text_equals(read->reason, made->reason));
    assert_memory_equal(read->charge_id, made->charge_id, CHARGE_ID_BYTES);
    assert_int_equal(read->charge_period, made->charge_period);
    assert_int_equal(read->overage, made->overage);
    assert_int_equal(read->overage_micros, made->overage_micros);
}

static void an_adjustment_is_read_whole_or_not(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_state = seed;
        instant at = {random_size()};
        struct adjustment made = random_adjustment(at), read = {0};
        bool is_one;
        journal_adjustment_write(&body, at, &made);
        assert_int_equal(journal_adjustment_read(buffer_text(&body), at, &read, &is_one),
                         STATUS_OK);
        assert_true(is_one);
        assert_same_adjustment(&read, &made);
        for (size_t length = 1; length < body.length; length++)
            assert_int_equal(
                journal_adjustment_read((struct text){body.bytes, length}, at, &read, &is_one),
                STATUS_CORRUPT);
        buffer_append_byte(&body, 0);
        assert_int_equal(journal_adjustment_read(buffer_text(&body), at, &read, &is_one),
                         STATUS_CORRUPT);
        assert_same_adjustment(&read, &made); /* what is not read leaves it alone */
    }
}

/* A body of calls is none, nor is one of nothing; an adjustment has no call. */
static void calls_and_adjustments_are_told_apart(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    struct adjustment read;
    struct journal_reader reader;
    struct journal_entry entry;
    bool is_one = true, more = true;
    assert_int_equal(journal_adjustment_read(TEXT(""), (instant){0}, &read, &is_one),
                     STATUS_OK);
    assert_false(is_one);
    random_state = 1;
    (void)body_make(&body, (instant){0});
    is_one = true;
    assert_int_equal(journal_adjustment_read(buffer_text(&body), (instant){0}, &read, &is_one),
                     STATUS_OK);
    assert_false(is_one);
    journal_adjustment_write(&body, (instant){0}, &(struct adjustment){.account_id = 1});
    assert_int_equal(journal_body_read(buffer_text(&body), (instant){0}, &reader), STATUS_OK);
    assert_int_equal(journal_body_next(&reader, &entry, &more), STATUS_OK);
    assert_false(more);
}

/* After the version: kind, account, since, period, credits, reason; charge, its period, overage, cost. */
#define A_CHARGE "0123456789abcdef"
static const struct hostile hostile_adjustments[] = {
    {"an unknown kind", BODY("\2\2\2\0\0\2\0")},
    {"a period past 32 bits", BODY("\2\0\2\0\x80\x80\x80\x80\x40\2\0")},
    {"negative credits", BODY("\2\0\2\0\0\1\0")},
    {"a reason over 200 bytes", BODY("\2\0\2\0\0\2\xC9\1r")},
    {"a time past the end of all times",
     BODY("\2\0\2\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1\0\2\0")},
    {"a charge's period past 32 bits",
     BODY("\2\1\2\0\0\2\0" A_CHARGE "\x80\x80\x80\x80\x40\2\2")},
    {"negative overage", BODY("\2\1\2\0\0\2\0" A_CHARGE "\0\1\2")},
    {"a negative cost", BODY("\2\1\2\0\0\2\0" A_CHARGE "\0\2\1")},
};

static void a_hostile_adjustment_is_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(hostile_adjustments); i++) {
        struct adjustment read;
        bool is_one;
        enum status status = journal_adjustment_read(hostile_adjustments[i].body, (instant){1},
                                                     &read, &is_one);
        if (status != STATUS_CORRUPT || !is_one)
            fail_msg("%s: %s", hostile_adjustments[i].what, status_word(status));
    }
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    struct journal_writer writer;
    buffer_init(&body, 8);
    journal_body_open(&writer, &body, (instant){0});
    assert_false(body.overflowed);
    journal_body_add(&writer, &(struct journal_entry){.account_id = 1});
    assert_true(body.overflowed);
}

static int letters_fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(letters); i++)
        letters[i] = (char)('a' + i % 26);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(a_body_that_is_cut_is_never_misread),
        cmocka_unit_test(a_body_with_a_changed_byte_never_passes_its_end),
        cmocka_unit_test(a_body_is_as_it_ever_was),
        cmocka_unit_test(a_hostile_body_is_corrupt),
        cmocka_unit_test(an_adjustment_is_read_whole_or_not),
        cmocka_unit_test(calls_and_adjustments_are_told_apart),
        cmocka_unit_test(a_hostile_adjustment_is_corrupt),
        cmocka_unit_test(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, letters_fill, NULL);
}
