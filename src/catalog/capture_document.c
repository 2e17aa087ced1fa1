/* Walks a JSON document, or the lines of NDJSON, to the hashtags in it. */
#include "base/json_read.h"
#include "catalog/capture_parts.h"

static enum status parse(struct capture_reader *reader, struct text bytes,
                         const struct row_place *place, json_t **document)
{
    struct reason reason = {0};
    enum status status = json_document_read(bytes, document, &reason);
    if (status == STATUS_OK)
        return STATUS_OK;
    struct text sentence = reason_text(&reason);
    if (!place) /* the sentence says the line */
        return capture_fault(reader, NULL, status, "%.*s", TEXT_PRINT(sentence));
    if (text_starts_with(sentence, TEXT("line 1, ")))
        sentence = text_slice(sentence, sizeof("line 1, ") - 1, sentence.length);
    return capture_fault(reader, place, status, "%.*s", TEXT_PRINT(sentence));
}

/* One list: its rows begin with what is told around them. */
static enum status read_list(struct capture_reader *reader, const json_t *list,
                             const struct capture_row *surroundings,
                             enum status (*read)(struct capture_reader *reader,
                                                 const json_t *object, struct capture_row *row))
{
    if (json_array_size(list) == 0)
        return capture_fault(reader, NULL, STATUS_INVALID, "a list in it has no hashtags");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct capture_row row = *surroundings;
        row.place.item_index = i;
        TRY(read(reader, json_array_get(list, i), &row));
        TRY(capture_add_row(reader, &row));
    }
    return STATUS_OK;
}

static enum status read_lists(struct capture_reader *reader, const json_t *lists)
{
    reader->has_lists = true;
    if (json_array_size(lists) == 0)
        return capture_fault(reader, NULL, STATUS_INVALID, "there are no lists in it");
    for (size_t i = 0; i < json_array_size(lists); i++) {
        const json_t *list = json_array_get(lists, i);
        struct capture_row surroundings = {.place = {.list_index = i}};
        reader->list_name = NULL; /* faults of a list's own members are told by its place */
        if (!json_is_array(json_object_get(list, "list")))
            return capture_fault(reader, NULL, STATUS_INVALID,
                                 "element %zu of \"lists\" has no array \"list\"", i + 1);
        TRY(capture_read_facts(reader, list, "industry_id", &surroundings));
        reader->list_name = "list";
        TRY(read_list(reader, json_object_get(list, "list"), &surroundings,
                      capture_read_hashtag));
    }
    return STATUS_OK;
}

/* An answer may be HTTP 200 and an error all the same: its code tells. */
static enum status check_code(struct capture_reader *reader, const json_t *answer)
{
    const json_t *code = json_object_get(answer, "code");
    int64_t number;
    struct text said = TEXT("no message");
    if (!code)
        return STATUS_OK;
    if (!json_read_whole(code, &number))
        return capture_fault(reader, NULL, STATUS_INVALID,
                             "its \"code\" is not a whole number: not an answer that is known");
    if (number == 0 || number == 200)
        return STATUS_OK;
    (void)json_read_text(answer, "msg", &said);
    said = reason_shown(said);
    if (number == 40101)
        return capture_fault(
            reader, NULL, STATUS_FORBIDDEN,
            "not a list but the answer 40101, not permitted (%.*s): capture it "
            "again with access to the list",
            TEXT_PRINT(said));
    return capture_fault(reader, NULL, STATUS_INVALID,
                         "not a list but the answer %lld%s (%.*s): capture it again",
                         (long long)number, number == 40000 ? ", a bad argument" : "",
                         TEXT_PRINT(said));
}

/* At most this many come to who is not logged in, whatever the list holds. */
#define ONE_LOGGED_OUT_ITEMS 3

static enum status read_one_answer(struct capture_reader *reader, const json_t *answer)
{
    const struct capture_row nothing = {0};
    const json_t *response = json_object_get(answer, "BaseResp");
    const json_t *code = json_object_get(response, "StatusCode");
    int64_t number = 0;
    if (code && (!json_read_whole(code, &number) || number != 0))
        return capture_fault(
            reader, NULL, STATUS_INVALID,
            "not a list but an answer with the StatusCode %lld: capture it again",
            (long long)number);
    if (json_array_size(json_object_get(answer, "items")) == ONE_LOGGED_OUT_ITEMS)
        return capture_fault(
            reader, NULL, STATUS_FORBIDDEN,
            "its %d items are what the upstream gives to who is not logged in, "
            "not a list: capture it again after logging in",
            ONE_LOGGED_OUT_ITEMS);
    reader->list_name = "items";
    return read_list(reader, json_object_get(answer, "items"), &nothing, capture_read_one_item);
}

