#include "api/account_look.h"

#include "api/endpoints.h"
#include "base/log.h"

void *account_look_take(struct call *call, size_t bytes)
{
    void *look = arena_take(http_exchange_arena(call->exchange), bytes);
    check(look != NULL);
    memset(look, 0, bytes);
    return look;
}

static void refuse_unread(struct call *call)
{
    call_refuse_overloaded(call, TEXT("The account cannot be read at the moment; try again "
                                      "shortly."));
}

#define TOO_LONG                                                                               \
    "more items than one answer takes: ask for a shorter one, or for buckets of a day"

static void refuse_range(struct call *call)
{
    call_refuse(
        call, &(struct refusal){.failure = &failures[FAILURE_INVALID_INPUT],
                                .message = TEXT("Invalid input: range holds " TOO_LONG),
                                .extra = TEXT("\"errors\":[{\"parameter\":\"range\",\"value\":"
                                              "\"\",\"reason\":\"holds " TOO_LONG "\"}],")});
}

/* The look is gone with its call once that is answered. */
static void answer(struct account_look *look)
{
    struct call *call = look->call;
    if (look->complete)
        look->complete(look);
    if (!look->is_whole) {
        json_member_text(&look->writer, TEXT("request_id"), call->request_id);
        json_object_close(&look->writer);
        json_object_close(&look->writer);
    }
    struct buffer body = look->body;
    if (body.overflowed)
        refuse_range(call);
    else
        call_answer_body(call, 200, look->headers, buffer_text(&body));
    buffer_finish(&body);
}

/* On the call's loop again. */
static void look_resumed(struct http_task *task)
{
    struct account_look *look = CONTAINER_OF(task, struct account_look, task);
    if (look->status == STATUS_OK) {
        answer(look);
        return;
    }
    buffer_finish(&look->body);
    if (look->status == STATUS_TOO_LARGE)
        refuse_range(look->call);
    else if (look->status == STATUS_MISSING && look->refuse_missing)
        look->refuse_missing(look->call);
    else
        refuse_unread(look->call);
}

static enum status look_read(struct account_look *look, struct reason *reason)
{
    struct call *call = look->call;
    TRY(ledger_account_identity(call->pipeline->ledger, call->key.account_id, &look->identity,
                                reason));
    json_object_open(&look->writer);
    json_member_integer(&look->writer, TEXT("code"), 200);
    json_member_text(&look->writer, TEXT("msg"), TEXT("OK"));
    json_name(&look->writer, TEXT("data"));
    json_object_open(&look->writer);
    return look->read ? look->read(look, reason) : STATUS_OK;
}

/* On a pool thread. */
static void look_run(struct pool_job *job)
{
    struct account_look *look = CONTAINER_OF(job, struct account_look, job);
    struct reason reason = {""};
    look->status = ledger_catch_up(look->call->pipeline->ledger, look->call->key.account_id,
                                   &reason);
    if (look->status == STATUS_OK)
        look->status = look_read(look, &reason);
    bool is_refusal = look->status == STATUS_TOO_LARGE ||
                      (look->status == STATUS_MISSING && look->refuse_missing);
    if (look->status != STATUS_OK && !is_refusal)
        log_line(LOG_ERROR, "ledger", "an account cannot be read: %s", reason.sentence);
    http_loop_post(http_exchange_loop(look->call->exchange), &look->task);
}

void account_look_start(struct account_look *look, struct call *call,
                        enum status (*read)(struct account_look *look, struct reason *reason),
                        void (*complete)(struct account_look *look))
{
    struct charge charge = {.account_id = call->key.account_id, .key_id = call->key.key_id};
    ledger_look(call->pipeline->ledger, &charge);
    look->call = call;
    look->now = charge.standing.now;
    look->period = charge.standing.period;
    look->read = read;
    look->complete = complete;
    look->job.run = look_run;
    look->task.run = look_resumed;
    buffer_init(&look->body, ACCOUNT_ANSWER_BYTES_MAX);
    look->writer = json_writer_on(&look->body);
    if (pool_submit(call->pipeline->readers, &look->job) == STATUS_OK)
        return;
    buffer_finish(&look->body);
    refuse_unread(call);
}

/* ---- Endpoints as usage names them ---- */

#define PREFIX "/api/v1/"

static struct text name_of(const struct endpoint *endpoint)
{
    return text_slice(endpoint->path, sizeof(PREFIX) - 1, endpoint->path.length);
}

struct text account_endpoint_name(const struct call *call, uint8_t number)
{
    const struct pipeline *pipeline = call->pipeline;
    for (size_t i = 0; i < pipeline->endpoint_count; i++)
        if (pipeline->endpoints[i].number == number)
            return name_of(&pipeline->endpoints[i]);
    return TEXT("unknown");
}

enum status account_endpoint_find(struct text written, unsigned *index)
{
    for (size_t i = 0; i < endpoint_count; i++) {
        const struct endpoint *endpoint = &endpoints[i];
        if (endpoint->number == 0 || (!text_equals(written, name_of(endpoint)) &&
                                      !text_equals(written, endpoint->path) &&
                                      !text_equals(written, endpoint->operation_id)))
            continue;
        *index = (unsigned)i;
        return STATUS_OK;
    }
    return STATUS_MISSING;
}
