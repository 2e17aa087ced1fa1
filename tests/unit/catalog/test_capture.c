/* What is read from captures, and which sentence refuses what is wrong with them. */
#include "catalog/capture.h"
#include "support/unit.h"

#include <stdio.h>

static struct arena arena;
static struct capture capture;
static struct reason reason;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    capture = (struct capture){0};
    reason = (struct reason){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

/* Options as the command line gives them; NULL: not given. */
static struct capture_options options_of(const char *file_name, const char *country, int period,
                                         const char *captured)
{
    struct capture_options options = {.file_name = text_of(file_name)};
    unsigned index;
    if (country) {
        assert_int_equal(country_find(text_of(country), &index), STATUS_OK);
        options.has_country = true;
        options.country = (uint8_t)index;
    }
    if (period) {
        assert_int_equal(period_find(period, &index), STATUS_OK);
        options.has_period = true;
        options.period = (uint8_t)index;
    }
    if (captured) {
        assert_int_equal(instant_read(text_of(captured), &options.captured_at), STATUS_OK);
        options.has_captured_at = true;
    }
    return options;
}

/* The lists as one text: "MY 7 0 2025-10-01T21:30:09Z import 100; ". */
static const char *lists_read(void)
{
    static char lists[1024];
    size_t length = 0;
    lists[0] = '\0';
    for (size_t i = 0; i < capture.ranking_count; i++) {
        char room[INSTANT_TEXT_BYTES];
        const struct ranking *ranking = &capture.rankings[i];
        length += (size_t)snprintf(lists + length, sizeof(lists) - length,
                                   "%.*s %d %lld %.*s %.*s %zu; ",
                                   TEXT_PRINT(country_at(ranking->list.country)->code),
                                   period_days[ranking->list.period],
                                   (long long)industry_at(ranking->list.industry)->id,
                                   TEXT_PRINT(instant_rfc3339(ranking->captured_at, room)),
                                   TEXT_PRINT(ranking->source), ranking->hashtag_count);
        assert_true(length < sizeof(lists));
    }
    return lists;
}

static enum status read_text(struct text bytes, struct capture_options options)
{
    arena_reset(&arena);
    return capture_read(bytes, &options, &arena, &capture, &reason);
}

#define HEADER                                                                                 \
    "hashtag_id,hashtag_name,country,rank,video_views,publish_count,industry_value,"           \
    "crawl_date,crawl_time\n"
#define ROW(id, name, rank)                                                                    \
    "\"" id "\",\"" name "\",\"Malaysia\"," rank ",5,3,\"\",\"2025-10-01\",\"21:30:09\"\n"
#define ITEM(id, rank)                                                                         \
    "{\"hashtag_id\":\"" id "\",\"hashtag_name\":\"n\",\"publish_cnt\":1,\"video_views\":2,"   \
    "\"rank\":" rank "}"
#define ITEM_WITH(rest)                                                                        \
    "[{\"hashtag_id\":\"4777\",\"hashtag_name\":\"prom\",\"publish_cnt\":1,"                   \
    "\"video_views\":2,\"rank\":1," rest "}]"
#define POINT(time) "{\"time\":" time ",\"value\":1}"
#define LOW_POINT(time) "{\"time\":" time ",\"value\":0.5}"
#define ONE_ITEM(id, rank)                                                                     \
    "{\"hashtagID\":" id ",\"hashtagName\":\"n\",\"publishCnt\":1,\"rankIndex\":" rank         \
    ",\"vv\":1}"
#define TIMED_ROW(id, rank, date)                                                              \
    "\"" id "\",\"n\",\"Malaysia\"," rank ",5,3,\"\",\"" date "\",\"21:30:09\"\n"

/* Which list it is: told by content, options, curves and name, in this order. */
static const struct {
    const char *label;
    struct text bytes;
    const char *file_name, *country;
    int period;
    const char *captured;
    const char *lists; /* or the sentence that refuses it */
} facts[] = {
    {"csv, all but the period told", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "x", NULL, 7,
     NULL, "MY 7 0 2025-10-01T21:30:09Z import 1; "},
    {"csv, the day of the capture told twice", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "x",
     "my", 7, "2025-10-01", "MY 7 0 2025-10-01T21:30:09Z import 1; "},
    {"csv, another time of that day", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "x", NULL, 7,
     "2025-10-01T21:30:10Z",
     "x, line 2: the file says 2025-10-01T21:30:09Z, --captured says 2025-10-01T21:30:10Z: "
     "leave "
     "the option out, or import the right file"},
    {"csv, another day", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "x", NULL, 7, "2025-10-02",
     "x, line 2: the file says 2025-10-01T21:30:09Z, --captured says 2025-10-02T00:00:00Z: "
     "leave "
     "the option out, or import the right file"},
    {"csv, another country", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "x", "US", 7, NULL,
     "x, line 2: the file says MY, --country says US: leave the option out, or import the "
     "right "
     "file"},
    {"csv, the period by its name", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "a/US-30d.csv",
     NULL, 0, NULL, "MY 30 0 2025-10-01T21:30:09Z import 1; "},
    {"csv, no period at all", TEXT_INITIAL(HEADER ROW("1", "a", "1")), "30d/MY-31d.csv", NULL,
     0, NULL,
     "30d/MY-31d.csv, line 2: which list this is stays unknown: give --period DAYS (7, 30 or "
     "120)"},
    {"csv, a day without a time",
     TEXT_INITIAL("hashtag_id,hashtag_name,rank,video_views,publish_count,crawl_date,period\n"
                  "1,a,1,1,1,2025-10-01,30\n"),
     "x", "all", 0, "2025-10-01T05:00:00+01:00", "ALL 30 0 2025-10-01T04:00:00Z import 1; "},
    {"json, nothing told", TEXT_INITIAL("[" ITEM("1", "1") "]"), "list.json", NULL, 0, NULL,
     "list.json, line 1, item 1: which list this is stays unknown: give --country CODE (ALL: "
     "the "
     "global list) --period DAYS (7, 30 or 120) --captured YYYY-MM-DD"},
    {"json, all by options", TEXT_INITIAL("[" ITEM("1", "1") "]"), "list.json", "US", 30,
     "2025-10-02", "US 30 0 2025-10-02T00:00:00Z import 1; "},
    {"json, another country than its name", TEXT_INITIAL("[" ITEM("1", "1") "]"),
     "MY-7d-2025-10-01.json", "US", 0, NULL,
     "MY-7d-2025-10-01.json: the name says MY, --country says US: rename the file or drop the "
     "option"},
    {"json, another period than its name", TEXT_INITIAL("[" ITEM("1", "1") "]"),
     "MY-7d-2025-10-01.json", "MY", 30, NULL,
     "MY-7d-2025-10-01.json: the name says 7d, --period says 30: rename the file or drop the "
     "option"},
    {"json, another day than its name", TEXT_INITIAL("[" ITEM("1", "1") "]"),
     "MY-7d-2025-10-01.json", "MY", 7, "2025-10-02",
     "MY-7d-2025-10-01.json: the name says 2025-10-01, --captured says 2025-10-02T00:00:00Z: "
     "rename the file or drop the option"},
    {"json, a time of its name's day", TEXT_INITIAL("[" ITEM("1", "1") "]"),
     "MY-7d-2025-10-01.json", "MY", 7, "2025-10-01T10:00:00Z",
     "MY 7 0 2025-10-01T10:00:00Z import 1; "},
    {"csv, two whole lists of two days",
     TEXT_INITIAL(HEADER TIMED_ROW("1", "1", "2025-10-01") TIMED_ROW("1", "1", "2025-10-02")),
     "x", NULL, 7, NULL,
     "MY 7 0 2025-10-01T21:30:09Z import 1; MY 7 0 2025-10-02T21:30:09Z import 1; "},
    {"csv, another time on each row",
     TEXT_INITIAL(HEADER TIMED_ROW("1", "1", "2025-10-01") TIMED_ROW("2", "2", "2025-10-02")),
     "x", NULL, 7, NULL,
     "x, line 3: rows of the list MY, 7 days, have different capture times "
     "(2025-10-02T21:30:09Z here, 2025-10-01T21:30:09Z elsewhere): give all rows of a list the "
     "same"},
    {"csv, two times that take turns",
     TEXT_INITIAL(HEADER TIMED_ROW("1", "1", "2025-10-01") TIMED_ROW("2", "2", "2025-10-02")
                      TIMED_ROW("3", "3", "2025-10-01")),
     "x", NULL, 7, NULL,
     "x, line 2: rows of the list MY, 7 days, have different capture times"},
    {"a page of a list", TEXT_INITIAL("[" ITEM("1", "51") "," ITEM("2", "52") "]"), "x", "US",
     7, "2025-10-01", "US 7 0 2025-10-01T00:00:00Z import 2; "},
    {"json, all by its name", TEXT_INITIAL("[" ITEM("1", "1") "]"), "b/MY_7d.2025-10-01 x.json",
     NULL, 0, NULL, "MY 7 0 2025-10-01T00:00:00Z import 1; "},
    {"a name is not searched in words", TEXT_INITIAL("[" ITEM("1", "1") "]"),
     "it-in-my7d-12025-10-01.json", NULL, 0, NULL,
     "it-in-my7d-12025-10-01.json, line 1, item 1: which list this is stays unknown: give "
     "--country CODE (ALL: the global list) --period DAYS (7, 30 or 120) --captured "
     "YYYY-MM-DD"},
    {"a curve of 7 days against the file's name",
     TEXT_INITIAL(ITEM_WITH(
         "\"trend\":[" POINT("86400") "," POINT("172800") "," POINT("259200") "," POINT(
             "345600") "," POINT("432000") "," POINT("518400") "," POINT("604800") "]")),
     "MY-30d-2025-10-21.json", NULL, 0, NULL, "MY 7 0 2025-10-21T00:00:00Z import 1; "},
    {"a capture in our own answer",
     TEXT_INITIAL("{\"code\":200,\"msg\":\"OK\",\"data\":{\"code\":0,\"msg\":\"OK\",\"data\":{"
                  "\"list\":[" ITEM("1", "2") "," ITEM("2", "1") "],\"pagination\":{}},"
                                                                 "\"request_id\":\"r\"}}"),
     "x", "MY", 7, "2025-10-01", "MY 7 0 2025-10-01T00:00:00Z import 2; "},
    {"ndjson of two lists",
     TEXT_INITIAL("{\"country_code\":\"US\",\"period\":7,\"captured_at\":\"2025-10-01\","
                  "\"hashtag_id\":\"1\",\"hashtag_name\":\"a\",\"publish_cnt\":1,"
                  "\"video_views\":1,\"rank\":1}\r\n\r\n"
                  "{\"country_code\":\"ALL\",\"period\":\"30\",\"captured_at\":\"2025-10-01\","
                  "\"source\":\"business-api\",\"list_industry_id\":17000000000,"
                  "\"hashtag_id\":2,\"hashtag_name\":\"a\",\"publish_cnt\":\"1\","
                  "\"video_views\":\"1\",\"rank\":1,\"new_member\":{}}"),
     "x", NULL, 0, NULL,
     "ALL 30 17000000000 2025-10-01T00:00:00Z business-api 1; "
     "US 7 0 2025-10-01T00:00:00Z import 1; "},
    {"one hashtag alone", TEXT_INITIAL(" \n" ITEM("1", "1") "\n"), "x", "US", 7, "2025-10-01",
     "US 7 0 2025-10-01T00:00:00Z import 1; "},
    {"a byte order mark", TEXT_INITIAL("\xEF\xBB\xBF" HEADER ROW("1", "a", "1")), "x", NULL, 7,
     NULL, "MY 7 0 2025-10-01T21:30:09Z import 1; "},
};

static void the_list_is_told_by_content_options_curves_and_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(facts); i++) {
        enum status status = read_text(facts[i].bytes,
                                       options_of(facts[i].file_name, facts[i].country,
                                                  facts[i].period, facts[i].captured));
        const char *found = status == STATUS_OK ? lists_read() : reason.sentence;
        bool begins = strncmp(found, facts[i].lists, strlen(facts[i].lists)) == 0;
        if (!begins || (status == STATUS_OK && strlen(found) != strlen(facts[i].lists)))
            fail_msg("%s: %s", facts[i].label, found);
    }
}

