#include "ledger/placement.h"

#include "model/account.h"

#include <stdio.h>
#include <stdlib.h>

#define ADDRESS_BYTES 2048

struct place {
    char *address; /* NULL: the bucket is nowhere */
    struct db *db; /* opened by the first that needs it */
};

struct placement {
    struct db *home;
    const struct db_options *options;
    struct place places[ACCOUNT_BUCKETS]; /* servers */
    size_t place_count;
    int place_of[ACCOUNT_BUCKETS]; /* of a bucket; below 0: nowhere */
    duration read_at;
    bool is_read, is_doubted;
};

struct placement *placement_open(struct db *home, const struct db_options *options)
{
    struct placement *placement = memory_take_zeroed(1, sizeof(*placement));
    placement->home = home;
    placement->options = options;
    return placement;
}

static void places_close(struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        db_close(places[i].db);
        free(places[i].address);
    }
}

void placement_close(struct placement *placement)
{
    if (!placement)
        return;
    places_close(placement->places, placement->place_count);
    free(placement);
}

/* ---- Addresses ---- */

/* RFC 3986, section 2.1; what needs none is left. */
static size_t percent_encode(struct text value, char *room, size_t room_bytes)
{
    size_t length = 0;
    for (size_t i = 0; i < value.length && length + 4 < room_bytes; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
        length += (size_t)snprintf(room + length, room_bytes - length,
                                   is_plain ? "%c" : "%%%02X", byte);
    }
    return length;
}

/* libpq takes the last of a parameter that comes twice, host and port before the path included. */
enum status placement_address(const char *home, struct text host, int64_t port, char *room,
                              size_t room_bytes)
{
    char encoded[3 * 256 + 8];
    if (host.length > 256)
        return STATUS_TOO_LARGE;
    size_t length = percent_encode(host, encoded, sizeof(encoded));
    int written = snprintf(room, room_bytes, "%s%chost=%.*s&port=%lld&hostaddr=", home,
                           strchr(home, '?') ? '&' : '?', (int)length, encoded,
                           (long long)port);
    return written < 0 || (size_t)written >= room_bytes ? STATUS_TOO_LARGE : STATUS_OK;
}

/* ---- The map ---- */

/* A server that is known keeps its connection. */
static int place_add(struct placement *map, struct placement *before, const char *address)
{
    for (size_t i = 0; i < map->place_count; i++)
        if (strcmp(map->places[i].address, address) == 0)
            return (int)i;
    struct place *place = &map->places[map->place_count];
    for (size_t i = 0; i < before->place_count; i++)
        if (strcmp(before->places[i].address, address) == 0) {
            place->db = before->places[i].db;
            before->places[i].db = NULL;
        }
    place->address = memory_take_zeroed(1, strlen(address) + 1);
    memcpy(place->address, address, strlen(address));
    return (int)map->place_count++;
}

/* The shards first, each once: the function counts as volatile, and would be called for every placement. */
#define MAP_SQL                                                                                \
    "WITH shard AS MATERIALIZED (SELECT b, get_shard_id_for_distribution_column("              \
    "CAST('account' AS regclass), b) AS id FROM generate_series(CAST(0 AS BIGINT),"            \
    " CAST(63 AS BIGINT)) AS b)"                                                               \
    " SELECT s.b, n.nodename, CAST(n.nodeport AS BIGINT) FROM shard s"                         \
    " JOIN pg_dist_placement p ON p.shardid = s.id"                                            \
    " JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'"

static enum status rows_read(struct placement *before, struct placement *map,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(before->home, MAP_SQL, &select, reason));
    for (;;) {
        bool row;
        char address[ADDRESS_BYTES];
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t bucket = db_column_integer(select, 0);
        check(bucket >= 0 && bucket < ACCOUNT_BUCKETS);
        if (placement_address(db_address(before->home), db_column_text(select, 1),
                              db_column_integer(select, 2), address,
                              sizeof(address)) != STATUS_OK)
            return reason_set(reason, STATUS_TOO_LARGE,
                              "the address of a server of Citus is too long");
        map->place_of[bucket] = place_add(map, before, address);
    }
}

static enum status map_read(struct placement *placement, duration now, struct reason *reason)
{
    struct placement map = {.home = placement->home,
                            .options = placement->options,
                            .read_at = now,
                            .is_read = true};
    for (size_t i = 0; i < ACCOUNT_BUCKETS; i++)
        map.place_of[i] = -1;
    enum status status = rows_read(placement, &map, reason);
    if (status != STATUS_OK) { /* connections that were handed over are made again */
        places_close(map.places, map.place_count);
        return status;
    }
    places_close(placement->places, placement->place_count);
    *placement = map;
    return STATUS_OK;
}

static enum status map_refresh(struct placement *placement, duration now, struct reason *reason)
{
    bool is_old = now.us - placement->read_at.us > PLACEMENT_LIFE_US;
    if (placement->is_read && !is_old && !placement->is_doubted)
        return STATUS_OK;
    enum status status = map_read(placement, now, reason);
    if (status == STATUS_OK || !placement->is_read)
        return status;
    placement->read_at = now;
    placement->is_doubted = false;
    return STATUS_OK;
}

enum status placement_find(struct placement *placement, int64_t bucket, duration now,
                           struct db **db, struct reason *reason)
{
    TRY(map_refresh(placement, now, reason));
    if (placement->place_of[bucket] < 0)
        return reason_set(reason, STATUS_MISSING,
                          "no server has bucket %lld: run `trendgate db migrate --citus`",
                          (long long)bucket);
    struct place *place = &placement->places[placement->place_of[bucket]];
    if (!place->db)
        TRY(db_open(text_of(place->address), placement->options, &place->db, reason));
    *db = place->db;
    return STATUS_OK;
}

void placement_doubt(struct placement *placement)
{
    placement->is_doubted = true;
}
