/* tool: a call that came in inside another request, and the dress of its answer.
 *
 * Such a call goes through the steps of every other. Only three things differ: where its key comes
 * from, that its arguments are not read from the query, and that its answer is put into that of the
 * request around it. A tool of the Model Context Protocol may send its key as a bearer token and is
 * answered in a JSON-RPC response; the console brings a key that it knows by its digest, and an
 * answer in its own envelope. Owned by the call's loop thread. */
#pragma once

#include "call/query.h"
#include "http/message.h"

struct call;
struct digest;
struct refusal;

struct tool_call {
    /* Puts what would be sent into the answer around it; its releases are handed on. */
    void (*dress)(struct call *call, struct http_answer *answer);
    const struct digest *key; /* who calls; NULL: it is read from the request's headers */
    struct text key_prefix;   /* of that key, for the log */
    struct text id;           /* of the JSON-RPC request, as JSON */
    struct text members;      /* of the result, rendered, each with its comma; may be empty */
    struct query arguments;   /* as they would stand in a query, decoded */
    const struct refusal *refusal; /* set while one is answered */
};

/* What one of the Model Context Protocol wears: puts the envelope in answer->body into the response: a result whose structuredContent it is and
 * whose content says it again; with isError when it is a refusal, which content then tells in
 * words. The status becomes 200, but for 401, which clients look for: that becomes an error. */
void tool_dress(struct call *call, struct http_answer *answer);
