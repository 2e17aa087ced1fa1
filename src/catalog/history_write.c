/* Histories and movers as JSON. */
#include "catalog/history_parts.h"

static void list_write(struct json_writer *writer, struct list_key list)
{
    const struct country *country = country_at(list.country);
    json_name(writer, TEXT("country_info"));
    json_object_open(writer);
    json_member_text(writer, TEXT("id"), country->code);
    json_member_text(writer, TEXT("value"), country->name);
    json_member_text(writer, TEXT("label"), country->code);
    json_object_close(writer);
    json_member_integer(writer, TEXT("period"), period_days[list.period]);
}

static void time_write(struct json_writer *writer, struct text name, instant at)
{
    char room[INSTANT_TEXT_BYTES];
    json_member_text(writer, name, instant_rfc3339(at, room));
}

static void figures_write(struct json_writer *writer, const struct appearance *row)
{
    json_member_integer(writer, TEXT("publish_cnt"), row->posts);
    json_member_integer(writer, TEXT("video_views"), row->views);
}

static void name_write(struct json_writer *writer, const struct appearance *row)
{
    json_member_text(writer, TEXT("hashtag_id"), row->hashtag_id);
    json_member_text(writer, TEXT("hashtag_name"), row->hashtag_name);
}

/* ---- One hashtag ---- */

static void row_write(struct json_writer *writer, const struct appearance *row)
{
    json_object_open(writer);
    time_write(writer, TEXT("captured_at"), row->captured_at);
    json_member_text(writer, TEXT("source"), row->source);
    name_write(writer, row);
    json_member_integer(writer, TEXT("rank"), row->rank);
    figures_write(writer, row);
    json_object_close(writer);
}

void history_write(struct json_writer *writer, const struct history_look *look,
                   const struct history_found *found)
{
    json_object_open(writer);
    json_member_text(writer, TEXT("hashtag_name"), look->hashtag_name);
    list_write(writer, look->list);
    if (found->total > 0) {
        time_write(writer, TEXT("first_seen"), found->first_seen);
        time_write(writer, TEXT("last_seen"), found->rows[0].captured_at);
        json_member_integer(writer, TEXT("best_rank"), found->best_rank);
    }
    json_member_integer(writer, TEXT("captures"), found->capture_count);
    json_member_integer(writer, TEXT("total"), found->total);
    json_member_boolean(writer, TEXT("has_more"), found->total > (int64_t)found->row_count);
    json_name(writer, TEXT("list"));
    json_array_open(writer);
    for (size_t i = found->row_count; i-- > 0;)
        row_write(writer, &found->rows[i]);
    json_array_close(writer);
    json_object_close(writer);
}

/* ---- Movers ---- */

/* A hashtag of either capture, or of both. */
struct move {
    const struct appearance *before; /* NULL: new */
    const struct appearance *after;  /* NULL: gone */
    int64_t rank_diff;               /* without a sign */
};

struct moves {
    struct move all[2 * RANKING_HASHTAGS_MAX];
    size_t count;
};

static int compare_ids(const void *a, const void *b)
{
    const struct appearance *left = *(const struct appearance *const *)a;
    const struct appearance *right = *(const struct appearance *const *)b;
    struct text l = left->hashtag_id, r = right->hashtag_id;
    if (l.length != r.length)
        return l.length < r.length ? -1 : 1;
    return l.length ? memcmp(l.at, r.at, l.length) : 0;
}

static size_t by_id_sort(const struct history_capture *capture, const struct appearance **by_id)
{
    for (size_t i = 0; i < capture->count; i++)
        by_id[i] = &capture->rows[i];
    if (capture->count > 0)
        qsort(by_id, capture->count, sizeof(by_id[0]), compare_ids);
    return capture->count;
}

static void move_add(struct moves *moves, const struct appearance *before,
                     const struct appearance *after)
{
    int64_t rise = before && after ? before->rank - after->rank : 0;
    moves->all[moves->count++] = (struct move){before, after, rise < 0 ? -rise : rise};
}

