/* mcp_revision: which revision of the protocol a message speaks, and whether its HTTP headers say
 * the same as its body.
 *
 * Up to 2025-11-25, client and server agree on one by initialize, and later requests name it in
 * the MCP-Protocol-Version header. From 2026-07-28 on, called modern, each request names it in
 * its _meta and in the header, and repeats in headers what a proxy would look for in the body.
 * Pure; any thread. */
#pragma once

#include "api/mcp_message.h"
#include "http/message.h"

extern const struct text mcp_revisions[]; /* newest first */
extern const size_t mcp_revision_count;

/* What initialize answers: the one asked for if it has initialize, else the newest that has. */
struct text mcp_revision_agreed(struct text asked);

/* *is_modern: answers are to be those of 2026-07-28. A message other than initialize is refused
 * when it names no revision of ours, or headers that it owes are missing or say something else
 * (2026-07-28, basic/transports/streamable-http, "Server Validation"). */
enum status mcp_revision_read(const struct http_request *request,
                              const struct mcp_message *message, bool *is_modern,
                              struct mcp_fault *fault);