/* A list of JSON with count points step days apart. */
static struct text list_with_curve(struct buffer *out, int count, int step_days)
{
    buffer_clear(out);
    buffer_append(out, TEXT("[{\"hashtag_id\":\"1\",\"hashtag_name\":\"n\",\"publish_cnt\":1,"
                            "\"video_views\":2,\"rank\":1,\"trend\":["));
    for (int i = 0; i < count; i++)
        buffer_append_format(out, "%s{\"time\":%lld,\"value\":1}", i > 0 ? "," : "",
                             (20200 + (long long)i * step_days) * DAY_SECONDS);
    buffer_append(out, TEXT("]}]"));
    return buffer_text(out);
}

static const struct {
    int count, step_days, option;
    int period; /* 0: refused */
} curves[] = {
    {7, 1, 0, 7},      {30, 1, 0, 30},  {18, 7, 0, 120}, {6, 1, 0, 0},    {8, 1, 0, 0},
    {18, 5, 0, 0},     {0, 1, 0, 0},    {7, 1, 7, 7},    {30, 1, 7, 0},   {7, 1, 30, 30},
    {18, 7, 120, 120}, {18, 7, 30, 0},  {1, 1, 7, 7},    {20, 7, 120, 0}, {30, 1, 120, 120},
    {31, 1, 120, 0},   {90, 1, 120, 0}, {90, 1, 0, 0},
};

