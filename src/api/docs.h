/* docs: the page about the endpoint on sale, for people (HTML) and for machines (Markdown).
 *
 * Whatever is a number, a name or a price on it comes from the endpoint table and from the plans
 * in force, and is rendered anew when those change: the page cannot say what the server does not
 * do. Pure; any thread. */
#pragma once

#include "api/describe.h"

#define DOCS_PATH "/docs"
#define DOCS_MARKDOWN_PATH "/docs.md"

void docs_html(const struct describe_facts *facts, struct buffer *out);
void docs_markdown(const struct describe_facts *facts, struct buffer *out);

/* Header lines of every HTML page: nothing runs, is shown or is sent but what this server sends. */
#define DOCS_HTML_HEADERS                                                                      \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "       \
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "          \
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "            \
    "trusted-types 'none'\r\n"                                                                 \
    "Referrer-Policy: same-origin\r\n"                                                         \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                              \
    "Permissions-Policy: accelerometer=(), camera=(), display-capture=(), geolocation=(), "    \
    "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()\r\n"
