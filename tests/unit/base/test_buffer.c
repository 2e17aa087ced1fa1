#include "base/buffer.h"
#include "support/unit.h"

#include <malloc.h>

static void assert_holds(const struct buffer *buffer, const char *expected)
{
    assert_int_equal(buffer->length, strlen(expected));
    assert_memory_equal(buffer->bytes, expected, strlen(expected));
}

static void grows_up_to_its_ceiling(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 100000);
    assert_null(buffer.bytes);
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&buffer, (char)('a' + i % 26));
    assert_false(buffer.overflowed);
    assert_int_equal(buffer.length, 100000);
    for (size_t i = 0; i < buffer.length; i++)
        assert_int_equal(buffer.bytes[i], 'a' + (int)(i % 26));
    buffer_append_byte(&buffer, '!');
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.length, 100000);
}

static void overflow_changes_nothing_and_stays(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 5);
    buffer_append(&buffer, TEXT("abc"));
    buffer_append(&buffer, TEXT("def"));
    assert_true(buffer.overflowed);
    assert_holds(&buffer, "abc");
    buffer_append(&buffer, TEXT("d")); /* would fit, but what was written has a hole already */
    buffer_append_byte(&buffer, 'd');
    buffer_append_integer(&buffer, 1);
    buffer_append_format(&buffer, "%d", 1);
    assert_null(buffer_reserve(&buffer, 1));
    assert_true(buffer.overflowed);
    assert_holds(&buffer, "abc");
    buffer_clear(&buffer);
    assert_false(buffer.overflowed);
    buffer_append(&buffer, TEXT("12345"));
    assert_false(buffer.overflowed);
    assert_holds(&buffer, "12345");
}

static void a_number_that_does_not_fit_leaves_no_part_of_it(void **state)
{
    (void)state;
    static const int64_t numbers[] = {10, -1, -10, INT64_MIN};
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        char room[4] = "xyz";
        struct buffer buffer;
        buffer_init_on(&buffer, room, 4);
        buffer_append(&buffer, TEXT("xyz"));
        buffer_append_integer(&buffer, numbers[i]);
        assert_true(buffer.overflowed);
        assert_holds(&buffer, "xyz");
    }
}

static void formatted_text_that_does_not_fit_leaves_no_part_of_it(void **state)
{
    (void)state;
    char room[4];
    struct buffer buffer;
    buffer_init_on(&buffer, room, sizeof(room));
    buffer_append_format(&buffer, "%s-%d", "ab", 12);
    assert_true(buffer.overflowed);
    assert_int_equal(buffer.length, 0);
    buffer_clear(&buffer);
    buffer_append_format(&buffer, "%s%d", "ab", 12);
    assert_false(buffer.overflowed);
    assert_holds(&buffer, "ab12");
}

static void init_on_stays_in_the_memory_given(void **state)
{
    (void)state;
    char room[8];
    memset(room, '#', sizeof(room));
    struct buffer buffer;
    buffer_init_on(&buffer, room + 2, 4);
    buffer_append(&buffer, TEXT("abcd"));
    assert_false(buffer.overflowed);
    assert_ptr_equal(buffer.bytes, room + 2);
    buffer_append_byte(&buffer, 'e');
    assert_true(buffer.overflowed);
    assert_memory_equal(room, "##abcd##", sizeof(room));
}

static void integers_are_written_whole(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *written;
    } rows[] = {{0, "0"},
                {9, "9"},
                {10, "10"},
                {99, "99"},
                {100, "100"},
                {907, "907"},
                {1000, "1000"},
                {99999, "99999"},
                {-1, "-1"},
                {4294967296, "4294967296"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct buffer buffer CLEANUP(buffer_finish);
        buffer_init(&buffer, strlen(rows[i].written)); /* exactly enough */
        buffer_append_integer(&buffer, rows[i].value);
        assert_false(buffer.overflowed);
        assert_holds(&buffer, rows[i].written);
    }
}

static void bytes_of_any_kind_pass(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 16);
    buffer_append(&buffer, (struct text){0});
    assert_null(buffer.bytes);
    buffer_append(&buffer, TEXT("a\0b"));
    buffer_append_byte(&buffer, 0);
    assert_int_equal(buffer.length, 4);
    assert_memory_equal(buffer.bytes, "a\0b\0", 4);
}

static void shrink_keeps_what_was_written(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 1000);
    buffer_shrink(&buffer);
    assert_int_equal(buffer.length, 0);
    buffer_append(&buffer, TEXT("kept"));
    buffer_shrink(&buffer);
    assert_int_equal(buffer.capacity, 4);
    assert_holds(&buffer, "kept");
    buffer_append(&buffer, TEXT(" and more"));
    assert_holds(&buffer, "kept and more");
}

static void finish_empties(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 10);
    buffer_append(&buffer, TEXT("abc"));
    buffer_finish(&buffer);
    assert_int_equal(buffer.length, 0);
    buffer_append(&buffer, TEXT("0123456789"));
    assert_holds(&buffer, "0123456789");
    buffer_finish(&buffer);
    buffer_finish(&buffer);
}

#define SECRET "tg_live_secret"

/* Whether memory was given back with the secret in it. */
static bool is_leaked;

void __real_free(void *memory);
void __wrap_free(void *memory);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

static void look_at(const void *memory)
{
    if (memory && memmem(memory, malloc_usable_size((void *)(uintptr_t)memory), SECRET,
                         sizeof(SECRET) - 1))
        is_leaked = true;
}

void __wrap_free(void *memory)
{
    look_at(memory);
    __real_free(memory);
}

void *__wrap_realloc(void *memory, size_t bytes)
{
    look_at(memory);
    return __real_realloc(memory, bytes);
}

static void use(struct buffer *buffer)
{
    is_leaked = false;
    buffer_append(buffer, TEXT(SECRET));
    for (unsigned i = 0; i < 1000; i++)
        buffer_append(buffer, TEXT("further bytes"));
    buffer_shrink(buffer);
    buffer_clear(buffer);
    buffer_append(buffer, TEXT("-"));
    buffer_append(buffer, TEXT(SECRET));
    buffer_finish(buffer);
}

static void secrets_are_wiped_wherever_they_were(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    use(&buffer);
    assert_true(is_leaked); /* what this test sees */
    buffer_init_secret(&buffer, 100000);
    use(&buffer);
    assert_false(is_leaked);
    buffer_append(&buffer, TEXT(SECRET)); /* it stays one after finish */
    buffer_clear(&buffer);
    assert_null(memmem(buffer.bytes, buffer.capacity, SECRET, sizeof(SECRET) - 1));
    buffer_finish(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_up_to_its_ceiling),
        cmocka_unit_test(overflow_changes_nothing_and_stays),
        cmocka_unit_test(a_number_that_does_not_fit_leaves_no_part_of_it),
        cmocka_unit_test(formatted_text_that_does_not_fit_leaves_no_part_of_it),
        cmocka_unit_test(init_on_stays_in_the_memory_given),
        cmocka_unit_test(integers_are_written_whole),
        cmocka_unit_test(bytes_of_any_kind_pass),
        cmocka_unit_test(shrink_keeps_what_was_written),
        cmocka_unit_test(finish_empties),
        cmocka_unit_test(secrets_are_wiped_wherever_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
