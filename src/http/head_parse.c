#include "http/head_parse.h"

#include <llhttp.h>

static struct head_words *words_of(const llhttp_t *parser)
{
    return parser->data;
}

/* A span may come in pieces, but all of them stand side by side in the one head. */
static void extend(struct text *whole, const char *at, size_t length)
{
    if (!whole->at)
        whole->at = at;
    whole->length = (size_t)(at - whole->at) + length;
}

static int on_method(llhttp_t *parser, const char *at, size_t length)
{
    extend(&words_of(parser)->method, at, length);
    return 0;
}

static int on_target(llhttp_t *parser, const char *at, size_t length)
{
    extend(&words_of(parser)->target, at, length);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t length)
{
    struct head_words *words = words_of(parser);
    if (words->field_count == words->field_room)
        return HPE_USER;
    extend(&words->fields[words->field_count].name, at, length);
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t length)
{
    struct head_words *words = words_of(parser);
    extend(&words->fields[words->field_count].value, at, length);
    return 0;
}

static int on_value_end(llhttp_t *parser)
{
    struct head_words *words = words_of(parser);
    struct http_field *field = &words->fields[words->field_count++];
    field->value = field->value.at ? text_trim(field->value) : TEXT("");
    return 0;
}

/* llhttp's part ends with the head: what follows is read by length or by chunked.c. */
static int on_head_end(llhttp_t *parser)
{
    struct head_words *words = words_of(parser);
    words->is_http_1_0 = parser->http_minor == 0;
    words->keeps_alive = llhttp_should_keep_alive(parser) &&
                         (parser->flags & F_CONNECTION_CLOSE) == 0;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_method = on_method,
    .on_url = on_target,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_head_end,
};

/* What llhttp can still object to after head_scan, told apart where the status differs. */
static enum status refuse(llhttp_errno_t fault, const struct head_words *words,
                          struct http_refusal *refusal)
{
    if (fault == HPE_INVALID_METHOD ||
        (fault == HPE_INVALID_CONSTANT && words->field_count == 0))
        return refusal_set(refusal, 501, TEXT("This request method is not implemented."));
    if (fault == HPE_INVALID_CONTENT_LENGTH || fault == HPE_UNEXPECTED_CONTENT_LENGTH)
        return refusal_set(refusal, 400,
                           TEXT("Content-Length is given twice, is not a number, or stands "
                                "beside Transfer-Encoding."));
    if (fault == HPE_INVALID_TRANSFER_ENCODING)
        return refusal_set(refusal, 400,
                           TEXT("Transfer-Encoding is malformed, or does not end in chunked."));
    if (fault == HPE_INVALID_URL)
        return refusal_set(refusal, 400, TEXT("The request target is malformed."));
    return refusal_set(refusal, 400, TEXT("The request's head is malformed."));
}

/* llhttp refuses a minor version over 1, which is to be read as 1.1 (RFC 9110 section 2.5): it is
 * shown a '1' in its place. head_scan has seen that the first line ends in the version. */
static llhttp_errno_t execute(llhttp_t *parser, struct text head)
{
    size_t minor = text_find(head, '\r') - 1;
    if (head.at[minor] <= '1')
        return llhttp_execute(parser, head.at, head.length);
    llhttp_errno_t fault = llhttp_execute(parser, head.at, minor);
    if (fault == HPE_OK)
        fault = llhttp_execute(parser, "1", 1);
    if (fault == HPE_OK)
        fault = llhttp_execute(parser, head.at + minor + 1, head.length - minor - 1);
    return fault;
}

enum status head_parse(struct text head, struct head_words *words, struct http_refusal *refusal)
{
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = words;
    llhttp_errno_t fault = execute(&parser, head);
    if (fault != HPE_PAUSED)
        return refuse(fault, words, refusal);
    if (words->field_count != words->field_room)
        return refusal_set(refusal, 400, TEXT("The request's head can be read in two ways."));
    return STATUS_OK;
}
