#include "base/arena.h"

#include "base/limits.h"

#include <stdalign.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) (void)0
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) (void)0
#endif

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t capacity;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t ceiling_bytes)
{
    *arena = (struct arena){.ceiling_bytes = ceiling_bytes};
}

static struct arena_block *block_open(size_t bytes, struct arena_block *older)
{
    size_t capacity = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
    struct arena_block *block = memory_take(sizeof(*block) + capacity);
    block->older = older;
    block->used = 0;
    block->capacity = capacity;
    ASAN_POISON_MEMORY_REGION(block->bytes, capacity);
    return block;
}

static char *take(struct arena *arena, size_t bytes)
{
    size_t aligned = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (aligned < bytes || aligned > arena->ceiling_bytes - arena->used_bytes)
        return NULL;
    struct arena_block *block = arena->blocks;
    if (!block || aligned > block->capacity - block->used)
        arena->blocks = block = block_open(aligned, block);
    char *taken = block->bytes + block->used;
    block->used += aligned;
    arena->used_bytes += aligned;
    ASAN_UNPOISON_MEMORY_REGION(taken, bytes);
    return taken;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    char *taken = take(arena, bytes);
    if (taken)
        memset(taken, 0, bytes);
    return taken;
}

struct text arena_copy(struct arena *arena, struct text original)
{
    char *copy = take(arena, original.length + 1);
    if (!copy)
        return (struct text){0};
    if (original.length > 0)
        memcpy(copy, original.at, original.length);
    copy[original.length] = '\0';
    return (struct text){copy, original.length};
}

#define EXPECTED_BYTES 512 /* what follows is fetched by the processor itself */

void arena_expect(const struct arena *arena)
{
    memory_expect(arena->blocks, EXPECTED_BYTES);
}

static void block_close(struct arena_block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->capacity);
    free(block);
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block && block->older) {
        struct arena_block *older = block->older;
        block_close(block);
        block = older;
    }
    if (block) {
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block->bytes, block->capacity);
    }
    arena->blocks = block;
    arena->used_bytes = 0;
}

void arena_finish(struct arena *arena)
{
    arena_reset(arena);
    if (arena->blocks)
        block_close(arena->blocks);
    arena->blocks = NULL;
}