static void the_period_is_told_by_full_curves(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1024 * 1024);
    for (size_t i = 0; i < LENGTH_OF(curves); i++) {
        struct text bytes = list_with_curve(&out, curves[i].count, curves[i].step_days);
        enum status status = read_text(bytes,
                                       options_of("x", "US", curves[i].option, "2025-10-01"));
        int period = status == STATUS_OK ? period_days[capture.rankings[0].list.period] : 0;
        if (period != curves[i].period)
            fail_msg("%d points %d days apart, option %d: %d (%s)", curves[i].count,
                     curves[i].step_days, curves[i].option, period, reason.sentence);
    }
    buffer_finish(&out);
}

/* Each is read with country US, period 7, captured 2025-10-01 and the file name f. */
static const struct {
    const char *label;
    struct text bytes;
    enum status status;
    const char *says;
} faults[] = {
    {"nothing", TEXT_INITIAL(""), STATUS_INVALID, "f: it is empty"},
    {"white space", TEXT_INITIAL(" \n\t"), STATUS_INVALID, "f: it is empty"},
    {"invalid UTF-8", TEXT_INITIAL("[\n\"\xC3(\"]"), STATUS_INVALID, "f, line 2: not UTF-8"},
    {"a NUL", TEXT_INITIAL("a\n\n\0"), STATUS_INVALID, "f, line 3: a NUL byte stands there"},
    {"an escaped NUL", TEXT_INITIAL("[{\"hashtag_name\":\"a\\u0000\"}]"), STATUS_INVALID,
     "not JSON"},
    {"HTML", TEXT_INITIAL("\n<!DOCTYPE html>\n<title>\xFF"), STATUS_INVALID,
     "f: it looks like HTML or XML; read are JSON (an upstream's answer, a list, our export), "
     "NDJSON and CSV with commas"},
    {"gzip", TEXT_INITIAL("\x1F\x8B\x08"), STATUS_INVALID, "f: it looks like gzip (unpack it"},
    {"null", TEXT_INITIAL("null\n"), STATUS_INVALID,
     "f: it looks like JSON without a list: a lone number, text, true, false or null; read "
     "are"},
    {"a number", TEXT_INITIAL("42"), STATUS_INVALID, "f: it looks like JSON without a list"},
    {"a text", TEXT_INITIAL("\"a,b\""), STATUS_INVALID, "f: it looks like JSON without a list"},
    {"semicolons", TEXT_INITIAL("hashtag_id;rank\n1;1\n"), STATUS_INVALID,
     "f: it looks like CSV with semicolons; read are"},
    {"tabs", TEXT_INITIAL("hashtag_id\trank\n1\t1\n"), STATUS_INVALID,
     "f: it looks like CSV with tabs; read are"},
    {"a gap", TEXT_INITIAL("[" ITEM("1", "1") "," ITEM("2", "2") "," ITEM("4", "4") "]"),
     STATUS_INVALID,
     "f, line 1, item 1: the list US, 7 days, lacks the rank 3: only whole lists are imported"},
    {"a second page with the ranks of the first",
     TEXT_INITIAL("{\"list\":[" ITEM("1", "1") "],\"pagination\":{\"page\":2}}"),
     STATUS_INVALID, "f, line 1, item 1: it is page 2 of its list, but its ranks begin with 1"},
    {"a pagination in words",
     TEXT_INITIAL("{\"list\":[" ITEM("1", "1") "],\"pagination\":{\"total\":\"many\"}}"),
     STATUS_INVALID, "f: the total of its pagination is no whole number"},
    {"three items of the successor",
     TEXT_INITIAL(
         "{\"items\":[" ONE_ITEM("1", "1") "," ONE_ITEM("2", "2") "," ONE_ITEM("3", "3") "]}"),
     STATUS_FORBIDDEN, "f: its 3 items are what the upstream gives to who is not logged in"},
    {"a trend point after the capture",
     TEXT_INITIAL(ITEM_WITH("\"trend\":[" POINT("1759449600") "]")), STATUS_INVALID,
     "f, line 1, item 1: its newest trend point is of 2025-10-03, but the list is said to be "
     "captured on 2025-10-01: give the time of the capture"},
    {"a curve over more than the period that is told",
     TEXT_INITIAL(ITEM_WITH("\"period\":7,\"trend\":[" POINT("86400") "," POINT("691200") "]")),
     STATUS_INVALID, "its curve spans 8 days, but the list's period is 7"},
    {"no curve that reaches 1", TEXT_INITIAL(ITEM_WITH("\"trend\":[" LOW_POINT("86400") "]")),
     STATUS_INVALID, "f: no curve of the list US, 7 days, reaches 1 (the highest has 0.50)"},
    {"NDJSON that breaks on its first line",
     TEXT_INITIAL("{\"hashtag_id\":\"1\",\n" ITEM("2", "2") "\n"), STATUS_INVALID,
     "f, line 1: "},
    {"half a document", TEXT_INITIAL("[\n{\"a\":1},\n{"), STATUS_INVALID, "f: line 3, column"},
    {"an empty list", TEXT_INITIAL("[]"), STATUS_INVALID, "f: a list in it has no hashtags"},
    {"no list", TEXT_INITIAL("{\"msg\":\"OK\"}"), STATUS_INVALID, "f: no list of hashtags"},
    {"not permitted", TEXT_INITIAL("{\"code\":40101,\"msg\":\"no permission\"}"),
     STATUS_FORBIDDEN, "f: not a list but the answer 40101, not permitted (no permission)"},
    {"a bad argument", TEXT_INITIAL("{\"code\":40000,\"msg\":\"period\",\"data\":{}}"),
     STATUS_INVALID, "f: not a list but the answer 40000, a bad argument (period)"},
    {"an error of ours",
     TEXT_INITIAL(
         "{\"code\":429,\"msg\":\"slow down\",\"data\":{\"reason\":\"rate_limited\"}}"),
     STATUS_INVALID, "f: not a list but the answer 429 (slow down)"},
    {"an inner error", TEXT_INITIAL("{\"code\":200,\"data\":{\"code\":40101}}"),
     STATUS_FORBIDDEN, "answer 40101, not permitted (no message)"},
    {"the successor's error", TEXT_INITIAL("{\"BaseResp\":{\"StatusCode\":7}}"), STATUS_INVALID,
     "f: not a list but an answer with the StatusCode 7"},
    {"a number for a hashtag", TEXT_INITIAL("[" ITEM("1", "1") ",\n\n 7]"), STATUS_INVALID,
     "f, line 3, item 2: a hashtag should stand there"},
    {"an id missing", TEXT_INITIAL("[{\"hashtag_name\":\"n\"}]"), STATUS_INVALID,
     "f, line 1, item 1: its hashtag id is missing"},
    {"an id as a real number",
     TEXT_INITIAL("[\n {\"hashtag_id\":7243453127734525954.0,\"hashtag_name\":\"n\"}]"),
     STATUS_INVALID,
     "f, line 2, item 1: its hashtag id is neither a text of digits nor a whole number"},
    {"an id below 0", TEXT_INITIAL("[" ITEM("-1", "1") "]"), STATUS_INVALID,
     "hashtag_id is not 1 to 19 digits"},
    {"an id of 20 digits", TEXT_INITIAL("[" ITEM("12345678901234567890", "1") "]"),
     STATUS_INVALID, "hashtag_id is not 1 to 19 digits"},
    {"an id twice",
     TEXT_INITIAL("[" ITEM("1", "1") ",\n" ITEM("2", "2") ",\n" ITEM("1", "3") "]"),
     STATUS_INVALID, "f, line 3, item 3: its hashtag_id stands in the list already"},
    {"a rank twice", TEXT_INITIAL("[" ITEM("1", "1") ",\n" ITEM("2", "1") "]"), STATUS_INVALID,
     "f, line 2, item 2: its rank stands in the list already"},
    {"rank 0", TEXT_INITIAL("[" ITEM("1", "0") "]"), STATUS_INVALID, "rank is below 1"},
    {"a rank as a real number", TEXT_INITIAL("[" ITEM("1", "1.0") "]"), STATUS_INVALID,
     "f, line 1, item 1: rank is not a whole number"},
    {"a rank as words", TEXT_INITIAL("[" ITEM("1", "\"one\"") "]"), STATUS_INVALID,
     "rank is not a whole number"},
    {"a rank over int64", TEXT_INITIAL("[" ITEM("1", "\"9223372036854775808\"") "]"),
     STATUS_INVALID, "rank is not a whole number"},
    {"views missing",
     TEXT_INITIAL(
         "[{\"hashtag_id\":\"1\",\"hashtag_name\":\"n\",\"publish_cnt\":1,\"rank\":1}]"),
     STATUS_INVALID, "video_views is missing"},
    {"a duplicate member", TEXT_INITIAL(ITEM_WITH("\"rank\":2")), STATUS_INVALID, "f: line 1"},
    {"a name with a control character",
     TEXT_INITIAL("[{\"hashtag_id\":\"1\",\"hashtag_name\":\"a\\nb\",\"publish_cnt\":1,"
                  "\"video_views\":1,\"rank\":1}]"),
     STATUS_INVALID, "hashtag_name has a control character"},
    {"an unknown industry", TEXT_INITIAL(ITEM_WITH("\"industry_info\":{\"id\":16000000000}")),
     STATUS_INVALID, "industry's id is none that is known"},
    {"an unknown country", TEXT_INITIAL(ITEM_WITH("\"country_info\":{\"id\":\"XX\"}")),
     STATUS_INVALID, "the country \"XX\" is none that lists exist for"},
    {"a country that is no text", TEXT_INITIAL(ITEM_WITH("\"country_code\":5")), STATUS_INVALID,
     "country_code is no text"},
    {"two countries",
     TEXT_INITIAL(ITEM_WITH("\"country_code\":\"US\",\"country_info\":{\"id\":\"MY\"}")),
     STATUS_INVALID, "the country is MY and US at once"},
    {"another period", TEXT_INITIAL(ITEM_WITH("\"period\":30")), STATUS_CONFLICT,
     "f, line 1, item 1: the file says 30 days, --period says 7"},
    {"an unknown period", TEXT_INITIAL(ITEM_WITH("\"period\":90")), STATUS_INVALID,
     "the period 90 is none of 7, 30 and 120"},
    {"an unknown rank change", TEXT_INITIAL(ITEM_WITH("\"rank_diff_type\":5")), STATUS_INVALID,
     "rank_diff_type is none of 1, 2, 3 and 4"},
    {"a rank change 0", TEXT_INITIAL(ITEM_WITH("\"rank_diff_type\":0")), STATUS_INVALID,
     "rank_diff_type is none of 1, 2, 3 and 4"},
    {"a negative difference", TEXT_INITIAL(ITEM_WITH("\"rank_diff\":-2,\"rank_diff_type\":3")),
     STATUS_INVALID, "rank_diff is below 0"},
    {"promoted by a number", TEXT_INITIAL(ITEM_WITH("\"is_promoted\":1")), STATUS_INVALID,
     "is_promoted is neither true nor false"},
    {"a trend value over 1",
     TEXT_INITIAL(ITEM_WITH("\"trend\":[{\"time\":86400,\"value\":1.001}]")), STATUS_INVALID,
     "a trend value is outside 0 to 1"},
    {"a trend value as text",
     TEXT_INITIAL(ITEM_WITH("\"trend\":[{\"time\":86400,\"value\":\"1\"}]")), STATUS_INVALID,
     "a trend point has no number as value"},
    {"a trend that is none", TEXT_INITIAL(ITEM_WITH("\"trend\":{}")), STATUS_INVALID,
     "trend is no array"},
    {"a capture time that is none", TEXT_INITIAL(ITEM_WITH("\"captured_at\":\"yesterday\"")),
     STATUS_INVALID, "the capture time \"yesterday\" is none"},
    {"sample data", TEXT_INITIAL(ITEM_WITH("\"source\":\"sample\"")), STATUS_FORBIDDEN,
     "f, line 1, item 1: its source is \"sample\""},
    {"a source in capitals", TEXT_INITIAL(ITEM_WITH("\"source\":\"Sample\"")), STATUS_INVALID,
     "source is not 1 to 31 characters"},
    {"a fault in the second list of an export",
     TEXT_INITIAL("{\"lists\":[\n{\"list\":[" ITEM("1", "1") "]},\n{\"list\":[\n" ITEM(
         "1", "1") ",\n" ITEM("2", "-1") "]}]}"),
     STATUS_INVALID, "f, line 5, list 2, item 2: the hashtag of rank -1"},
    {"a list of an export without hashtags", TEXT_INITIAL("{\"lists\":[{\"period\":7}]}"),
     STATUS_INVALID, "f: element 1 of \"lists\" has no array \"list\""},
    {"a wrong member of an export's list",
     TEXT_INITIAL("{\"lists\":[\n{\"period\":8,\"list\":[]}]}"), STATUS_INVALID,
     "f, line 2, list 1: the period 8"},
    {"a broken line of NDJSON", TEXT_INITIAL(ITEM("1", "1") "\n\n{\"hashtag_id\"}\n"),
     STATUS_INVALID, "f, line 3: column 14: not JSON"},
    {"a wrong line of NDJSON", TEXT_INITIAL(ITEM("1", "1") "\n" ITEM("2", "0") "\n"),
     STATUS_INVALID, "f, line 2: the hashtag of rank 0"},
    {"an unknown column", TEXT_INITIAL("hashtag_id,views\n1,2\n"), STATUS_INVALID,
     "f, line 1: unknown column \"views\" in the header row; known are hashtag_id, "
     "hashtag_name, "
     "country, rank, video_views, publish_count, industry_value, crawl_date, crawl_time, "
     "period,"},
    {"a column twice", TEXT_INITIAL("rank,rank\n1,2\n"), STATUS_INVALID,
     "f, line 1: the column rank stands in the header row twice"},
    {"no header row", TEXT_INITIAL(ROW("1", "a", "1")), STATUS_INVALID,
     "f, line 1: unknown column \"1\""},
    {"a column missing", TEXT_INITIAL("hashtag_id,hashtag_name,rank\n1,a,1\n"), STATUS_INVALID,
     "f, line 1: the column video_views is missing in the header row"},
    {"no rows", TEXT_INITIAL(HEADER "\n"), STATUS_INVALID, "f: no row follows the header row"},
    {"a short row", TEXT_INITIAL(HEADER ROW("1", "a", "1") "2,b\n"), STATUS_INVALID,
     "f, line 3: 2 fields, but the header row has 9"},
    {"a row after a name of two lines",
     TEXT_INITIAL(HEADER ROW("1", "a\nb", "1") ROW("x", "b", "2")), STATUS_INVALID,
     "f, line 2: the hashtag of rank 1, id 1: its hashtag_name has a control character"},
    {"an id of letters", TEXT_INITIAL(HEADER ROW("1", "a", "1") ROW("x", "b", "2")),
     STATUS_INVALID, "f, line 3: the hashtag of rank 2: its hashtag_id is not 1 to 19 digits"},
    {"a rank in words", TEXT_INITIAL(HEADER ROW("1", "a", "one")), STATUS_INVALID,
     "f, line 2: rank \"one\" is not a whole number"},
    {"no rank", TEXT_INITIAL(HEADER ROW("1", "a", "")), STATUS_INVALID,
     "f, line 2: rank \"\" is not a whole number"},
    {"a rank twice in rows", TEXT_INITIAL(HEADER ROW("1", "a", "1") ROW("2", "b", "1")),
     STATUS_CONFLICT, "f, line 2: the file says MY"},
    {"a quote never closed", TEXT_INITIAL(HEADER ROW("1", "a", "1") "\"2"), STATUS_INVALID,
     "f, line 3: a quote is never closed"},
    {"an unknown industry's name",
     TEXT_INITIAL("hashtag_id,hashtag_name,rank,video_views,publish_count,industry_value\n"
                  "1,a,1,1,1,Cars\n"),
     STATUS_INVALID, "f, line 2: the industry \"Cars\" is none that is known"},
    {"a time without a date",
     TEXT_INITIAL("hashtag_id,hashtag_name,rank,video_views,publish_count,crawl_time\n"
                  "1,a,1,1,1,10:00:00\n"),
     STATUS_INVALID, "f, line 2: crawl_time stands there without crawl_date"},
    {"a trend that is no JSON",
     TEXT_INITIAL("hashtag_id,hashtag_name,rank,video_views,publish_count,trend\n"
                  "1,a,1,1,1,[\n"),
     STATUS_INVALID, "f, line 2: in the cell trend, line 1"},
};

