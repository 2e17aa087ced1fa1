#include "api/docs_parts.h"
#include "call/call.h"
#include "model/ranking.h"

#include <inttypes.h>

/* ---- Parameters ---- */

static void key_row(struct docs_page *page)
{
    docs_row_open(page);
    docs_cell(page, DOCS_CODE, TEXT(KEY_HEADER));
    docs_cell(page, DOCS_WORDS, TEXT("header"));
    docs_cell(page, DOCS_WORDS, TEXT("string"));
    docs_cell(page, DOCS_WORDS, TEXT("Yes"));
    docs_cell(page, DOCS_WORDS, TEXT(""));
    docs_cell(page, DOCS_WORDS, TEXT(""));
    docs_cell(page, DOCS_WORDS, TEXT(KEY_HEADER_WORDS));
    docs_row_close(page);
}

static void choices_write(const struct parameter *parameter, struct buffer *out)
{
    for (size_t i = 0; i < PARAMETER_CHOICES_MAX && parameter->one_of[i] != 0; i++)
        buffer_append_format(out, "%s%" PRId64, i > 0 ? ", " : "", parameter->one_of[i]);
}

static void parameter_row(struct docs_page *page, const struct parameter *parameter)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    struct buffer choices;
    buffer_init_on(&choices, room, sizeof(room));
    choices_write(parameter, &choices);
    check(!choices.overflowed);
    docs_row_open(page);
    docs_cell(page, DOCS_CODE, parameter->name);
    docs_cell(page, DOCS_WORDS, TEXT("query"));
    docs_cell(page, DOCS_WORDS, parameter->type);
    docs_cell(page, DOCS_WORDS, parameter->is_required ? TEXT("Yes") : TEXT("No"));
    docs_cell(page, DOCS_WORDS, buffer_text(&choices));
    docs_cell(page, DOCS_WORDS, parameter->example);
    docs_cell(page, DOCS_WORDS, parameter->description);
    docs_row_close(page);
}

static void absent_cell(struct docs_page *page, const struct parameter *parameter)
{
    switch (parameter->kind) {
    case PARAMETER_CLAMPED:
    case PARAMETER_ONE_OF:
        docs_cell_format(page, DOCS_WORDS, "%" PRId64, parameter->absent);
        return;
    case PARAMETER_TEXT: docs_cell(page, DOCS_WORDS, TEXT("refused")); return;
    case PARAMETER_WORD:
    case PARAMETER_CHOICE:
    case PARAMETER_INSTANT:
    case PARAMETER_KNOWN: docs_cell(page, DOCS_WORDS, parameter->without); return;
    }
    check_failed(__FILE__, __LINE__, "kind is in the list");
}

static void accepted_table(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Name"), TEXT_INITIAL("Absent or empty"),
                                          TEXT_INITIAL("What it takes")};
    const struct endpoint *endpoint = page->endpoint;
    docs_heading(page, TEXT("What is accepted"));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("What each parameter accepts"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_NAMED});
    for (size_t i = 0; i < endpoint->parameter_count; i++) {
        docs_row_open(page);
        docs_cell(page, DOCS_CODE, endpoint->parameters[i].name);
        absent_cell(page, &endpoint->parameters[i]);
        docs_cell(page, DOCS_WORDS, endpoint->parameters[i].refusal);
        docs_row_close(page);
    }
    docs_table_close(page);
    docs_paragraph(page,
                   TEXT("Everything else is refused with `400`, and one answer names every "
                        "fault: a parameter that is not in this table (with the name that was "
                        "probably meant), one that is given twice, a malformed escape. Nothing "
                        "is ever ignored, because that would sell you the wrong list."));
}

void docs_parameters(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Name"),       TEXT_INITIAL("In"),
                                          TEXT_INITIAL("Type"),       TEXT_INITIAL("Required"),
                                          TEXT_INITIAL("Enum"),       TEXT_INITIAL("Example"),
                                          TEXT_INITIAL("Description")};
    const struct endpoint *endpoint = page->endpoint;
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Parameters"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_SHORT});
    key_row(page);
    for (size_t i = 0; i < endpoint->parameter_count; i++)
        parameter_row(page, &endpoint->parameters[i]);
    docs_table_close(page);
    accepted_table(page);
}

/* ---- Authentication ---- */

void docs_authentication(struct docs_page *page)
{
    docs_paragraph(page, TEXT("Send your scraping API key in the x-api-key header. Use the "
                              "console API Keys page to rotate or select the active key."));
    docs_paragraph_format(
        page,
        "A key is `tg_live_` and %d letters and digits. It is read from this header alone, "
        "never "
        "from the address, and is shown once, when it is made: what is kept of it is a hash. A "
        "rotated key works on through its grace, and answers then say in `X-Key-Stops-At` when "
        "it ends. All keys of an account draw on the account's one allowance. Keep keys on "
        "your "
        "server: whoever has one spends your credits.",
        API_KEY_LENGTH - (int)(sizeof("tg_live_") - 1));
}

/* ---- Request and response ---- */

