#include "admin.h"

#include "admin_socket.h"
#include "sql/db.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#define RETRY_MS 20
#define READ_PIECE_BYTES 65536

/* Either the ledger, held here, or a connection to who holds it. */
struct admin {
    struct ledger *ledger; /* NULL: remote */
    struct plan_book plans;
    int connection; /* -1: here */
    struct text base_url;
    struct buffer request;
    struct buffer answer;
};

/* ---- Opening ---- */

static enum status open_here(const struct admin_options *options, struct admin *admin,
                             struct reason *reason)
{
    TRY(ledger_open(options->ledger_path, options->time, &admin->ledger, reason));
    struct plans plans;
    TRY(plans_read(options->plans_file, options->known_operations, &plans, reason));
    plan_book_write(&admin->plans, &plans);
    return STATUS_OK;
}

static enum status socket_connect(const struct admin_address *address, int *connection,
                                  struct reason *reason)
{
    int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (opened < 0)
        return reason_set(reason, STATUS_IO, "cannot make a socket: %s", strerror(errno));
    const struct timeval wait = {.tv_sec = ADMIN_ANSWER_WAIT_MS / 1000};
    check(setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0);
    check(setsockopt(opened, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0);
    if (connect(opened, (const struct sockaddr *)&address->socket, sizeof(address->socket)) !=
        0) {
        check(close(opened) == 0);
        return STATUS_UNAVAILABLE;
    }
    *connection = opened;
    return STATUS_OK;
}

static enum status open_there(const struct admin_options *options, struct admin *admin,
                              struct reason *reason)
{
    CLEANUP(admin_address_close) struct admin_address address = {.folder = -1};
    TRY(admin_address_open(options->ledger_path, &address, reason));
    return socket_connect(&address, &admin->connection, reason);
}

/* The owner may be a command that ends at once, or a server that does not listen yet. */
static enum status open_within(const struct admin_options *options, struct admin *admin,
                               struct reason *reason)
{
    int64_t end_us = time_elapsed(options->time).us + (int64_t)ADMIN_OPEN_WAIT_MS * 1000;
    for (;;) {
        struct reason busy = {""};
        enum status here = open_here(options, admin, &busy);
        if (here != STATUS_BUSY || db_kind_of(options->ledger_path) == DB_POSTGRES)
            return reason_set(reason, here, "%s", busy.sentence);
        enum status there = open_there(options, admin, reason);
        if (there != STATUS_UNAVAILABLE)
            return there;
        if (time_elapsed(options->time).us >= end_us)
            return reason_set(
                reason, STATUS_BUSY,
                "%s; it takes no commands now, so try again when it has started or ended",
                busy.sentence);
        (void)poll(NULL, 0, RETRY_MS);
    }
}

enum status admin_open(const struct admin_options *options, struct admin **admin,
                       struct reason *reason)
{
    struct admin *opened = memory_take(sizeof(*opened));
    *opened = (struct admin){.connection = -1, .base_url = options->base_url};
    plan_book_init(&opened->plans);
    buffer_init(&opened->request, ADMIN_MESSAGE_BYTES_MAX);
    buffer_init_secret(&opened->answer, ADMIN_MESSAGE_BYTES_MAX);
    enum status status = open_within(options, opened, reason);
    if (status != STATUS_OK) {
        admin_close(opened);
        return status;
    }
    *admin = opened;
    return STATUS_OK;
}

void admin_close(struct admin *admin)
{
    if (!admin)
        return;
    if (admin->connection >= 0)
        check(close(admin->connection) == 0);
    ledger_close(admin->ledger);
    plan_book_finish(&admin->plans);
    buffer_finish(&admin->request);
    buffer_finish(&admin->answer);
    free(admin);
}

/* ---- Calling ---- */

static enum status refuse_lost(struct reason *reason)
{
    return reason_set(reason, STATUS_UNAVAILABLE,
                      "the server went away before it answered: look whether the change was "
                      "made before you try again");
}

/* After send or recv failed: their patience has ended, or the other side has. */
static enum status refuse_unanswered(struct reason *reason)
{
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return refuse_lost(reason);
    return reason_set(
        reason, STATUS_UNAVAILABLE,
        "the server did not answer within %d seconds: look whether the change was "
        "made before you try again",
        ADMIN_ANSWER_WAIT_MS / 1000);
}

static enum status request_send(int connection, struct text request, struct reason *reason)
{
    while (request.length > 0) {
        ssize_t sent = send(connection, request.at, request.length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return refuse_unanswered(reason);
        request = text_slice(request, (size_t)sent, request.length);
    }
    return STATUS_OK;
}

static enum status answer_receive(int connection, struct buffer *answer, struct reason *reason)
{
    for (;;) {
        char *room = buffer_reserve(answer, READ_PIECE_BYTES);
        if (!room)
            return reason_set(reason, STATUS_TOO_LARGE, "the server's answer is over %d bytes",
                              ADMIN_MESSAGE_BYTES_MAX);
        ssize_t length = recv(connection, room, READ_PIECE_BYTES, 0);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return refuse_unanswered(reason);
        if (length == 0)
            return refuse_lost(reason);
        answer->length += (size_t)length;
        if (answer->bytes[answer->length - 1] == '\n')
            return STATUS_OK;
    }
}

static enum status status_of_word(struct text word)
{
    for (int i = STATUS_OK; i <= STATUS_CORRUPT; i++)
        if (text_equals(text_of(status_word((enum status)i)), word))
            return (enum status)i;
    return STATUS_IO;
}

static enum status answer_read(struct text answer, json_t **result, struct reason *reason)
{
    CLEANUP(json_document_finish) json_t *document = NULL;
    TRY(json_document_read(answer, &document, reason));
    struct text word, sentence = TEXT("the server refused without a reason");
    if (!json_read_text(document, "status", &word))
        return reason_set(reason, STATUS_IO, "the server's answer has no status");
    enum status status = status_of_word(word);
    (void)json_read_text(document, "sentence", &sentence);
    if (status != STATUS_OK)
        return reason_set(reason, status, "%.*s", TEXT_PRINT(sentence));
    *result = json_incref(json_object_get(document, "result"));
    return STATUS_OK;
}

static enum status call(struct admin *admin, json_t **result, struct reason *reason)
{
    if (admin->request.overflowed)
        return reason_set(reason, STATUS_TOO_LARGE, "the command is over %d bytes: split it",
                          ADMIN_MESSAGE_BYTES_MAX);
    if (admin->ledger) {
        const struct admin_context context = {
            .ledger = admin->ledger, .plans = &admin->plans, .base_url = admin->base_url};
        admin_run(&context, buffer_text(&admin->request), &admin->answer);
    } else {
        TRY(request_send(admin->connection, buffer_text(&admin->request), reason));
        TRY(answer_receive(admin->connection, &admin->answer, reason));
    }
    return answer_read(buffer_text(&admin->answer), result, reason);
}

enum status admin_call(struct admin *admin, struct text verb, struct text arguments,
                       json_t **result, struct reason *reason)
{
    struct json_writer writer = json_writer_on(&admin->request);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("verb"), verb);
    json_name(&writer, TEXT("arguments"));
    json_write_raw(&writer, arguments);
    json_object_close(&writer);
    buffer_append_byte(&admin->request, '\n');
    enum status status = call(admin, result, reason);
    buffer_clear(&admin->request);
    buffer_clear(&admin->answer);
    return status;
}
