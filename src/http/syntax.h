/* syntax: classes of bytes of RFC 9110 section 5 and RFC 3986 section 2. */
#pragma once

#include "base/text.h"

/* One or more tchar (RFC 9110 section 5.6.2). */
bool syntax_is_token(struct text whole);

/* A single tchar. */
bool syntax_is_token_byte(unsigned char byte);

/* May stand inside a line of a head: HTAB, SP, VCHAR and obs-text; no control byte. */
bool syntax_is_line_byte(unsigned char byte);

/* The place of the first byte at or after start that may not stand inside a line. */
size_t syntax_line_end(struct text bytes, size_t start);

/* What may stand in a request target: VCHAR without '#', at least one; nothing decoded. */
bool syntax_is_target(struct text whole);

/* uri-host [ ":" port ] of RFC 9110 section 7.2: reg-name, IPv4 address or IP-literal, no
 * userinfo; the host may be empty. */
bool syntax_is_authority(struct text whole);
