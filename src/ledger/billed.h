/* billed: what statements count, by the period that bills it; the table of the same name. Inside a
 * transaction. */
#pragma once

#include "sql/db.h"

/* The numbers are in tables: never change one. */
enum billed_kind {
    BILLED_INCLUDED = 0, /* included credits that came late; others: see balance.used */
    BILLED_OVERAGE = 1,  /* credits of overage charged */
    BILLED_REFUNDED = 2, /* credits of overage given back */
    BILLED_REFUNDED_INCLUDED = 3, /* included credits given back */
    BILLED_GRANTED = 4,           /* credits given by the operator */
    BILLED_KINDS,
};

#define BILLED_NO_RATE (-1)

struct billed {
    int64_t account_id;
    int64_t billed_in;
    int64_t period;
    enum billed_kind kind;
    int64_t cents_per_1000; /* of overage; BILLED_NO_RATE */
    int64_t credits;        /* to add; 0 writes nothing */
};

enum status billed_add(struct db *db, const struct billed *billed, struct reason *reason);
