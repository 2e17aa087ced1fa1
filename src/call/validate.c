#include "call/call.h"
#include "call/query.h"

/* Faults are written as they are found: the members of errors[] and the sentence of msg, where
 * '; ' parts them: no reason holds one. */
struct faults {
    struct buffer errors;
    struct json_writer writer;
    struct buffer sentence;
    size_t count;
};

void faults_add(struct faults *faults, struct text name, struct text value, struct text reason)
{
    if (faults->count == 0) {
        buffer_append(&faults->errors, TEXT("\"errors\":["));
        buffer_append(&faults->sentence, TEXT("Invalid input: "));
    }
    json_object_open(&faults->writer);
    json_member_text(&faults->writer, TEXT("parameter"), name);
    json_member_text(&faults->writer, TEXT("value"), value);
    json_member_text(&faults->writer, TEXT("reason"), reason);
    json_object_close(&faults->writer);
    buffer_append(&faults->sentence, faults->count++ ? TEXT("; ") : TEXT(""));
    buffer_append(&faults->sentence, name.length > 0 ? name : TEXT("(empty name)"));
    buffer_append_byte(&faults->sentence, ' ');
    buffer_append(&faults->sentence, reason);
}

static enum status read_integer(struct text written, int64_t *value)
{
    enum status status = text_read_integer(written, value);
    return status == STATUS_TOO_LARGE ? STATUS_OK : status;
}

static enum status read_clamped(const struct parameter *parameter, struct text written,
                                int64_t *value)
{
    TRY(read_integer(written, value));
    if (*value < parameter->minimum)
        *value = parameter->minimum;
    if (*value > parameter->maximum)
        *value = parameter->maximum;
    return STATUS_OK;
}

static enum status read_one_of(const struct parameter *parameter, struct text written,
                               int64_t *value)
{
    TRY(read_integer(written, value));
    for (size_t i = 0; i < PARAMETER_CHOICES_MAX && parameter->one_of[i] != 0; i++)
        if (parameter->one_of[i] == *value)
            return STATUS_OK;
    return STATUS_INVALID;
}

static enum status read_choice(const struct parameter *parameter, struct text written,
                               int64_t *value)
{
    for (int i = 0; i < PARAMETER_CHOICES_MAX && parameter->words[i]; i++) {
        if (!text_equals(written, text_of(parameter->words[i])))
            continue;
        *value = i;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

static enum status read_known(const struct parameter *parameter, struct text written,
                              int64_t *value)
{
    unsigned index;
    TRY(parameter->known(written, &index));
    *value = index;
    return STATUS_OK;
}

static enum status read_text(const struct parameter *parameter, struct text written,
                             struct text *text)
{
    size_t start = text_starts_with(written, parameter->prefix) ? parameter->prefix.length : 0;
    *text = text_slice(written, start, written.length);
    int64_t bytes = (int64_t)text->length;
    return bytes >= parameter->minimum && bytes <= parameter->maximum ? STATUS_OK
                                                                      : STATUS_INVALID;
}

static enum status read_instant(struct text written, int64_t *value)
{
    instant at;
    TRY(instant_read(written, &at));
    *value = at.us;
    return STATUS_OK;
}

static enum status parameter_read(const struct parameter *parameter, struct text written,
                                  int64_t *value, struct text *text)
{
    if (written.length == 0) {
        *value = parameter->absent;
        return parameter->is_required ? STATUS_INVALID : STATUS_OK;
    }
    switch (parameter->kind) {
    case PARAMETER_CLAMPED: return read_clamped(parameter, written, value);
    case PARAMETER_ONE_OF: return read_one_of(parameter, written, value);
    case PARAMETER_CHOICE: return read_choice(parameter, written, value);
    case PARAMETER_KNOWN: return read_known(parameter, written, value);
    case PARAMETER_WORD:
        *value = 1;
        return text_equals(written, parameter->word) ? STATUS_OK : STATUS_INVALID;
    case PARAMETER_TEXT: return read_text(parameter, written, text);
    case PARAMETER_INSTANT: return read_instant(written, value);
    }
    check_failed(__FILE__, __LINE__, "kind is in the list");
}

static size_t parameter_index(const struct endpoint *endpoint, struct text name)
{
    size_t i = 0;
    while (i < endpoint->parameter_count && !text_equals(endpoint->parameters[i].name, name))
        i++;
    return i;
}

static bool is_alias(const struct parameter *parameter, struct text name)
{
    for (size_t i = 0; i < PARAMETER_ALIASES_MAX && parameter->aliases[i]; i++)
        if (text_equals_ignoring_case(name, text_of(parameter->aliases[i])))
            return true;
    return false;
}

/* The known name that was most likely meant, or an empty text. */
static struct text suggestion(const struct endpoint *endpoint, struct text name)
{
    struct text nearest = {0};
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i < endpoint->parameter_count; i++) {
        struct text known = endpoint->parameters[i].name;
        if (is_alias(&endpoint->parameters[i], name))
            return known;
        unsigned edits = text_distance(known, name);
        if (edits < least && text_is_slip(edits, known)) {
            least = edits;
            nearest = known;
        }
    }
    return nearest;
}

static void fault_add_unknown(struct faults *faults, const struct endpoint *endpoint,
                              const struct query_pair *pair)
{
    char room[512];
    struct buffer reason;
    buffer_init_on(&reason, room, sizeof(room));
    buffer_append(&reason, TEXT("is not a parameter of this endpoint"));
    struct text meant = suggestion(endpoint, pair->name);
    if (meant.length > 0) {
        buffer_append_format(&reason, " (did you mean %.*s?)", TEXT_PRINT(meant));
    } else if (endpoint->parameter_count > 0) {
        for (size_t i = 0; i < endpoint->parameter_count; i++)
            buffer_append_format(&reason, "%s %.*s", i ? "," : " (known are",
                                 TEXT_PRINT(endpoint->parameters[i].name));
        buffer_append_byte(&reason, ')');
    }
    faults_add(faults, pair->name, pair->value, buffer_text(&reason));
}

static void fault_add_unread(struct faults *faults, struct text where, size_t unread)
{
    char room[128];
    struct buffer reason;
    buffer_init_on(&reason, room, sizeof(room));
    buffer_append_format(&reason, "has more than %d parameters (%zu more %s not read)",
                         QUERY_PAIRS_MAX, unread, unread == 1 ? "is" : "are");
    faults_add(faults, where, TEXT(""), buffer_text(&reason));
}

static const struct text query_fault_reasons[] = {
    [QUERY_FINE] = TEXT_INITIAL(""),
    [QUERY_BAD_ESCAPE] = TEXT_INITIAL("holds a '%' that two hexadecimal digits do not follow"),
    [QUERY_NUL] = TEXT_INITIAL("holds a NUL"),
    [QUERY_BAD_UTF8] = TEXT_INITIAL("is not valid UTF-8"),
};

static void arguments_read(const struct endpoint *endpoint, const struct query *query,
                           struct arguments *arguments, struct faults *faults)
{
    bool is_given[PARAMETERS_MAX] = {false};
    for (size_t i = 0; i < endpoint->parameter_count; i++) {
        arguments->values[i] = endpoint->parameters[i].absent;
        arguments->is_refused[i] = false;
    }
    for (size_t i = 0; i < query->count; i++) {
        const struct query_pair *pair = &query->pairs[i];
        if (pair->fault != QUERY_FINE) {
            faults_add(faults, pair->name, pair->value, query_fault_reasons[pair->fault]);
            continue;
        }
        size_t index = parameter_index(endpoint, pair->name);
        if (index == endpoint->parameter_count) {
            fault_add_unknown(faults, endpoint, pair);
            continue;
        }
        const struct parameter *parameter = &endpoint->parameters[index];
        if (is_given[index]) {
            faults_add(faults, pair->name, pair->value, TEXT("is given more than once"));
        } else if (parameter_read(parameter, pair->value, &arguments->values[index],
                                  &arguments->texts[index]) != STATUS_OK) {
            faults_add(faults, pair->name, pair->value, parameter->refusal);
            arguments->is_refused[index] = true;
        }
        is_given[index] = true;
    }
    for (size_t i = 0; i < endpoint->parameter_count; i++)
        if (endpoint->parameters[i].is_required && !is_given[i])
            faults_add(faults, endpoint->parameters[i].name, TEXT(""),
                       endpoint->parameters[i].refusal);
}

static void arguments_take(struct call *call, const struct query *given, struct faults *faults)
{
    arguments_read(call->endpoint, given, &call->arguments, faults);
    if (call->endpoint->examine)
        call->endpoint->examine(call, faults);
}

static void refuse_faults(struct call *call, struct faults *faults)
{
    buffer_append(&faults->errors, TEXT("],"));
    struct text message = buffer_text(&faults->sentence);
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_INVALID_INPUT],
                                        .message = message,
                                        .extra = buffer_text(&faults->errors)});
}

