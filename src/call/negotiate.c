#include "call/negotiate.h"

/* "0.25" as 250; RFC 9110 section 12.4.2. -1: no qvalue. */
static int read_quality(struct text written)
{
    if (written.length == 0 || written.length > 5 ||
        (written.length > 1 && written.at[1] != '.'))
        return -1;
    int quality = 0;
    int weight = 1000;
    for (size_t i = 0; i < written.length; i++) {
        if (i == 1)
            continue;
        if (written.at[i] < '0' || written.at[i] > '9')
            return -1;
        quality += (written.at[i] - '0') * weight;
        weight /= 10;
    }
    return quality <= 1000 ? quality : -1;
}

/* The quality among the parameters of one coding; a malformed one makes it unwelcome. */
static int quality_of(struct text parameters)
{
    while (parameters.at) {
        struct text value = text_trim(text_cut(&parameters, ';'));
        struct text name = text_cut(&value, '=');
        if (text_equals_ignoring_case(text_trim(name), TEXT("q"))) {
            int quality = read_quality(text_trim(value));
            return quality < 0 ? 0 : quality;
        }
    }
    return 1000;
}

#define NOT_SAID (-1)

/* The most specific range decides, which is the last of these. */
static const struct text json_ranges[] = {TEXT_INITIAL("*/*"), TEXT_INITIAL("application/*"),
                                          TEXT_INITIAL("application/json")};

static void ranges_read(struct text ranges, int qualities[LENGTH_OF(json_ranges)])
{
    while (ranges.at) {
        struct text parameters = text_cut(&ranges, ',');
        struct text range = text_trim(text_cut(&parameters, ';'));
        for (size_t i = 0; i < LENGTH_OF(json_ranges); i++)
            if (text_equals_ignoring_case(range, json_ranges[i]))
                qualities[i] = quality_of(parameters);
    }
}

bool negotiate_json(const struct http_request *request)
{
    int qualities[LENGTH_OF(json_ranges)] = {NOT_SAID, NOT_SAID, NOT_SAID};
    struct text name = TEXT("Accept");
    if (http_request_field_count(request, name) == 0)
        return true;
    for (size_t i = 0; i < request->field_count; i++)
        if (text_equals_ignoring_case(request->fields[i].name, name))
            ranges_read(request->fields[i].value, qualities);
    int quality = NOT_SAID;
    for (size_t i = 0; i < LENGTH_OF(json_ranges); i++)
        quality = qualities[i] == NOT_SAID ? quality : qualities[i];
    return quality > 0;
}

struct welcome {
    int gzip, identity, any; /* 0 to 1000, or NOT_SAID */
};

static void welcome_read(struct text codings, struct welcome *welcome)
{
    while (codings.at) {
        struct text parameters = text_cut(&codings, ',');
        struct text name = text_trim(text_cut(&parameters, ';'));
        int quality = quality_of(parameters);
        if (text_equals_ignoring_case(name, TEXT("gzip")) ||
            text_equals_ignoring_case(name, TEXT("x-gzip")))
            welcome->gzip = quality;
        else if (text_equals_ignoring_case(name, TEXT("identity")))
            welcome->identity = quality;
        else if (text_equals(name, TEXT("*")))
            welcome->any = quality;
    }
}

bool negotiate_gzip(const struct http_request *request)
{
    struct welcome welcome = {NOT_SAID, NOT_SAID, NOT_SAID};
    for (size_t i = 0; i < request->field_count; i++)
        if (text_equals_ignoring_case(request->fields[i].name, TEXT("Accept-Encoding")))
            welcome_read(request->fields[i].value, &welcome);
    int gzip = welcome.gzip == NOT_SAID ? welcome.any : welcome.gzip;
    return gzip > 0 && gzip >= welcome.identity;
}

/* Cuts one entity tag, without its weakness, off the front of a list. */
static bool take_tag(struct text *list, struct text *opaque)
{
    while (list->length > 0 &&
           (list->at[0] == ' ' || list->at[0] == '\t' || list->at[0] == ','))
        *list = text_slice(*list, 1, list->length);
    if (text_starts_with(*list, TEXT("W/")))
        *list = text_slice(*list, 2, list->length);
    if (list->length == 0 || list->at[0] != '"')
        return false;
    struct text rest = text_slice(*list, 1, list->length);
    size_t end = text_find(rest, '"');
    if (end == rest.length)
        return false;
    *opaque = text_slice(rest, 0, end);
    *list = text_slice(rest, end + 1, rest.length);
    return true;
}

static bool tags_hold(struct text list, struct text opaque)
{
    if (text_equals(text_trim(list), TEXT("*")))
        return true;
    struct text tag;
    while (take_tag(&list, &tag))
        if (text_equals(tag, opaque))
            return true;
    return false;
}

bool negotiate_is_current(const struct http_request *request, struct text etag,
                          instant modified)
{
    struct text rest = etag;
    struct text opaque;
    check(take_tag(&rest, &opaque));
    bool has_tags = false;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!text_equals_ignoring_case(request->fields[i].name, TEXT("If-None-Match")))
            continue;
        has_tags = true;
        if (tags_hold(request->fields[i].value, opaque))
            return true;
    }
    instant since;
    struct text written = http_request_field(request, TEXT("If-Modified-Since"));
    return !has_tags && written.at && instant_read_http_date(written, &since) == STATUS_OK &&
           instant_seconds(modified) <= instant_seconds(since);
}
