#include "base/json_read.h"

/* jansson's own bound on nesting is 2,048 levels of recursion: too deep for a thread's stack. */
static bool is_too_deep(struct text bytes)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < bytes.length; i++) {
        char byte = bytes.at[i];
        if (in_string) {
            if (byte == '\\')
                i++;
            else if (byte == '"')
                in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '[' || byte == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return true;
        } else if ((byte == ']' || byte == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

enum status json_document_read(struct text bytes, json_t **document, struct reason *reason)
{
    if (bytes.length > JSON_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE, "the JSON is over %d bytes; split it",
                          JSON_BYTES_MAX);
    if (is_too_deep(bytes))
        return reason_set(reason, STATUS_INVALID, "the JSON is nested over %d levels deep",
                          JSON_DEPTH_MAX);
    json_error_t error;
    json_t *root = json_loadb(bytes.at ? bytes.at : "", bytes.length,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!root)
        return reason_set(reason, STATUS_INVALID, "line %d, column %d: not JSON: %s",
                          error.line, error.column, error.text);
    *document = root;
    return STATUS_OK;
}

void json_document_finish(json_t **document)
{
    json_decref(*document);
    *document = NULL;
}

bool json_read_text(const json_t *object, const char *name, struct text *value)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_string(member))
        return false;
    *value = (struct text){json_string_value(member), json_string_length(member)};
    return true;
}

bool json_read_integer(const json_t *object, const char *name, int64_t *value)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_integer(member))
        return false;
    *value = json_integer_value(member);
    return true;
}

bool json_read_boolean(const json_t *object, const char *name, bool *value)
{
    const json_t *member = json_object_get(object, name);
    if (!json_is_boolean(member))
        return false;
    *value = json_boolean_value(member);
    return true;
}

bool json_read_whole(const json_t *value, int64_t *whole)
{
    if (json_is_string(value)) {
        struct text digits = {json_string_value(value), json_string_length(value)};
        return text_read_integer(digits, whole) == STATUS_OK;
    }
    if (!json_is_integer(value))
        return false;
    *whole = json_integer_value(value);
    return true;
}
