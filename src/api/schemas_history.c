/* What the answers about history consist of. */
#include "api/schema_words.h"

/* clang-format off */
#define LIST_FIELDS                                                                            \
    FIELD("data.data.country_info", "object",                                                  \
          SAYS("The country of the list; id ALL for the global one.")),                        \
    FIELD("data.data.country_info.id", "string", SAYS("The country's code, or ALL.")),         \
    FIELD("data.data.country_info.label", "string", SAYS("The same as id.")),                  \
    FIELD("data.data.country_info.value", "string", SAYS("The country's name.")),              \
    FIELD("data.data.period", "integer", ONE_OF("7, 30, 120"), SAYS("The list's period in days."))

#define HASHTAG_FIELDS(way)                                                                    \
    FIELD(way "hashtag_id", "string",                                                          \
          SAYS("Up to 19 digits: text, because a JSON number may lose some of them.")),        \
    FIELD(way "hashtag_name", "string", SAYS("Without the #; any script, emoji too."))

#define FIGURE_FIELDS(way, when)                                                               \
    FIELD(way "publish_cnt", "integer", FORMAT("int64"), FROM("0"),                            \
          SAYS("Videos published with it in the period, " when ".")),                          \
    FIELD(way "video_views", "integer", FORMAT("int64"), FROM("0"),                            \
          SAYS("Views of those videos, " when "."))

#define INNER_END                                                                              \
    FIELD("data.msg", "string", SAYS("OK.")),                                                  \
    REQUEST_ID

/* ---- History ---- */

#define ROW "data.data.list[]."

static const struct schema_field history_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("The history in the envelope of its source, and the request's id.")),
    FIELD("data.code", "integer", SAYS("0: it was delivered.")),
    FIELD("data.data", "object", SAYS("What the ETag stands for.")),
    FIELD("data.data.hashtag_name", "string", SAYS("What was asked for, without the #.")),
    LIST_FIELDS,
    FIELD("data.data.first_seen", "string", FORMAT("date-time"), OPTIONAL,
          SAYS("The first capture with it; left out where there is none.")),
    FIELD("data.data.last_seen", "string", FORMAT("date-time"), OPTIONAL,
          SAYS("The last capture with it; left out where there is none.")),
    FIELD("data.data.best_rank", "integer", FROM("1"), OPTIONAL,
          SAYS("The best rank it ever had on the list; left out where it had none.")),
    FIELD("data.data.captures", "integer", FROM("0"),
          SAYS("Captures of the list that are kept, with the hashtag or without.")),
    FIELD("data.data.total", "integer", FROM("0"),
          SAYS("Rows of its whole history; list holds the newest 1,000 of them.")),
    FIELD("data.data.has_more", "boolean",
          SAYS("Whether older rows were left out of list, because there are over 1,000.")),
    FIELD("data.data.list", "array",
          SAYS("One row a capture that it is in, by time; several hashtags of that name by rank.")),
    FIELD(ROW "captured_at", "string", FORMAT("date-time"), SAYS("When the list was captured.")),
    FIELD(ROW "source", "string", SAYS("Where the capture comes from.")),
    HASHTAG_FIELDS(ROW),
    FIELD(ROW "rank", "integer", FROM("1"), SAYS("Its place on the list.")),
    FIGURE_FIELDS(ROW, "at the capture"),
    INNER_END,
    ENVELOPE_END,
};

static const char history_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    "    \"code\": 0,\n"
    "    \"msg\": \"OK\",\n"
    "    \"data\": {\n"
    "      \"hashtag_name\": \"prom\",\n"
    "      \"country_info\": { \"id\": \"US\", \"value\": \"United States\", \"label\": \"US\" },\n"
    "      \"period\": 7,\n"
    "      \"first_seen\": \"2026-04-20T06:00:00Z\",\n"
    "      \"last_seen\": \"2026-04-20T06:00:00Z\",\n"
    "      \"best_rank\": 4,\n"
    "      \"captures\": 2,\n"
    "      \"total\": 1,\n"
    "      \"has_more\": false,\n"
    "      \"list\": [\n"
    "        {\n"
    "          \"captured_at\": \"2026-04-20T06:00:00Z\",\n"
    "          \"source\": \"creative-center\",\n"
    "          \"hashtag_id\": \"4777\",\n"
    "          \"hashtag_name\": \"prom\",\n"
    "          \"rank\": 4,\n"
    "          \"publish_cnt\": 151204,\n"
    "          \"video_views\": 640118311\n"
    "        }\n"
    "      ]\n"
    "    },\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";

/* ---- Movers ---- */

