/* tool: a call that came in as a tool of the Model Context Protocol, and the dress of its answer.
 *
 * Such a call goes through the steps of every other. Only three things differ: its key may be a
 * bearer token, its arguments are not read from the query, and its answer's envelope is put into
 * a JSON-RPC response. Owned by the call's loop thread. */
#pragma once

#include "call/query.h"
#include "http/message.h"

struct call;
struct refusal;

struct tool_call {
    struct text id;         /* of the JSON-RPC request, as JSON */
    struct text members;    /* of the result, rendered, each with its comma; may be empty */
    struct query arguments; /* as they would stand in a query, decoded */
    const struct refusal *refusal; /* set while one is answered */
};

/* Puts the envelope in answer->body into the response: a result whose structuredContent it is and
 * whose content says it again; with isError when it is a refusal, which content then tells in
 * words. The status becomes 200, but for 401, which clients look for: that becomes an error. */
void tool_dress(struct call *call, struct http_answer *answer);
