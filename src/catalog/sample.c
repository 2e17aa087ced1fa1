#include "catalog/sample.h"

#include "catalog/sample_words.h"

#include <inttypes.h>
#include <stdio.h>

/* A list is chosen from more tags than it shows, so that some come and go by their score. Each
 * slot holds one tag at a time. Every fifth slot is a fixture: it scores high enough to be on
 * every day's list and carries what every list must show. The others live for LIFE_DAYS: their
 * births are spread evenly, so that every day has new entries. */
enum {
    SLOT_COUNT = 130,
    SHOWN_COUNT = 100,
    KIND_COUNT = 5, /* kinds of slots: slot % KIND_COUNT */
    KIND_FIXTURE = 0,
    KIND_LOCAL = 1, /* named in the country's language; the rest in English */
    FIXTURE_COUNT = SLOT_COUNT / KIND_COUNT,
    LIFE_DAYS = 26,
    FIXTURE_LIFE_DAYS = 400,
    SAMPLE_TREND_MAX = 30,
};

/* What the fixtures after those of the industries are for: the index of a fixture. */
enum {
    FIXTURE_DIGITS = INDUSTRY_COUNT - 1,
    FIXTURE_QUESTION,
    FIXTURE_EMOJI,
    FIXTURE_SCRIPT, /* SAMPLE_SCRIPT_COUNT of them */
};
_Static_assert(FIXTURE_SCRIPT + SAMPLE_SCRIPT_COUNT == FIXTURE_COUNT, "one slot each");

#define DAY_MIN 366     /* so that no trend begins before 1970 */
#define DAY_MAX 2932896 /* 9999-12-31 */

struct tag {
    unsigned slot;
    int64_t generation; /* of the slot's tags, this is the how-manieth */
    uint64_t seed;
    int64_t score;
};

/* The mixing step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
 * generators, 2014). */
