#include "support/shim_vfs.h"

#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES_MAX 16
#define PATH_MAX_BYTES 256
#define MEMORY_BYTES ((size_t)256 << 20) /* of address space; a run touches a few MB of it */
#define SECTOR_BYTES 512                 /* what a disk writes whole */

/* One write or truncation that was not synced; then the bytes before it and those after it. */
struct change {
    int64_t offset;
    int64_t size_before, size_after; /* of the file */
    uint32_t file;
    uint32_t old_bytes, new_bytes;
};

struct memory {
    struct shim_orders orders;
    int64_t operations, faults, passed;
    size_t file_count;
    char files[FILES_MAX][PATH_MAX_BYTES];
    size_t used; /* of changes[] */
    _Alignas(struct change) char changes[];
};

static struct memory *memory;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct shim_file {
    sqlite3_file base;
    uint32_t number;
    bool is_kept; /* a database or a journal: what it loses matters */
    sqlite3_file *real;
};

static struct shim_file *shim_of(sqlite3_file *file)
{
    return (struct shim_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return shim_of(file)->real;
}

/* ---- Orders ---- */

static bool is_failing(enum shim_kind kind)
{
    const struct shim_orders *orders = &memory->orders;
    if (orders->fault_code == 0 || (orders->fails != SHIM_ANY && orders->fails != kind))
        return false;
    if (memory->passed < orders->countdown) {
        memory->passed++;
        return false;
    }
    return orders->repeat < 0 || memory->faults < orders->repeat;
}

/* SQLITE_OK: to be done. With the lock held. */
static int operation_begin(enum shim_kind kind)
{
    memory->operations++;
    if (memory->operations == memory->orders.dies_at)
        _exit(SHIM_DEATH);
    if (!is_failing(kind))
        return SQLITE_OK;
    memory->faults++;
    return memory->orders.fault_code;
}

/* ---- What is not synced ---- */

static size_t change_bytes(const struct change *change)
{
    size_t bytes = sizeof(*change) + change->old_bytes + change->new_bytes;
    return (bytes + _Alignof(struct change) - 1) / _Alignof(struct change) *
           _Alignof(struct change);
}

static struct change *change_at(size_t offset)
{
    return (struct change *)(void *)(memory->changes + offset);
}

static char *old_bytes_of(struct change *change)
{
    return (char *)(change + 1);
}

static char *new_bytes_of(struct change *change)
{
    return old_bytes_of(change) + change->old_bytes;
}

static void change_add(struct shim_file *file, const void *bytes, uint32_t length,
                       int64_t offset, int64_t size_after)
{
    if (!file->is_kept)
        return;
    sqlite3_int64 size = 0;
    check(file->real->pMethods->xFileSize(file->real, &size) == SQLITE_OK);
    int64_t end = bytes ? offset + length : size;
    int64_t old = (end < size ? end : size) - offset;
    struct change *change = change_at(memory->used);
    *change = (struct change){.offset = offset,
                              .size_before = size,
                              .size_after = size_after > size || !bytes ? size_after : size,
                              .file = file->number,
                              .old_bytes = old > 0 ? (uint32_t)old : 0,
                              .new_bytes = length};
    check(memory->used + change_bytes(change) <
          MEMORY_BYTES - offsetof(struct memory, changes));
    if (change->old_bytes > 0)
        check(file->real->pMethods->xRead(file->real, old_bytes_of(change),
                                          (int)change->old_bytes, offset) == SQLITE_OK);
    if (length > 0)
        memcpy(new_bytes_of(change), bytes, length);
    memory->used += change_bytes(change);
}

/* A file's changes are durable, or the file is gone. */
static void changes_forget(uint32_t file)
{
    size_t kept = 0;
    for (size_t at = 0; at < memory->used;) {
        struct change *change = change_at(at);
        size_t bytes = change_bytes(change);
        if (change->file != file) {
            memmove(memory->changes + kept, change, bytes);
            kept += bytes;
        }
        at += bytes;
    }
    memory->used = kept;
}

/* ---- A file's methods ---- */

static int shim_close(sqlite3_file *file)
{
    int code = real_of(file)->pMethods->xClose(real_of(file));
    free(real_of(file));
    return code;
}

static int shim_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, length, offset);
}

static int shim_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    check(pthread_mutex_lock(&lock) == 0);
    int code = operation_begin(SHIM_WRITE);
    if (code == SQLITE_OK) {
        change_add(shim_of(file), bytes, (uint32_t)length, offset, offset + length);
        code = real_of(file)->pMethods->xWrite(real_of(file), bytes, length, offset);
    }
    check(pthread_mutex_unlock(&lock) == 0);
    return code;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    check(pthread_mutex_lock(&lock) == 0);
    int code = operation_begin(SHIM_WRITE);
    if (code == SQLITE_OK) {
        change_add(shim_of(file), NULL, 0, size, size);
        code = real_of(file)->pMethods->xTruncate(real_of(file), size);
    }
    check(pthread_mutex_unlock(&lock) == 0);
    return code;
}

static int shim_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    check(pthread_mutex_lock(&lock) == 0);
    int code = operation_begin(SHIM_SYNC);
    if (code == SQLITE_OK && !memory->orders.ignores_syncs)
        changes_forget(shim_of(file)->number);
    check(pthread_mutex_unlock(&lock) == 0);
    return code;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_reserved);
}

