#include "catalog/json_place.h"

static void skip_bytes(struct text *rest, size_t bytes)
{
    *rest = text_slice(*rest, bytes, rest->length);
}

/* White space and the punctuation between values carry no meaning for a scan of valid JSON. */
static void skip_between(struct text *rest)
{
    while (rest->length > 0 && memchr(" \t\r\n,:", rest->at[0], 6))
        skip_bytes(rest, 1);
}

/* At an opening quote: passes the closing one and returns what is between them, as written. */
static struct text take_string(struct text *rest)
{
    size_t end = 1;
    while (end < rest->length && rest->at[end] != '"')
        end += rest->at[end] == '\\' ? 2 : 1;
    struct text string = text_slice(*rest, 1, end);
    skip_bytes(rest, end + 1);
    return string;
}

static void skip_value(struct text *rest)
{
    size_t depth = 0;
    do {
        skip_between(rest);
        if (rest->length == 0)
            return;
        char byte = rest->at[0];
        if (byte == '"') {
            (void)take_string(rest);
        } else if (byte == '{' || byte == '[') {
            depth++;
            skip_bytes(rest, 1);
        } else if (byte == '}' || byte == ']') {
            depth -= depth > 0;
            skip_bytes(rest, 1);
        } else { /* a number or a word */
            while (rest->length > 0 && !memchr(" \t\r\n,:]}", rest->at[0], 8))
                skip_bytes(rest, 1);
        }
    } while (depth > 0);
}

static bool at_end(struct text *rest)
{
    skip_between(rest);
    return rest->length == 0 || rest->at[0] == '}' || rest->at[0] == ']';
}

/* Moves *rest from a container to the value that the step names. */
static bool take_step(struct text *rest, const struct json_step *step)
{
    skip_between(rest);
    if (rest->length == 0 || rest->at[0] != (step->name ? '{' : '['))
        return false;
    skip_bytes(rest, 1);
    for (size_t index = 0; !at_end(rest); index++) {
        if (!step->name && index == step->index)
            return true;
        if (step->name && text_equals(take_string(rest), text_of(step->name)))
            return !at_end(rest);
        skip_value(rest);
    }
    return false;
}

size_t json_place_line(struct text document, const struct json_step *path, size_t steps)
{
    struct text rest = document;
    for (size_t i = 0; i < steps; i++)
        if (!take_step(&rest, &path[i]))
            return 0;
    skip_between(&rest);
    size_t line = 1;
    for (const char *at = document.at; at < rest.at; at++)
        line += *at == '\n';
    return line;
}