static uint64_t mix(uint64_t seed, uint64_t salt)
{
    uint64_t z = seed + (salt + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Which number of a tag's seed stands for what. */
enum salt {
    SALT_BASE = 1,
    SALT_WAVE,
    SALT_CURVE,
    SALT_ID,
    SALT_NAME,
    SALT_INDUSTRY,
    SALT_PROMOTED,
    SALT_POSTS,
    SALT_VIEWS,
    SALT_CREATOR
};

static uint64_t draw(const struct tag *tag, enum salt salt, uint64_t below)
{
    return mix(tag->seed, (uint64_t)salt << 32) % below;
}

/* Smooth noise in 0 to 1000: random heights every span days, straight lines between them. */
static int64_t wave(const struct tag *tag, enum salt salt, int64_t day, int64_t span)
{
    uint64_t knot = ((uint64_t)salt << 32) + (uint64_t)(day / span) + 1;
    int64_t left = (int64_t)(mix(tag->seed, knot) % 1001);
    int64_t right = (int64_t)(mix(tag->seed, knot + 1) % 1001);
    return left + (right - left) * (day % span) / span;
}

static bool is_fixture(unsigned slot)
{
    return slot % KIND_COUNT == KIND_FIXTURE;
}

static int64_t score_of(const struct tag *tag, int64_t day, int64_t age, unsigned period)
{
    static const int64_t wave_span[PERIOD_COUNT] = {6, 12, 30};
    static const int64_t novelty[] = {700, 450, 200};
    int64_t base = is_fixture(tag->slot) ? 750 + (int64_t)draw(tag, SALT_BASE, 250)
                                         : (int64_t)draw(tag, SALT_BASE, 1000);
    if (!is_fixture(tag->slot) && age < (int64_t)LENGTH_OF(novelty))
        base += novelty[age];
    return base + wave(tag, SALT_WAVE, day, wave_span[period]) * 6 / 10 - 300;
}

static struct tag tag_of(struct list_key list, unsigned slot, int64_t day)
{
    int64_t life = is_fixture(slot) ? FIXTURE_LIFE_DAYS : LIFE_DAYS;
    int64_t lived = day + (is_fixture(slot) ? 17 * slot : slot % LIFE_DAYS);
    struct tag tag = {.slot = slot, .generation = lived / life};
    uint64_t whose = ((uint64_t)list_key_index(list) << 16) + slot;
    tag.seed = mix(whose, (uint64_t)tag.generation);
    tag.score = score_of(&tag, day, lived % life, list.period);
    return tag;
}

static int compare_tags(const void *a, const void *b)
{
    const struct tag *left = a;
    const struct tag *right = b;
    if (left->score != right->score)
        return left->score > right->score ? -1 : 1;
    return left->slot < right->slot ? -1 : 1;
}

/* The tags of a day, best first; the first SHOWN_COUNT are that day's list. */
static void order_day(struct list_key list, int64_t day, struct tag *tags)
{
    for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
        tags[slot] = tag_of(list, slot, day);
    qsort(tags, SLOT_COUNT, sizeof(tags[0]), compare_tags);
}

/* A short id, unique by its slot, or one of 19 digits. */
static struct text id_of(const struct tag *tag, struct arena *arena)
{
    char digits[HASHTAG_ID_DIGITS_MAX + 1];
    uint64_t number = draw(tag, SALT_ID, UINT64_C(500000000000000000));
    int length = number % 3 == 0 ? snprintf(digits, sizeof(digits), "%" PRIu64,
                                            number % 70000 * SLOT_COUNT + tag->slot)
                                 : snprintf(digits, sizeof(digits), "%" PRIu64,
                                            number + UINT64_C(7000000000000000000));
    check(length > 0 && length <= HASHTAG_ID_DIGITS_MAX);
    return arena_copy(arena, (struct text){digits, (size_t)length});
}

static struct text digits_name(const struct tag *tag, struct arena *arena)
{
    char digits[8];
    int length = snprintf(digits, sizeof(digits), "%u",
                          10 + (unsigned)draw(tag, SALT_NAME, 9990));
    return arena_copy(arena, (struct text){digits, (size_t)length});
}

static struct text fixture_name(const struct tag *tag, struct arena *arena)
{
    unsigned fixture = tag->slot / KIND_COUNT;
    uint64_t choice = draw(tag, SALT_NAME, 1000);
    if (fixture < FIXTURE_DIGITS)
        return sample_topic(fixture + 1, choice);
    if (fixture == FIXTURE_DIGITS)
        return digits_name(tag, arena);
    if (fixture == FIXTURE_QUESTION)
        return sample_question(choice);
    if (fixture == FIXTURE_EMOJI)
        return sample_emoji(choice);
    const struct sample_language *script = sample_script_at(fixture - FIXTURE_SCRIPT);
    return script->first[choice % script->word_count];
}

/* Two words, in a way that gives no two tags of a day the same name: slots with the same first
 * word differ in lap, which moves the second word by an even step, or by one generation, which
 * moves it by an odd one. */
static struct text compound_name(const struct tag *tag, struct list_key list,
                                 const struct sample_language *language, struct arena *arena)
{
    uint64_t count = language->word_count;
    unsigned kind = tag->slot % KIND_COUNT;
    uint64_t ordinal = tag->slot / KIND_COUNT;
    if (kind != KIND_LOCAL)
        ordinal = ordinal * (KIND_COUNT - 2) + kind - KIND_LOCAL - 1;
    else if (language == &sample_english)
        ordinal += FIXTURE_COUNT * (KIND_COUNT - 2); /* after those that are English anyway */
    uint64_t generation = (uint64_t)tag->generation;
    uint64_t first = (ordinal + 5 * generation + 7 * list.country) % count;
    uint64_t second = (2 * (ordinal / count) + 3 * first + generation + list.country) % count;
    char name[HASHTAG_NAME_BYTES_MAX];
    int length = snprintf(name, sizeof(name), "%.*s%.*s", TEXT_PRINT(language->first[first]),
                          TEXT_PRINT(language->second[second]));
    check(length > 0 && length < (int)sizeof(name));
    return arena_copy(arena, (struct text){name, (size_t)length});
}

static struct text name_of(const struct tag *tag, struct list_key list, struct arena *arena)
{
    if (is_fixture(tag->slot))
        return fixture_name(tag, arena);
    const struct sample_language *language = &sample_english;
    if (tag->slot % KIND_COUNT == KIND_LOCAL)
        language = sample_language_of(country_at(list.country)->code);
    return compound_name(tag, list, language, arena);
}

static unsigned industry_of(const struct tag *tag)
{
    if (is_fixture(tag->slot))
        return tag->slot / KIND_COUNT < FIXTURE_DIGITS ? tag->slot / KIND_COUNT + 1
                                                       : INDUSTRY_ALL;
    /* With the fixtures' this leaves about half of a list without one. */
    uint64_t choice = draw(tag, SALT_INDUSTRY, 45);
    return choice < INDUSTRY_COUNT ? (unsigned)choice : INDUSTRY_ALL;
}

static void set_counts(struct hashtag *hashtag, const struct tag *tag, struct list_key list)
{
    int64_t reach = (int64_t)(list.period + 1) * (list.country == COUNTRY_ALL ? 8 : 1);
    int64_t score = tag->score + 400; /* over 0 */
    hashtag->posts = reach * score * (1 + (int64_t)draw(tag, SALT_POSTS, 60)) / 8;
    hashtag->views = hashtag->posts * (60 + (int64_t)draw(tag, SALT_VIEWS, 3000));
    if (tag->slot % (9 * KIND_COUNT) == 0)
        hashtag->views += INT64_C(4500000000) * reach; /* more than 32 bits hold */
}

/* 7 or 30 days, or 18 weeks, up to the day before; of their values the greatest is 1. */
static bool set_trend(struct hashtag *hashtag, const struct tag *tag, unsigned period,
                      int64_t day, struct arena *arena)
{
    static const struct {
        size_t points;
        int64_t step_days;
    } shapes[PERIOD_COUNT] = {{7, 1}, {30, 1}, {18, 7}};
    size_t count = shapes[period].points;
    int64_t heights[SAMPLE_TREND_MAX];
    int64_t highest = 1; /* as the least height is */
    hashtag->trend = arena_take(arena, count * sizeof(hashtag->trend[0]));
    if (!hashtag->trend)
        return false;
    hashtag->trend_count = count;
    for (size_t i = 0; i < count; i++) {
        int64_t point_day = day - 1 - (int64_t)(count - 1 - i) * shapes[period].step_days;
        hashtag->trend[i].time = point_day * DAY_SECONDS;
        heights[i] = 1 + wave(tag, SALT_CURVE, point_day, 2 * shapes[period].step_days + 1);
        if (heights[i] > highest)
            highest = heights[i];
    }
    for (size_t i = 0; i < count; i++)
        hashtag->trend[i].hundredths = (int)((heights[i] * 100 + highest / 2) / highest);
    return true;
}

static bool set_creators(struct hashtag *hashtag, const struct tag *tag, struct arena *arena)
{
    uint64_t count = draw(tag, SALT_CREATOR, 9); /* a third of the tags has 1 to 3 */
    if (count == 0 || count > 3)
        return true;
    hashtag->creators = arena_take(arena, count * sizeof(hashtag->creators[0]));
    if (!hashtag->creators)
        return false;
    hashtag->creator_count = count;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t who = mix(tag->seed, ((uint64_t)SALT_CREATOR << 32) + i + 1);
        char url[80];
        int length = snprintf(url, sizeof(url), "https://example.invalid/avatar/%016llx.png",
                              (unsigned long long)who);
        struct creator *creator = &hashtag->creators[i];
        creator->nick_name = sample_nick_name(who);
        creator->avatar_url = arena_copy(arena, (struct text){url, (size_t)length});
        if (!creator->avatar_url.at)
            return false;
    }
    return true;
}

/* before: yesterday's list. */
static void set_rank(struct hashtag *hashtag, size_t place, const struct tag *tag,
                     const struct tag *before)
{
    hashtag->rank = (int64_t)place + 1;
    hashtag->rank_change = RANK_NEW;
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        if (before[i].seed != tag->seed)
            continue;
        hashtag->rank_change = i > place ? RANK_UP : i < place ? RANK_DOWN : RANK_UNCHANGED;
        hashtag->rank_diff = i > place ? (int64_t)(i - place) : (int64_t)(place - i);
    }
}