static int shim_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* What every disk is taken to promise: a torn write harms nothing but its own bytes. */
static int shim_promises(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shim_map(sqlite3_file *file, int page, int bytes, int extends, void volatile **at)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, bytes, extends, at);
}

static int shim_map_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void shim_map_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int shim_unmap(sqlite3_file *file, int deletes)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without mapped reads */
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_promises,
    .xShmMap = shim_map,
    .xShmLock = shim_map_lock,
    .xShmBarrier = shim_map_barrier,
    .xShmUnmap = shim_unmap,
};

/* ---- The file system's methods ---- */

static sqlite3_vfs *system_vfs;

/* The number of a path; the same for ever. With the lock held. */
static uint32_t number_of(const char *path)
{
    size_t i = 0;
    while (i < memory->file_count && strcmp(memory->files[i], path) != 0)
        i++;
    if (i == memory->file_count) {
        check(i < FILES_MAX && strlen(path) < PATH_MAX_BYTES);
        memcpy(memory->files[i], path, strlen(path) + 1);
        memory->file_count++;
    }
    return (uint32_t)i;
}

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                     int *flags_out)
{
    (void)vfs;
    struct shim_file *shim = shim_of(file);
    sqlite3_file *real = memory_take_zeroed(1, (size_t)system_vfs->szOsFile);
    shim->base.pMethods = NULL;
    int code = system_vfs->xOpen(system_vfs, path, real, flags, flags_out);
    if (code != SQLITE_OK) {
        free(real);
        return code;
    }
    check(pthread_mutex_lock(&lock) == 0);
    shim->is_kept = path && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL |
                                      SQLITE_OPEN_WAL)) != 0;
    shim->number = shim->is_kept ? number_of(path) : FILES_MAX;
    shim->real = real;
    shim->base.pMethods = &methods;
    check(pthread_mutex_unlock(&lock) == 0);
    return SQLITE_OK;
}

/* Taken as durable at once: SQLite syncs the folder where it must be. */
static int shim_delete(sqlite3_vfs *vfs, const char *path, int syncs)
{
    (void)vfs;
    (void)syncs;
    check(pthread_mutex_lock(&lock) == 0);
    int code = operation_begin(SHIM_WRITE);
    if (code == SQLITE_OK) {
        code = system_vfs->xDelete(system_vfs, path, 0);
        changes_forget(number_of(path));
    }
    check(pthread_mutex_unlock(&lock) == 0);
    return code;
}

void shim_install(void)
{
    static sqlite3_vfs vfs;
    check(sqlite3_initialize() == SQLITE_OK);
    system_vfs = sqlite3_vfs_find(NULL);
    memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(memory != MAP_FAILED);
    vfs = *system_vfs;
    vfs.zName = "shim";
    vfs.szOsFile = sizeof(struct shim_file);
    vfs.xOpen = shim_open;
    vfs.xDelete = shim_delete;
    check(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}

void shim_order(const struct shim_orders *orders)
{
    check(pthread_mutex_lock(&lock) == 0);
    memory->orders = *orders;
    memory->operations = memory->faults = memory->passed = 0;
    memory->used = 0;
    check(pthread_mutex_unlock(&lock) == 0);
}

static int64_t counted(const int64_t *count)
{
    check(pthread_mutex_lock(&lock) == 0);
    int64_t value = *count;
    check(pthread_mutex_unlock(&lock) == 0);
    return value;
}

int64_t shim_operations(void)
{
    return counted(&memory->operations);
}

int64_t shim_faults(void)
{
    return counted(&memory->faults);
}

/* ---- After a power failure ---- */

static void file_write(const struct change *change, const char *bytes, uint32_t length,
                       int64_t size)
{
    int file = open(memory->files[change->file], O_WRONLY | O_CLOEXEC);
    check(file >= 0);
    check(pwrite(file, bytes, length, change->offset) == (ssize_t)length);
    check(ftruncate(file, size) == 0);
    check(close(file) == 0);
}

static size_t change_before(size_t end)
{
    size_t at = 0;
    while (at + change_bytes(change_at(at)) < end)
        at += change_bytes(change_at(at));
    return at;
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t mixed = *state ^ *state >> 33;
    return mixed * UINT64_C(0xFF51AFD7ED558CCD) >> 16;
}

/* A third of the changes survive, a third do in part, a third do not. */
static void changes_tear(uint64_t seed)
{
    for (size_t at = 0; at < memory->used; at += change_bytes(change_at(at))) {
        struct change *change = change_at(at);
        uint64_t fate = next_random(&seed) % 3;
        if (fate == 0)
            continue;
        uint32_t sectors = change->new_bytes / SECTOR_BYTES;
        uint32_t length = change->new_bytes;
        if (fate == 1 && sectors > 0)
            length = (uint32_t)(next_random(&seed) % sectors) * SECTOR_BYTES;
        file_write(change, new_bytes_of(change), length, change->size_after);
    }
}

void shim_survive(enum shim_survivors survivors, uint64_t seed)
{
    memory->orders = (struct shim_orders){0};
    if (survivors == SHIM_ALL)
        memory->used = 0;
    for (size_t end = memory->used; end > 0;) {
        size_t at = change_before(end);
        struct change *change = change_at(at);
        file_write(change, old_bytes_of(change), change->old_bytes, change->size_before);
        end = at;
    }
    if (survivors == SHIM_TORN)
        changes_tear(seed);
    memory->used = 0;
}
