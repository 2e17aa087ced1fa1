/* table: THE settings table, one row a setting.
 *
 * Reading, showing and the shipped file all come from these rows; a new setting is a new row and
 * a new member of struct settings. Frozen. */
#pragma once

#include "settings/settings.h"

enum setting_type { SETTING_TEXT, SETTING_INTEGER, SETTING_BOOLEAN };

struct setting {
    const char *section;
    const char *name;
    const char *short_variable; /* beside TRENDGATE_SECTION_NAME, or NULL */
    enum setting_type type;
    size_t offset;       /* of the member of struct settings */
    int64_t least, most; /* of an integer */
    const char *initial; /* as written in a file */
    enum status (*form)(struct text value, struct reason *reason); /* of a text, or NULL */
    const char *range;    /* in words; NULL where type, least and most say it */
    const char *sentence; /* what it is for */
};

#define SETTING_COUNT 58
extern const struct setting setting_table[SETTING_COUNT];

/* The longest name of an environment variable with its NUL. */
#define VARIABLE_BYTES_MAX 80

/* TRENDGATE_SECTION_NAME, '.' and '-' as '_', into at least VARIABLE_BYTES_MAX bytes. */
struct text setting_variable(const struct setting *setting, char *room);
