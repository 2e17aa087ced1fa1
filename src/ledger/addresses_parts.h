/* addresses_parts: the inside of the addresses, shared by addresses*.c. */
#pragma once

#include "ledger/addresses.h"

/* Under the lock: what waits and is asked for is added to the list, of one address a row a day. */
void addresses_list_waiting(const struct addresses *addresses,
                            const struct address_query *query, struct address_list *list);

void address_list_add(struct address_list *list, const struct recent_address *use);
