/* forms: what the texts among the settings must look like.
 *
 * Pure; any thread. Each gives STATUS_OK, or STATUS_INVALID with what is expected in reason. */
#pragma once

#include "base/reason.h"

/* ADDR:PORT with an IPv4 address, or an IPv6 one in brackets; port 0 to 65535. */
enum status form_listen(struct text value, struct reason *reason);

/* Empty, or IPv4 and IPv6 addresses, each with or without a /PREFIX, parted by commas. */
enum status form_networks(struct text value, struct reason *reason);

/* Empty, or http://HOST or https://HOST with or without a :PORT, and nothing behind it. */
enum status form_public_url(struct text value, struct reason *reason);
