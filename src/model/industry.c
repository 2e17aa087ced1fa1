#include "model/industry.h"

#define INDUSTRY(id, name)                                                                     \
    {                                                                                          \
        INT64_C(id), TEXT_INITIAL(name), TEXT_INITIAL("label_" #id)                            \
    }

static const struct industry industries[] = {
    [INDUSTRY_ALL] = INDUSTRY(0, "All industries"),
    INDUSTRY(10000000000, "Education"),
    INDUSTRY(11000000000, "Vehicle & Transportation"),
    INDUSTRY(12000000000, "Baby, Kids & Maternity"),
    INDUSTRY(13000000000, "Financial Services"),
    INDUSTRY(14000000000, "Beauty & Personal Care"),
    INDUSTRY(15000000000, "Tech & Electronics"),
    INDUSTRY(17000000000, "Travel"),
    INDUSTRY(18000000000, "Household Products"),
    INDUSTRY(19000000000, "Pets"),
    INDUSTRY(21000000000, "Home Improvement"),
    INDUSTRY(22000000000, "Apparel & Accessories"),
    INDUSTRY(23000000000, "News & Entertainment"),
    INDUSTRY(24000000000, "Business Services"),
    INDUSTRY(25000000000, "Games"),
    INDUSTRY(26000000000, "Life Services"),
    INDUSTRY(27000000000, "Food & Beverage"),
    INDUSTRY(28000000000, "Sports & Outdoor"),
    INDUSTRY(29000000000, "Health"),
};
_Static_assert(LENGTH_OF(industries) == INDUSTRY_COUNT);

const struct industry *industry_at(unsigned index)
{
    check(index < INDUSTRY_COUNT);
    return &industries[index];
}

enum status industry_find(int64_t id, unsigned *index)
{
    for (unsigned i = INDUSTRY_ALL + 1; i < INDUSTRY_COUNT; i++) {
        if (industries[i].id == id) {
            *index = i;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}

enum status industry_find_by_name(struct text name, unsigned *index)
{
    for (unsigned i = 0; i < INDUSTRY_COUNT; i++) {
        if (text_equals_ignoring_case(industries[i].name, name)) {
            *index = i;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}