static void every_fault_is_refused_with_its_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        capture = (struct capture){0};
        reason = (struct reason){0};
        enum status status = read_text(faults[i].bytes, options_of("f", "US", 7, "2025-10-01"));
        if (status != faults[i].status || !strstr(reason.sentence, faults[i].says))
            fail_msg("%s: %s, %s", faults[i].label, status_word(status), reason.sentence);
        assert_null(capture.rankings); /* nothing of a wrong file is returned */
    }
}

static void the_future_is_refused(void **state)
{
    (void)state;
    static const struct text bytes = TEXT_INITIAL("[" ITEM("1", "1") "]");
    struct capture_options options = options_of("f", "US", 7, "2025-10-02T10:00:01Z");
    assert_int_equal(instant_read(TEXT("2025-10-01T10:00:00Z"), &options.now), STATUS_OK);
    assert_int_equal(read_text(bytes, options), STATUS_INVALID);
    assert_non_null(strstr(reason.sentence,
                           "f: the list US, 7 days, is said to be captured at "
                           "2025-10-02T10:00:01Z, but it is 2025-10-01T10:00:00Z now: give the "
                           "time of the capture, in UTC"));
    options.captured_at.us -= SECOND_US; /* a day ahead, as a clock elsewhere may be */
    assert_int_equal(read_text(bytes, options), STATUS_OK);
    options.captured_at.us += 100 * 365 * DAY_US;
    options.is_kept = true; /* what is in the store already is served */
    assert_int_equal(read_text(bytes, options), STATUS_OK);
}

