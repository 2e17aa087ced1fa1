#include "settings/settings.h"

#include "base/arena.h"
#include "base/secret.h"
#include "settings/ini_file.h"
#include "settings/table.h"

#include <inttypes.h>
#include <stdio.h>

/* All texts together: a file, and the environment's values. */
#define SETTINGS_BYTES_MAX (256 * 1024)

/* A value written by settings_write must fit a line of the file with the longest name. */
#define VALUE_BYTES_MAX (INI_LINE_BYTES_MAX - INI_NAME_BYTES_MAX - 3)

/* Typing mistakes in the name of an environment variable are this near to what was meant. Others
 * are left alone: container platforms make TRENDGATE_PORT and the like for a service called so. */
#define VARIABLE_DISTANCE_MAX 2

#define WHERE_ALL_ARE "`trendgate config show --commented` lists all settings"

struct opening {
    struct settings *settings;
    unsigned set_in_line[SETTING_COUNT]; /* 0: not in the file */
};

static void *member(struct settings *settings, const struct setting *setting)
{
    return (char *)settings + setting->offset;
}

static const void *member_read(const struct settings *settings, const struct setting *setting)
{
    return (const char *)settings + setting->offset;
}

static enum status boolean_read(struct text value, bool *meant, struct reason *reason)
{
    static const char *const words[][2] = {{"false", "true"}, {"off", "on"}, {"no", "yes"}};
    for (size_t i = 0; i < LENGTH_OF(words); i++)
        for (size_t k = 0; k < 2; k++)
            if (text_equals_ignoring_case(value, text_of(words[i][k]))) {
                *meant = k == 1;
                return STATUS_OK;
            }
    return reason_set(reason, STATUS_INVALID, "write true or false");
}

static enum status integer_read(const struct setting *setting, struct text value,
                                int64_t *meant, struct reason *reason)
{
    int64_t number;
    if (text_read_integer(value, &number) != STATUS_OK || number < setting->least ||
        number > setting->most)
        return reason_set(reason, STATUS_INVALID,
                          "write a whole number from %" PRId64 " to %" PRId64, setting->least,
                          setting->most);
    *meant = number;
    return STATUS_OK;
}

/* What a line of an ini file cannot carry must not enter through the environment either. */
static bool is_one_line(struct text value)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == '\x7F' ||
            (value.at[i] == ';' && (i == 0 || value.at[i - 1] == ' ')))
            return false;
    return value.length <= VALUE_BYTES_MAX && text_is_utf8(value) &&
           text_trim(value).length == value.length;
}

static enum status text_value_read(const struct setting *setting, struct text value,
                                   struct arena *memory, struct text *meant,
                                   struct reason *reason)
{
    if (!is_one_line(value))
        return reason_set(reason, STATUS_INVALID,
                          "write at most %d bytes of UTF-8, without control characters, blanks "
                          "around it or a ' ;' inside",
                          VALUE_BYTES_MAX);
    if (setting->form)
        TRY(setting->form(value, reason));
    *meant = arena_copy(memory, value);
    check(meant->at);
    return STATUS_OK;
}

static enum status setting_assign(struct settings *settings, const struct setting *setting,
                                  struct text value, struct reason *reason)
{
    void *place = member(settings, setting);
    switch (setting->type) {
    case SETTING_TEXT: return text_value_read(setting, value, settings->memory, place, reason);
    case SETTING_INTEGER: return integer_read(setting, value, place, reason);
    case SETTING_BOOLEAN: return boolean_read(value, place, reason);
    }
    check(false);
}

static enum status section_check(struct text section, struct reason *reason)
{
    const char *nearest = NULL;
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        struct text known = text_of(setting_table[i].section);
        unsigned edits = text_distance(section, known);
        if (text_equals(section, known))
            return STATUS_OK;
        if (edits < least && text_is_slip(edits, known)) {
            least = edits;
            nearest = known.at;
        }
    }
    if (nearest)
        return reason_set(reason, STATUS_INVALID,
                          "there is no section [%.*s]; did you mean [%s]?", TEXT_PRINT(section),
                          nearest);
    return reason_set(reason, STATUS_INVALID, "there is no section [%.*s]; " WHERE_ALL_ARE,
                      TEXT_PRINT(section));
}

