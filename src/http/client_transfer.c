#include "http/client_transfer.h"

#include "http/syntax.h"

enum {
    GZIP_WINDOW = 15 + 16,      /* zlib's largest window, and the header of RFC 1952 */
    BODY_STEP_BYTES = 16 * 1024 /* what one turn of inflate may add */
};

/* What a request must not set, because the client does. */
static const struct text own_headers[] = {
    TEXT_INITIAL("accept-encoding"),
    TEXT_INITIAL("connection"),
    TEXT_INITIAL("content-length"),
    TEXT_INITIAL("content-type"),
    TEXT_INITIAL("expect"),
    TEXT_INITIAL("host"),
    TEXT_INITIAL("proxy-connection"),
    TEXT_INITIAL("te"),
    TEXT_INITIAL("transfer-encoding"),
    TEXT_INITIAL("upgrade"),
};

bool client_header_is_own(struct text name)
{
    for (size_t i = 0; i < LENGTH_OF(own_headers); i++)
        if (text_equals_ignoring_case(name, own_headers[i]))
            return true;
    return false;
}

enum status client_header_check(const struct client_header *header, struct reason *reason)
{
    if (!syntax_is_token(header->name))
        return reason_set(reason, STATUS_INVALID,
                          "a header's name must be letters, digits and '-'");
    if (client_header_is_own(header->name))
        return reason_set(reason, STATUS_INVALID,
                          "the header %.*s is set by trendgate itself: leave it out",
                          TEXT_PRINT(header->name));
    if (syntax_line_end(header->value, 0) < header->value.length)
        return reason_set(reason, STATUS_INVALID,
                          "the value of the header %.*s has a control character",
                          TEXT_PRINT(header->name));
    return STATUS_OK;
}

static void finish_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void finish_words(char **words)
{
    curl_free(*words);
}

/* NULL: no absolute http or https address, or one with a user's name in it. */
static CURLU *read_url(const char *written)
{
    char *scheme CLEANUP(finish_words) = NULL;
    CURLU *url = curl_url();
    check(url);
    if (curl_url_set(url, CURLUPART_URL, written, CURLU_DISALLOW_USER) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        (text_equals(text_of(scheme), TEXT("http")) ||
         text_equals(text_of(scheme), TEXT("https"))))
        return url;
    curl_url_cleanup(url);
    return NULL;
}

static bool same_part(CURLU *left, CURLU *right, CURLUPart part)
{
    char *a CLEANUP(finish_words) = NULL;
    char *b CLEANUP(finish_words) = NULL;
    return curl_url_get(left, part, &a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
           curl_url_get(right, part, &b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
           text_equals_ignoring_case(text_of(a), text_of(b));
}

static bool is_same_place(const char *left, const char *right)
{
    CURLU *a CLEANUP(finish_url) = read_url(left);
    CURLU *b CLEANUP(finish_url) = read_url(right);
    return a && b && same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
           same_part(a, b, CURLUPART_PORT);
}

static char *copy_text(struct text original)
{
    char *copy = memory_take(original.length + 1);
    if (original.length > 0)
        memcpy(copy, original.at, original.length);
    copy[original.length] = '\0';
    return copy;
}

static void add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);
    check(longer);
    *headers = longer;
}

/* libcurl takes "name;" for a header without a value: "name:" would leave it out. */
static void add_request_header(struct curl_slist **headers, const struct client_header *header)
{
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init_secret(&line, CLIENT_HEADER_BYTES_MAX + sizeof(": "));
    buffer_append(&line, header->name);
    buffer_append(&line, header->value.length > 0 ? TEXT(": ") : TEXT(";"));
    buffer_append(&line, header->value);
    buffer_append_byte(&line, '\0');
    check(!line.overflowed);
    add_header(headers, line.bytes);
}