static void the_day_after_the_capture_may_have_a_point(void **state)
{
    (void)state;
    static const struct text bytes = TEXT_INITIAL(
        ITEM_WITH("\"trend\":[" POINT("1759363200") "]"));
    assert_int_equal(read_text(bytes, options_of("f", "US", 7, "2025-10-01")), STATUS_OK);
}

static void low_curves_are_counted_and_kept(void **state)
{
    (void)state;
    static const struct text bytes = TEXT_INITIAL(
        "[{\"hashtag_id\":\"1\",\"hashtag_name\":\"n\",\"publish_cnt\":1,\"video_views\":2,"
        "\"rank\":1,\"trend\":[" POINT("86400") "]},{\"hashtag_id\":\"2\",\"hashtag_name\":"
                                                "\"n\",\"publish_cnt\":1,\"video_views\":2,"
                                                "\"rank\":2,\"trend\":[" LOW_POINT(
                                                    "86400") "]}," ITEM("3", "3") "]");
    assert_int_equal(read_text(bytes, options_of("f", "US", 7, "2025-10-01")), STATUS_OK);
    assert_int_equal(capture.curve_count, 2);
    assert_int_equal(capture.low_curve_count, 1);
    assert_int_equal(capture.rankings[0].hashtags[1].trend[0].hundredths, 50);
}

