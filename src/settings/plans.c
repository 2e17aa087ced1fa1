#include "settings/plans.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "settings/ini_file.h"
#include "settings/plans_builtin.h"

#include <inttypes.h>

#define PLAN_CREDITS_MAX INT64_C(1000000000000)

/* The numbers of a plan, one row each; the overage word stands by itself. */
struct plan_member {
    const char *name;
    size_t offset;
    int64_t least, most;
};

#define OVERAGE_PRICE 4 /* the place of the one that depends on the overage word */

static const struct plan_member plan_members[] = {
    {"price_cents", offsetof(struct plan, price_cents), 0, 100000000},
    {"included_credits", offsetof(struct plan, included_credits), 0, PLAN_CREDITS_MAX},
    {"daily_credit_cap", offsetof(struct plan, daily_credit_cap), 0, PLAN_CREDITS_MAX},
    {"rate_limit_per_minute", offsetof(struct plan, rate_limit_per_minute), 1, 1000000},
    [OVERAGE_PRICE] = {"overage_cents_per_1000", offsetof(struct plan, overage_cents_per_1000),
                       0, 1000000},
};

#define OVERAGE_WORD LENGTH_OF(plan_members)
#define MEMBERS_MAX (LENGTH_OF(plan_members) + 1)
#define ENDPOINT_CREDITS_MAX 1000000

enum section_kind { SECTION_PLAN, SECTION_ENDPOINT };

struct plans_opening {
    struct plans *plans;
    const char *const *known_operations;
    enum section_kind section;
    unsigned set_in_line[MEMBERS_MAX]; /* of this section; 0: not yet */
};

static struct plan *plan_last(struct plans *plans)
{
    return &plans->plans[plans->plan_count - 1];
}

static bool is_plan_name(struct text name)
{
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.at[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && byte != ' ' && byte != '-' && byte != '_')
            return false;
    }
    return name.length > 0 && name.length < sizeof(((struct plan *)NULL)->name);
}

static enum status plan_begin(struct plans *plans, struct text name, struct reason *reason)
{
    if (!is_plan_name(name))
        return reason_set(reason, STATUS_INVALID,
                          "name the plan with 1 to 40 letters, digits, blanks, '-' and '_'");
    if (plans_find(plans, name))
        return reason_set(reason, STATUS_INVALID, "there is a plan '%.*s' already",
                          TEXT_PRINT(name));
    if (plans->plan_count == PLANS_MAX)
        return reason_set(reason, STATUS_TOO_LARGE, "more than %d plans", PLANS_MAX);
    plans->plan_count++;
    struct plan *plan = plan_last(plans);
    *plan = (struct plan){0};
    memcpy(plan->name, name.at, name.length);
    return STATUS_OK;
}

/* The one of that id, else what was most likely meant; NULL: neither. */
static const char *operation_nearest(const char *const *known_operations, struct text id)
{
    const char *nearest = NULL;
    unsigned least = UINT32_MAX;
    for (; *known_operations; known_operations++) {
        unsigned edits = text_distance(id, text_of(*known_operations));
        if (edits < least && text_is_slip(edits, text_of(*known_operations))) {
            least = edits;
            nearest = *known_operations;
        }
    }
    return nearest;
}

static enum status endpoint_unknown(const struct plans_opening *opening, struct text id,
                                    const char *nearest, struct reason *reason)
{
    if (nearest)
        return reason_set(reason, STATUS_INVALID,
                          "there is no endpoint '%.*s'; did you mean %s?", TEXT_PRINT(id),
                          nearest);
    struct buffer known CLEANUP(buffer_finish);
    buffer_init(&known, REASON_BYTES_MAX);
    for (const char *const *id_of = opening->known_operations; *id_of; id_of++)
        buffer_append_format(&known, "%s%s", known.length > 0 ? ", " : "", *id_of);
    return reason_set(reason, STATUS_INVALID,
                      "there is no endpoint '%.*s'; those with a price are %.*s",
                      TEXT_PRINT(id), TEXT_PRINT(buffer_text(&known)));
}

static enum status endpoint_begin(const struct plans_opening *opening, struct text id,
                                  struct reason *reason)
{
    struct plans *plans = opening->plans;
    const char *nearest = operation_nearest(opening->known_operations, id);
    if (!nearest || !text_equals(id, text_of(nearest)))
        return endpoint_unknown(opening, id, nearest, reason);
    for (size_t i = 0; i < plans->price_count; i++)
        if (text_equals(id, text_of(plans->prices[i].operation_id)))
            return reason_set(reason, STATUS_INVALID, "there is an [endpoint %.*s] already",
                              TEXT_PRINT(id));
    check(plans->price_count < ENDPOINT_PRICES_MAX);
    struct endpoint_price *price = &plans->prices[plans->price_count++];
    *price = (struct endpoint_price){0};
    check(id.length < sizeof(price->operation_id));
    memcpy(price->operation_id, id.at, id.length);
    return STATUS_OK;
}

