#include "sql/table_copy.h"

#include <string.h>

void table_copy_bind(struct db_statement *from, int column, char type, struct db_statement *to,
                     int parameter)
{
    if (db_column_is_null(from, column))
        db_bind_null(to, parameter);
    else if (type == 'i')
        db_bind_integer(to, parameter, db_column_integer(from, column));
    else if (type == 't')
        db_bind_text(to, parameter, db_column_text(from, column));
    else
        db_bind_blob(to, parameter, db_column_blob(from, column));
}

enum status table_copy(struct db *from, struct db *to, const struct table_copy *table,
                       struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL, *insert = NULL;
    TRY(db_statement_take(from, table->select, &select, reason));
    TRY(db_statement_take(to, table->insert, &insert, reason));
    int columns = (int)strlen(table->types);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        for (int i = 0; i < columns; i++)
            table_copy_bind(select, i, table->types[i], insert, i + 1);
        TRY(db_run(insert, reason));
    }
}
