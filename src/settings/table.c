#include "settings/table.h"

#include "settings/forms.h"

#include <stdio.h>

#define AT(member) offsetof(struct settings, member)
#define IN(source, member) (AT(source) + offsetof(struct source_settings, member))
#define A_DAY_MS INT64_C(86400000)

/* Of each source that is asked over HTTP: what it needs differs, how it is limited does not. */
/* clang-format off */
#define SOURCE_ROWS(section, source, url) \
    {section, "enabled", NULL, SETTING_BOOLEAN, IN(source, enabled), 0, 0, "false", NULL, NULL, \
     "Whether lists are fetched from it."}, \
    {section, "base_url", NULL, SETTING_TEXT, IN(source, base_url), 0, 0, url, form_base_url, \
     "http:// or https:// with a host, and a path where there is one", \
     "What the paths of its requests are added to."}, \
    {section, "headers_file", NULL, SETTING_TEXT, IN(source, headers_file), 0, 0, "", NULL, \
     "A path; empty for none", \
     "Your own request headers for it, 'name: value' one a line, such as those of your session."}, \
    {section, "access_token_file", NULL, SETTING_TEXT, IN(source, access_token_file), 0, 0, "", \
     NULL, "A path; empty for none", \
     "The access token of your application, alone in a file."}, \
    {section, "advertiser_id", NULL, SETTING_TEXT, IN(source, advertiser_id), 0, 0, "", NULL, \
     "Digits; empty for none", \
     "The advertiser that it is asked for."}, \
    {section, "requests_per_minute", NULL, SETTING_INTEGER, IN(source, requests_per_minute), 1, \
     6000, "20", NULL, NULL, \
     "The most requests in any 60 seconds, of all collectors on this database together."}, \
    {section, "concurrency", NULL, SETTING_INTEGER, IN(source, concurrency), 1, 16, "2", NULL, \
     NULL, \
     "Requests of one collector that may be under way at once."}, \
    {section, "daily_budget", NULL, SETTING_INTEGER, IN(source, daily_budget), 1, 1000000, \
     "2000", NULL, NULL, \
     "The most requests from 00:00 UTC on, of all collectors together."}, \
    {section, "timeout_s", NULL, SETTING_INTEGER, IN(source, timeout_s), 1, 120, "20", NULL, NULL, \
     "Seconds that one request may take."}

