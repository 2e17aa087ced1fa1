#include "file_harness.h"

#include "sql/migrate.h"

#include <stdio.h>
#include <unistd.h>

struct db *db;
struct reason reason;

static char folder[] = "/tmp/trendgate-file-XXXXXX";
static char path[64];

int folder_make(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int folder_remove(void **state)
{
    (void)state;
    return rmdir(folder);
}

int file_make(void)
{
    (void)snprintf(path, sizeof(path), "%s/x.db", folder);
    const struct db_options options = {.journal = DB_JOURNAL_WAL};
    return db_open(text_of(path), &options, &db, &reason) == STATUS_OK &&
                   db_migrate(db, &migrations_ledger, &reason) == STATUS_OK
               ? 0
               : -1;
}

void file_remove(void)
{
    db_close(db);
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[80];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
}