/* The row of that section and name. Otherwise NULL and, through nearest, the row of the section
 * that was most likely meant, or NULL too. */
static const struct setting *setting_find(struct text section, struct text name,
                                          const struct setting **nearest)
{
    unsigned least = UINT32_MAX;
    *nearest = NULL;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];
        if (!text_equals(section, text_of(row->section)))
            continue;
        if (text_equals(name, text_of(row->name)))
            return row;
        unsigned edits = ini_name_distance(name, text_of(row->name));
        if (edits < least && text_is_slip(edits, text_of(row->name))) {
            least = edits;
            *nearest = row;
        }
    }
    return NULL;
}

static enum status name_refuse(const struct ini_entry *entry, const struct setting *nearest,
                               struct reason *reason)
{
    if (nearest)
        return reason_set(reason, STATUS_INVALID, "[%.*s] has no %.*s; did you mean %s?",
                          TEXT_PRINT(entry->section), TEXT_PRINT(entry->name), nearest->name);
    return reason_set(reason, STATUS_INVALID, "[%.*s] has no %.*s; " WHERE_ALL_ARE,
                      TEXT_PRINT(entry->section), TEXT_PRINT(entry->name));
}

/* A value for a sentence: without what is secret in it. */
static const char *shown(const struct settings *settings, struct text value)
{
    char *copy = (char *)(uintptr_t)arena_copy(settings->memory, value).at;
    if (!copy)
        return "...";
    secret_mask(copy);
    return copy;
}

static enum status member_assign(struct opening *opening, const struct ini_entry *entry,
                                 struct reason *reason)
{
    const struct setting *nearest;
    const struct setting *row = setting_find(entry->section, entry->name, &nearest);
    if (!row)
        return name_refuse(entry, nearest, reason);
    unsigned *set_in_line = &opening->set_in_line[row - setting_table];
    if (*set_in_line > 0)
        return reason_set(reason, STATUS_INVALID, "%s is set in line %u already", row->name,
                          *set_in_line);
    *set_in_line = entry->line;
    struct reason fault = {0};
    enum status status = setting_assign(opening->settings, row, entry->value, &fault);
    if (status != STATUS_OK)
        return reason_set(reason, status, "%s = %s: %s", row->name,
                          shown(opening->settings, entry->value), fault.sentence);
    return STATUS_OK;
}

static enum status entry_visit(void *owner, const struct ini_entry *entry,
                               struct reason *reason)
{
    switch (entry->kind) {
    case INI_SECTION_BEGIN: return section_check(entry->section, reason);
    case INI_MEMBER: return member_assign(owner, entry, reason);
    case INI_SECTION_END: return STATUS_OK;
    }
    check(false);
}

static enum status file_read(const char *file, struct settings *settings, struct reason *reason)
{
    struct text bytes;
    TRY(ini_load(file, settings->memory, &bytes, reason));
    struct opening opening = {.settings = settings};
    struct ini_visitor visitor = {.visit = entry_visit, .owner = &opening};
    return ini_read(bytes, text_of(file), &visitor, reason);
}

static bool is_variable_of(const struct setting *setting, struct text variable)
{
    char room[VARIABLE_BYTES_MAX];
    return text_equals(variable, setting_variable(setting, room)) ||
           (setting->short_variable && text_equals(variable, text_of(setting->short_variable)));
}

static enum status nearby_refuse(struct text variable, struct reason *reason)
{
    if (text_equals(variable, TEXT("TRENDGATE_CONFIG")))
        return STATUS_OK;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char room[VARIABLE_BYTES_MAX];
        struct text known = setting_variable(&setting_table[i], room);
        if (text_distance(variable, known) <= VARIABLE_DISTANCE_MAX)
            return reason_set(reason, STATUS_INVALID,
                              "environment: there is no %.*s; did you mean %.*s?",
                              TEXT_PRINT(variable), TEXT_PRINT(known));
    }
    return STATUS_OK;
}

