/* books: a plain re-adding of a ledger file, row by row, without the product's meter and fold.
 *
 * Reads through a connection of its own. A fault in the books themselves (a row that does not
 * unpack, an id that is there twice, sums that do not re-add) fails the running test. */
#pragma once

#include "base/instant.h"
#include "ledger/journal.h"

#define BOOK_ENTRIES_MAX 4096

struct book_entry {
    struct journal_entry entry; /* without its texts */
    char request_id[JOURNAL_TEXT_MAX + 1];
    int64_t row; /* of the journal */
    int64_t elapsed_us;
    bool is_folded;
};

struct books {
    struct book_entry entries[BOOK_ENTRIES_MAX]; /* in the journal's order */
    size_t count;
    int64_t mark;
    bool is_in_round; /* some accounts are folded further than that */
    int64_t last_row;
    int64_t accounts;
};

/* Reads it all and checks that balances, usage and the rows that they lack add up to the
 * journal, account by account, and that nothing is in it twice. */
void books_read(const char *path, struct books *books);

/* How often that charge is in the journal. */
size_t books_count_charge(const struct books *books, const uint8_t id[CHARGE_ID_BYTES]);
