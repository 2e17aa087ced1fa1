/* bounds: what the HTTP server limits whatever the settings say, with the reasons. */
#pragma once

/* One read buffer a loop: a full socket buffer of small requests in one recv(2). */
#define HTTP_READ_BUFFER_BYTES (64 * 1024)

/* Requests that wait behind the one in flight; past it the client's own window fills. */
#define HTTP_STASH_BYTES_MAX (64 * 1024)

/* What is read and thrown away after a closing answer, so that the client sees the answer and
 * not a reset (RFC 9112 section 9.6): an honest client stops well before. */
#define HTTP_LINGER_BYTES_MAX (256 * 1024)
#define HTTP_LINGER_MS 2000

/* Write timeouts that one answer may last, however steadily a few bytes of it are taken: at the
 * default a quarter of an hour, which even a modem keeps for the longest list. Without it, a
 * client could hold a place and an answer's memory for ever with a byte each time. */
#define HTTP_WRITE_TIMEOUTS_MAX 30

/* A chunk's size is at most 16 hexadecimal digits (a uint64). Extensions mean nothing to us:
 * room for an honest one a chunk, and a total, so that they cannot outweigh the body. */
#define HTTP_CHUNK_DIGITS_MAX 16
#define HTTP_CHUNK_EXTENSION_BYTES_MAX 256
#define HTTP_CHUNK_EXTENSIONS_BYTES_MAX 4096

/* The longest turn of a loop that does not come to rest. What waits for a turn's end waits so
 * long; what it costs is shared by so many requests, at 10 to 17 us each some hundreds. */
#define HTTP_TURN_US 4000

/* Arenas a loop keeps for its next requests: 4 KB each, as many as one busy turn uses. */
#define HTTP_ARENAS_SPARE_MAX 512

/* The answer's own header lines, and the short pieces behind them: a bug of ours if longer. */
#define HTTP_ANSWER_HEAD_BYTES_MAX (256 * 1024)

/* A piece of a body that is copied behind the head: copying 8 KB takes the processor a quarter of
 * a microsecond, a piece more in a write as much. */
#define HTTP_PIECE_COPIED_BYTES_MAX (8 * 1024)

/* How long a listener is left alone from which nobody could be accepted. */
#define HTTP_ACCEPT_PAUSE_MS 100

#define HTTP_THREADS_MAX 256
#define HTTP_BACKLOG 1024
