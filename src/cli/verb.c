#include "cli/verb.h"

#include "api/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define RECORD_BYTES_MAX (64 * 1024) /* the longest account with every byte escaped is 4 KB */

/* A path that was mistyped would otherwise leave an empty database behind, and "there is no
 * account" would be all that is said. */
static enum status database_is_there(struct text path, struct reason *reason)
{
    char name[PATH_BYTES_MAX];
    int length = snprintf(name, sizeof(name), "%.*s", TEXT_PRINT(path));
    if (length < (int)sizeof(name) && access(name, F_OK) != 0 && errno == ENOENT)
        return reason_set(
            reason, STATUS_MISSING,
            "there is no database at %s: `trendgate serve` and `trendgate account "
            "create` make one",
            name);
    return STATUS_OK;
}

/* What the documents name too: the public URL, or else where the server listens. */
static struct text base_url(struct cli_context *context, const struct settings *settings)
{
    if (settings->public_url.length > 0)
        return settings->public_url;
    int length = snprintf(context->base_url, sizeof(context->base_url), "http://%.*s",
                          TEXT_PRINT(settings->listen));
    check(length > 0 && length < (int)sizeof(context->base_url));
    return text_of(context->base_url);
}

enum status cli_admin_open(struct cli_context *context, struct admin **admin,
                           struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    struct admin_options options = {.plans_file = settings->plans_file,
                                    .known_operations = priced_operations,
                                    .time = context->time,
                                    .base_url = base_url(context, settings)};
    TRY(settings_database_address(settings->database_url, &options.ledger_path, reason));
    if (!context->makes_database && !settings_database_is_postgres(settings->database_url))
        TRY(database_is_there(options.ledger_path, reason));
    return admin_open(&options, admin, reason);
}

static enum status arguments_write(const struct verb_argument *arguments, size_t count,
                                   struct buffer *written, struct reason *reason)
{
    struct json_writer writer = json_writer_on(written);
    json_object_open(&writer);
    for (size_t i = 0; i < count; i++) {
        struct text value = text_of(arguments[i].value);
        if (!arguments[i].value)
            continue;
        if (!text_is_utf8(value))
            return reason_set(reason, STATUS_INVALID, "the %s is not UTF-8", arguments[i].name);
        json_member_text(&writer, text_of(arguments[i].name), value);
    }
    json_object_close(&writer);
    return STATUS_OK;
}

enum status cli_verb(struct cli_context *context, const char *verb,
                     const struct verb_argument *arguments, size_t count, json_t **result,
                     struct reason *reason)
{
    CLEANUP(buffer_finish) struct buffer written;
    buffer_init(&written, ADMIN_MESSAGE_BYTES_MAX);
    TRY(arguments_write(arguments, count, &written, reason));
    struct admin *admin;
    TRY(cli_admin_open(context, &admin, reason));
    enum status status = admin_call(admin, text_of(verb), buffer_text(&written), result,
                                    reason);
    admin_close(admin);
    return status;
}

static struct text member(const json_t *object, const char *name)
{
    struct text value = TEXT("");
    (void)json_read_text(object, name, &value);
    return value;
}

/* What rotation adds to a new key; absent after other verbs. */
static void rotation_members(struct json_writer *writer, const json_t *result)
{
    static const char *const names[] = {"previous_id", "stops_at"};
    struct text value;
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (json_read_text(result, names[i], &value))
            json_member_text(writer, text_of(names[i]), value);
}

void cli_print_new_key(const struct cli_context *context, const json_t *result)
{
    if (!context->json) {
        cli_print(member(result, "api_key"));
        return;
    }
    CLEANUP(buffer_finish) struct buffer record;
    buffer_init(&record, RECORD_BYTES_MAX);
    struct json_writer writer = json_writer_on(&record);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("api_key"), member(result, "api_key"));
    json_member_text(&writer, TEXT("id"), member(result, "id"));
    rotation_members(&writer, result);
    json_object_close(&writer);
    cli_print(buffer_text(&record));
    explicit_bzero(record.bytes, record.length);
}

void cli_write_member(const json_t *object, const char *name, struct buffer *record)
{
    int64_t number;
    struct text value = member(object, name);
    if (json_read_integer(object, name, &number))
        buffer_append_integer(record, number);
    else
        buffer_append(record, value.length > 0 ? value : TEXT("-"));
}

void cli_print_members(const struct cli_context *context, const json_t *object,
                       const char *const *names, size_t count)
{
    if (context->json) {
        char *written = json_dumps(object, JSON_COMPACT);
        check(written != NULL);
        cli_print(text_of(written));
        free(written);
        return;
    }
    CLEANUP(buffer_finish) struct buffer record;
    buffer_init(&record, RECORD_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(&record, '\t');
        cli_write_member(object, names[i], &record);
    }
    cli_print(buffer_text(&record));
}
