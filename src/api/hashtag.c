#include "api/look_ups.h"

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
