#include "catalog/json_place.h"
#include "support/unit.h"

static const char document[] = "{\n"
                               " \"a\\\"]\": [1, {\"x\": \"}]\\\\\"}, []],\n"
                               " \"data\" : {\"n\": -1.5e3, \"t\": true,\n"
                               "   \"list\": [\n"
                               "     {\"i\": 0},\n"
                               "\n"
                               "     [[2], {}], \"s\",\n"
                               "     null\n"
                               "   ]},\n"
                               " \"last\": 1}";

static const struct {
    const char *label;
    struct json_step path[3];
    size_t steps;
    size_t line;
} places[] = {
    {"the document", {{0}}, 0, 1},
    {"a member", {{.name = "data"}}, 1, 3},
    {"a member of a member", {{.name = "data"}, {.name = "list"}}, 2, 4},
    {"the first element", {{.name = "data"}, {.name = "list"}, {.index = 0}}, 3, 5},
    {"the second element", {{.name = "data"}, {.name = "list"}, {.index = 1}}, 3, 7},
    {"the third element", {{.name = "data"}, {.name = "list"}, {.index = 2}}, 3, 7},
    {"the fourth element", {{.name = "data"}, {.name = "list"}, {.index = 3}}, 3, 8},
    {"an element past the end", {{.name = "data"}, {.name = "list"}, {.index = 4}}, 3, 0},
    {"the last member", {{.name = "last"}}, 1, 10},
    {"a name that is escaped", {{.name = "a\\\"]"}}, 1, 2},
    {"a member that is missing", {{.name = "list"}}, 1, 0},
    {"an element of an object", {{.index = 0}}, 1, 0},
    {"a member of an array", {{.name = "data"}, {.name = "list"}, {.name = "i"}}, 3, 0},
    {"a member of a number", {{.name = "last"}, {.name = "i"}}, 2, 0},
};

static void lines_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(places); i++) {
        size_t line = json_place_line(TEXT(document), places[i].path, places[i].steps);
        if (line != places[i].line)
            fail_msg("%s: line %zu, not %zu", places[i].label, line, places[i].line);
    }
}

/* Not promised to be right, but to stay within the text. */
static void broken_documents_are_survived(void **state)
{
    (void)state;
    for (size_t length = 0; length < sizeof(document); length++) {
        char *cut = memory_take(length + 1); /* so that a read past the end is seen */
        memcpy(cut, document, length);
        for (size_t i = 0; i < LENGTH_OF(places); i++)
            (void)json_place_line((struct text){cut, length}, places[i].path, places[i].steps);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_found),
        cmocka_unit_test(broken_documents_are_survived),
    };
    return cmocka_run_group_tests_name("json_place", tests, NULL, NULL);
}
