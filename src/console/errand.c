#include "console/errand.h"

#include "base/log.h"
#include "call/answer_headers.h"

#define OUT_BYTES_MAX (1024 * 1024) /* a thousand keys of some 700 bytes */
#define HEADERS_BYTES_MAX 1024
#define FAULTS_BYTES_MAX (256 * 1024)

/* clang-format off */
const struct failure console_failures[REFUSED_COUNT] = {
    [REFUSED_NAME_TAKEN] = {.status = 409, .reason = TEXT_INITIAL("name_taken"),
        .message = TEXT_INITIAL("There is a live key of this name already; choose another name.")},
    [REFUSED_KEY_LIMIT] = {.status = 409, .reason = TEXT_INITIAL("key_limit"),
        .message = TEXT_INITIAL("There are 20 live keys, the most an account may have; delete one first.")},
    [REFUSED_NAME_REQUIRED] = {.status = 409, .reason = TEXT_INITIAL("name_required"),
        .message = TEXT_INITIAL("This key was used in the last 24 hours; give its name to delete it.")},
    [REFUSED_NO_ACTIVE_KEY] = {.status = 409, .reason = TEXT_INITIAL("no_active_key"),
        .message = TEXT_INITIAL("No key that works is the active one; create a key, or activate one.")},
    [REFUSED_KEY_STATUS] = {.status = 409, .reason = TEXT_INITIAL("key_status"),
        .message = TEXT_INITIAL("The key is not in a state for this; look at the list of keys.")},
    [REFUSED_STALE_PREVIEW] = {.status = 409, .reason = TEXT_INITIAL("stale_preview"),
        .message = TEXT_INITIAL("The change does not come to what was shown any more; look at its new preview.")},
    [REFUSED_OVERAGE_FIXED] = {.status = 409, .reason = TEXT_INITIAL("overage_fixed"),
        .message = TEXT_INITIAL("The plan itself says whether calls go on past the included credits; choose another plan instead.")},
    [REFUSED_WRONG_PASSWORD] = {.status = 403, .reason = TEXT_INITIAL("wrong_password"),
        .message = TEXT_INITIAL("The current password is not right.")},
    [REFUSED_TOO_OFTEN] = {.status = 429, .reason = TEXT_INITIAL("rate_limited"),
        .message = TEXT_INITIAL("That was too often; try again later.")},
    [REFUSED_MEDIA_TYPE] = {.status = 415, .reason = TEXT_INITIAL("unsupported_media_type"),
        .message = TEXT_INITIAL("The body must be of Content-Type application/json.")},
};
/* clang-format on */

/* ---- Refusing ---- */

void errand_refuse(struct errand *errand, enum console_failure failure)
{
    errand->failure = &console_failures[failure];
}

void errand_refuse_missing(struct errand *errand, const char *sentence)
{
    errand->failure = &failures[FAILURE_NOT_FOUND];
    (void)!reason_set(&errand->reason, STATUS_MISSING, "%s", sentence);
}

void errand_refuse_status(struct errand *errand, enum status status)
{
    struct reason said = errand->reason;
    errand->reason = (struct reason){""};
    if (status == STATUS_EXISTS) {
        errand_refuse(errand, REFUSED_NAME_TAKEN);
    } else if (status == STATUS_EXHAUSTED) {
        errand_refuse(errand, REFUSED_KEY_LIMIT);
    } else if (status == STATUS_CONFLICT) {
        errand_refuse(errand, REFUSED_KEY_STATUS);
    } else if (status == STATUS_MISSING) {
        errand_refuse_missing(errand, "There is no such thing in this account.");
    } else {
        log_line(LOG_ERROR, "console", "a request is answered 503: %s", said.sentence);
        errand->failure = &failures[FAILURE_OVERLOADED];
        (void)!reason_set(&errand->reason, status,
                          "The account cannot be read or changed at the moment; try again "
                          "shortly.");
    }
}