void docs_request_schema(struct docs_page *page)
{
    docs_paragraph(page, TEXT("No body schema"));
}

void docs_example_response(struct docs_page *page)
{
    const struct docs_code block = {.id = TEXT("response"),
                                    .label = TEXT("JSON"),
                                    .language = TEXT("json"),
                                    .code = page->endpoint->answer->example};
    page->face->code(page, &block);
}

/* The examples of the table are JSON; a text is shown without its quotes. */
static struct text unquoted(struct text json)
{
    bool is_text = json.length >= 2 && json.at[0] == '"';
    return is_text ? text_slice(json, 1, json.length - 1) : json;
}

static void bounds_cell(struct docs_page *page, const struct schema_field *field)
{
    const char *parting = field->minimum.length > 0 && field->maximum.length > 0 ? ", " : "";
    docs_cell_format(page, DOCS_WORDS, "%s%.*s%s%s%.*s", field->minimum.length > 0 ? ">= " : "",
                     TEXT_PRINT(field->minimum), parting,
                     field->maximum.length > 0 ? "<= " : "", TEXT_PRINT(field->maximum));
}

/* What customers know from their own page says of the fields inside data their type alone. */
static void field_row(struct docs_page *page, const struct schema *schema,
                      const struct schema_field *field)
{
    bool is_bare = schema->is_from_page;
    docs_row_open(page);
    docs_cell(page, DOCS_CODE, field->path);
    docs_cell(page, DOCS_WORDS, field->definition.length > 0 ? field->definition : field->type);
    docs_cell(page, DOCS_WORDS,
              schema_field_is_required(schema, field) ? TEXT("Yes") : TEXT("No"));
    docs_cell(page, DOCS_WORDS, is_bare ? TEXT("") : field->one_of);
    if (is_bare)
        docs_cell(page, DOCS_WORDS, TEXT(""));
    else
        bounds_cell(page, field);
    docs_cell(page, DOCS_WORDS, unquoted(field->example));
    docs_cell(page, DOCS_WORDS, is_bare ? TEXT("") : field->description);
    docs_row_close(page);
}

static void meaning_table(struct docs_page *page, const struct schema *schema)
{
    static const struct text columns[] = {TEXT_INITIAL("Field"), TEXT_INITIAL("Meaning")};
    docs_heading(page, TEXT("What the fields mean"));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("What the fields mean"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns)});
    for (size_t i = 0; i < schema->field_count; i++) {
        if (schema->fields[i].description.length == 0)
            continue;
        docs_row_open(page);
        docs_cell(page, DOCS_CODE, schema->fields[i].path);
        docs_cell(page, DOCS_WORDS, schema->fields[i].description);
        docs_row_close(page);
    }
    docs_table_close(page);
}

static const struct {
    enum rank_change value;
    struct text word;
    struct text meaning;
} rank_changes[] = {
    {RANK_UP, TEXT_INITIAL("Up"), TEXT_INITIAL("rank_diff places better than before")},
    {RANK_UNCHANGED, TEXT_INITIAL("Unchanged"),
     TEXT_INITIAL("the same place, or nothing is known of the one before; rank_diff is 0")},
    {RANK_DOWN, TEXT_INITIAL("Down"), TEXT_INITIAL("rank_diff places worse than before")},
    {RANK_NEW, TEXT_INITIAL("New"),
     TEXT_INITIAL(
         "new on the list, which is what filter_by=new_on_board keeps; rank_diff is 0")},
};

static void rank_change_table(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("rank_diff_type"),
                                          TEXT_INITIAL("Change"), TEXT_INITIAL("Meaning")};
    docs_heading(page, TEXT("What rank_diff_type means"));
    docs_paragraph(page,
                   TEXT("`rank_diff` is never negative: `rank_diff_type` says which way."));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Values of rank_diff_type"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_SHORT});
    for (size_t i = 0; i < LENGTH_OF(rank_changes); i++) {
        docs_row_open(page);
        docs_cell_format(page, DOCS_WORDS, "%d", (int)rank_changes[i].value);
        docs_cell(page, DOCS_WORDS, rank_changes[i].word);
        docs_cell(page, DOCS_WORDS, rank_changes[i].meaning);
        docs_row_close(page);
    }
    docs_table_close(page);
}

void docs_response_schema(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Field"),      TEXT_INITIAL("Type"),
                                          TEXT_INITIAL("Required"),   TEXT_INITIAL("Enum"),
                                          TEXT_INITIAL("Bounds"),     TEXT_INITIAL("Example"),
                                          TEXT_INITIAL("Description")};
    const struct schema *schema = page->endpoint->answer;
    docs_paragraph_format(page, "`#/definitions/%.*s`", TEXT_PRINT(schema->name));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Response schema"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns)});
    for (size_t i = 0; i < schema->field_count; i++)
        field_row(page, schema, &schema->fields[i]);
    docs_table_close(page);
    meaning_table(page, schema);
    if (page->endpoint->answers_list)
        rank_change_table(page);
}
