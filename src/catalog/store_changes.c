/* Rank changes from our own history, for captures that tell none. */
#include "catalog/store_parts.h"

static bool is_untold(const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        if (ranking->hashtags[i].rank_change != RANK_UNTOLD)
            return false;
    return true;
}

static const struct hashtag *hashtag_of_id(const struct ranking *ranking, struct text id)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        if (text_equals(ranking->hashtags[i].id, id))
            return &ranking->hashtags[i];
    return NULL;
}

/* So that the same capture, given once more, is recognised whatever came in meanwhile. */
static enum status fill_from_kept(struct store *store, int64_t kept_id,
                                  struct hashtag *hashtags, size_t count, struct reason *reason)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking kept;
    TRY(store_read(store, kept_id, &arena, &kept, reason));
    for (size_t i = 0; i < count; i++) {
        const struct hashtag *same = hashtag_of_id(&kept, hashtags[i].id);
        if (!same)
            continue;
        hashtags[i].rank_change = same->rank_change;
        hashtags[i].rank_diff = same->rank_diff;
    }
    return STATUS_OK;
}

struct former {
    int64_t snapshot_id; /* 0: there is none */
    int64_t last_rank;   /* how far down it reaches */
};

static enum status former_find(struct store *store, int64_t list_id, instant captured_at,
                               struct former *former, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT id, (SELECT max(rank) FROM appearance WHERE snapshot_id = "
                          "snapshot.id) FROM snapshot WHERE list_id = $1 AND captured_at < $2 "
                          "ORDER BY captured_at DESC, id DESC LIMIT 1",
                          &select, reason));
    db_bind_integer(select, 1, list_id);
    db_bind_integer(select, 2, captured_at.us);
    bool row;
    TRY(db_step(select, &row, reason));
    *former = (struct former){0};
    if (row)
        *former = (struct former){db_column_integer(select, 0), db_column_integer(select, 1)};
    return STATUS_OK;
}

/* 0: it was not there. A source may call one hashtag by another name from one day to the
 * next. */
static enum status former_rank(struct store *store, const struct former *former,
                               int64_t list_id, struct text hashtag_id, int64_t *rank,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT rank FROM hashtag JOIN appearance "
                          "ON appearance.hashtag = hashtag.id "
                          "WHERE hashtag_id = $1 AND list_id = $2 AND snapshot_id = $3",
                          &select, reason));
    db_bind_text(select, 1, hashtag_id);
    db_bind_integer(select, 2, list_id);
    db_bind_integer(select, 3, former->snapshot_id);
    bool row;
    TRY(db_step(select, &row, reason));
    *rank = row ? db_column_integer(select, 0) : 0;
    return STATUS_OK;
}

/* Below the end of a former list that was shorter, a hashtag may have stood there unseen:
 * nothing is known of it. */
static void change_set(struct hashtag *hashtag, int64_t rank_before, int64_t last_rank)
{
    if (rank_before == 0) {
        hashtag->rank_change = hashtag->rank <= last_rank ? RANK_NEW : RANK_UNTOLD;
        return;
    }
    int64_t rise = rank_before - hashtag->rank;
    hashtag->rank_change = rise > 0 ? RANK_UP : rise < 0 ? RANK_DOWN : RANK_UNCHANGED;
    hashtag->rank_diff = rise < 0 ? -rise : rise;
}

static enum status fill_from_former(struct store *store, const struct former *former,
                                    int64_t list_id, struct ranking *ranking,
                                    struct reason *reason)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        struct hashtag *hashtag = &ranking->hashtags[i];
        int64_t rank_before;
        TRY(former_rank(store, former, list_id, hashtag->id, &rank_before, reason));
        change_set(hashtag, rank_before, former->last_rank);
    }
    return STATUS_OK;
}

enum status store_changes_fill(struct store *store, int64_t list_id, int64_t kept_id,
                               const struct ranking *ranking, struct hashtag *hashtags,
                               struct ranking *filled, struct reason *reason)
{
    *filled = *ranking;
    if (!is_untold(ranking))
        return STATUS_OK;
    filled->hashtags = hashtags;
    if (ranking->hashtag_count > 0)
        memcpy(hashtags, ranking->hashtags, ranking->hashtag_count * sizeof(*hashtags));
    if (kept_id != 0)
        return fill_from_kept(store, kept_id, hashtags, ranking->hashtag_count, reason);
    struct former former;
    TRY(former_find(store, list_id, ranking->captured_at, &former, reason));
    return former.snapshot_id == 0 ? STATUS_OK
                                   : fill_from_former(store, &former, list_id, filled, reason);
}