static bool make_hashtag(struct list_key list, int64_t day, const struct tag *tag,
                         struct arena *arena, struct hashtag *hashtag)
{
    hashtag->id = id_of(tag, arena);
    hashtag->name = name_of(tag, list, arena);
    hashtag->industry = industry_of(tag);
    hashtag->is_promoted = tag->slot == 0 || draw(tag, SALT_PROMOTED, 30) == 0;
    set_counts(hashtag, tag, list);
    return hashtag->id.at && hashtag->name.at &&
           set_trend(hashtag, tag, list.period, day, arena) &&
           set_creators(hashtag, tag, arena);
}

enum status sample_make(struct list_key list, int64_t day, struct arena *arena,
                        struct ranking *ranking)
{
    check(list.industry == INDUSTRY_ALL);
    if (day < DAY_MIN || day > DAY_MAX)
        return STATUS_INVALID;
    struct tag today[SLOT_COUNT];
    struct tag yesterday[SLOT_COUNT];
    order_day(list, day, today);
    order_day(list, day - 1, yesterday);
    struct hashtag *hashtags = arena_take(arena, SHOWN_COUNT * sizeof(hashtags[0]));
    if (!hashtags)
        return STATUS_TOO_LARGE;
    for (size_t i = 0; i < SHOWN_COUNT; i++) {
        set_rank(&hashtags[i], i, &today[i], yesterday);
        if (!make_hashtag(list, day, &today[i], arena, &hashtags[i]))
            return STATUS_TOO_LARGE;
    }
    *ranking = (struct ranking){.list = list,
                                .captured_at = {day * DAY_US},
                                .source = TEXT("sample"),
                                .hashtags = hashtags,
                                .hashtag_count = SHOWN_COUNT};
    return STATUS_OK;
}