void errand_fault(struct errand *errand, const char *member, struct text value,
                  const char *words)
{
    if (!errand->faults.bytes) {
        errand->failure = &failures[FAILURE_INVALID_INPUT];
        buffer_init(&errand->faults, FAULTS_BYTES_MAX);
        buffer_init(&errand->sentence, FAULTS_BYTES_MAX);
        errand->fault = json_writer_on(&errand->faults);
        buffer_append(&errand->faults, TEXT("\"errors\":["));
        buffer_append(&errand->sentence, TEXT("Invalid input: "));
    } else {
        buffer_append(&errand->sentence, TEXT("; "));
    }
    json_object_open(&errand->fault);
    json_member_text(&errand->fault, TEXT("parameter"), text_of(member));
    json_member_text(&errand->fault, TEXT("value"), value);
    json_member_text(&errand->fault, TEXT("reason"), text_of(words));
    json_object_close(&errand->fault);
    buffer_append_format(&errand->sentence, "%s %s", member, words);
}

/* ---- Members ---- */

bool errand_text(struct errand *errand, const char *member, struct text *value)
{
    const json_t *found = json_object_get(errand->body, member);
    if (json_is_string(found)) {
        *value = (struct text){json_string_value(found), json_string_length(found)};
        return true;
    }
    if (found && !json_is_null(found))
        errand_fault(errand, member, TEXT(""), "must be a string");
    return false;
}

bool errand_integer(struct errand *errand, const char *member, int64_t *value)
{
    const json_t *found = json_object_get(errand->body, member);
    if (json_is_integer(found)) {
        *value = json_integer_value(found);
        return true;
    }
    if (found && !json_is_null(found))
        errand_fault(errand, member, TEXT(""), "must be a whole number");
    return false;
}

bool errand_boolean(struct errand *errand, const char *member, bool *value)
{
    const json_t *found = json_object_get(errand->body, member);
    if (json_is_boolean(found)) {
        *value = json_is_true(found);
        return true;
    }
    if (found && !json_is_null(found))
        errand_fault(errand, member, TEXT(""), "must be true or false");
    return false;
}

bool errand_has(const struct errand *errand, const char *member)
{
    return json_object_get(errand->body, member) != NULL;
}

void errand_member_text(struct errand *errand, const char *name, struct text value)
{
    json_name(&errand->data, text_of(name));
    if (value.length > 0)
        json_write_text(&errand->data, value);
    else
        json_write_raw(&errand->data, TEXT("null"));
}

void errand_member_instant(struct errand *errand, const char *name, instant at)
{
    char written[INSTANT_TEXT_BYTES];
    errand_member_text(errand, name,
                       at.us != 0 ? instant_rfc3339(at, written) : (struct text){0});
}

/* ---- Answering ---- */

void errand_finish(struct errand *errand)
{
    json_document_finish(&errand->body);
    buffer_finish(&errand->out);
    buffer_finish(&errand->headers);
    if (!errand->faults.bytes)
        return;
    buffer_finish(&errand->faults);
    buffer_finish(&errand->sentence);
}

static void refusal_send(struct errand *errand)
{
    struct refusal refusal = {.failure = errand->failure,
                              .message = reason_text(&errand->reason),
                              .headers = buffer_text(&errand->headers)};
    if (errand->faults.bytes) {
        buffer_append(&errand->faults, TEXT("],"));
        refusal.extra = buffer_text(&errand->faults);
        refusal.message = buffer_text(&errand->sentence);
    }
    char room[64];
    struct buffer extra;
    buffer_init_on(&extra, room, sizeof(room));
    if (errand->retry_after_s > 0) {
        answer_header_number(&errand->headers, HEADER_RETRY_AFTER, errand->retry_after_s);
        buffer_append_format(&extra, "\"retry_after_seconds\":%lld,",
                             (long long)errand->retry_after_s);
        refusal.headers = buffer_text(&errand->headers);
        refusal.extra = buffer_text(&extra);
    }
    call_refuse(errand->call, &refusal);
}

