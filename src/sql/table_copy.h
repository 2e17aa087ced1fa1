/* table_copy: a table's rows from one database into another, of whatever engines, which has the same
 * columns by the same names. */
#pragma once

#include "sql/db.h"

struct table_copy {
    const char *select, *insert;
    const char *types; /* of the columns: i an integer, t a text, b a blob; any may be NULL */
};

/* name and columns as SQL has them; parameters: PARAMETERS_n, n the number of columns. */
#define TABLE_COPY(name, columns, types, parameters)                                           \
    {                                                                                          \
        "SELECT " columns " FROM " name,                                                       \
            "INSERT INTO " name " (" columns ") VALUES (" parameters ")", types                \
    }

/* Inside a transaction of to, row by row; STATUS_EXISTS: a row is there already. */
enum status table_copy(struct db *from, struct db *to, const struct table_copy *table,
                       struct reason *reason);

/* A column of the row that stands, bound as that parameter. type: as in types. */
void table_copy_bind(struct db_statement *from, int column, char type, struct db_statement *to,
                     int parameter);

#define PARAMETERS_1 "$1"
#define PARAMETERS_2 PARAMETERS_1 ", $2"
#define PARAMETERS_3 PARAMETERS_2 ", $3"
#define PARAMETERS_4 PARAMETERS_3 ", $4"
#define PARAMETERS_5 PARAMETERS_4 ", $5"
#define PARAMETERS_6 PARAMETERS_5 ", $6"
#define PARAMETERS_7 PARAMETERS_6 ", $7"
#define PARAMETERS_8 PARAMETERS_7 ", $8"
#define PARAMETERS_9 PARAMETERS_8 ", $9"
#define PARAMETERS_10 PARAMETERS_9 ", $10"
#define PARAMETERS_11 PARAMETERS_10 ", $11"
#define PARAMETERS_12 PARAMETERS_11 ", $12"
#define PARAMETERS_13 PARAMETERS_12 ", $13"
#define PARAMETERS_14 PARAMETERS_13 ", $14"
#define PARAMETERS_15 PARAMETERS_14 ", $15"
#define PARAMETERS_16 PARAMETERS_15 ", $16"
#define PARAMETERS_17 PARAMETERS_16 ", $17"
#define PARAMETERS_18 PARAMETERS_17 ", $18"
#define PARAMETERS_19 PARAMETERS_18 ", $19"
#define PARAMETERS_20 PARAMETERS_19 ", $20"
#define PARAMETERS_21 PARAMETERS_20 ", $21"
#define PARAMETERS_22 PARAMETERS_21 ", $22"