static enum status section_begin(struct plans_opening *opening, struct text section,
                                 struct reason *reason)
{
    struct text name = section;
    struct text kind = text_cut(&name, ' ');
    name = text_trim(name);
    memset(opening->set_in_line, 0, sizeof(opening->set_in_line));
    if (text_equals(kind, TEXT("plan"))) {
        opening->section = SECTION_PLAN;
        return plan_begin(opening->plans, name, reason);
    }
    if (text_equals(kind, TEXT("endpoint"))) {
        opening->section = SECTION_ENDPOINT;
        return endpoint_begin(opening, name, reason);
    }
    return reason_set(reason, STATUS_INVALID,
                      "[%.*s] is neither [plan NAME] nor [endpoint OPERATION_ID]",
                      TEXT_PRINT(section));
}

static enum status number_read(const struct ini_entry *entry, int64_t least, int64_t most,
                               int64_t *meant, struct reason *reason)
{
    int64_t number;
    if (text_read_integer(entry->value, &number) != STATUS_OK || number < least ||
        number > most)
        return reason_set(reason, STATUS_INVALID,
                          "%.*s = %.*s: write a whole number from %" PRId64 " to %" PRId64,
                          TEXT_PRINT(entry->name), TEXT_PRINT(entry->value), least, most);
    *meant = number;
    return STATUS_OK;
}

static enum status overage_read(struct text word, enum overage *meant, struct reason *reason)
{
    static const enum overage all[] = {OVERAGE_NONE, OVERAGE_OPT_IN, OVERAGE_ALWAYS};
    for (size_t i = 0; i < LENGTH_OF(all); i++)
        if (text_equals(word, text_of(overage_word(all[i])))) {
            *meant = all[i];
            return STATUS_OK;
        }
    return reason_set(reason, STATUS_INVALID, "overage = %.*s: write none, opt_in or always",
                      TEXT_PRINT(word));
}

static enum status once(struct plans_opening *opening, size_t place,
                        const struct ini_entry *entry, struct reason *reason)
{
    if (opening->set_in_line[place] > 0)
        return reason_set(reason, STATUS_INVALID, "%.*s is set in line %u already",
                          TEXT_PRINT(entry->name), opening->set_in_line[place]);
    opening->set_in_line[place] = entry->line;
    return STATUS_OK;
}

/* NULL: there is none of that name. */
static const struct plan_member *plan_member_find(struct text name)
{
    for (size_t i = 0; i < LENGTH_OF(plan_members); i++)
        if (text_equals(name, text_of(plan_members[i].name)))
            return &plan_members[i];
    return NULL;
}

static enum status plan_member_unknown(struct text name, struct reason *reason)
{
    const char *nearest = NULL;
    unsigned least = UINT32_MAX;
    for (size_t i = 0; i <= LENGTH_OF(plan_members); i++) {
        const char *known = i < LENGTH_OF(plan_members) ? plan_members[i].name : "overage";
        unsigned edits = ini_name_distance(name, text_of(known));
        if (edits < least && text_is_slip(edits, text_of(known))) {
            least = edits;
            nearest = known;
        }
    }
    if (nearest)
        return reason_set(reason, STATUS_INVALID, "a plan has no %.*s; did you mean %s?",
                          TEXT_PRINT(name), nearest);
    return reason_set(reason, STATUS_INVALID,
                      "a plan has no %.*s; it has price_cents, included_credits, "
                      "daily_credit_cap, rate_limit_per_minute, overage and "
                      "overage_cents_per_1000",
                      TEXT_PRINT(name));
}

static enum status plan_member_set(struct plans_opening *opening, const struct ini_entry *entry,
                                   struct reason *reason)
{
    struct plan *plan = plan_last(opening->plans);
    if (text_equals(entry->name, TEXT("overage"))) {
        TRY(once(opening, OVERAGE_WORD, entry, reason));
        return overage_read(entry->value, &plan->overage, reason);
    }
    const struct plan_member *row = plan_member_find(entry->name);
    if (!row)
        return plan_member_unknown(entry->name, reason);
    TRY(once(opening, (size_t)(row - plan_members), entry, reason));
    int64_t *place = (void *)((char *)plan + row->offset);
    return number_read(entry, row->least, row->most, place, reason);
}

