/* schemas: what answers consist of, field by field; the documents and the docs page say it.
 *
 * A field stands before what is inside it; that is the reading order of the page's table. Frozen;
 * any thread. */
#pragma once

#include "base/text.h"

struct schema_field {
    /* The way to it: '.' goes into an object, "[]" into the items of an array. Items that are
     * objects have no row of their own, items that are plain values have: "data.periods[]". */
    struct text path;
    struct text type;       /* "object", "array", "string", "integer", "number", "boolean" */
    struct text definition; /* the name this object has in the documents; empty: it has none */
    struct text format;     /* "int64", "date-time", "date", "uri-reference"; empty: none */
    struct text one_of;     /* JSON values parted by ", ", as in "1, 2, 3, 4"; empty: any */
    struct text minimum;    /* a JSON number; empty: none */
    struct text maximum;
    struct text example; /* a JSON value; empty: only what the answer's example shows */
    struct text description;
    bool is_optional; /* left out where there is nothing to say */
};

struct schema {
    struct text name; /* of the definition: "app.Response" */
    struct text description;
    const struct schema_field *fields;
    size_t field_count;
    struct text example; /* a whole answer, JSON, indented by two blanks; empty: none */
    /* Customers know it from a page of their own, which calls no field required: Swagger and the
     * page's table keep to that. The page shows nothing but the type of a field inside data; what
     * else stands in the rows is for the documents. */
    bool is_from_page;
};

extern const struct schema hashtag_schema; /* populartrend.hashtagTrendResponseDoc */
extern const struct schema meta_schema;
extern const struct schema history_schema;
extern const struct schema movers_schema;
extern const struct schema billing_schema;
extern const struct schema periods_schema;
extern const struct schema period_schema;
extern const struct schema statement_schema;
extern const struct schema download_schema;
extern const struct schema preview_schema;
extern const struct schema plans_schema;
extern const struct schema estimate_schema;
extern const struct schema events_schema;
extern const struct schema overview_schema;
extern const struct schema endpoints_schema;
extern const struct schema timeseries_schema;
extern const struct schema recent_ips_schema;
extern const struct schema ping_schema;
extern const struct schema ready_schema;
extern const struct schema failure_schema; /* app.Response, whatever is not a success */

/* "data.data.list[].rank": "rank"; of "data.periods[]": "[]". */
struct text schema_field_name(const struct schema_field *field);

/* What it is inside: "data.data.list[]"; empty for the outermost. */
struct text schema_field_parent(const struct schema_field *field);

/* What the page's table shows under Required: never of a schema that is from the page. */
bool schema_field_is_required(const struct schema *schema, const struct schema_field *field);