static enum status check_request(const struct client_request *request, struct reason *reason)
{
    check(request->header_count <= CLIENT_HEADERS_MAX);
    if (request->url.length > CLIENT_URL_BYTES_MAX)
        return reason_set(reason, STATUS_INVALID, "the address is over %d bytes",
                          CLIENT_URL_BYTES_MAX);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct client_header *header = &request->headers[i];
        TRY(client_header_check(header, reason));
        if (header->name.length + header->value.length > CLIENT_HEADER_BYTES_MAX)
            return reason_set(reason, STATUS_INVALID, "the header %.*s is over %d bytes",
                              TEXT_PRINT(header->name), CLIENT_HEADER_BYTES_MAX);
    }
    return STATUS_OK;
}

enum status transfer_open(const struct client_request *request,
                          struct client_exchange *exchange, uint64_t now_ms,
                          struct transfer **transfer, struct reason *reason)
{
    TRY(check_request(request, reason));
    char *url = copy_text(request->url);
    CURLU *parsed CLEANUP(finish_url) = strlen(url) == request->url.length ? read_url(url)
                                                                           : NULL;
    if (!parsed) {
        free(url);
        return reason_set(reason, STATUS_INVALID,
                          "no address that begins with http:// or https://, without a user's "
                          "name in it");
    }
    struct transfer *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->exchange = exchange;
    opened->url = url;
    opened->asked = copy_text(request->body);
    opened->asked_bytes = request->body.length;
    opened->is_post = request->body.length > 0;
    opened->deadline_ms = now_ms + (uint64_t)(request->timeout.us / 1000);
    for (size_t i = 0; i < request->header_count; i++)
        add_request_header(&opened->headers, &request->headers[i]);
    add_header(&opened->headers, "Accept-Encoding: gzip");
    if (opened->is_post)
        add_header(&opened->headers, "Content-Type: application/json");
    add_header(&opened->headers, "Expect:");
    buffer_init(&opened->body, CLIENT_BODY_BYTES_MAX + 1); /* one more tells that it is over */
    *transfer = opened;
    return STATUS_OK;
}

static void forget_answer(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    if (transfer->coding == CODING_GZIP)
        (void)inflateEnd(&transfer->gzip);
    transfer->gzip = (z_stream){0};
    transfer->coding = CODING_UNKNOWN;
    transfer->gzip_ended = false;
    transfer->head_bytes = 0;
    transfer->wire_bytes = 0;
    buffer_clear(&transfer->body);
}

void transfer_close(struct transfer *transfer)
{
    forget_answer(transfer);
    buffer_finish(&transfer->body);
    curl_slist_free_all(transfer->headers);
    free(transfer->url);
    free(transfer->asked);
    free(transfer);
}

/* --- The answer as it arrives. Whatever ends it early says so in transfer->fault. --- */

static enum status decide_coding(struct transfer *transfer)
{
    struct curl_header *header = NULL;
    struct text coding = TEXT("identity");
    if (curl_easy_header(transfer->easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) ==
        CURLHE_OK)
        coding = header->amount == 1 ? text_of(header->value) : TEXT("several codings");
    transfer->coding = CODING_IDENTITY;
    if (text_equals_ignoring_case(coding, TEXT("identity")))
        return STATUS_OK;
    if (!text_equals_ignoring_case(coding, TEXT("gzip")) &&
        !text_equals_ignoring_case(coding, TEXT("x-gzip")))
        return reason_set(&transfer->reason, STATUS_UNAVAILABLE,
                          "its body is encoded in another way than gzip, which was asked for");
    check(inflateInit2(&transfer->gzip, GZIP_WINDOW) == Z_OK);
    transfer->coding = CODING_GZIP;
    return STATUS_OK;
}

