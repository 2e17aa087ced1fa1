#include "api/exposition.h"

#include "base/instant.h"

static const struct text type_names[] = {
    [METRIC_COUNTER] = TEXT_INITIAL("counter"),
    [METRIC_GAUGE] = TEXT_INITIAL("gauge"),
};

/* A backslash and a line feed in HELP lines; a double quote as well in the value of a label. */
static void append_escaped(struct buffer *out, struct text text, bool escapes_quotes)
{
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.at[i];
        bool is_quote = byte == '"' && escapes_quotes;
        if (byte == '\\' || byte == '\n' || is_quote)
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, byte == '\n' ? 'n' : byte);
    }
}

void exposition_family(struct buffer *out, struct text name, enum metric_type type,
                       struct text help)
{
    buffer_append(out, TEXT("# HELP "));
    buffer_append(out, name);
    buffer_append_byte(out, ' ');
    append_escaped(out, help, false);
    buffer_append(out, TEXT("\n# TYPE "));
    buffer_append(out, name);
    buffer_append_byte(out, ' ');
    buffer_append(out, type_names[type]);
    buffer_append_byte(out, '\n');
}

static void series_append(struct buffer *out, struct text name, struct metric_labels labels)
{
    buffer_append(out, name);
    for (size_t i = 0; i < labels.count; i++) {
        buffer_append_byte(out, i == 0 ? '{' : ',');
        buffer_append(out, labels.at[i].name);
        buffer_append(out, TEXT("=\""));
        append_escaped(out, labels.at[i].value, true);
        buffer_append_byte(out, '"');
    }
    buffer_append(out, labels.count > 0 ? TEXT("} ") : TEXT(" "));
}

void exposition_sample(struct buffer *out, struct text name, struct metric_labels labels,
                       int64_t value)
{
    series_append(out, name, labels);
    buffer_append_integer(out, value);
    buffer_append_byte(out, '\n');
}

void exposition_sample_seconds(struct buffer *out, struct text name,
                               struct metric_labels labels, int64_t value_us)
{
    series_append(out, name, labels);
    uint64_t magnitude_us = value_us < 0 ? -(uint64_t)value_us : (uint64_t)value_us;
    buffer_append_format(out, "%s%llu.%06llu\n", value_us < 0 ? "-" : "",
                         (unsigned long long)(magnitude_us / SECOND_US),
                         (unsigned long long)(magnitude_us % SECOND_US));
}
