/* The sources that there are. */
#include "collector/source_answer.h"

const struct source *const sources[] = {&source_creative_center, &source_creative_one,
                                        &source_business_api, NULL};

const struct source *source_find(struct text name)
{
    for (size_t i = 0; sources[i]; i++)
        if (text_equals(name, text_of(sources[i]->name)))
            return sources[i];
    return NULL;
}