static void note_rows(void *owner, size_t rows)
{
    size_t *last = owner;
    assert_int_equal(rows, *last + CAPTURE_PROGRESS_ROWS);
    *last = rows;
}

static void progress_is_told_while_rows_are_read(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, CAPTURE_BYTES_MAX);
    buffer_append(&out,
                  TEXT("hashtag_id,hashtag_name,country,rank,video_views,publish_count\n"));
    for (unsigned i = 0; i < 3500; i++)
        buffer_append_format(&out, "%u,a,%s,%u,1,1\n", i, country_at(i / 500)->name.at,
                             i % 500 + 1);
    size_t rows = 0;
    struct capture_options options = options_of("f", NULL, 7, "2025-10-01");
    options.progress = note_rows;
    options.owner = &rows;
    assert_int_equal(read_text(buffer_text(&out), options), STATUS_OK);
    assert_int_equal(rows, 3000);
    buffer_finish(&out);
}

static void long_lists_and_small_arenas_are_refused(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, CAPTURE_BYTES_MAX);
    buffer_append(&out, TEXT("hashtag_id,hashtag_name,rank,video_views,publish_count\n"));
    for (int i = 1; i <= RANKING_HASHTAGS_MAX; i++)
        buffer_append_format(&out, "%d,a,%d,1,1\n", i, i);
    struct capture_options options = options_of("f", "US", 7, "2025-10-01");
    assert_int_equal(read_text(buffer_text(&out), options), STATUS_OK);
    assert_int_equal(capture.rankings[0].hashtag_count, RANKING_HASHTAGS_MAX);
    for (size_t ceiling = 0; ceiling < 100000; ceiling += 9973) {
        struct arena small;
        arena_init(&small, ceiling);
        assert_int_equal(capture_read(buffer_text(&out), &options, &small, &capture, &reason),
                         STATUS_TOO_LARGE);
        arena_finish(&small);
    }
    buffer_append(&out, TEXT("1001,a,1001,1,1\n"));
    assert_int_equal(read_text(buffer_text(&out), options), STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "the list has 1001 hashtags"));
    buffer_finish(&out);
}