static enum status endpoint_member_set(struct plans_opening *opening,
                                       const struct ini_entry *entry, struct reason *reason)
{
    if (!text_equals(entry->name, TEXT("credits")))
        return reason_set(reason, STATUS_INVALID, "an endpoint has no %.*s; it has credits",
                          TEXT_PRINT(entry->name));
    TRY(once(opening, 0, entry, reason));
    struct plans *plans = opening->plans;
    return number_read(entry, 0, ENDPOINT_CREDITS_MAX,
                       &plans->prices[plans->price_count - 1].credits, reason);
}

static enum status plan_end(const struct plans_opening *opening, struct reason *reason)
{
    const struct plans *plans = opening->plans;
    const struct plan *plan = &plans->plans[plans->plan_count - 1];
    if (opening->set_in_line[OVERAGE_WORD] == 0)
        return reason_set(reason, STATUS_INVALID, "the plan %s lacks overage", plan->name);
    bool may_exceed = plan->overage != OVERAGE_NONE;
    for (size_t i = 0; i < LENGTH_OF(plan_members); i++)
        if (opening->set_in_line[i] == 0 && (i != OVERAGE_PRICE || may_exceed))
            return reason_set(reason, STATUS_INVALID, "the plan %s lacks %s", plan->name,
                              plan_members[i].name);
    if (!may_exceed && plan->overage_cents_per_1000 > 0)
        return reason_set(reason, STATUS_INVALID,
                          "the plan %s has overage = none and a price for it; leave "
                          "overage_cents_per_1000 out",
                          plan->name);
    if (plans->plan_count > 1 && plan->price_cents < plan[-1].price_cents)
        return reason_set(reason, STATUS_INVALID,
                          "the plan %s costs less than %s above it; write the cheapest first",
                          plan->name, plan[-1].name);
    return STATUS_OK;
}

static enum status section_end(const struct plans_opening *opening, struct reason *reason)
{
    if (opening->section == SECTION_PLAN)
        return plan_end(opening, reason);
    if (opening->set_in_line[0] == 0)
        return reason_set(reason, STATUS_INVALID, "the endpoint lacks credits");
    return STATUS_OK;
}

static enum status entry_visit(void *owner, const struct ini_entry *entry,
                               struct reason *reason)
{
    struct plans_opening *opening = owner;
    switch (entry->kind) {
    case INI_SECTION_BEGIN: return section_begin(opening, entry->section, reason);
    case INI_MEMBER:
        return opening->section == SECTION_PLAN ? plan_member_set(opening, entry, reason)
                                                : endpoint_member_set(opening, entry, reason);
    case INI_SECTION_END: return section_end(opening, reason);
    }
    check(false);
}

/* A price that nobody wrote down would be charged all the same. */
static enum status prices_check(const struct plans *plans, const char *const *known_operations,
                                struct text file_name, struct reason *reason)
{
    for (; *known_operations; known_operations++) {
        size_t i = 0;
        while (i < plans->price_count &&
               strcmp(plans->prices[i].operation_id, *known_operations) != 0)
            i++;
        if (i == plans->price_count)
            return reason_set(reason, STATUS_INVALID,
                              "%.*s:1: the endpoint %s has no price: write [endpoint %s] and "
                              "its credits",
                              TEXT_PRINT(file_name), *known_operations, *known_operations);
    }
    return STATUS_OK;
}

enum status plans_read(struct text file, const char *const *known_operations,
                       struct plans *plans, struct reason *reason)
{
    CLEANUP(arena_finish) struct arena memory;
    arena_init(&memory, (size_t)4 * INI_FILE_BYTES_MAX);
    struct text bytes = plans_builtin;
    struct text name = TEXT("etc/plans.ini (built in)");
    if (file.length > 0) {
        name = arena_copy(&memory, file); /* for its NUL */
        if (!name.at)
            return reason_set(reason, STATUS_TOO_LARGE,
                              "the path of the plan file is too long");
        TRY(ini_load(name.at, &memory, &bytes, reason));
    }
    struct plans read = {0};
    struct plans_opening opening = {.plans = &read, .known_operations = known_operations};
    struct ini_visitor visitor = {.visit = entry_visit, .owner = &opening};
    TRY(ini_read(bytes, name, &visitor, reason));
    if (read.plan_count == 0)
        return reason_set(reason, STATUS_INVALID, "%.*s:1: there is no [plan NAME] in it",
                          TEXT_PRINT(name));
    TRY(prices_check(&read, known_operations, name, reason));
    *plans = read;
    return STATUS_OK;
}

const struct plan *plans_find(const struct plans *plans, struct text name)
{
    for (size_t i = 0; i < plans->plan_count; i++)
        if (text_equals_ignoring_case(name, text_of(plans->plans[i].name)))
            return &plans->plans[i];
    return NULL;
}