#define CAPTURE_FIELDS(way, ...)                                                               \
    FIELD(way, "object", ##__VA_ARGS__),                                                       \
    FIELD(way ".captured_at", "string", FORMAT("date-time"), SAYS("When it was captured.")),   \
    FIELD(way ".as_of", "string", FORMAT("date"),                                              \
          SAYS("The date of its newest trend point, else of the capture.")),                   \
    FIELD(way ".source", "string", SAYS("Where it comes from.")),                              \
    FIELD(way ".total", "integer", FROM("0"), SAYS("Hashtags on it."))

#define RANK_FIELD(way) FIELD(way "rank", "integer", FROM("1"), SAYS("Its rank on the newest capture."))
#define BEFORE_FIELD(way) FIELD(way "rank_before", "integer", FROM("1"), SAYS("Its rank on the earlier capture."))
#define CHANGE_FIELDS(way, type)                                                               \
    FIELD(way "rank_diff", "integer", FROM("0"), SAYS("By how many places it moved, without a sign.")), \
    FIELD(way "rank_diff_type", "integer", ONE_OF(type), SAYS("1: up. 2: unchanged. 3: down. 4: new."))
#define SPEED_FIELDS(way)                                                                      \
    FIELD(way "publish_cnt_per_day", "integer", FORMAT("int64"),                               \
          SAYS("What publish_cnt gained between the captures, for a day; below 0 where it lost.")), \
    FIELD(way "video_views_per_day", "integer", FORMAT("int64"),                               \
          SAYS("What video_views gained between the captures, for a day; below 0 where it lost."))
#define MOVED_FIELDS(name, type, words)                                                        \
    FIELD("data.data." name, "array", SAYS(words)),                                            \
    HASHTAG_FIELDS("data.data." name "[]."),                                                   \
    RANK_FIELD("data.data." name "[]."),                                                       \
    BEFORE_FIELD("data.data." name "[]."),                                                     \
    CHANGE_FIELDS("data.data." name "[].", type),                                              \
    FIGURE_FIELDS("data.data." name "[].", "at the newest capture"),                           \
    SPEED_FIELDS("data.data." name "[].")

static const struct schema_field movers_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("The movers in the envelope of their source, and the request's id.")),
    FIELD("data.code", "integer", SAYS("0: they were delivered.")),
    FIELD("data.data", "object", SAYS("What the ETag stands for.")),
    LIST_FIELDS,
    CAPTURE_FIELDS("data.data.before", OPTIONAL,
                   SAYS("The earlier capture; left out while there is only one.")),
    CAPTURE_FIELDS("data.data.after", SAYS("The newest capture.")),
    FIELD("data.data.new", "array", SAYS("On the newest alone, by rank.")),
    HASHTAG_FIELDS("data.data.new[]."),
    RANK_FIELD("data.data.new[]."),
    CHANGE_FIELDS("data.data.new[].", "4"),
    FIGURE_FIELDS("data.data.new[].", "at the newest capture"),
    FIELD("data.data.gone", "array", SAYS("On the earlier alone, by the rank they had.")),
    HASHTAG_FIELDS("data.data.gone[]."),
    BEFORE_FIELD("data.data.gone[]."),
    FIGURE_FIELDS("data.data.gone[].", "at the earlier capture"),
    MOVED_FIELDS("up", "1", "Better than before, the biggest rise first."),
    MOVED_FIELDS("down", "3", "Worse than before, the biggest fall first."),
    MOVED_FIELDS("unchanged", "2", "At the same place, by rank."),
    INNER_END,
    ENVELOPE_END,
};

static const char movers_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    "    \"code\": 0,\n"
    "    \"msg\": \"OK\",\n"
    "    \"data\": {\n"
    "      \"country_info\": { \"id\": \"MY\", \"value\": \"Malaysia\", \"label\": \"MY\" },\n"
    "      \"period\": 7,\n"
    "      \"before\": {\n"
    "        \"captured_at\": \"2026-04-20T06:00:00Z\",\n"
    "        \"as_of\": \"2026-04-19\",\n"
    "        \"source\": \"creative-center\",\n"
    "        \"total\": 2\n"
    "      },\n"
    "      \"after\": {\n"
    "        \"captured_at\": \"2026-04-21T06:00:00Z\",\n"
    "        \"as_of\": \"2026-04-20\",\n"
    "        \"source\": \"creative-center\",\n"
    "        \"total\": 2\n"
    "      },\n"
    "      \"new\": [\n"
    "        {\n"
    "          \"hashtag_id\": \"1928241\",\n"
    "          \"hashtag_name\": \"prompt\",\n"
    "          \"rank\": 2,\n"
    "          \"rank_diff\": 0,\n"
    "          \"rank_diff_type\": 4,\n"
    "          \"publish_cnt\": 1528,\n"
    "          \"video_views\": 20968778\n"
    "        }\n"
    "      ],\n"
    "      \"gone\": [\n"
    "        {\n"
    "          \"hashtag_id\": \"18948\",\n"
    "          \"hashtag_name\": \"chelsea\",\n"
    "          \"rank_before\": 1,\n"
    "          \"publish_cnt\": 488,\n"
    "          \"video_views\": 11836547\n"
    "        }\n"
    "      ],\n"
    "      \"up\": [\n"
    "        {\n"
    "          \"hashtag_id\": \"4777\",\n"
    "          \"hashtag_name\": \"prom\",\n"
    "          \"rank\": 1,\n"
    "          \"rank_before\": 2,\n"
    "          \"rank_diff\": 1,\n"
    "          \"rank_diff_type\": 1,\n"
    "          \"publish_cnt\": 179872,\n"
    "          \"video_views\": 766182036,\n"
    "          \"publish_cnt_per_day\": 28668,\n"
    "          \"video_views_per_day\": 126063725\n"
    "        }\n"
    "      ],\n"
    "      \"down\": [],\n"
    "      \"unchanged\": []\n"
    "    },\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";
/* clang-format on */

const struct schema history_schema = {
    .name = TEXT_INITIAL("populartrend.hashtagHistoryResponseDoc"),
    .description = TEXT_INITIAL("Where a hashtag stood in each capture of a list."),
    .fields = history_fields,
    .field_count = LENGTH_OF(history_fields),
    .example = TEXT_INITIAL(history_example),
};

const struct schema movers_schema = {
    .name = TEXT_INITIAL("populartrend.hashtagMoversResponseDoc"),
    .description = TEXT_INITIAL("What moved between two captures of a list."),
    .fields = movers_fields,
    .field_count = LENGTH_OF(movers_fields),
    .example = TEXT_INITIAL(movers_example),
};
