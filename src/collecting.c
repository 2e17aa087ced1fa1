#include "collecting.h"

#include "collector/headers_file.h"
#include "settings/forms.h"

#include <errno.h>
#include <stdio.h>

#define COLLECTING_BYTES_MAX (1024 * 1024) /* headers and tokens of all sources */
#define TOKEN_BYTES_MAX 4096

static void file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static enum status token_read(const char *path, struct arena *memory, struct text *token,
                              struct reason *reason)
{
    FILE *file CLEANUP(file_close) = fopen(path, "rbe");
    if (!file)
        return reason_set(reason, errno == ENOENT ? STATUS_MISSING : STATUS_IO, "%s: %s", path,
                          strerror(errno));
    char room[TOKEN_BYTES_MAX + 1];
    size_t length = fread(room, 1, sizeof(room), file);
    struct text line = {room, length};
    while (line.length > 0 &&
           (line.at[line.length - 1] == '\n' || line.at[line.length - 1] == '\r'))
        line.length--;
    *token = arena_copy(memory, text_trim(line));
    explicit_bzero(room, sizeof(room));
    if (ferror(file))
        return reason_set(reason, STATUS_IO, "%s: it cannot be read", path);
    if (length > TOKEN_BYTES_MAX || text_find(*token, '\n') < token->length)
        return reason_set(reason, STATUS_INVALID,
                          "%s: the file must hold the access token alone, on one line", path);
    return STATUS_OK;
}

static enum status source_read(const struct source_settings *settings,
                               const struct source *source, struct collecting *collecting,
                               struct reason *reason)
{
    struct collector_source *added = &collecting->sources[collecting->source_count];
    struct client_header *headers = NULL;
    *added = (struct collector_source){
        .source = source,
        .options = {.base_url = settings->base_url,
                    .advertiser_id = settings->advertiser_id,
                    .folder = settings->folder},
        .requests_per_minute = settings->requests_per_minute,
        .concurrency = settings->concurrency,
        .daily_budget = settings->daily_budget,
        .timeout = {settings->timeout_s * SECOND_US},
    };
    if (settings->headers_file.length > 0)
        TRY(headers_load(settings->headers_file.at, &collecting->memory, &headers,
                         &added->options.header_count, reason));
    added->options.headers = headers;
    if (settings->access_token_file.length > 0)
        TRY(token_read(settings->access_token_file.at, &collecting->memory,
                       &added->options.access_token, reason));
    struct reason fault = {0};
    if (source->accepts(&added->options, &fault) != STATUS_OK)
        return reason_set(reason, STATUS_INVALID, "[source.%s] %s", source->name,
                          fault.sentence);
    collecting->source_count++;
    return STATUS_OK;
}

static enum status sources_read(const struct settings *settings,
                                const struct collecting_choice *choice,
                                struct collecting *collecting, struct reason *reason)
{
    const char *only = choice->source;
    if (only && !source_find(text_of(only)))
        return reason_set(reason, STATUS_MISSING,
                          "there is no source %s; there are creative-center, creative-one, "
                          "business-api, file and sample",
                          only);
    for (size_t i = 0; sources[i]; i++) {
        const struct source_settings *row = settings_source(settings, sources[i]->name);
        check(row);
        bool is_on = row->enabled || (choice->is_demo && row == &settings->sample);
        if (is_on && (!only || strcmp(only, sources[i]->name) == 0))
            TRY(source_read(row, sources[i], collecting, reason));
    }
    if (only && collecting->source_count == 0)
        return reason_set(reason, STATUS_MISSING,
                          "the source %s is off; set [source.%s] enabled = true", only, only);
    return STATUS_OK;
}

static enum status lists_read(const struct settings *settings,
                              const struct collecting_choice *choice,
                              struct collecting *collecting, struct reason *reason)
{
    bool countries[COUNTRY_COUNT];
    bool periods[PERIOD_COUNT];
    TRY(countries_read(choice->countries ? text_of(choice->countries)
                                         : settings->collect_countries,
                       countries, reason));
    TRY(periods_read(choice->periods ? text_of(choice->periods) : settings->collect_periods,
                     periods, reason));
    for (size_t i = 0; i < LIST_COUNT; i++) {
        struct list_key list = list_key_of_index(i);
        collecting->is_collected[i] = list.industry == INDUSTRY_ALL &&
                                      countries[list.country] && periods[list.period];
    }
    return STATUS_OK;
}

enum status collecting_init(const struct settings *settings,
                            const struct collecting_choice *choice,
                            struct collecting *collecting, struct reason *reason)
{
    *collecting = (struct collecting){0};
    arena_init(&collecting->memory, COLLECTING_BYTES_MAX);
    enum status status = sources_read(settings, choice, collecting, reason);
    if (status == STATUS_OK)
        status = lists_read(settings, choice, collecting, reason);
    if (status != STATUS_OK)
        collecting_finish(collecting);
    return status;
}

void collecting_finish(struct collecting *collecting)
{
    arena_finish(&collecting->memory);
}
