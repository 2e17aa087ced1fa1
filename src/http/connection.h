/* connection: one client's socket and the one exchange it may have in flight.
 *
 *   IDLE -> HEAD -> BODY -> ANSWER -> FLUSH -> IDLE, or LINGER -> CLOSED
 *
 * connection.c opens, watches, closes and times it, progress.c reads requests, answer.c writes
 * answers. The loop tells once when the socket may be read, and always while it may be written
 * (decision 0088); bytes come and go by recv(2) and send(2), which look at less of a socket than
 * read(2) and write(2) (decision 0087).
 * Owned by its loop's thread. Memory is freed when the loop has let go of the socket and the
 * exchange is answered, whichever comes last. */
#pragma once

#include "http/chunked.h"
#include "http/loop.h"
#include "http/request_read.h"

enum stage {
    STAGE_IDLE,   /* no byte of a request yet */
    STAGE_HEAD,   /* reading one */
    STAGE_BODY,   /* reading its body */
    STAGE_ANSWER, /* the owner has the exchange */
    STAGE_FLUSH,  /* answered; the client has not taken all of it yet */
    STAGE_LINGER, /* our half is closed; what comes is thrown away */
    STAGE_CLOSED, /* the socket is gone or going */
};

struct http_exchange {
    struct http_request request;
    struct arena arena;
    struct buffer body;
    bool open; /* arena and body are in use */
};

struct rest; /* what the socket did not take at once */

struct connection {
    int socket;
    uint32_t watched; /* what it is watched for, as epoll_ctl(2) has it; 0: to be asked anew */
    struct http_loop *loop;
    struct connection *previous;
    struct connection *next;
    struct connection *closed_next;
    struct deadline deadline;
    enum stage stage;
    bool stage_entered; /* since the deadline was last set */
    bool reading;
    bool input_ended; /* the client has closed its half */
    bool advancing;   /* connection_advance is at work further up the stack */
    bool unanswered;  /* the owner owes an answer */
    bool closes;      /* after the answer being written */
    bool skipped_empty_line;
    bool turned_away; /* over a limit: not counted, told so and closed */
    bool socket_gone;
    struct rest *rests, **rests_end; /* in the order of writing */
    size_t untaken_seen;  /* connection_untaken_bytes when the write deadline was last set */
    unsigned write_looks; /* how often that deadline has passed, in this answer */
    size_t lingered_bytes;
    struct buffer stash; /* read, but not yet used; no memory while empty */
    size_t stash_start;
    struct head_scan scan;
    struct framing framing;
    struct chunked chunked;
    struct http_exchange exchange;
    struct peer peer;
    char peer_room[ADDRESS_TEXT_BYTES];
    struct text peer_text;
};

/* A connection for a socket that was accepted, and is closed where it gets none. address: the client's. */
void connection_adopt(struct http_loop *loop, int socket,
                      const struct sockaddr_storage *address);

/* The deadlines' callback. */
void connection_deadline_passed(struct deadline *deadline, enum deadline_kind kind);

/* The server stops: closes the connection if nothing is going on, or about to, and the loop does
 * not spare it. */
void connection_stop(struct connection *connection);

/* The stop's time is up: closes the socket unless the owner still owes an answer. */
void connection_cut(struct connection *connection);

/* Closes the socket at once; does nothing the second time. */
void connection_close(struct connection *connection);

/* What was closed since the last look is let go of: nobody who is at work names it any more. */
void connections_let_go(struct http_loop *loop);

/* Frees the connection when nothing refers to it any more; it may be gone afterwards. */
void connection_free_when_over(struct connection *connection);

void connection_enter(struct connection *connection, enum stage stage);

/* Reads on from fresh bytes (borrowed, may be empty) as far as it can, then sets the deadline
 * and starts or stops reading as the new stage asks. */
void connection_advance(struct connection *connection, struct text fresh);

/* Has the owner refuse what is being read; the connection closes after the answer. */
void connection_refuse(struct connection *connection, struct http_refusal refusal);

/* The loop has events of the socket, as epoll_wait(2) tells them. */
void connection_ready(struct connection *connection, uint32_t events);

/* The socket may have bytes: reads up to a buffer of them, and asks to be told again where there may be more; stops_short: one read
 * may not get all that is there. It may have room: writes what waits, as much as it takes. */
void connection_read_on(struct connection *connection, bool stops_short);
void connection_write_on(struct connection *connection);

/* After reading or rests have changed. */
void connection_watch(struct connection *connection);

/* Bytes that the client has not acknowledged: those that wait here, and the kernel's. */
size_t connection_untaken_bytes(const struct connection *connection);

/* Of the rests: their bytes; lets go of them, unsent. */
size_t connection_rests_bytes(const struct connection *connection);
void connection_rests_drop(struct connection *connection);

/* Gives back what the exchange held; does nothing when it holds nothing. */
void connection_exchange_end(struct connection *connection);

/* 100 Continue. */
void connection_send_continue(struct connection *connection);
