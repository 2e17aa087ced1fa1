#include "model/country.h"

#define COUNTRY(code, name)                                                                    \
    {                                                                                          \
        TEXT_INITIAL(code), TEXT_INITIAL(name)                                                 \
    }

static const struct country countries[] = {
    [COUNTRY_ALL] = COUNTRY("ALL", "All countries"),
    COUNTRY("AE", "United Arab Emirates"),
    COUNTRY("AR", "Argentina"),
    COUNTRY("AT", "Austria"),
    COUNTRY("AU", "Australia"),
    COUNTRY("BD", "Bangladesh"),
    COUNTRY("BE", "Belgium"),
    COUNTRY("BG", "Bulgaria"),
    COUNTRY("BH", "Bahrain"),
    COUNTRY("BR", "Brazil"),
    COUNTRY("BY", "Belarus"),
    COUNTRY("CA", "Canada"),
    COUNTRY("CH", "Switzerland"),
    COUNTRY("CL", "Chile"),
    COUNTRY("CO", "Colombia"),
    COUNTRY("CZ", "Czechia"),
    COUNTRY("DE", "Germany"),
    COUNTRY("DK", "Denmark"),
    COUNTRY("EE", "Estonia"),
    COUNTRY("EG", "Egypt"),
    COUNTRY("ES", "Spain"),
    COUNTRY("FI", "Finland"),
    COUNTRY("FR", "France"),
    COUNTRY("GB", "United Kingdom"),
    COUNTRY("GR", "Greece"),
    COUNTRY("HR", "Croatia"),
    COUNTRY("HU", "Hungary"),
    COUNTRY("ID", "Indonesia"),
    COUNTRY("IE", "Ireland"),
    COUNTRY("IL", "Israel"),
    COUNTRY("IQ", "Iraq"),
    COUNTRY("IS", "Iceland"),
    COUNTRY("IT", "Italy"),
    COUNTRY("JO", "Hashemite Kingdom of Jordan"),
    COUNTRY("JP", "Japan"),
    COUNTRY("KH", "Cambodia"),
    COUNTRY("KR", "South Korea"),
    COUNTRY("KW", "Kuwait"),
    COUNTRY("KZ", "Kazakhstan"),
    COUNTRY("LB", "Lebanon"),
    COUNTRY("LT", "Republic of Lithuania"),
    COUNTRY("LU", "Luxembourg"),
    COUNTRY("LV", "Latvia"),
    COUNTRY("MA", "Morocco"),
    COUNTRY("MM", "Myanmar [Burma]"),
    COUNTRY("MO", "Macao"),
    COUNTRY("MX", "Mexico"),
    COUNTRY("MY", "Malaysia"),
    COUNTRY("NG", "Nigeria"),
    COUNTRY("NL", "Netherlands"),
    COUNTRY("NO", "Norway"),
    COUNTRY("NZ", "New Zealand"),
    COUNTRY("OM", "Oman"),
    COUNTRY("PE", "Peru"),
    COUNTRY("PH", "Philippines"),
    COUNTRY("PK", "Pakistan"),
    COUNTRY("PL", "Poland"),
    COUNTRY("PT", "Portugal"),
    COUNTRY("QA", "Qatar"),
    COUNTRY("RO", "Romania"),
    COUNTRY("SA", "Saudi Arabia"),
    COUNTRY("SE", "Sweden"),
    COUNTRY("SG", "Singapore"),
    COUNTRY("SK", "Slovakia"),
    COUNTRY("TH", "Thailand"),
    COUNTRY("TR", "Turkey"),
    COUNTRY("TW", "Taiwan"),
    COUNTRY("UA", "Ukraine"),
    COUNTRY("US", "United States"),
    COUNTRY("UZ", "Uzbekistan"),
    COUNTRY("VN", "Vietnam"),
    COUNTRY("ZA", "South Africa"),
};
_Static_assert(LENGTH_OF(countries) == COUNTRY_COUNT);

const struct country *country_at(unsigned index)
{
    check(index < COUNTRY_COUNT);
    return &countries[index];
}

/* Letters in upper case; other bytes become what no code has. */
static unsigned code_number(const char *code)
{
    return (unsigned)(code[0] & ~0x20) << 8 | (unsigned)(code[1] & ~0x20);
}

/* By halves: the codes of two letters stand in their order. */
static enum status code_find(const char *code, unsigned *index)
{
    unsigned low = COUNTRY_ALL + 1;
    unsigned high = COUNTRY_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (code_number(countries[middle].code.at) < code_number(code))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == COUNTRY_COUNT ||
        !text_equals_ignoring_case(countries[low].code, (struct text){code, 2}))
        return STATUS_MISSING;
    *index = low;
    return STATUS_OK;
}

enum status country_find(struct text code, unsigned *index)
{
    if (code.length == 2)
        return code_find(code.at, index);
    if (!text_equals_ignoring_case(countries[COUNTRY_ALL].code, code))
        return STATUS_MISSING;
    *index = COUNTRY_ALL;
    return STATUS_OK;
}

enum status country_find_by_name(struct text name, unsigned *index)
{
    for (unsigned i = 0; i < COUNTRY_COUNT; i++) {
        if (text_equals_ignoring_case(countries[i].name, name)) {
            *index = i;
            return STATUS_OK;
        }
    }
    return STATUS_MISSING;
}
