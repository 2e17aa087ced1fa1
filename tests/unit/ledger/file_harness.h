/* file_harness: a new ledger's file, with its tables and nothing in them, for tests of what is written into it. */
#pragma once

#include "sql/db.h"
#include "support/unit.h"

extern struct db *db; /* open between file_make and file_remove */
extern struct reason reason;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

int folder_make(void **state);   /* once */
int folder_remove(void **state); /* once: and nothing is left of it */

/* -1: it could not be made. */
int file_make(void);
void file_remove(void);
