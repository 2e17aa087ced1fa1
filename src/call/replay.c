#include "call/call.h"

static bool is_label_byte(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

bool call_idempotency_key_read(const struct call *call, struct text *key)
{
    struct text name = TEXT("Idempotency-Key");
    *key = http_request_field(call->request, name);
    if (!key->at)
        return true;
    if (key->length < 1 || key->length > IDEMPOTENCY_KEY_MAX ||
        http_request_field_count(call->request, name) > 1)
        return false;
    for (size_t i = 0; i < key->length; i++)
        if (!is_label_byte(key->at[i]))
            return false;
    return true;
}

/* Two requests ask for the same when their parsed arguments are the same, however written. A text
 * counts by its digest, in the place of a value. */
static uint64_t arguments_hash(const struct call *call)
{
    size_t count = call->endpoint->parameter_count;
    int64_t hashed[PARAMETERS_MAX];
    memcpy(hashed, call->arguments.values, count * sizeof(hashed[0]));
    for (size_t i = 0; i < count; i++) {
        if (call->endpoint->parameters[i].kind != PARAMETER_TEXT)
            continue;
        struct digest text = secret_digest(call->arguments.texts[i]);
        memcpy(&hashed[i], text.bytes, sizeof(hashed[i]));
    }
    struct digest digest = secret_digest(
        (struct text){(const char *)hashed, count * sizeof(hashed[0])});
    uint64_t hash;
    memcpy(&hash, digest.bytes, sizeof(hash));
    return hash;
}

static void refuse_conflict(struct call *call)
{
    call_refuse_plainly(call, FAILURE_IDEMPOTENCY_CONFLICT);
}

void call_refuse_conflict(struct call *call)
{
    call_take_slot(call, CALL_CONFLICT, refuse_conflict);
}

static void charge_note(struct call *call)
{
    call->idempotent.snapshot_id = call->charge.snapshot_id;
    memcpy(call->idempotent.charge_id, call->charge.charge_id, CHARGE_ID_BYTES);
}

/* Not remembered here, where its ten minutes would begin anew: whoever waits for the key asks, and
 * finds the other node's charge, too. */
void call_replay(struct call *call)
{
    charge_note(call);
    call_decided(call, false);
    call->is_replay = true;
    call->endpoint->look_up(call);
}

static void call_enter(struct call *call)
{
    switch (ledger_idempotent_enter(call->pipeline->ledger, &call->idempotent)) {
    case IDEMPOTENCY_FIRST:
        call->is_first = true;
        call->endpoint->look_up(call);
        break;
    case IDEMPOTENCY_REPLAY:
        call->is_replay = true;
        call->endpoint->look_up(call);
        break;
    case IDEMPOTENCY_CONFLICT: call_refuse_conflict(call); break;
    case IDEMPOTENCY_WAITS: break;
    }
}

/* On the call's loop again. The wait may have outlived the key. */
static void call_reentered(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    if (call_authenticate(call) == STATUS_OK)
        call_enter(call);
}

/* On the loop of the call that was first. */
static void first_decided(struct idempotent_call *idempotent)
{
    struct call *call = CONTAINER_OF(idempotent, struct call, idempotent);
    call->task.run = call_reentered;
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

void call_look_up(struct call *call)
{
    struct text key = {0};
    bool is_remembered = call->endpoint->kind == ENDPOINT_PRODUCT &&
                         call->request->method != HTTP_HEAD &&
                         call_idempotency_key_read(call, &key) && key.length > 0;
    if (!is_remembered) {
        call->endpoint->look_up(call);
        return;
    }
    call->idempotent = (struct idempotent_call){.account_id = call->key.account_id,
                                                .key = key,
                                                .endpoint = call->endpoint->number,
                                                .arguments_hash = arguments_hash(call),
                                                .wake = first_decided};
    call_enter(call);
}

void call_decided(struct call *call, bool is_charged)
{
    if (!call->is_first)
        return;
    call->is_first = false;
    if (is_charged)
        charge_note(call);
    ledger_idempotent_leave(call->pipeline->ledger, &call->idempotent, is_charged);
}
