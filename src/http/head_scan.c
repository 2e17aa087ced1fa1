#include "http/head_scan.h"

#include "http/syntax.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static enum status check_version(struct text version, struct http_refusal *refusal)
{
    if (version.length != 8 || !text_starts_with(version, TEXT("HTTP/")) ||
        !is_digit(version.at[5]) || version.at[6] != '.' || !is_digit(version.at[7]))
        return refusal_set(refusal, 400, TEXT("The request line does not end in HTTP/1.1."));
    /* A later minor version is read as the one we know (RFC 9110 section 2.5). */
    if (version.at[5] != '1')
        return refusal_set(refusal, 505, TEXT("Only HTTP/1.1 and HTTP/1.0 are spoken here."));
    return STATUS_OK;
}

/* method SP request-target SP HTTP-version (RFC 9112 section 3), without its leniencies. */
static enum status check_request_line(struct text line, struct http_refusal *refusal)
{
    struct text rest = line;
    struct text method = text_cut(&rest, ' ');
    if (!syntax_is_token(method))
        return refusal_set(refusal, 400, TEXT("The request does not begin with a method."));
    struct text target = rest.at ? text_cut(&rest, ' ') : rest;
    if (!rest.at)
        return refusal_set(refusal, 400,
                           TEXT("The request line must be a method, a target and a version, "
                                "with one space between them."));
    if (!syntax_is_target(target))
        return refusal_set(refusal, 400,
                           TEXT("The request target has a byte that must be percent-encoded."));
    TRY(check_version(rest, refusal));
    if (text_equals(method, TEXT("CONNECT")))
        return refusal_set(refusal, 501, TEXT("CONNECT is not implemented: this is no proxy."));
    return STATUS_OK;
}

/* field-name ":" OWS field-value OWS (RFC 9112 section 5); obs-fold is refused. */
static enum status check_field_line(struct text line, struct http_refusal *refusal)
{
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return refusal_set(refusal, 400,
                           TEXT("A header line begins with white space; folded lines are "
                                "obsolete and refused."));
    size_t colon = text_find(line, ':');
    if (colon == line.length)
        return refusal_set(refusal, 400, TEXT("A header line has no colon."));
    if (!syntax_is_token(text_slice(line, 0, colon)))
        return refusal_set(refusal, 400,
                           TEXT("A header name is empty or has a byte that names cannot have, "
                                "such as white space before the colon."));
    return STATUS_OK;
}

static enum status check_limits(const struct head_scan *scan, const struct http_limits *limits,
                                struct http_refusal *refusal)
{
    size_t line_length = scan->searched - scan->line_start;
    if (scan->lines == 0) {
        if (line_length > limits->request_line_bytes_max)
            return refusal_set(refusal, 414, TEXT("The request line is too long."));
        return STATUS_OK;
    }
    if (scan->searched - scan->fields_start > limits->fields_bytes_max)
        return refusal_set(refusal, 431, TEXT("The header lines are too long together."));
    if (line_length > 0 && scan->lines > limits->fields_max)
        return refusal_set(refusal, 431, TEXT("There are too many header lines."));
    return STATUS_OK;
}

static enum status check_line(const struct head_scan *scan, struct text line,
                              struct http_refusal *refusal)
{
    if (scan->lines > 0)
        return check_field_line(line, refusal);
    if (line.length == 0)
        return refusal_set(refusal, 400,
                           TEXT("There is an empty line where a request begins."));
    return check_request_line(line, refusal);
}

enum head_progress head_scan_read(struct head_scan *scan, struct text bytes,
                                  const struct http_limits *limits,
                                  struct http_refusal *refusal)
{
    for (;;) {
        size_t end = scan->searched = syntax_line_end(bytes, scan->searched);
        if (check_limits(scan, limits, refusal) != STATUS_OK)
            return HEAD_REFUSED;
        bool cr = end < bytes.length && bytes.at[end] == '\r';
        if (end == bytes.length || (cr && end + 1 == bytes.length))
            return HEAD_PARTIAL;
        if (!cr || bytes.at[end + 1] != '\n') {
            *refusal = (struct http_refusal){400,
                                             TEXT("The request has a control byte, or a line "
                                                  "that does not end in CR LF.")};
            return HEAD_REFUSED;
        }
        struct text line = text_slice(bytes, scan->line_start, end);
        scan->line_start = scan->searched = end + 2;
        if (scan->lines > 0 && line.length == 0)
            return HEAD_WHOLE;
        if (check_line(scan, line, refusal) != STATUS_OK)
            return HEAD_REFUSED;
        if (scan->lines++ == 0)
            scan->fields_start = end + 2;
    }
}
