#include "ledger/owner_lock.h"

#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(int lock_file, const char *path, struct reason *reason)
{
    char owner[16] = "";
    ssize_t length = pread(lock_file, owner, sizeof(owner) - 1, 0);
    size_t digits = strspn(owner, "0123456789");
    if (length <= 0 || digits == 0)
        return reason_set(reason, STATUS_BUSY,
                          "%s is in use by another trendgate: stop that one, or name another "
                          "database",
                          path);
    return reason_set(reason, STATUS_BUSY,
                      "%s is in use by another trendgate, process %.*s: stop that one, or name "
                      "another database",
                      path, (int)digits, owner);
}

/* Who owns it is told for people only: a failure to write it changes nothing. */
static void owner_write(int lock_file)
{
    char owner[16];
    int length = snprintf(owner, sizeof(owner), "%d\n", (int)getpid());
    bool is_written = ftruncate(lock_file, 0) == 0 &&
                      pwrite(lock_file, owner, (size_t)length, 0) == length;
    (void)is_written;
}

static enum status file_open(const char *name, int *opened, struct reason *reason)
{
    *opened = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*opened >= 0)
        return STATUS_OK;
    return reason_set(reason, STATUS_IO, "cannot open %s: %s", name, strerror(errno));
}

static enum status file_lock(int opened, const char *name, struct reason *reason)
{
    if (flock(opened, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    return reason_set(reason, errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_IO,
                      "cannot lock %s: %s", name, strerror(errno));
}

static enum status names_check(const struct owner_lock *lock, struct reason *reason)
{
    struct stat file;
    if (fstat(lock->database_file, &file) != 0)
        return reason_set(reason, STATUS_IO, "cannot look at %s: %s", lock->path,
                          strerror(errno));
    if (S_ISREG(file.st_mode) && file.st_nlink > 1)
        return reason_set(reason, STATUS_CONFLICT,
                          "%s has another name too (a hard link), and its journal would not be "
                          "found under that one: remove it, and copy a database with `sqlite3 "
                          "FILE .backup`",
                          lock->path);
    return STATUS_OK;
}

static enum status lock_both(struct owner_lock *lock, struct reason *reason)
{
    char name[PATH_BYTES_MAX + sizeof(".lock")];
    (void)snprintf(name, sizeof(name), "%s.lock", lock->path);
    TRY(file_open(name, &lock->lock_file, reason));
    enum status status = file_lock(lock->lock_file, name, reason);
    if (status == STATUS_OK) {
        TRY(file_open(lock->path, &lock->database_file, reason));
        TRY(names_check(lock, reason));
        status = file_lock(lock->database_file, lock->path, reason);
    }
    return status == STATUS_BUSY ? refuse(lock->lock_file, lock->path, reason) : status;
}

enum status owner_lock_take(struct text path, struct owner_lock *lock, struct reason *reason)
{
    struct owner_lock taken = {.lock_file = -1, .database_file = -1};
    TRY(folder_make_for(path, reason));
    TRY(path_resolve(path, taken.path, reason));
    if (strlen(taken.path) + sizeof("-catalog-journal") > sizeof(taken.path))
        return reason_set(reason, STATUS_INVALID, "the path of the database has %zu bytes",
                          strlen(taken.path));
    enum status status = lock_both(&taken, reason);
    if (status != STATUS_OK) {
        owner_lock_release(&taken);
        return status;
    }
    owner_write(taken.lock_file);
    *lock = taken;
    return STATUS_OK;
}

void owner_lock_release(struct owner_lock *lock)
{
    if (lock->database_file >= 0)
        check(close(lock->database_file) == 0);
    if (lock->lock_file >= 0)
        check(close(lock->lock_file) == 0);
    lock->lock_file = lock->database_file = -1;
}
