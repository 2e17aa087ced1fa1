#include "cli/table.h"

#include <stdio.h>
#include <unistd.h>

#define CELL_BYTES_MAX 1024 /* the longest member, a name, has 200 bytes */
#define GAP 2               /* blanks between columns */

static bool is_for_people(const struct cli_context *context)
{
    return !context->json && isatty(STDOUT_FILENO);
}

/* Characters, not bytes; wide ones count as one, and then a column is a little off. */
static size_t width_of(struct text cell)
{
    size_t width = 0;
    for (size_t i = 0; i < cell.length; i++)
        width += ((unsigned char)cell.at[i] & 0xC0) != 0x80;
    return width;
}

/* "created_at" as CREATED AT. */
static struct text heading_of(const char *member, char room[CELL_BYTES_MAX])
{
    size_t length = strlen(member);
    check(length < CELL_BYTES_MAX);
    for (size_t i = 0; i < length; i++)
        room[i] = member[i] == '_'                       ? ' '
                  : member[i] >= 'a' && member[i] <= 'z' ? (char)(member[i] - 'a' + 'A')
                                                         : member[i];
    return (struct text){room, length};
}

static struct text cell_of(const json_t *object, const char *member, char room[CELL_BYTES_MAX])
{
    struct buffer cell;
    buffer_init_on(&cell, room, CELL_BYTES_MAX);
    cli_write_member(object, member, &cell);
    return buffer_text(&cell);
}

static void cell_print(struct text cell, size_t width, bool is_last)
{
    (void)fwrite(cell.at, 1, cell.length, stdout);
    size_t blanks = width + GAP - width_of(cell);
    (void)printf("%*s", is_last ? 0 : (int)blanks, "");
}

static void widen(size_t *width, struct text cell)
{
    size_t wanted = width_of(cell);
    if (*width < wanted)
        *width = wanted;
}

static void widths_grow(struct cli_table *table, const json_t *rows)
{
    char room[CELL_BYTES_MAX];
    for (size_t k = 0; k < table->count; k++) {
        widen(&table->widths[k], heading_of(table->members[k], room));
        for (size_t i = 0; i < json_array_size(rows); i++)
            widen(&table->widths[k], cell_of(json_array_get(rows, i), table->members[k], room));
    }
}

static void line_print(const struct cli_table *table, const json_t *row)
{
    char room[CELL_BYTES_MAX];
    for (size_t k = 0; k < table->count; k++) {
        struct text cell = row ? cell_of(row, table->members[k], room)
                               : heading_of(table->members[k], room);
        cell_print(cell, table->widths[k], k + 1 == table->count);
    }
    cli_print(TEXT(""));
}

void cli_table_print(struct cli_table *table, const struct cli_context *context,
                     const json_t *rows)
{
    check(table->count <= CLI_COLUMNS_MAX);
    if (!is_for_people(context)) {
        for (size_t i = 0; i < json_array_size(rows); i++)
            cli_print_members(context, json_array_get(rows, i), table->members, table->count);
        return;
    }
    widths_grow(table, rows);
    if (!table->has_header)
        line_print(table, NULL);
    table->has_header = true;
    for (size_t i = 0; i < json_array_size(rows); i++)
        line_print(table, json_array_get(rows, i));
}

void cli_print_object(const struct cli_context *context, const json_t *object,
                      const char *const *members, size_t count)
{
    if (!is_for_people(context)) {
        cli_print_members(context, object, members, count);
        return;
    }
    char room[CELL_BYTES_MAX];
    size_t width = 0;
    for (size_t k = 0; k < count; k++)
        widen(&width, heading_of(members[k], room));
    for (size_t k = 0; k < count; k++) {
        cell_print(heading_of(members[k], room), width, false);
        cli_print(cell_of(object, members[k], room));
    }
}
