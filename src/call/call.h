/* call: one request on its way through the pipeline, and what it found.
 *
 * Lives in its exchange's arena and belongs to the exchange's loop thread. The steps are
 * authenticate, validate, look_up, charge and answer, a file each; the first refusal ends it. */
#pragma once

#include "call/endpoint.h"
#include "call/failures.h"
#include "call/pipeline.h"
#include "call/session.h"
#include "call/tool.h"
#include "catalog/catalog.h"
#include "http/server.h"
#include "ledger/ledger.h"

#define REQUEST_ID_LENGTH_MAX 128

/* What a look-up found: a catalogue page, or a body of its own. */
struct finding {
    const struct catalog_page *page; /* a share, given back with the answer; or NULL */
    struct text body;                /* up to the request id; in the call's arena */
    bool is_current;                 /* the client's copy is: 304; set by call_found */
};

struct call {
    struct pipeline *pipeline;
    struct http_exchange *exchange;
    const struct http_request *request;
    const struct endpoint *endpoint; /* NULL: none of the table */
    struct tool_call *tool;          /* NULL: not called as a tool */
    struct text request_id;
    struct key_standing key; /* set by authenticate, anew after each wait before the charge */
    struct session_standing session; /* id 0: by none; key has its account as well */
    struct text id;                  /* what stands for "{id}" in the path; encoded */
    struct text key_prefix;          /* for the log; empty before authenticate */
    struct arguments arguments;
    struct finding finding;
    duration started;                 /* for the log; not set without one */
    struct catalog_waiter waiter;     /* while look_up waits for a page to be made */
    struct collector_waiter fetch;    /* or for its list to be fetched */
    struct http_task task;            /* brings a woken call back to its loop */
    struct charge charge;             /* its standing makes headers and refusals */
    enum status settled;              /* of a charge that waited for the journal */
    void (*go_on)(struct call *call); /* once the slot is taken, or the charge */
    enum status missed;               /* why a page could not be had */
    enum quota_verdict unaffordable;  /* why a list is not fetched for it */
    bool is_metered;                  /* the charge's standing is set */
    struct idempotent_call idempotent;
    bool is_first;  /* of its Idempotency-Key: whoever answers it says what came of it */
    bool is_replay; /* of a charged call: rendered again from the same snapshot */
};

/* Of the account API, from its routing on. */
static inline bool call_is_of_account(const struct call *call)
{
    return call->endpoint && call->endpoint->kind == ENDPOINT_ACCOUNT;
}

/* Whether pages of other origins may read the answer. */
static inline bool call_is_shared(const struct call *call)
{
    return !call->pipeline->is_private && !call->tool &&
           (!call->endpoint || call->endpoint->kind == ENDPOINT_OPEN ||
            call->endpoint->kind == ENDPOINT_PRODUCT);
}

/* Takes the call through the steps that its endpoint asks for. Who changes endpoint and tool
 * before, as api/mcp.c does, opens a second way in; the call ends in exactly one answer. */
void call_run(struct call *call);

/* Steps; each says by STATUS_OK that the call goes on. Otherwise it has answered. */
enum status call_authenticate(struct call *call);
enum status call_validate(struct call *call);
/* For an endpoint's examine. reason: the rest of the sentence "<name> ..."; without ';'. */
void faults_add(struct faults *faults, struct text name, struct text value, struct text reason);

/* Goes on to the look-up, once no other call with its Idempotency-Key is undecided; or answers 422. */
void call_look_up(struct call *call);

/* An Idempotency-Key of CONTRACT section 3, or none at all; false: a malformed one. When the call
 * is answered, who waits for its key is told what came of it. */
bool call_idempotency_key_read(const struct call *call, struct text *key);
void call_decided(struct call *call, bool is_charged);
/* The key was used on another node: for this call, which is answered again, or for another one. */
void call_replay(struct call *call);
void call_refuse_conflict(struct call *call);

/* For look-ups: finds the page and goes on to call_found, or refuses; waits off the loop. */
void call_look_up_page(struct call *call, const struct page_request *request);

/* The same for look-ups that wait elsewhere, on the call's loop again: with the outcome, and the
 * page (a share) that was made if it is STATUS_OK. The wait may have outlived the key. */
void call_look_up_ended(struct call *call, enum status outcome,
                        const struct catalog_page *page);

/* Ends the look-up: charges what was found and answers it. Or there is no page: takes the slot and
 * refuses, by the words for that outcome. */
void call_found(struct call *call, const struct finding *finding);
void call_refuse_page(struct call *call, enum status outcome);

/* The charge step, between what was found and the answer: charges it and answers it when that is durable, or answers 429, 402 or
 * 503. A call that will not be charged takes its slot and goes on, at once or on its loop again, or is answered 429 or 503. */
void call_charge(struct call *call, enum call_outcome outcome);
void call_take_slot(struct call *call, enum call_outcome outcome, void (*go_on)(struct call *));

/* Credits of a successful call, by the plan file in force. */
credits call_price(const struct pipeline *pipeline, const struct endpoint *endpoint);

/* Both from the numbers that decided: the header lines of CONTRACT section 2; 429 or 402. */
void call_standing_headers(const struct call *call, struct buffer *headers);
void call_refuse_standing(struct call *call);

/* ---- Answers; each ends the call ---- */

/* The finding, as 200 or 304, in the encoding that the client accepts. */
void call_answer_finding(struct call *call);

/* Whether the page that was found is older than its time to live; whether the answer may be gzip: the
 * client takes it, and it is sent as it was rendered. */
bool call_page_is_stale(const struct call *call);
bool call_takes_gzip(const struct call *call);

/* An error in the envelope of CONTRACT section 2. extra: members of data, rendered, without the
 * braces and before reason; empty for none. headers: further whole lines; Retry-After is added
 * where the failure has one. */
struct refusal {
    const struct failure *failure;
    struct text message; /* empty: the failure's own */
    struct text extra;
    struct text headers;
    struct text advice; /* when to come back, in words, for who reads no headers; or empty */
};
void call_refuse(struct call *call, const struct refusal *refusal);

/* With the failure's own sentence, or another one. */
void call_refuse_plainly(struct call *call, enum failure_id id);
void call_refuse_overloaded(struct call *call, struct text message);

/* A body that is whole already, for the endpoints outside the product; a page in HTML. */
void call_answer_body(struct call *call, unsigned status, struct text headers,
                      struct text body);
void call_answer_page(struct call *call, unsigned status, struct text headers,
                      struct text html);

/* The same of another media type, as 200. */
void call_answer_text(struct call *call, struct text media_type, struct text body);

/* The published document, as 200 or 304; gives share back when it is sent. */
void call_answer_document(struct call *call, const struct shelf_document *document,
                          struct document_set *share);