static void data_send(struct errand *errand)
{
    struct buffer body CLEANUP(buffer_finish);
    buffer_init_secret(&body, OUT_BYTES_MAX + 4096);
    buffer_append(&body, TEXT("{\"code\":200,\"msg\":\"OK\",\"data\":{"));
    buffer_append(&body, buffer_text(&errand->out));
    if (errand->out.length > 0)
        buffer_append_byte(&body, ',');
    buffer_append(&body, TEXT("\"request_id\":\""));
    buffer_append(&body, errand->call->request_id);
    buffer_append(&body, TEXT("\"}}"));
    check(!body.overflowed);
    call_answer_body(errand->call, 200, buffer_text(&errand->headers), buffer_text(&body));
}

void errand_answer(struct errand *errand)
{
    struct errand ended = *errand; /* the call's arena is given back with the answer */
    check(!errand->out.overflowed && !errand->headers.overflowed);
    if (errand->failure)
        refusal_send(&ended);
    else
        data_send(&ended);
    errand_finish(&ended);
}

/* ---- Running ---- */

static void resumed(struct http_task *task)
{
    struct errand *errand = CONTAINER_OF(task, struct errand, task);
    errand->answer(errand);
}

static void run(struct pool_job *job)
{
    struct errand *errand = CONTAINER_OF(job, struct errand, job);
    errand->work(errand);
    http_loop_post(http_exchange_loop(errand->call->exchange), &errand->task);
}

bool errand_send(struct errand *errand, struct pool *pool)
{
    errand->job.run = run;
    errand->task.run = resumed;
    return pool_submit(pool, &errand->job) == STATUS_OK;
}

static bool is_json(const struct http_request *request)
{
    struct text type = http_request_field(request, TEXT("Content-Type"));
    return text_equals_ignoring_case(text_trim(text_cut(&type, ';')), TEXT("application/json"));
}

static void members_check(struct errand *errand, const char *const *members)
{
    const char *name;
    json_t *value;
    json_object_foreach(errand->body, name, value)
    {
        size_t i = 0;
        while (members[i] && strcmp(members[i], name) != 0)
            i++;
        if (!members[i])
            errand_fault(errand, name, TEXT(""), "is not a member of this request");
    }
}

/* An empty body is an empty object where nothing has to be in it. */
static void body_read(struct errand *errand, const char *const *members)
{
    const struct http_request *request = errand->call->request;
    struct reason reason = {""};
    bool is_empty = text_trim(request->body).length == 0;
    if (!is_json(request) && !(is_empty && request->method == HTTP_DELETE)) {
        errand_refuse(errand, REFUSED_MEDIA_TYPE);
        return;
    }
    struct text written = is_empty ? TEXT("{}") : request->body;
    if (json_document_read(written, &errand->body, &reason) != STATUS_OK)
        errand_fault(errand, "body", TEXT(""), "is not valid JSON");
    else if (!json_is_object(errand->body))
        errand_fault(errand, "body", TEXT(""), "must be a JSON object");
    else
        members_check(errand, members);
}

void errand_open(struct errand *errand, struct call *call, const char *const *members)
{
    *errand = (struct errand){.call = call, .answer = errand_answer};
    buffer_init_secret(&errand->out, OUT_BYTES_MAX);
    buffer_init_secret(&errand->headers, HEADERS_BYTES_MAX);
    errand->data = json_writer_on(&errand->out);
    if (members)
        body_read(errand, members);
}

void errand_refuse_queue(struct errand *errand)
{
    errand->failure = &failures[FAILURE_OVERLOADED];
    (void)!reason_set(&errand->reason, STATUS_EXHAUSTED,
                      "There is more to do than can be done at the moment; try again shortly.");
}

static void errand_begin(struct call *call, struct pool *pool, errand_step *work,
                         const char *const *members)
{
    struct errand *errand = arena_take(http_exchange_arena(call->exchange), sizeof(*errand));
    check(errand != NULL);
    errand_open(errand, call, members);
    errand->work = work;
    if (!errand->failure && errand_send(errand, pool))
        return;
    if (!errand->failure)
        errand_refuse_queue(errand);
    errand_answer(errand);
}

void errand_run(struct call *call, errand_step *work, const char *const *members)
{
    errand_begin(call, console_of(call)->desk, work, members);
}

void errand_run_hashing(struct call *call, errand_step *work, const char *const *members)
{
    errand_begin(call, console_of(call)->hashers, work, members);
}
