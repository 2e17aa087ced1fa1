#include "console/console.h"

enum status console_open(struct console *console, const struct time_source *time,
                         bool sign_up_is_open, struct reason *reason)
{
    *console = (struct console){
        .desk = pool_open(1, CONSOLE_DESK_QUEUE_MAX),
        .hashers = pool_open(CONSOLE_HASH_THREADS, CONSOLE_HASH_QUEUE_MAX),
        .limits = limits_open(time),
        .sign_up_is_open = sign_up_is_open};
    if (console->desk && console->hashers)
        return STATUS_OK;
    return reason_set(reason, STATUS_IO, "the system has no threads left for the console");
}

void console_close(struct console *console)
{
    if (console->desk)
        pool_close(console->desk);
    if (console->hashers)
        pool_close(console->hashers);
    limits_close(console->limits);
    *console = (struct console){.desk = NULL};
}
