#include "demo.h"

#define DEMO_KEY_NAME "demo"
#define KEYS_LISTED 256 /* newest first: the key of the last start is among them */

static enum status account_ensure(struct ledger *ledger, const struct plans *plans,
                                  struct reason *reason)
{
    struct account account;
    struct text email = TEXT(DEMO_EMAIL);
    enum status found = ledger_account_find(ledger, email, &account, reason);
    if (found != STATUS_MISSING)
        return found;
    struct text plan = text_of(plans->plans[plans->plan_count - 1].name);
    return ledger_account_create(ledger, email, TEXT("Demo"), plan, &account, reason);
}

static enum status old_keys_revoke(struct ledger *ledger, struct reason *reason)
{
    struct api_key keys[KEYS_LISTED];
    size_t count;
    TRY(ledger_key_list(ledger, TEXT(DEMO_EMAIL), keys, LENGTH_OF(keys), &count, reason));
    for (size_t i = 0; i < count; i++) {
        bool is_live = keys[i].status == API_KEY_ACTIVE || keys[i].status == API_KEY_GRACE;
        if (is_live && strcmp(keys[i].name, DEMO_KEY_NAME) == 0)
            TRY(ledger_key_revoke(ledger, text_of(keys[i].outward_id), reason));
    }
    return STATUS_OK;
}

enum status demo_make(struct ledger *ledger, const struct plans *plans, struct demo *demo,
                      struct reason *reason)
{
    struct api_key key;
    instant expires_at;
    TRY(account_ensure(ledger, plans, reason));
    TRY(old_keys_revoke(ledger, reason));
    TRY(ledger_key_create(ledger, TEXT(DEMO_EMAIL), TEXT(DEMO_KEY_NAME), &key, &demo->key,
                          reason));
    return ledger_link_make(ledger, TEXT(DEMO_EMAIL), &demo->link, &expires_at, reason);
}

static enum status may_listen(struct text address, struct reason *reason)
{
    if (text_starts_with(address, TEXT("127.0.0.1:")))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "--demo listens on 127.0.0.1 only; %.*s is another address",
                      TEXT_PRINT(address));
}

enum status demo_is_allowed(const struct settings *settings, struct reason *reason)
{
    TRY(may_listen(settings->listen, reason));
    return settings->admin_listen.length > 0 ? may_listen(settings->admin_listen, reason)
                                             : STATUS_OK;
}
