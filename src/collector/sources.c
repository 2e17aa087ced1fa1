/* The sources that there are. */
#include "collector/source_answer.h"

const struct source *const sources[] = {&source_creative_center, &source_creative_one,
                                        &source_business_api,    &source_file,
                                        &source_sample,          NULL};

const struct source *source_find(struct text name)
{
    for (size_t i = 0; sources[i]; i++)
        if (text_equals(name, text_of(sources[i]->name)))
            return sources[i];
    return NULL;
}

bool source_gives_none(struct list_key list)
{
    (void)list;
    return false;
}

bool source_is_collected(const struct source *source)
{
    return source->ask || source->watch;
}