static enum status variable_assign(struct settings *settings, struct text variable,
                                   struct text value, const char **set_by,
                                   struct reason *reason)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];
        if (!is_variable_of(row, variable))
            continue;
        if (set_by[i])
            return reason_set(reason, STATUS_CONFLICT,
                              "environment: %.*s and its other name are both set; set one",
                              TEXT_PRINT(variable));
        set_by[i] = variable.at;
        struct reason fault = {0};
        enum status status = setting_assign(settings, row, value, &fault);
        if (status != STATUS_OK)
            return reason_set(reason, status, "environment: %.*s=%s: %s", TEXT_PRINT(variable),
                              shown(settings, value), fault.sentence);
        return STATUS_OK;
    }
    return nearby_refuse(variable, reason);
}

static enum status environment_read(char *const *environment, struct settings *settings,
                                    struct reason *reason)
{
    const char *set_by[SETTING_COUNT] = {0};
    for (; environment && *environment; environment++) {
        struct text value = text_of(*environment);
        struct text variable = text_cut(&value, '=');
        if (text_starts_with(variable, TEXT("TRENDGATE_")))
            TRY(variable_assign(settings, variable, value, set_by, reason));
    }
    return STATUS_OK;
}

static enum status layers_read(const char *file, char *const *environment,
                               struct settings *settings, struct reason *reason)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        TRY(setting_assign(settings, &setting_table[i], text_of(setting_table[i].initial),
                           reason));
    if (file)
        TRY(file_read(file, settings, reason));
    return environment_read(environment, settings, reason);
}

enum status settings_open(const char *file, char *const *environment, struct settings *settings,
                          struct reason *reason)
{
    struct settings opened = {.memory = memory_take(sizeof(*opened.memory))};
    arena_init(opened.memory, SETTINGS_BYTES_MAX);
    enum status status = layers_read(file, environment, &opened, reason);
    if (status == STATUS_OK)
        *settings = opened;
    else
        settings_close(&opened);
    return status;
}

const struct source_settings *settings_source(const struct settings *settings, const char *name)
{
    const struct {
        const char *name;
        const struct source_settings *of;
    } named[] = {{"sample", &settings->sample},
                 {"file", &settings->file},
                 {"creative-center", &settings->creative_center},
                 {"creative-one", &settings->creative_one},
                 {"business-api", &settings->business_api}};
    for (size_t i = 0; i < LENGTH_OF(named); i++)
        if (strcmp(named[i].name, name) == 0)
            return named[i].of;
    return NULL;
}

void settings_close(struct settings *settings)
{
    if (!settings->memory)
        return;
    arena_finish(settings->memory);
    free(settings->memory);
    *settings = (struct settings){0};
}

bool settings_database_is_postgres(struct text database_url)
{
    return text_starts_with(database_url, TEXT("postgresql://")) ||
           text_starts_with(database_url, TEXT("postgres://"));
}

#define SQLITE_SCHEME TEXT("sqlite:")

enum status settings_database_check(struct text database_url, struct reason *reason)
{
    static const char form[] = "write sqlite:PATH, such as sqlite:./var/trendgate.db, or "
                               "postgresql://USER@HOST:PORT/NAME";
    if (settings_database_is_postgres(database_url))
        return STATUS_OK;
    struct text path = text_slice(database_url, SQLITE_SCHEME.length, database_url.length);
    if (!text_starts_with(database_url, SQLITE_SCHEME) || path.length == 0)
        return reason_set(reason, STATUS_INVALID, "%s", form);
    if (text_equals(path, TEXT(":memory:")))
        return reason_set(reason, STATUS_INVALID,
                          "a database in memory would be gone with each command; %s", form);
    return STATUS_OK;
}

enum status settings_sqlite_path(struct text database_url, struct text *path,
                                 struct reason *reason)
{
    static const char form[] = "write sqlite:PATH, such as sqlite:./var/trendgate.db";
    TRY(settings_database_check(database_url, reason));
    if (settings_database_is_postgres(database_url))
        return reason_set(
            reason, STATUS_INVALID,
            "this is for a database in a file alone, PostgreSQL has its own tools; "
            "%s",
            form);
    *path = text_slice(database_url, SQLITE_SCHEME.length, database_url.length);
    return STATUS_OK;
}