/* Only charged calls are remembered, and HEAD is never charged. */
static void idempotency_key_check(const struct call *call, struct faults *faults)
{
    struct text key;
    if (call->request->method == HTTP_HEAD || call_is_of_account(call) ||
        call_idempotency_key_read(call, &key))
        return;
    faults_add(faults, TEXT("Idempotency-Key"), text_is_utf8(key) ? key : TEXT(""),
               TEXT("must be one header of 1 to 64 characters A-Z a-z 0-9 . _ -"));
}

/* A fault is at most a few times as long as what it quotes, and a request line is bounded. */
#define FAULTS_BYTES_MAX (256 * 1024)

static void faults_find(struct call *call, struct faults *faults)
{
    struct query query;
    const struct query *given = call->tool ? &call->tool->arguments : &query;
    struct arena *arena = http_exchange_arena(call->exchange);
    *faults = (struct faults){0};
    buffer_init(&faults->errors, FAULTS_BYTES_MAX);
    buffer_init(&faults->sentence, FAULTS_BYTES_MAX);
    faults->writer = json_writer_on(&faults->errors);
    if (call->tool || query_read(call->request->query, arena, &query) == STATUS_OK)
        arguments_take(call, given, faults);
    else
        faults_add(faults, TEXT("query"), TEXT(""), TEXT("is too long"));
    if (given->unread > 0)
        fault_add_unread(faults, call->tool ? TEXT("arguments") : TEXT("query"), given->unread);
    idempotency_key_check(call, faults);
}

static void faults_finish(struct faults *faults)
{
    buffer_finish(&faults->errors);
    buffer_finish(&faults->sentence);
}

/* The faults are found once more: the slot may have been waited for, and they are large. */
static void refuse_invalid(struct call *call)
{
    struct faults faults CLEANUP(faults_finish);
    faults_find(call, &faults);
    refuse_faults(call, &faults);
}

enum status call_validate(struct call *call)
{
    struct faults faults CLEANUP(faults_finish);
    faults_find(call, &faults);
    if (faults.count == 0)
        return STATUS_OK;
    call_take_slot(call, CALL_INVALID, refuse_invalid);
    return STATUS_INVALID;
}
