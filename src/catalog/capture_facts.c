/* What a capture tells of its list: the content member by member, the file's name by hints. */
#include "catalog/capture_parts.h"
#include "catalog/hashtag_read.h"

static struct text code_of(unsigned country)
{
    return country_at(country)->code;
}

enum status capture_tell_country(struct capture_reader *reader, struct capture_row *row,
                                 struct text code_or_name)
{
    unsigned country;
    struct list_facts *facts = &row->facts;
    if (country_find(code_or_name, &country) != STATUS_OK &&
        country_find_by_name(code_or_name, &country) != STATUS_OK)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the country \"%.*s\" is none that lists exist for",
                             TEXT_PRINT(reason_shown(code_or_name)));
    if (facts->has_country && facts->country != country)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the country is %.*s and %.*s at once",
                             TEXT_PRINT(code_of(facts->country)), TEXT_PRINT(code_of(country)));
    facts->country = (uint8_t)country;
    facts->has_country = true;
    return STATUS_OK;
}

enum status capture_tell_period(struct capture_reader *reader, struct capture_row *row,
                                int64_t days)
{
    unsigned period;
    struct list_facts *facts = &row->facts;
    if (period_find(days, &period) != STATUS_OK)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the period %lld is none of 7, 30 and 120", (long long)days);
    if (facts->has_period && facts->period != period)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the period is %d and %d at once", period_days[facts->period],
                             period_days[period]);
    facts->period = (uint8_t)period;
    facts->has_period = true;
    return STATUS_OK;
}

enum status capture_tell_captured_at(struct capture_reader *reader, struct capture_row *row,
                                     struct text written)
{
    instant captured_at;
    struct list_facts *facts = &row->facts;
    if (instant_read(written, &captured_at) != STATUS_OK)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the capture time \"%.*s\" is none: write 2025-10-01T21:30:09Z",
                             TEXT_PRINT(reason_shown(written)));
    if (facts->has_captured_at && facts->captured_at.us != captured_at.us)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the capture time \"%.*s\" is not that of the list around it",
                             TEXT_PRINT(reason_shown(written)));
    facts->captured_at = captured_at;
    facts->has_captured_at = true;
    return STATUS_OK;
}

enum status capture_tell_industry(struct capture_reader *reader, struct capture_row *row,
                                  int64_t id)
{
    unsigned industry;
    struct list_facts *facts = &row->facts;
    if (industry_find(id, &industry) != STATUS_OK)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the list's industry %lld is none that is known", (long long)id);
    if (facts->industry != INDUSTRY_ALL && facts->industry != industry)
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "the list is of two industries at once");
    facts->industry = (uint8_t)industry;
    return STATUS_OK;
}

enum status capture_tell_source(struct capture_reader *reader, struct capture_row *row,
                                struct text source)
{
    struct list_facts *facts = &row->facts;
    if (text_equals(source, TEXT("sample")))
        return capture_fault(
            reader, &row->place, STATUS_FORBIDDEN,
            "its source is \"sample\": made-up lists are not imported as if they "
            "had been captured");
    if (facts->source.length > 0 && !text_equals(facts->source, source))
        return capture_fault(
            reader, &row->place, STATUS_INVALID, "the source is \"%.*s\" and \"%.*s\" at once",
            TEXT_PRINT(reason_shown(facts->source)), TEXT_PRINT(reason_shown(source)));
    return capture_keep(reader, source, &facts->source);
}

enum status capture_tell_rank_change(struct capture_reader *reader, struct capture_row *row,
                                     int64_t written)
{
    struct reason reason = {0};
    struct hashtag_reader hashtags = {.reason = &reason};
    if (hashtag_set_rank_change(&hashtags, written, &row->hashtag) == STATUS_OK)
        return STATUS_OK;
    return capture_fault(reader, &row->place, STATUS_INVALID, "%s", reason.sentence);
}

static bool is_between(char byte)
{
    return byte == '-' || byte == '_' || byte == '.' || byte == ' ';
}

/* "7d" */
static void hint_period(struct text part, struct list_facts *facts)
{
    int64_t days;
    unsigned period;
    if (part.length < 2 || part.at[part.length - 1] != 'd' ||
        text_read_integer(text_slice(part, 0, part.length - 1), &days) != STATUS_OK ||
        period_find(days, &period) != STATUS_OK)
        return;
    facts->period = (uint8_t)period;
    facts->has_period = true;
}

/* "MY", in capitals only: "in" and "it" are English words. */
static void hint_country(struct text part, struct list_facts *facts)
{
    unsigned country;
    if (facts->has_country || country_find(part, &country) != STATUS_OK ||
        !text_equals(part, code_of(country)))
        return;
    facts->country = (uint8_t)country;
    facts->has_country = true;
}

static void hint_date(struct text name, struct list_facts *facts)
{
    enum { DATE_LENGTH = sizeof("2025-10-01") - 1 };
    for (size_t i = 0; i + DATE_LENGTH <= name.length && !facts->has_captured_at; i++) {
        struct text date = text_slice(name, i, i + DATE_LENGTH);
        bool starts = i == 0 || is_between(name.at[i - 1]);
        bool ends = i + DATE_LENGTH == name.length || is_between(name.at[i + DATE_LENGTH]);
        facts->has_captured_at = starts && ends &&
                                 instant_read(date, &facts->captured_at) == STATUS_OK;
    }
}

void capture_hint(struct text file_name, struct list_facts *facts)
{
    struct text name = file_name;
    for (size_t i = text_find(name, '/'); i < name.length; i = text_find(name, '/'))
        name = text_slice(name, i + 1, name.length);
    hint_date(name, facts);
    size_t start = 0;
    for (size_t i = 0; i <= name.length; i++) {
        if (i < name.length && !is_between(name.at[i]))
            continue;
        hint_period(text_slice(name, start, i), facts);
        hint_country(text_slice(name, start, i), facts);
        start = i + 1;
    }
}
