#include "http/answer_head.h"

bool answer_has_body(unsigned status)
{
    return status != 204 && status != 304;
}

static void write_status_line(struct buffer *out, unsigned status)
{
    const char digits[] = {(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                           (char)('0' + status % 10), ' '};
    buffer_append(out, TEXT("HTTP/1.1 "));
    buffer_append(out, (struct text){digits, sizeof(digits)});
    buffer_append(out, text_of(http_status_phrase(status)));
}

void answer_head_write(struct buffer *out, const struct http_answer *answer,
                       uint64_t body_bytes, struct text date, enum connection_line connection)
{
    check(answer->status >= 200 && answer->status <= 599);
    buffer_clear(out);
    if (answer->status == 200)
        buffer_append(out, TEXT("HTTP/1.1 200 OK"));
    else
        write_status_line(out, answer->status);
    buffer_append(out, TEXT("\r\nDate: "));
    buffer_append(out, date);
    if (connection == CONNECTION_CLOSE)
        buffer_append(out, TEXT("\r\nConnection: close"));
    else if (connection == CONNECTION_KEEP_ALIVE)
        buffer_append(out, TEXT("\r\nConnection: keep-alive"));
    if (answer_has_body(answer->status)) {
        buffer_append(out, TEXT("\r\nContent-Length: "));
        buffer_append_integer(out, (int64_t)body_bytes);
    }
    buffer_append(out, TEXT("\r\n"));
    buffer_append(out, answer->headers);
    buffer_append(out, TEXT("\r\n"));
    check(!out->overflowed);
}
