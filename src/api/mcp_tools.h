/* mcp_tools: the product's endpoints as tools of the Model Context Protocol.
 *
 * A tool is named as its row's operation id; title, description and schemas come from the row, and
 * the price from the plan file in force. Any thread. */
#pragma once

#include "base/json_write.h"
#include "call/call.h"

/* The array of all tools, in the order of the table. */
void mcp_tools_write(const struct pipeline *pipeline, struct json_writer *writer);

/* NULL: there is no such tool. */
const struct endpoint *mcp_tool_find(const struct pipeline *pipeline, struct text name);