static enum status read_single(struct capture_reader *reader, const json_t *object)
{
    struct capture_row row = {.place = {.line = 1}};
    TRY(capture_read_hashtag(reader, object, &row));
    return capture_add_row(reader, &row);
}

static enum status read_pagination_number(struct capture_reader *reader,
                                          const json_t *pagination, const char *name,
                                          int64_t *number)
{
    const json_t *value = json_object_get(pagination, name);
    if (!value || json_is_null(value))
        return STATUS_OK;
    if (json_read_whole(value, number) && *number >= 0)
        return STATUS_OK;
    return capture_fault(reader, NULL, STATUS_INVALID,
                         "the %s of its pagination is no whole number from 0", name);
}

/* Which part of its list an answer holds. */
static enum status read_pagination(struct capture_reader *reader, const json_t *answer,
                                   struct list_facts *facts)
{
    const json_t *pagination = json_object_get(answer, "pagination");
    TRY(read_pagination_number(reader, pagination, "page", &facts->page));
    TRY(read_pagination_number(reader, pagination, "total", &facts->extent.total));
    (void)json_read_boolean(pagination, "has_more", &facts->extent.has_more);
    return STATUS_OK;
}

static enum status read_answer_list(struct capture_reader *reader, const json_t *answer,
                                    const json_t *list)
{
    struct capture_row surroundings = {0};
    reader->list_name = "list";
    TRY(read_pagination(reader, answer, &surroundings.facts));
    return read_list(reader, list, &surroundings, capture_read_hashtag);
}

static enum status read_answer(struct capture_reader *reader, const json_t *answer)
{
    for (reader->data_depth = 0; reader->data_depth <= CAPTURE_DATA_DEPTH_MAX;
         reader->data_depth++) {
        TRY(check_code(reader, answer));
        const json_t *list = json_object_get(answer, "list");
        if (json_is_array(list))
            return read_answer_list(reader, answer, list);
        answer = json_object_get(answer, "data");
    }
    return capture_fault(reader, NULL, STATUS_INVALID,
                         "no list of hashtags is in it: expected \"list\", \"data\" with a "
                         "\"list\", \"lists\", \"items\" or an array");
}

static bool is_blank(struct text line)
{
    for (size_t i = 0; i < line.length; i++)
        if (!memchr(" \t\r", line.at[i], 3))
            return false;
    return true;
}

/* NDJSON whose first line is broken looks like one broken document. */
static bool has_hashtag_on_second_line(struct text bytes)
{
    struct text line = {0};
    for (size_t found = 0; bytes.at && found < 2;) {
        line = text_cut(&bytes, '\n');
        found += !is_blank(line);
    }
    CLEANUP(json_document_finish) json_t *object = NULL;
    return json_document_read(line, &object, NULL) == STATUS_OK &&
           json_object_get(object, "hashtag_id") != NULL;
}

enum status capture_read_json(struct capture_reader *reader)
{
    const struct capture_row nothing = {0};
    CLEANUP(json_document_finish) json_t *document = NULL;
    enum status status = parse(reader, reader->bytes, NULL, &document);
    if (status != STATUS_OK)
        return has_hashtag_on_second_line(reader->bytes) ? capture_read_ndjson(reader) : status;
    if (json_is_array(document))
        return read_list(reader, document, &nothing, capture_read_hashtag);
    if (json_is_array(json_object_get(document, "lists")))
        return read_lists(reader, json_object_get(document, "lists"));
    if (json_is_array(json_object_get(document, "items")))
        return read_one_answer(reader, document);
    if (json_object_get(document, "BaseResp"))
        return read_one_answer(reader, document);
    if (json_object_get(document, "hashtag_id"))
        return read_single(reader, document);
    return read_answer(reader, document);
}

static enum status read_line(struct capture_reader *reader, struct text line, size_t number)
{
    CLEANUP(json_document_finish) json_t *object = NULL;
    struct capture_row row = {.place = {.line = number}};
    TRY(parse(reader, line, &row.place, &object));
    TRY(capture_read_hashtag(reader, object, &row));
    return capture_add_row(reader, &row);
}

enum status capture_read_ndjson(struct capture_reader *reader)
{
    struct text rest = reader->bytes;
    for (size_t number = 1; rest.at; number++) {
        struct text line = text_cut(&rest, '\n');
        if (!is_blank(line))
            TRY(read_line(reader, line, number));
    }
    return STATUS_OK;
}