/* Both captures side by side, in the order of ids. */
static void moves_find(const struct history_found *found, struct moves *moves)
{
    const struct appearance *before[RANKING_HASHTAGS_MAX];
    const struct appearance *after[RANKING_HASHTAGS_MAX];
    size_t before_count = by_id_sort(&found->before, before);
    size_t after_count = by_id_sort(&found->after, after);
    moves->count = 0;
    for (size_t b = 0, a = 0; b < before_count || a < after_count;) {
        int order = b == before_count  ? 1
                    : a == after_count ? -1
                                       : compare_ids(&before[b], &after[a]);
        move_add(moves, order <= 0 ? before[b] : NULL, order >= 0 ? after[a] : NULL);
        b += order <= 0;
        a += order >= 0;
    }
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int64_t rank_of(const struct move *move)
{
    return move->after ? move->after->rank : move->before->rank;
}

/* The biggest move first; of those that are as big the one that ranks higher. */
static int compare_moves(const void *a, const void *b)
{
    const struct move *left = a;
    const struct move *right = b;
    int order = compare_integers(right->rank_diff, left->rank_diff);
    return order ? order : compare_integers(rank_of(left), rank_of(right));
}

/* Rounded to the nearest, halves away from zero; what no int64 holds is at its end. */
static int64_t a_day(int64_t before, int64_t after, int64_t elapsed_us)
{
    __extension__ typedef __int128 wide;
    wide change = ((wide)after - before) * DAY_US * 2;
    wide half = change < 0 ? -elapsed_us : elapsed_us;
    wide rate = (change + half) / ((wide)elapsed_us * 2);
    return rate > INT64_MAX ? INT64_MAX : rate < INT64_MIN ? INT64_MIN : (int64_t)rate;
}

static enum rank_change change_of(const struct move *move)
{
    if (!move->before)
        return RANK_NEW;
    int order = compare_integers(move->before->rank, move->after->rank);
    return order > 0 ? RANK_UP : order < 0 ? RANK_DOWN : RANK_UNCHANGED;
}

static void move_write(struct json_writer *writer, const struct move *move, int64_t elapsed_us)
{
    const struct appearance *before = move->before, *after = move->after;
    json_object_open(writer);
    name_write(writer, after ? after : before);
    if (after)
        json_member_integer(writer, TEXT("rank"), after->rank);
    if (before)
        json_member_integer(writer, TEXT("rank_before"), before->rank);
    if (after) {
        json_member_integer(writer, TEXT("rank_diff"), move->rank_diff);
        json_member_integer(writer, TEXT("rank_diff_type"),
                            rank_change_number(change_of(move)));
    }
    figures_write(writer, after ? after : before);
    if (before && after) {
        json_member_integer(writer, TEXT("publish_cnt_per_day"),
                            a_day(before->posts, after->posts, elapsed_us));
        json_member_integer(writer, TEXT("video_views_per_day"),
                            a_day(before->views, after->views, elapsed_us));
    }
    json_object_close(writer);
}

/* after: NULL for the hashtags that are gone. */
static void moves_write(struct json_writer *writer, struct text name, const struct moves *moves,
                        enum rank_change change, int64_t elapsed_us)
{
    json_name(writer, name);
    json_array_open(writer);
    for (size_t i = 0; i < moves->count; i++)
        if (moves->all[i].after && change_of(&moves->all[i]) == change)
            move_write(writer, &moves->all[i], elapsed_us);
    json_array_close(writer);
}

static void gone_write(struct json_writer *writer, const struct moves *moves)
{
    json_name(writer, TEXT("gone"));
    json_array_open(writer);
    for (size_t i = 0; i < moves->count; i++)
        if (!moves->all[i].after)
            move_write(writer, &moves->all[i], 1);
    json_array_close(writer);
}

static void capture_write(struct json_writer *writer, struct text name,
                          const struct history_capture *capture)
{
    const struct snapshot_entry *entry = &capture->entry;
    char room[INSTANT_TEXT_BYTES];
    json_name(writer, name);
    json_object_open(writer);
    time_write(writer, TEXT("captured_at"), entry->captured_at);
    json_member_text(writer, TEXT("as_of"), instant_date(entry->as_of, room));
    json_member_text(writer, TEXT("source"), text_of(entry->source));
    json_member_integer(writer, TEXT("total"), (int64_t)entry->hashtag_count);
    json_object_close(writer);
}

size_t movers_count(const struct history_found *found)
{
    return found->before.entry.id == 0 ? 0 : found->before.count + found->after.count;
}

/* With one capture alone there is nothing to compare, and every list is empty. */
void movers_write(struct json_writer *writer, const struct history_look *look,
                  const struct history_found *found)
{
    bool has_both = found->before.entry.id != 0;
    int64_t elapsed_us = found->after.entry.captured_at.us - found->before.entry.captured_at.us;
    struct moves *moves = memory_take_zeroed(1, sizeof(*moves));
    if (has_both)
        moves_find(found, moves);
    if (moves->count > 0)
        qsort(moves->all, moves->count, sizeof(moves->all[0]), compare_moves);
    json_object_open(writer);
    list_write(writer, look->list);
    if (has_both)
        capture_write(writer, TEXT("before"), &found->before);
    capture_write(writer, TEXT("after"), &found->after);
    moves_write(writer, TEXT("new"), moves, RANK_NEW, elapsed_us);
    gone_write(writer, moves);
    moves_write(writer, TEXT("up"), moves, RANK_UP, elapsed_us);
    moves_write(writer, TEXT("down"), moves, RANK_DOWN, elapsed_us);
    moves_write(writer, TEXT("unchanged"), moves, RANK_UNCHANGED, elapsed_us);
    json_object_close(writer);
    free(moves);
}
