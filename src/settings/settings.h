/* settings: everything an operator can set, in one table.
 *
 * Each row of the table in table.c is a section, a name, a type with its range, a default and
 * a sentence; reading the file and the environment, `config show`, `config check` and
 * etc/trendgate.ini all come from it. Frozen after settings_open; any thread.
 *
 * Order of strength: command line, environment (TRENDGATE_ + SECTION + _ + NAME, '.' and '-' as '_';
 * TRENDGATE_DATABASE and TRENDGATE_PLANS for short), file, default. */
#pragma once

#include "base/json_write.h"
#include "base/reason.h"

/* [source.NAME]. What a source has no use for cannot be set, and is empty or 0. */
struct source_settings {
    bool enabled;
    struct text folder; /* empty: none */
    struct text base_url;
    struct text headers_file, access_token_file; /* paths; empty: none */
    struct text advertiser_id;
    int64_t requests_per_minute, concurrency, daily_budget, timeout_s;
};

struct settings {
    /* [server] */
    struct text listen;
    struct text admin_listen; /* empty: none */
    int64_t threads;          /* 0: one a core */
    struct text trusted_proxies;
    struct text public_url;
    bool access_log;
    int64_t request_line_bytes, fields_bytes, fields, body_bytes;
    int64_t connections, connections_per_address;
    int64_t head_timeout_ms, body_timeout_ms, idle_timeout_ms;
    int64_t write_timeout_ms, stop_timeout_ms, stop_idle_ms;
    /* [database] */
    struct text database_url;
    /* [plans] */
    struct text plans_file; /* empty: the built-in ones, those of etc/plans.ini */
    /* [catalog] */
    int64_t cache_mb;
    int64_t ttl_hours;
    int64_t retention_days; /* 0: all is kept */
    /* [payment] */
    int64_t grace_days; /* -1: unpaid invoices suspend nobody */
    struct source_settings sample, file, creative_center, creative_one, business_api;
    /* [console] */
    struct text console_sign_up; /* "open" or "closed" */
    bool insecure_cookie;
    /* [collect] */
    struct text collect_countries; /* codes parted by commas; "every"; empty: none */
    struct text collect_periods;   /* days parted by commas */

    struct arena *memory; /* owns the texts */
};

/* Of [source.NAME], name being "creative-center" and such; NULL: none is called so. */
const struct source_settings *settings_source(const struct settings *settings,
                                              const char *name);

/* file: NULL for none. environment: as environ. A fault names the file, the line (or the
 * environment variable) and the reason. */
enum status settings_open(const char *file, char *const *environment, struct settings *settings,
                          struct reason *reason);
void settings_close(struct settings *settings);

/* The settings in force as an ini file, passwords in URLs as "***"; commented: with each row's sentence, range and default, as
 * etc/trendgate.ini is. */
void settings_write(const struct settings *settings, bool commented, struct buffer *out);

/* The same as one JSON object with members such as "server.listen". */
void settings_write_json(const struct settings *settings, struct json_writer *writer);

/* Whether it is of a form that is known: "sqlite:PATH" or "postgresql://...". STATUS_INVALID: the reason
 * says which are, and never what was written: that may hold a password. */
enum status settings_database_check(struct text database_url, struct reason *reason);

bool settings_database_is_postgres(struct text database_url);

/* "sqlite:PATH" as its PATH, for whoever needs a file. STATUS_INVALID: another form. */
enum status settings_sqlite_path(struct text database_url, struct text *path,
                                 struct reason *reason);

/* The same for whoever opens the ledger: a path, or the whole address of PostgreSQL. */
enum status settings_database_address(struct text database_url, struct text *address,
                                      struct reason *reason);