/* One turn of inflate; a further member may follow the end of one (RFC 1952 section 2.2). */
static enum status inflate_step(struct transfer *transfer, bool *is_done)
{
    z_stream *gzip = &transfer->gzip;
    struct buffer *body = &transfer->body;
    size_t room = CLIENT_BODY_BYTES_MAX + 1 - body->length;
    if (room > BODY_STEP_BYTES)
        room = BODY_STEP_BYTES;
    if (transfer->gzip_ended)
        check(inflateReset(gzip) == Z_OK);
    gzip->next_out = (Bytef *)buffer_reserve(body, room);
    gzip->avail_out = (uInt)room;
    int result = inflate(gzip, Z_NO_FLUSH);
    body->length += room - gzip->avail_out;
    transfer->gzip_ended = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return reason_set(&transfer->reason, STATUS_UNAVAILABLE, "its gzip is damaged: %s",
                          gzip->msg ? gzip->msg : "zlib says no more");
    if (body->length > CLIENT_BODY_BYTES_MAX)
        return reason_set(&transfer->reason, STATUS_TOO_LARGE,
                          "unpacked, its body is over %d bytes", CLIENT_BODY_BYTES_MAX);
    *is_done = gzip->avail_in == 0 && (transfer->gzip_ended || gzip->avail_out > 0);
    return STATUS_OK;
}

static enum status take_piece(struct transfer *transfer, struct text piece)
{
    transfer->wire_bytes += piece.length;
    if (transfer->wire_bytes > CLIENT_BODY_BYTES_MAX)
        return reason_set(&transfer->reason, STATUS_TOO_LARGE, "its body is over %d bytes",
                          CLIENT_BODY_BYTES_MAX);
    if (transfer->coding == CODING_UNKNOWN)
        TRY(decide_coding(transfer));
    if (transfer->coding == CODING_IDENTITY) {
        buffer_append(&transfer->body, piece);
        return STATUS_OK;
    }
    transfer->gzip.next_in = (Bytef *)(uintptr_t)piece.at;
    transfer->gzip.avail_in = (uInt)piece.length;
    for (bool is_done = false; !is_done;)
        TRY(inflate_step(transfer, &is_done));
    return STATUS_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct transfer *transfer = owner;
    struct text piece = {bytes, size * count};
    if (piece.length > 0)
        transfer->fault = take_piece(transfer, piece);
    return transfer->fault == STATUS_OK ? piece.length : CURL_WRITEFUNC_ERROR;
}

/* Lines of all heads count, so that interim answers without end have one. */
static size_t on_head(char *bytes, size_t size, size_t count, void *owner)
{
    (void)bytes;
    struct transfer *transfer = owner;
    transfer->head_bytes += size * count;
    if (transfer->head_bytes <= CLIENT_HEAD_BYTES_MAX)
        return size * count;
    transfer->fault = reason_set(&transfer->reason, STATUS_TOO_LARGE,
                                 "its headers are over %d bytes", CLIENT_HEAD_BYTES_MAX);
    return CURL_WRITEFUNC_ERROR;
}

/* --- One easy handle an address. --- */

#define SET(easy, option, value) check(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* Of the environment nothing is taken, and nothing is waited for. */
static void set_manners(CURL *easy)
{
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L); /* libcurl cannot be kept to one host: see below */
    SET(easy, CURLOPT_PROXY, "");          /* not even that of the environment */
    SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a resolver's thread at the end */
    SET(easy, CURLOPT_MAXFILESIZE, (long)CLIENT_BODY_BYTES_MAX); /* spares what is told ahead */
}

static void set_request(struct transfer *transfer, CURL *easy, uint64_t now_ms)
{
    uint64_t left = transfer->deadline_ms > now_ms ? transfer->deadline_ms - now_ms : 1;
    SET(easy, CURLOPT_URL, transfer->url);
    SET(easy, CURLOPT_USERAGENT, "trendgate"); /* a header of the request's own replaces it */
    SET(easy, CURLOPT_HTTPHEADER, transfer->headers);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)left);
    if (!transfer->is_post)
        return;
    SET(easy, CURLOPT_POST, 1L);
    SET(easy, CURLOPT_POSTFIELDSIZE, (long)transfer->asked_bytes);
    SET(easy, CURLOPT_POSTFIELDS, transfer->asked);
}