enum status settings_database_address(struct text database_url, struct text *address,
                                      struct reason *reason)
{
    if (!settings_database_is_postgres(database_url))
        return settings_sqlite_path(database_url, address, reason);
    *address = database_url;
    return STATUS_OK;
}

static void value_write(const struct settings *settings, const struct setting *setting,
                        struct buffer *out)
{
    const void *place = member_read(settings, setting);
    switch (setting->type) {
    case SETTING_TEXT:
        buffer_append(out, text_of(shown(settings, *(const struct text *)place)));
        return;
    case SETTING_INTEGER: buffer_append_integer(out, *(const int64_t *)place); return;
    case SETTING_BOOLEAN:
        buffer_append(out, *(const bool *)place ? TEXT("true") : TEXT("false"));
        return;
    }
    check(false);
}

static void range_write(const struct setting *setting, struct buffer *out)
{
    switch (setting->type) {
    case SETTING_TEXT: buffer_append_format(out, "%s", setting->range); return;
    case SETTING_INTEGER:
        buffer_append_format(out, "%" PRId64 " to %" PRId64, setting->least, setting->most);
        return;
    case SETTING_BOOLEAN: buffer_append_format(out, "True or false"); return;
    }
    check(false);
}

static void comment_write(const struct setting *setting, struct buffer *out)
{
    char room[VARIABLE_BYTES_MAX];
    struct text variable = setting_variable(setting, room);
    buffer_append_format(out, "\n# %s\n# ", setting->sentence);
    range_write(setting, out);
    buffer_append_format(
        out, ". Default: %s.\n# Environment: ", *setting->initial ? setting->initial : "empty");
    if (setting->short_variable)
        buffer_append_format(out, "%s or ", setting->short_variable);
    buffer_append(out, variable);
    buffer_append_byte(out, '\n');
}

static const char opening_comment[] =
    "# Settings of trendgate. This file is what `trendgate config show --commented` prints "
    "where\n"
    "# nothing is set: every setting with its default.\n"
    "#\n"
    "# The command line is stronger than the environment, the environment stronger than the "
    "file.\n"
    "# A value ends with its line, or at a ';' after a blank. A name that does not exist is\n"
    "# refused here; so is a TRENDGATE_ variable that is a letter or two off a name below.\n";

void settings_write(const struct settings *settings, bool commented, struct buffer *out)
{
    const char *section = "";
    if (commented)
        buffer_append(out, text_of(opening_comment));
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *row = &setting_table[i];
        bool begins = !text_equals(text_of(section), text_of(row->section));
        if (begins)
            buffer_append_format(out, "%s[%s]\n", i > 0 || commented ? "\n" : "", row->section);
        section = row->section;
        if (commented)
            comment_write(row, out);
        buffer_append_format(out, "%s =", row->name);
        size_t before = out->length;
        buffer_append_byte(out, ' ');
        value_write(settings, row, out);
        if (out->length == before + 1)
            out->length = before;
        buffer_append_byte(out, '\n');
    }
}

static void member_write_json(const struct settings *settings, const struct setting *setting,
                              struct text name, struct json_writer *writer)
{
    const void *place = member_read(settings, setting);
    switch (setting->type) {
    case SETTING_TEXT:
        json_member_text(writer, name, text_of(shown(settings, *(const struct text *)place)));
        return;
    case SETTING_INTEGER: json_member_integer(writer, name, *(const int64_t *)place); return;
    case SETTING_BOOLEAN: json_member_boolean(writer, name, *(const bool *)place); return;
    }
    check(false);
}

void settings_write_json(const struct settings *settings, struct json_writer *writer)
{
    json_object_open(writer);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        char name[VARIABLE_BYTES_MAX];
        int length = snprintf(name, sizeof(name), "%s.%s", setting_table[i].section,
                              setting_table[i].name);
        check(length > 0 && length < (int)sizeof(name));
        member_write_json(settings, &setting_table[i], (struct text){name, (size_t)length},
                          writer);
    }
    json_object_close(writer);
}
