#include "call/access_log.h"

#include "base/log_writer.h"
#include "call/client_address.h"

#define GATHERED_BYTES_MAX (64 * 1024) /* handed over at once when full */
#define LINE_BYTES_MAX 1024
#define PATH_SHOWN_MAX 256 /* a longer one ends in "..." */

static _Thread_local char gathered[GATHERED_BYTES_MAX];
static _Thread_local size_t gathered_length;

void access_log_flush(void)
{
    if (gathered_length > 0)
        log_writer_add((struct text){gathered, gathered_length});
    gathered_length = 0;
}

/* A refused tool call is answered 200 too, so that the status alone tells nothing. */
static void tool_add(const struct call *call, struct buffer *line)
{
    buffer_append(line, TEXT(" tool="));
    buffer_append(line, call->endpoint->operation_id);
    if (call->tool->refusal) {
        buffer_append(line, TEXT(" refused="));
        buffer_append(line, call->tool->refusal->failure->reason);
    }
}

/* A sign-in link holds its secret in its path. */
static struct text path_shown(const struct call *call)
{
    struct text links = TEXT("/console/link/");
    return text_starts_with(call->request->path, links) ? links : call->request->path;
}

void access_log_add(const struct call *call, unsigned status, size_t body_bytes)
{
    if (gathered_length + LINE_BYTES_MAX > sizeof(gathered))
        access_log_flush();
    const struct http_request *request = call->request;
    const struct time_source *time = call->pipeline->time;
    char date[INSTANT_TEXT_BYTES];
    struct buffer line;
    buffer_init_on(&line, gathered + gathered_length, LINE_BYTES_MAX - 1);
    buffer_append(&line, instant_rfc3339(time_now(time), date));
    buffer_append(&line, TEXT(" request id="));
    buffer_append(&line, call->request_id);
    buffer_append(&line, TEXT(" client="));
    buffer_append(&line, client_address(request, call->pipeline->trusted_proxies));
    buffer_append_byte(&line, ' ');
    buffer_append(&line, text_slice(request->method_name, 0, 16));
    buffer_append_byte(&line, ' ');
    struct text path = path_shown(call);
    buffer_append(&line, text_slice(path, 0, PATH_SHOWN_MAX));
    buffer_append(&line, path.length > PATH_SHOWN_MAX ? TEXT("...") : TEXT(""));
    buffer_append_byte(&line, ' ');
    buffer_append_integer(&line, status);
    buffer_append(&line, TEXT(" bytes="));
    buffer_append_integer(&line, request->method == HTTP_HEAD ? 0 : (int64_t)body_bytes);
    buffer_append(&line, TEXT(" us="));
    buffer_append_integer(&line, time_elapsed(time).us - call->started.us);
    if (call->key_prefix.length > 0) {
        buffer_append(&line, TEXT(" key="));
        buffer_append(&line, call->key_prefix);
        buffer_append(&line, TEXT(" account="));
        buffer_append_integer(&line, call->key.account_id);
    } else if (call->session.id != 0) {
        buffer_append(&line, TEXT(" session="));
        buffer_append_integer(&line, call->session.id);
        buffer_append(&line, TEXT(" account="));
        buffer_append_integer(&line, call->session.account_id);
    }
    if (call->tool)
        tool_add(call, &line);
    gathered_length += line.length;
    gathered[gathered_length++] = '\n';
}