void transfer_prepare(struct transfer *transfer, uint64_t now_ms)
{
    forget_answer(transfer);
    CURL *easy = curl_easy_init();
    check(easy);
    transfer->easy = easy;
    transfer->words[0] = '\0';
    set_manners(easy);
    set_request(transfer, easy, now_ms);
    SET(easy, CURLOPT_PRIVATE, transfer);
    SET(easy, CURLOPT_ERRORBUFFER, transfer->words);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, transfer);
    SET(easy, CURLOPT_HEADERFUNCTION, on_head);
    SET(easy, CURLOPT_HEADERDATA, transfer);
}

/* --- What it came to. --- */

static enum status outcome(struct transfer *transfer, CURLcode code)
{
    if (transfer->fault != STATUS_OK)
        return transfer->fault;
    if (code == CURLE_FILESIZE_EXCEEDED)
        return reason_set(&transfer->reason, STATUS_TOO_LARGE, "its body is over %d bytes",
                          CLIENT_BODY_BYTES_MAX);
    if (code != CURLE_OK)
        return reason_set(&transfer->reason, STATUS_UNAVAILABLE, "%s",
                          transfer->words[0] ? transfer->words : curl_easy_strerror(code));
    if (transfer->coding == CODING_GZIP && !transfer->gzip_ended)
        return reason_set(&transfer->reason, STATUS_UNAVAILABLE,
                          "its gzip ends before its end");
    return STATUS_OK;
}

static struct text header_value(const struct transfer *transfer, const char *name)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return TEXT("");
    return text_of(header->value);
}

/* RFC 9110 section 10.2.3. A date is held against the answer's own Date, so that a clock which
 * is wrong, here or there, does not matter. */
static int64_t retry_after(const struct transfer *transfer)
{
    int64_t seconds = 0;
    instant date;
    instant until;
    struct text written = header_value(transfer, "Retry-After");
    if (text_is_digits(written)) {
        (void)text_read_integer(written, &seconds); /* too many: the most there is */
    } else {
        if (instant_read_http_date(written, &until) != STATUS_OK ||
            instant_read_http_date(header_value(transfer, "Date"), &date) != STATUS_OK)
            return -1;
        seconds = until.us > date.us ? (until.us - date.us) / SECOND_US : 0;
    }
    return seconds < CLIENT_RETRY_AFTER_MAX ? seconds : CLIENT_RETRY_AFTER_MAX;
}

static long answered_status(const struct transfer *transfer)
{
    long status = 0;
    check(curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    return status;
}

static enum status follow(struct transfer *transfer, const char *location)
{
    long status = answered_status(transfer);
    if (transfer->redirects == CLIENT_REDIRECTS_MAX)
        return reason_set(&transfer->reason, STATUS_FORBIDDEN, "it redirects over %d times",
                          CLIENT_REDIRECTS_MAX);
    if (!is_same_place(transfer->url, location))
        return reason_set(&transfer->reason, STATUS_FORBIDDEN,
                          "it redirects to another host, port or scheme");
    struct client_exchange *exchange = transfer->exchange;
    if (exchange->may_follow && !exchange->may_follow(exchange, &transfer->reason))
        return STATUS_FORBIDDEN;
    transfer->redirects++;
    if (status != 307 && status != 308) /* RFC 9110 section 15.4: those keep the method */
        transfer->is_post = false;
    char *url = copy_text(text_of(location));
    free(transfer->url);
    transfer->url = url;
    return STATUS_OK;
}

bool transfer_goes_on(struct transfer *transfer, CURLcode code, struct client_answer *answer)
{
    char *location = NULL;
    *answer = (struct client_answer){.retry_after_seconds = -1};
    answer->outcome = outcome(transfer, code);
    if (answer->outcome == STATUS_OK) {
        check(curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK);
        if (location && (answer->outcome = follow(transfer, location)) == STATUS_OK)
            return true;
    }
    if (answer->outcome != STATUS_OK) {
        answer->reason = transfer->reason;
        return false;
    }
    answer->http_status = (unsigned)answered_status(transfer);
    answer->body = buffer_text(&transfer->body);
    answer->content_type = header_value(transfer, "Content-Type");
    answer->retry_after_seconds = retry_after(transfer);
    return false;
}
