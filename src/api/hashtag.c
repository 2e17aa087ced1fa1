#include "api/look_ups.h"
#include "api/parameter_words.h"
#include "model/industry.h"

static enum status industry_known(struct text written, unsigned *index)
{
    int64_t id;
    TRY(text_read_integer(written, &id));
    return industry_find(id, index);
}

const struct parameter hashtag_parameters[HASHTAG_PARAMETERS] = {
    [HASHTAG_PAGE] = {.name = TEXT_INITIAL("page"),
                      .aliases = {"page_number", "page_no", "p"},
                      .type = INTEGER,
                      .kind = PARAMETER_CLAMPED,
                      .minimum = 1,
                      .maximum = 10,
                      .absent = 1,
                      .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-10)"),
                      .description = TEXT_INITIAL("Page number")},
    [HASHTAG_LIMIT] = {.name = TEXT_INITIAL("limit"),
                       .aliases = {"size", "per_page", "page_size", "count"},
                       .type = INTEGER,
                       .kind = PARAMETER_CLAMPED,
                       .minimum = 1,
                       .maximum = 100,
                       .absent = 20,
                       .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-100)"),
                       .example = TEXT_INITIAL("50"),
                       .description = TEXT_INITIAL("Number of results per page")},
    [HASHTAG_PERIOD] = PERIOD_PARAMETER,
    [HASHTAG_INDUSTRY] = {.name = TEXT_INITIAL("industry_id"),
                          .aliases = {"industry", "category"},
                          .type = INTEGER,
                          .kind = PARAMETER_KNOWN,
                          .known = industry_known,
                          .absent = INDUSTRY_ALL,
                          .without = TEXT_INITIAL("all industries"),
                          .refusal = TEXT_INITIAL(
                              "must be the id of a known industry (GET " META_PATH
                              " lists them)"),
                          .description = TEXT_INITIAL("Industry ID to filter trends")},
    [HASHTAG_COUNTRY] = COUNTRY_PARAMETER,
    [HASHTAG_FILTER] = {.name = TEXT_INITIAL("filter_by"),
                        .aliases = {"filter"},
                        .type = STRING,
                        .kind = PARAMETER_WORD,
                        .word = TEXT_INITIAL("new_on_board"),
                        .absent = 0,
                        .without = TEXT_INITIAL("every hashtag"),
                        .refusal = TEXT_INITIAL("must be new_on_board"),
                        .description = TEXT_INITIAL(
                            "Filter criteria, only 'new_on_board' is allowed")},
};

void hashtag_look_up(struct call *call)
{
    const int64_t *values = call->arguments.values;
    unsigned period;
    check(period_find(values[HASHTAG_PERIOD], &period) == STATUS_OK);
    call_look_up_page(call, &(struct page_request){
                                .list = {.country = (uint8_t)values[HASHTAG_COUNTRY],
                                         .period = (uint8_t)period,
                                         .industry = (uint8_t)values[HASHTAG_INDUSTRY]},
                                .new_only = values[HASHTAG_FILTER] != 0,
                                .page = (uint8_t)values[HASHTAG_PAGE],
                                .limit = (uint8_t)values[HASHTAG_LIMIT],
                                .compressed = call_takes_gzip(call),
                            });
}
