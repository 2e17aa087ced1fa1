/* mcp_message: one message of the Model Context Protocol, read and held against JSON-RPC 2.0.
 *
 * Revisions of the protocol: 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28. Pure; any thread. */
#pragma once

#include "base/json_read.h"
#include "call/query.h"

/* https://www.jsonrpc.org/specification, section 5.1. */
#define MCP_PARSE_ERROR (-32700)
#define MCP_INVALID_REQUEST (-32600)
#define MCP_METHOD_NOT_FOUND (-32601)
#define MCP_INVALID_PARAMS (-32602)
/* Revision 2026-07-28, basic/index, "Error Codes". */
#define MCP_HEADER_MISMATCH (-32020)
#define MCP_UNSUPPORTED_VERSION (-32022)

/* Of an id as JSON: clients count, or draw a UUID. It is sent back whole. */
#define MCP_ID_BYTES_MAX 256

struct mcp_message {
    char id_room[MCP_ID_BYTES_MAX];
    size_t id_length;     /* 0: it has none, and wants no answer */
    struct text method;   /* this and params are borrowed from the document */
    const json_t *params; /* an object, or NULL */
};

/* The id as JSON, or an empty text. */
static inline struct text mcp_message_id(const struct mcp_message *message)
{
    return (struct text){message->id_room, message->id_length};
}

/* What is wrong with a message: its code, the HTTP status that goes with it, and a sentence. */
struct mcp_fault {
    int64_t code;
    unsigned status;
    struct reason reason;
    struct text version; /* of MCP_UNSUPPORTED_VERSION: the one that was asked for */
};

/* Reads the body of one POST: a request or a notification. message->id is set as soon as it is
 * known, also when the rest is refused. *document is the caller's to finish, also on failure. */
enum status mcp_message_read(struct text body, json_t **document, struct mcp_message *message,
                             struct mcp_fault *fault);

/* A member of params that is a text; at is NULL when there is none. */
struct text mcp_message_text(const struct mcp_message *message, const char *name);

/* The arguments of tools/call as they would stand in a query, copied into the arena: a text as it
 * is, null as an empty value, whatever else as its JSON, so that the row's own rules decide.
 * STATUS_TOO_LARGE: the arena is full. */
enum status mcp_arguments_read(const json_t *arguments, struct arena *arena,
                               struct query *query);

/* Fills *fault and returns STATUS_INVALID, so that a check may end with it. */
__attribute__((format(printf, 4, 5))) enum status mcp_fault_set(struct mcp_fault *fault,
                                                                int64_t code, unsigned status,
                                                                const char *format, ...);