static void fields_arrive_unchanged(void **state)
{
    (void)state;
    static const struct text bytes = TEXT_INITIAL(
        "{\"code\":0,\"data\":{\"list\":[{\"hashtag_id\":\"7243453127734525954\","
        "\"hashtag_name\":\"why?🔥\",\"country_info\":{\"id\":\"US\"},\"industry_info\":{\"id\":"
        "12000000000,\"value\":\"Other "
        "words\"},\"is_promoted\":true,\"trend\":[{\"time\":172800,"
        "\"value\":1},{\"time\":86400,\"value\":0.474}],\"creators\":[{\"nick_name\":"
        "\"❤️\","
        "\"avatar_url\":\"https://example.invalid/1\"}],\"publish_cnt\":7,\"video_views\":"
        "9007199254740993,\"rank\":2,\"rank_diff\":3,\"rank_diff_type\":1},{\"hashtag_id\":"
        "7243453127734525955,\"hashtag_name\":\"125\",\"publish_cnt\":0,\"video_views\":"
        "\"4294967296\",\"rank\":1,\"industry_info\":null,\"trend\":null,\"creators\":null}]}"
        "}");
    assert_int_equal(read_text(bytes, options_of("x", "US", 30, "2025-10-01")), STATUS_OK);
    const struct hashtag *hashtags = capture.rankings[0].hashtags;
    assert_true(text_equals(hashtags[0].id, TEXT("7243453127734525955")));
    assert_true(text_equals(hashtags[0].name, TEXT("125")));
    assert_int_equal(hashtags[0].views, 4294967296);
    assert_int_equal(hashtags[0].rank_change, RANK_UNTOLD);
    assert_int_equal(hashtags[0].industry, INDUSTRY_ALL);
    assert_int_equal(hashtags[0].trend_count + hashtags[0].creator_count, 0);
    assert_true(text_equals(hashtags[1].id, TEXT("7243453127734525954")));
    assert_true(text_equals(hashtags[1].name, TEXT("why?🔥")));
    assert_int_equal(industry_at(hashtags[1].industry)->id, 12000000000);
    assert_true(hashtags[1].is_promoted);
    assert_int_equal(hashtags[1].views, 9007199254740993);
    assert_int_equal(hashtags[1].trend[0].time, 86400);
    assert_int_equal(hashtags[1].trend[0].hundredths, 47);
    assert_true(text_equals(hashtags[1].creators[0].nick_name, TEXT("❤️")));
    assert_int_equal(hashtags[1].rank_change, RANK_UP);
    assert_int_equal(hashtags[1].rank_diff, 3);
}

