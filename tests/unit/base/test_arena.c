#include "base/arena.h"
#include "base/limits.h"
#include "support/unit.h"

#include <stdalign.h>

static bool is_aligned(const void *at)
{
    return (uintptr_t)at % alignof(max_align_t) == 0;
}

static bool is_zero(const char *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    char *pieces[200];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < LENGTH_OF(pieces); i++) {
            pieces[i] = arena_take(&arena, i);
            assert_non_null(pieces[i]);
            assert_true(is_aligned(pieces[i]));
            assert_true(is_zero(pieces[i], i));
            memset(pieces[i], (int)i + 1, i);
        }
        for (size_t i = 0; i < LENGTH_OF(pieces); i++)
            for (size_t k = 0; k < i; k++)
                assert_int_equal((unsigned char)pieces[i][k], i + 1);
        arena_reset(&arena);
    }
}

static void ceiling_is_exact_and_survives_a_refusal(void **state)
{
    (void)state;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, 64);
    assert_null(arena_take(&arena, 65));
    assert_non_null(arena_take(&arena, 48));
    assert_null(arena_take(&arena, 17));
    assert_non_null(arena_take(&arena, 16));
    assert_null(arena_take(&arena, 1));
    arena_reset(&arena);
    assert_non_null(arena_take(&arena, 64));
}

static void sizes_that_wrap_around_are_refused(void **state)
{
    (void)state;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_take(&arena, SIZE_MAX));
    assert_null(arena_take(&arena, SIZE_MAX - alignof(max_align_t) + 2));
    assert_non_null(arena_take(&arena, 1));
}

/* What a call takes after the first reset comes from memory that is there already. */
static void reset_keeps_one_block(void **state)
{
    (void)state;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    assert_null(arena.blocks);
    char *first = arena_take(&arena, 100);
    assert_non_null(arena_take(&arena, 10 * ARENA_BLOCK_BYTES));
    assert_non_null(arena_take(&arena, ARENA_BLOCK_BYTES));
    arena_reset(&arena);
    assert_non_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
    assert_ptr_equal(arena_take(&arena, 100), first);
    arena_reset(&arena);
    arena_reset(&arena);
    assert_ptr_equal(arena_take(&arena, 100), first);
}

static void finish_is_a_fresh_start(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 128);
    assert_non_null(arena_take(&arena, 128));
    arena_finish(&arena);
    assert_non_null(arena_take(&arena, 128));
    arena_finish(&arena);
    arena_finish(&arena);
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, 64);
    char original[] = "trend";
    struct text copy = arena_copy(&arena, TEXT("trend"));
    assert_int_equal(copy.length, 5);
    assert_string_equal(copy.at, original);
    struct text empty = arena_copy(&arena, (struct text){0});
    assert_int_equal(empty.length, 0);
    assert_non_null(empty.at);
    assert_string_equal(empty.at, "");
    char full[32] = {0};
    assert_null(arena_copy(&arena, (struct text){full, 32}).at); /* 33 with its NUL */
    assert_non_null(arena_copy(&arena, (struct text){full, 31}).at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(ceiling_is_exact_and_survives_a_refusal),
        cmocka_unit_test(sizes_that_wrap_around_are_refused),
        cmocka_unit_test(reset_keeps_one_block),
        cmocka_unit_test(finish_is_a_fresh_start),
        cmocka_unit_test(copies_end_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