const struct setting setting_table[SETTING_COUNT] = {
    {"server", "listen", NULL, SETTING_TEXT, AT(listen), 0, 0, "127.0.0.1:8080", form_listen,
     "ADDRESS:PORT",
     "Where calls are answered; port 0 picks a free one."},
    {"server", "admin_listen", NULL, SETTING_TEXT, AT(admin_listen), 0, 0, "",
     form_listen_or_nothing, "ADDRESS:PORT; empty for none",
     "Where /metrics is answered, to anybody who can reach it."},
    {"server", "threads", NULL, SETTING_INTEGER, AT(threads), 0, 256, "0", NULL, NULL,
     "Threads that answer calls; 0 for one a core."},
    {"server", "trusted_proxies", NULL, SETTING_TEXT, AT(trusted_proxies), 0, 0, "", form_networks,
     "Addresses and networks parted by commas; empty for none",
     "Proxies whose X-Forwarded-For header is believed."},
    {"server", "public_url", NULL, SETTING_TEXT, AT(public_url), 0, 0, "", form_public_url,
     "https://HOST; empty for the address listened on",
     "How customers reach this service, for the addresses that it prints."},
    {"server", "access_log", NULL, SETTING_BOOLEAN, AT(access_log), 0, 0, "true", NULL, NULL,
     "Whether each answer leaves a line on standard error."},
    {"server", "request_line_bytes", NULL, SETTING_INTEGER, AT(request_line_bytes), 256, 65536,
     "8192", NULL, NULL,
     "The longest request line; a longer one is answered 414."},
    {"server", "fields_bytes", NULL, SETTING_INTEGER, AT(fields_bytes), 1024, 262144, "32768",
     NULL, NULL,
     "All header lines of a request together; more are answered 431."},
    {"server", "fields", NULL, SETTING_INTEGER, AT(fields), 8, 1000, "100", NULL, NULL,
     "How many header lines a request may have; more are answered 431."},
    {"server", "body_bytes", NULL, SETTING_INTEGER, AT(body_bytes), 0, 524288, "65536", NULL, NULL,
     "The longest request body; a longer one is answered 413."},
    {"server", "connections", NULL, SETTING_INTEGER, AT(connections), 1, 1000000, "10000", NULL,
     NULL,
     "Open connections; one more is answered 503."},
    {"server", "connections_per_address", NULL, SETTING_INTEGER, AT(connections_per_address), 1,
     1000000, "1000", NULL, NULL,
     "Open connections of one address; raise it behind a proxy."},
    {"server", "head_timeout_ms", NULL, SETTING_INTEGER, AT(head_timeout_ms), 10, A_DAY_MS,
     "10000", NULL, NULL,
     "From the first byte of a request to the end of its headers."},
    {"server", "body_timeout_ms", NULL, SETTING_INTEGER, AT(body_timeout_ms), 10, A_DAY_MS,
     "30000", NULL, NULL,
     "From the end of the headers to the end of the body."},
    {"server", "idle_timeout_ms", NULL, SETTING_INTEGER, AT(idle_timeout_ms), 10, A_DAY_MS,
     "75000", NULL, NULL,
     "How long a connection may rest between two requests."},
    {"server", "write_timeout_ms", NULL, SETTING_INTEGER, AT(write_timeout_ms), 10, A_DAY_MS,
     "30000", NULL, NULL,
     "How long a client may take none of an answer's bytes."},
    {"server", "stop_timeout_ms", NULL, SETTING_INTEGER, AT(stop_timeout_ms), 0, A_DAY_MS,
     "10000", NULL, NULL,
     "How long a stop waits for the answers in flight."},
    {"server", "stop_idle_ms", NULL, SETTING_INTEGER, AT(stop_idle_ms), 0, A_DAY_MS, "0", NULL,
     NULL,
     "How long a stop leaves resting connections open before that; longer than a proxy keeps them."},
    {"database", "url", "TRENDGATE_DATABASE", SETTING_TEXT, AT(database_url), 0, 0,
     "sqlite:./var/trendgate.db", settings_database_check,
     "sqlite:PATH or postgresql://USER@HOST:PORT/NAME",
     "Where accounts and keys are kept; the lists stand beside it, in PATH-catalog, or in the same database of PostgreSQL."},
    {"plans", "file", "TRENDGATE_PLANS", SETTING_TEXT, AT(plans_file), 0, 0, "", NULL,
     "A path; empty for the plans built into the program",
     "The plans on sale and what each endpoint costs."},
    {"catalog", "cache_mb", NULL, SETTING_INTEGER, AT(cache_mb), 1, 1048576, "256", NULL, NULL,
     "Megabytes of rendered lists that are kept in memory."},
    {"catalog", "ttl_hours", NULL, SETTING_INTEGER, AT(ttl_hours), 1, 87600, "24", NULL, NULL,
     "Hours after its capture in which a list counts as fresh."},
    {"catalog", "retention_days", NULL, SETTING_INTEGER, AT(retention_days), 0, 36500, "0", NULL,
     NULL,
     "Days that snapshots are kept, but for the newest of each list; 0 keeps all."},
    {"payment", "grace_days", NULL, SETTING_INTEGER, AT(grace_days), -1, 365, "14", NULL, NULL,
     "Days after a period's end in which its invoice is to be paid before calls are refused; -1 "
     "refuses none."},
    {"source.sample", "enabled", NULL, SETTING_BOOLEAN, AT(sample.enabled), 0, 0, "false", NULL,
     NULL,
     "Whether made-up lists are served where there is no capture."},
    {"source.file", "enabled", NULL, SETTING_BOOLEAN, AT(file.enabled), 0, 0, "false", NULL, NULL,
     "Whether captures are read from a folder, each file once and again when it changes."},
    {"source.file", "folder", NULL, SETTING_TEXT, AT(file.folder), 0, 0, "", NULL,
     "A path; empty for none",
     "The folder: put a capture there by renaming it into it, so that none is read half-written."},
    SOURCE_ROWS("source.creative-center", creative_center, "https://ads.tiktok.com"),
    SOURCE_ROWS("source.creative-one", creative_one, "https://ads.tiktok.com"),
    SOURCE_ROWS("source.business-api", business_api, "https://business-api.tiktok.com"),
    {"console", "sign_up", NULL, SETTING_TEXT, AT(console_sign_up), 0, 0, "closed", form_open_or_closed,
     "open or closed",
     "Whether anybody may make an account at /console/signup."},
    {"console", "insecure_cookie", NULL, SETTING_BOOLEAN, AT(insecure_cookie), 0, 0, "false", NULL,
     NULL,
     "Whether sessions go over plain HTTP; for development on localhost alone."},
    {"collect", "countries", NULL, SETTING_TEXT, AT(collect_countries), 0, 0, "", form_countries,
     "Codes such as US,MY parted by commas, ALL for the global list; every for all; empty for none",
     "Countries whose lists are fetched unasked; others are once a call asks for them."},
    {"collect", "periods", NULL, SETTING_TEXT, AT(collect_periods), 0, 0, "7,30,120", form_periods,
     "Of 7, 30 and 120, parted by commas",
     "The periods of those lists, in days."},
};
/* clang-format on */

struct text setting_variable(const struct setting *setting, char *room)
{
    int length = snprintf(room, VARIABLE_BYTES_MAX, "TRENDGATE_%s_%s", setting->section,
                          setting->name);
    check(length > 0 && length < VARIABLE_BYTES_MAX);
    for (char *byte = room; *byte; byte++)
        *byte = *byte == '.' || *byte == '-'   ? '_'
                : *byte >= 'a' && *byte <= 'z' ? (char)(*byte - ('a' - 'A'))
                                               : *byte;
    return (struct text){room, (size_t)length};
}