static void curves_of_the_successor_are_sorted_and_normalised(void **state)
{
    (void)state;
    static const struct text bytes = TEXT_INITIAL(
        "{\"BaseResp\":{\"StatusCode\":0},\"items\":[{\"hashtagID\":\"2534\",\"hashtagName\":"
        "\"dollyparton\",\"industryIDs\":[\"23000000000\",1],\"popularityCurve\":[{"
        "\"timestamp\":"
        "\"259200\",\"value\":\"50\"},{\"timestamp\":86400,\"value\":100},{\"timestamp\":"
        "172800,"
        "\"value\":160}],\"publishCnt\":\"346223\",\"rankIndex\":\"1\",\"vv\":1937783877},"
        "{\"hashtagID\":1,\"hashtagName\":\"n\",\"industryIDs\":[],\"popularityCurve\":[{"
        "\"timestamp\":86400,\"value\":0}],\"publishCnt\":1,\"rankIndex\":2,\"vv\":1}]}");
    assert_int_equal(read_text(bytes, options_of("x", "US", 7, "2026-06-11")), STATUS_OK);
    const struct hashtag *first = &capture.rankings[0].hashtags[0];
    static const int expected[] = {63, 100, 31};
    assert_int_equal(first->trend_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(first->trend[i].time, ((int64_t)i + 1) * DAY_SECONDS);
        assert_int_equal(first->trend[i].hundredths, expected[i]);
    }
    assert_int_equal(first->posts, 346223);
    assert_int_equal(industry_at(first->industry)->id, 23000000000);
    assert_int_equal(capture.rankings[0].hashtags[1].trend[0].hundredths, 0);
    assert_int_equal(capture.rankings[0].hashtags[1].industry, INDUSTRY_ALL);
}

static void a_source_is_that_of_the_options_unless_it_is_told(void **state)
{
    (void)state;
    struct capture_options options = options_of("US-7d-2025-10-01.json", NULL, 0, NULL);
    options.source = TEXT("file");
    assert_int_equal(capture_read(TEXT("[]"), &options, &arena, &capture, &reason),
                     STATUS_INVALID);
    static const struct {
        struct text bytes;
        const char *source;
    } rows[] = {
        {TEXT_INITIAL("[{\"hashtag_id\":\"1\",\"hashtag_name\":\"a\",\"rank\":1,\"publish_"
                      "cnt\":1,\"video_views\":1}]"),
         "file"},
        {TEXT_INITIAL("{\"lists\":[{\"country_code\":\"US\",\"period\":7,\"captured_at\":"
                      "\"2025-10-01T00:00:00Z\",\"source\":\"business-api\",\"list\":"
                      "[{\"hashtag_id\":\"1\",\"hashtag_name\":\"a\",\"rank\":1,\"publish_"
                      "cnt\":1,\"video_views\":1}]}]}"),
         "business-api"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        if (capture_read(rows[i].bytes, &options, &arena, &capture, &reason) != STATUS_OK)
            fail_msg("%s", reason.sentence);
        assert_true(text_equals(capture.rankings[0].source, text_of(rows[i].source)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source_is_that_of_the_options_unless_it_is_told,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_list_is_told_by_content_options_curves_and_name,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_period_is_told_by_full_curves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_fault_is_refused_with_its_sentence, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_future_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_day_after_the_capture_may_have_a_point, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(low_curves_are_counted_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(progress_is_told_while_rows_are_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(long_lists_and_small_arenas_are_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fields_arrive_unchanged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(curves_of_the_successor_are_sorted_and_normalised,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
