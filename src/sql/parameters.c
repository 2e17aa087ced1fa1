#include "sql/parameters.h"

static int number_read(const char *digits)
{
    int number = 0;
    for (; *digits >= '0' && *digits <= '9' && number <= SQL_PARAMETERS_MAX; digits++)
        number = number * 10 + (*digits - '0');
    return number;
}

int sql_parameters(const char *sql)
{
    int count = 0;
    char quote = '\0';
    for (const char *at = sql; *at != '\0'; at++) {
        int number = *at == '$' && !quote ? number_read(at + 1) : 0;
        if (quote)
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        count = number > count ? number : count;
    }
    return count;
}
