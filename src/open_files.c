#include "open_files.h"

#include "admin.h"
#include "base/log.h"
#include "http/server.h"

#include <errno.h>
#include <sys/resource.h>

/* Databases with their journals and locks, the main loop, standard input, output and error, and
 * what libraries open for a moment: about 30 at most. */
#define FILES_OF_THE_PROGRAM 64

static enum status limit_raise(rlim_t *limit, struct reason *reason)
{
    struct rlimit files;
    check(getrlimit(RLIMIT_NOFILE, &files) == 0);
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &files) != 0)
            return reason_set(reason, STATUS_IO, "cannot raise the limit of open files: %s",
                              strerror(errno));
    }
    *limit = files.rlim_cur;
    return STATUS_OK;
}

enum status open_files_fit(unsigned wanted, unsigned own, unsigned *fitting,
                           struct reason *reason)
{
    rlim_t limit = 0;
    TRY(limit_raise(&limit, reason));
    rlim_t reserve = FILES_OF_THE_PROGRAM + ADMIN_CLIENTS_MAX + HTTP_TURNED_AWAY_MAX +
                     (rlim_t)own;
    if (limit <= reserve)
        return reason_set(reason, STATUS_EXHAUSTED,
                          "the limit of open files is %llu, and the server alone needs %llu: "
                          "raise it (`ulimit -n`, LimitNOFILE= of systemd)",
                          (unsigned long long)limit, (unsigned long long)reserve);
    *fitting = wanted;
    if (limit - reserve >= wanted)
        return STATUS_OK;
    *fitting = (unsigned)(limit - reserve);
    log_line(
        LOG_WARNING, "serve",
        "the limit of open files, %llu, leaves room for %u connections and not for %u: one "
        "more is answered 503. Raise the limit (`ulimit -n`, LimitNOFILE= of systemd) or "
        "set [server] connections to %u",
        (unsigned long long)limit, *fitting, wanted, *fitting);
    return STATUS_OK;
}
