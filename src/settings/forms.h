/* forms: what the texts among the settings must look like.
 *
 * Pure; any thread. Each gives STATUS_OK, or STATUS_INVALID with what is expected in reason. */
#pragma once

#include "base/reason.h"

/* ADDR:PORT with an IPv4 address, or an IPv6 one in brackets; port 0 to 65535. */
enum status form_listen(struct text value, struct reason *reason);

/* The same, or empty. */
enum status form_listen_or_nothing(struct text value, struct reason *reason);

/* Empty, or IPv4 and IPv6 addresses, each with or without a /PREFIX, parted by commas. */
enum status form_networks(struct text value, struct reason *reason);

/* Empty, or http://HOST or https://HOST with or without a :PORT, and nothing behind it. */
enum status form_public_url(struct text value, struct reason *reason);

/* http://HOST or https://HOST with or without a :PORT and a /PATH, which does not end in '/'. */
enum status form_base_url(struct text value, struct reason *reason);

/* Which countries a list of their codes names, as COUNTRY_COUNT flags: empty for none, "every" for
 * all with the global list. */
enum status countries_read(struct text value, bool *countries, struct reason *reason);
enum status form_countries(struct text value, struct reason *reason);

/* Which periods, as PERIOD_COUNT flags; at least one. */
enum status periods_read(struct text value, bool *periods, struct reason *reason);
enum status form_open_or_closed(struct text value, struct reason *reason);
enum status form_periods(struct text value, struct reason *reason);
