/* serve: the server program: opens every part in order, answers until a signal, closes in reverse.
 *
 * SIGTERM and SIGINT stop it: answers in flight are finished. SIGHUP reads the plan file and the
 * settings again; a file with a fault changes nothing. */
#pragma once

#include "base/instant.h"
#include "settings/settings.h"

#define SERVE_THREADS_MAX 256

struct serve_options {
    const struct settings *settings;
    const char *config_file; /* NULL: none */
    const struct time_source *time;
    bool is_demo;
};

/* Returns after the stop, or with the reason why it could not begin. On the main thread. */
enum status serve(const struct serve_options *options, struct reason *reason);
