/* head_parse: a scanned head cut into its words by llhttp, the only file that knows llhttp. */
#pragma once

#include "http/field.h"
#include "http/refusal.h"

struct head_words {
    struct text method;
    struct text target;
    bool is_http_1_0;
    bool keeps_alive;          /* by version and Connection (RFC 9112 section 9.3) */
    struct http_field *fields; /* the caller's room */
    size_t field_count;
    size_t field_room;
};

/* head: whole, and passed by head_scan. words->fields and field_room, the lines that head_scan
 * counted, are set by the caller; the texts are cut from head. A refusal: 501 for a method that
 * llhttp does not know, else 400, also when llhttp finds another number of fields. */
enum status head_parse(struct text head, struct head_words *words,
                       struct http_refusal *refusal);
