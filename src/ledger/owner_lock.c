#include "ledger/owner_lock.h"

#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static enum status refuse(int file, struct text path, struct reason *reason)
{
    char owner[16] = "";
    ssize_t length = pread(file, owner, sizeof(owner) - 1, 0);
    size_t digits = strspn(owner, "0123456789");
    if (length <= 0 || digits == 0)
        return reason_set(reason, STATUS_BUSY, "%.*s is in use by another trendgate",
                          TEXT_PRINT(path));
    return reason_set(reason, STATUS_BUSY, "%.*s is in use by another trendgate, process %.*s",
                      TEXT_PRINT(path), (int)digits, owner);
}

/* Who owns it is told for people only: a failure to write it changes nothing. */
static void owner_write(int file)
{
    char owner[16];
    int length = snprintf(owner, sizeof(owner), "%d\n", (int)getpid());
    bool is_written = ftruncate(file, 0) == 0 &&
                      pwrite(file, owner, (size_t)length, 0) == length;
    (void)is_written;
}

enum status owner_lock_take(struct text path, struct owner_lock *lock, struct reason *reason)
{
    char name[PATH_BYTES_MAX];
    if (path.length == 0 || path.length + sizeof("-catalog-journal") > sizeof(name))
        return reason_set(reason, STATUS_INVALID, "the path of the database has %zu bytes",
                          path.length);
    TRY(folder_make_for(path, reason));
    (void)snprintf(name, sizeof(name), "%.*s.lock", TEXT_PRINT(path));
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return reason_set(reason, STATUS_IO, "cannot open %s: %s", name, strerror(errno));
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK
                                 ? refuse(file, path, reason)
                                 : reason_set(reason, STATUS_IO, "cannot lock %s: %s", name,
                                              strerror(errno));
        check(close(file) == 0);
        return status;
    }
    owner_write(file);
    lock->file = file;
    return STATUS_OK;
}

void owner_lock_release(struct owner_lock *lock)
{
    check(close(lock->file) == 0);
    lock->file = -1;
}
