/* account: who pays, and an API key as it is shown: never the secret. */
#pragma once

#include "base/instant.h"
#include "base/text.h"
#include "model/api_key.h"
#include "model/plan.h"

#define ACCOUNT_EMAIL_BYTES_MAX 254 /* RFC 5321 section 4.5.3.1.3, less the angle brackets */
#define ACCOUNT_NAME_BYTES_MAX 200
#define OUTWARD_ID_LENGTH 32 /* 128 random bits in lower-case hexadecimal */

/* Which part of a cluster an account belongs to, 0 to 63; never changes. */
#define ACCOUNT_BUCKETS 64
static inline int64_t account_bucket(int64_t account_id)
{
    return account_id % ACCOUNT_BUCKETS;
}

/* Its cohort: accounts of one bucket with ids behind each other, neighbours in tables whose keys begin with both. */
#define COHORT_ACCOUNTS 256
static inline int64_t account_cohort(int64_t account_id)
{
    return account_id / (ACCOUNT_BUCKETS * COHORT_ACCOUNTS) * ACCOUNT_BUCKETS +
           account_bucket(account_id);
}

struct account {
    int64_t id; /* inward; outside nobody sees it */
    char outward_id[OUTWARD_ID_LENGTH + 1];
    char email[ACCOUNT_EMAIL_BYTES_MAX + 1];
    char name[ACCOUNT_NAME_BYTES_MAX + 1];
    char plan[PLAN_NAME_BYTES_MAX + 1];      /* in force */
    char next_plan[PLAN_NAME_BYTES_MAX + 1]; /* from next_plan_at on; empty: no change waits */
    instant next_plan_at;
    bool has_opted_in;         /* to overage, where the plan leaves it open */
    int64_t spend_limit_cents; /* for overage, a billing period; -1: none */
    bool is_suspended;         /* by the operator */
    bool is_unpaid;            /* refused too, until its overdue invoices are paid */
    instant created_at;
};

/* Whether an account's calls are refused, and what ends that: the operator before a payment. */
enum account_refusal { ACCOUNT_ADMITTED, ACCOUNT_SUSPENDED, ACCOUNT_UNPAID };

static inline enum account_refusal account_refusal(bool is_suspended, bool is_unpaid)
{
    return is_suspended ? ACCOUNT_SUSPENDED : is_unpaid ? ACCOUNT_UNPAID : ACCOUNT_ADMITTED;
}

enum api_key_status { API_KEY_ACTIVE, API_KEY_GRACE, API_KEY_REVOKED, API_KEY_EXPIRED };

/* "active", "grace", "revoked", "expired". */
const char *api_key_status_word(enum api_key_status status);

#define NO_KEY_CAP (-1)

/* How a key came into being; the first is that of commands. */
enum api_key_source { API_KEY_BY_COMMAND, API_KEY_CREATED, API_KEY_ROTATED, API_KEY_SOURCES };

/* "command_line", "created", "rotated". */
const char *api_key_source_word(enum api_key_source source);

#define API_KEY_ADDRESS_BYTES_MAX 46

struct api_key {
    int64_t id;
    char outward_id[OUTWARD_ID_LENGTH + 1];
    char prefix[API_KEY_PREFIX_LENGTH + 1];
    char suffix[API_KEY_SUFFIX_LENGTH + 1];
    char name[API_KEY_NAME_BYTES_MAX + 1];
    enum api_key_status status;
    instant created_at;
    instant stops_at;         /* 0: never */
    int64_t daily_credit_cap; /* its own; NO_KEY_CAP */
    instant updated_at;
    instant rotated_at;   /* 0: it was not */
    instant expires_at;   /* 0: never */
    instant last_used_at; /* a minute; 0: never */
    char last_used_address[API_KEY_ADDRESS_BYTES_MAX];
    char replaced_by[OUTWARD_ID_LENGTH + 1]; /* the key that took its place; empty: none */
    enum api_key_source source;
};

/* local@domain in printable ASCII or UTF-8, no white space, no control byte, exactly one '@' with
 * something on both sides, at most ACCOUNT_EMAIL_BYTES_MAX; the domain may be a single word. */
bool account_email_is_valid(struct text email);

/* The form by which accounts are told apart: ASCII letters in lower case. folded has room for
 * email.length bytes. */
struct text account_email_fold(struct text email, char *folded);
