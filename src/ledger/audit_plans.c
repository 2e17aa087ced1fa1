/* Whether what a charge took is what its plan version asks for it. */
#include "base/json_read.h"
#include "ledger/audit_parts.h"
#include "settings/plans.h"

/* What calls cost under one version of the plans. */
struct audit_version {
    int64_t id;
    bool is_read;                         /* else nothing is known of it but that it is there */
    int64_t credits[ENDPOINT_PRICES_MAX]; /* in the order of the caller's prices */
    int64_t cents_per_1000[PLANS_MAX];    /* of overage, of the plans that have it */
    size_t rate_count;
};

/* ---- Reading ---- */

static enum status digest_check(struct audit *audit, int64_t id, struct text plans,
                                struct text digest, struct reason *reason)
{
    struct digest wanted = secret_digest(plans);
    if (text_equals(digest, (struct text){(const char *)wanted.bytes, sizeof(wanted.bytes)}))
        return STATUS_OK;
    char expected[2 * sizeof(wanted.bytes)], found[2 * sizeof(wanted.bytes)] = "";
    size_t length = digest.length < sizeof(wanted.bytes) ? digest.length : sizeof(wanted.bytes);
    secret_hex(wanted.bytes, sizeof(wanted.bytes), expected);
    secret_hex((const uint8_t *)digest.at, length, found);
    return audit_differs(audit, 0, NULL, reason,
                         "plan version %lld: the SHA-256 of its plans is %.*s, its digest %.*s",
                         (long long)id, (int)sizeof(expected), expected, (int)(2 * length),
                         found);
}

static void prices_read(const struct audit *audit, const json_t *document,
                        struct audit_version *version)
{
    const json_t *credits = json_object_get(document, "credits");
    for (size_t i = 0; i < audit->prices->count; i++) {
        const struct audit_price *price = &audit->prices->at[i];
        version->credits[i] = price->otherwise;
        (void)json_read_integer(credits, price->operation_id, &version->credits[i]);
    }
}

static void rates_read(const json_t *document, struct audit_version *version)
{
    const json_t *plans = json_object_get(document, "plans");
    for (size_t i = 0; i < json_array_size(plans) && i < PLANS_MAX; i++) {
        const json_t *plan = json_array_get(plans, i);
        struct text overage = {0};
        int64_t cents = 0;
        (void)json_read_text(plan, "overage", &overage);
        if (!text_equals(overage, TEXT("none")) &&
            json_read_integer(plan, "overage_cents_per_1000", &cents))
            version->cents_per_1000[version->rate_count++] = cents;
    }
}

static struct audit_version *version_add(struct audit *audit, int64_t id)
{
    if (audit->version_count == audit->version_capacity) {
        audit->version_capacity = audit->version_capacity ? 2 * audit->version_capacity : 16;
        audit->versions = memory_grow(audit->versions,
                                      audit->version_capacity * sizeof(audit->versions[0]));
    }
    struct audit_version *version = &audit->versions[audit->version_count++];
    *version = (struct audit_version){.id = id};
    return version;
}

static enum status version_read(struct audit *audit, int64_t id, struct text plans,
                                struct text digest, struct reason *reason)
{
    struct audit_version *version = version_add(audit, id);
    CLEANUP(json_document_finish) json_t *document = NULL;
    struct reason fault = {""};
    if (json_document_read(plans, &document, &fault) != STATUS_OK)
        return audit_differs(audit, 0, NULL, reason, "plan version %lld cannot be read: %s",
                             (long long)id, fault.sentence);
    version->is_read = true;
    prices_read(audit, document, version);
    rates_read(document, version);
    return digest_check(audit, id, plans, digest, reason);
}

enum status audit_plans_open(struct audit *audit, struct reason *reason)
{
    check(audit->prices->count <= ENDPOINT_PRICES_MAX);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, "SELECT id, plans, digest FROM plan_version ORDER BY id",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(version_read(audit, db_column_integer(select, 0), db_column_text(select, 1),
                         db_column_blob(select, 2), reason));
    }
}

void audit_plans_close(struct audit *audit)
{
    free(audit->versions);
}

/* ---- Holding a charge against it ---- */

static const struct audit_version *version_find(const struct audit *audit, int64_t id)
{
    for (size_t i = audit->version_count; i > 0; i--)
        if (audit->versions[i - 1].id == id)
            return &audit->versions[i - 1];
    return NULL;
}

/* Which plan the account was on is not in the entry: any of its version will do. */
static bool is_at_a_rate(const struct audit_version *version, const struct journal_entry *entry)
{
    if (entry->overage == 0)
        return entry->overage_micros == 0;
    for (size_t i = 0; i < version->rate_count; i++) {
        int64_t micros;
        if (!__builtin_mul_overflow(entry->overage, 10 * version->cents_per_1000[i], &micros) &&
            micros == entry->overage_micros)
            return true;
    }
    return false;
}

static enum status price_check(struct audit *audit, const struct audit_version *version,
                               const struct journal_entry *entry, struct reason *reason)
{
    size_t i = 0;
    while (i < audit->prices->count && audit->prices->at[i].endpoint != entry->endpoint)
        i++;
    if (i < audit->prices->count && entry->credits == version->credits[i])
        return STATUS_OK;
    char key[PERIOD_KEY_BYTES];
    TRY(audit_period_key(audit, entry, key, reason));
    if (i == audit->prices->count)
        return audit_differs(
            audit, entry->account_id, NULL, reason,
            "%s, journal row %lld: a charge at endpoint %d, which has no price", key,
            (long long)audit->place.id, entry->endpoint);
    return audit_differs(audit, entry->account_id, NULL, reason,
                         "%s, journal row %lld: endpoint %d costs %lld credits in plan version "
                         "%lld, and %lld are charged",
                         key, (long long)audit->place.id, entry->endpoint,
                         (long long)version->credits[i], (long long)version->id,
                         (long long)entry->credits);
}

static enum status overage_check(struct audit *audit, const struct audit_version *version,
                                 const struct journal_entry *entry, struct reason *reason)
{
    if (is_at_a_rate(version, entry))
        return STATUS_OK;
    char key[PERIOD_KEY_BYTES];
    TRY(audit_period_key(audit, entry, key, reason));
    return audit_differs(audit, entry->account_id, NULL, reason,
                         "%s, journal row %lld: %lld credits of overage cost a rate of plan "
                         "version %lld, and %lld micro-dollars are charged, which is none",
                         key, (long long)audit->place.id, (long long)entry->overage,
                         (long long)version->id, (long long)entry->overage_micros);
}

bool audit_plans_has(const struct audit *audit, int64_t version)
{
    return version_find(audit, version) != NULL;
}

enum status audit_plans_entry(struct audit *audit, const struct journal_entry *entry,
                              struct reason *reason)
{
    const struct audit_version *version = version_find(audit, entry->plan_version);
    if (!version || !version->is_read)
        return STATUS_OK; /* that is told already */
    TRY(price_check(audit, version, entry, reason));
    return overage_check(audit, version, entry, reason);
}
