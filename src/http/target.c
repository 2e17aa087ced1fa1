#include "http/target.h"

#include "http/syntax.h"

static void split_query(struct text path_and_query, struct target *target)
{
    size_t mark = text_find(path_and_query, '?');
    target->path = text_slice(path_and_query, 0, mark);
    target->query = mark < path_and_query.length
                        ? text_slice(path_and_query, mark + 1, path_and_query.length)
                        : (struct text){0};
}

/* rest: what follows "http://". */
static enum status read_absolute(struct text rest, enum http_method method,
                                 struct target *target, struct http_refusal *refusal)
{
    size_t end = 0;
    while (end < rest.length && rest.at[end] != '/' && rest.at[end] != '?')
        end++;
    struct text authority = text_slice(rest, 0, end);
    if (end == 0 || authority.at[0] == ':' || !syntax_is_authority(authority))
        return refusal_set(refusal, 400,
                           TEXT("The request target's host is not a host name with an optional "
                                "port."));
    struct target read;
    split_query(text_slice(rest, end, rest.length), &read);
    if (read.path.length == 0) /* RFC 9112 section 3.2.4 for OPTIONS */
        read.path = method == HTTP_OPTIONS && !read.query.at ? TEXT("*") : TEXT("/");
    read.authority = authority;
    *target = read;
    return STATUS_OK;
}

enum status target_read(struct text written, enum http_method method, struct target *target,
                        struct http_refusal *refusal)
{
    if (text_starts_with(written, TEXT("/"))) {
        target->authority = (struct text){0};
        split_query(written, target);
        return STATUS_OK;
    }
    if (method == HTTP_OPTIONS && text_equals(written, TEXT("*"))) {
        *target = (struct target){.path = written};
        return STATUS_OK;
    }
    if (text_equals_ignoring_case(text_slice(written, 0, 7), TEXT("http://")))
        return read_absolute(text_slice(written, 7, written.length), method, target, refusal);
    return refusal_set(refusal, 400,
                       TEXT("The request target must begin with a slash or with http://."));
}
