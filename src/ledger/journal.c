#include "ledger/journal.h"

#include "base/varint.h"

#include <endian.h>

#define BODY_VERSION 4              /* calls */
#define BODY_VERSION_OF_WHOLE_IDS 3 /* likewise */
#define BODY_VERSION_OF_TEXT_IDS 1  /* likewise */
#define ADJUSTMENT_VERSION 2

static void put_bytes(struct buffer *body, const uint8_t *bytes, size_t count)
{
    buffer_append(body, (struct text){(const char *)bytes, count});
}

static void put_text(struct buffer *body, struct text value)
{
    varint_put(body, value.length);
    buffer_append(body, value);
}

/* ---- Ids ---- */

#define ID_BYTES 16
_Static_assert(CHARGE_ID_BYTES == ID_BYTES && REQUEST_ID_BYTES == ID_BYTES, "one kind of ids");

/* Behind it stand the bytes of an id; no text is as long. */
#define REQUEST_ID_MARK 129
_Static_assert(REQUEST_ID_MARK > JOURNAL_TEXT_MAX, "no text has that length");

/* The number of first bytes that are the same, of eight at once. */
static size_t same_of_eight(const uint8_t a[8], const uint8_t b[8])
{
    uint64_t first, second;
    memcpy(&first, a, sizeof(first));
    memcpy(&second, b, sizeof(second));
    return first == second ? 8 : (size_t)__builtin_ctzll(le64toh(first ^ second)) / 8;
}

/* mark is added to the number of bytes that are the same. */
static void put_id(struct buffer *body, uint64_t mark, uint8_t before[ID_BYTES],
                   const uint8_t id[ID_BYTES])
{
    size_t same = same_of_eight(id, before);
    if (same == 8)
        same += same_of_eight(id + 8, before + 8);
    varint_put(body, mark + same);
    put_bytes(body, id + same, ID_BYTES - same);
    memcpy(before, id, ID_BYTES);
}

static void put_request_id(struct journal_writer *writer, struct text id)
{
    uint8_t bytes[REQUEST_ID_BYTES];
    if (id.length == 2 * sizeof(bytes) && secret_unhex(id.at, sizeof(bytes), bytes))
        put_id(writer->body, REQUEST_ID_MARK, writer->before.request, bytes);
    else
        put_text(writer->body, id);
}

/* ---- Writing ---- */

void journal_body_open(struct journal_writer *writer, struct buffer *body, instant at)
{
    *writer = (struct journal_writer){.body = body, .at = at};
    buffer_clear(body);
    buffer_append_byte(body, BODY_VERSION);
}

void journal_body_add(struct journal_writer *writer, const struct journal_entry *entry)
{
    struct buffer *body = writer->body;
    varint_put_signed(body, entry->account_id);
    varint_put_signed(body, entry->key_id);
    varint_put_signed(body, entry->plan_version);
    varint_put(body, entry->endpoint);
    varint_put(body, entry->outcome);
    varint_put_signed(body, entry->at.us - writer->at.us);
    varint_put_signed(body, entry->credits);
    varint_put_signed(body, entry->overage);
    varint_put_signed(body, entry->overage_micros);
    if (entry->outcome != CALL_CHARGED)
        return;
    put_id(body, 0, writer->before.charge, entry->charge_id);
    put_request_id(writer, entry->request_id);
    put_text(body, entry->idempotency_key);
    if (entry->idempotency_key.length == 0)
        return;
    varint_put(body, entry->arguments_hash);
    varint_put_signed(body, entry->snapshot_id);
}

/* ---- Reading ---- */

static enum status take_bytes(struct text *rest, size_t length, struct text *value)
{
    if (length > rest->length)
        return STATUS_CORRUPT;
    *value = text_slice(*rest, 0, length);
    *rest = text_slice(*rest, length, rest->length);
    return STATUS_OK;
}

static enum status take_text(struct text *rest, size_t length_max, struct text *value)
{
    uint64_t length;
    TRY(varint_take(rest, &length));
    return length > length_max ? STATUS_CORRUPT : take_bytes(rest, (size_t)length, value);
}

enum status journal_body_read(struct text body, instant at, struct journal_reader *reader)
{
    struct adjustment adjustment;
    bool is_adjustment;
    TRY(journal_adjustment_read(body, at, &adjustment, &is_adjustment));
    *reader = (struct journal_reader){.at = at};
    if (is_adjustment)
        return STATUS_OK;
    char version = body.length > 0 ? body.at[0] : 0;
    if (version != BODY_VERSION && version != BODY_VERSION_OF_WHOLE_IDS &&
        version != BODY_VERSION_OF_TEXT_IDS)
        return STATUS_CORRUPT;
    reader->same_max = version == BODY_VERSION ? ID_BYTES : 0;
    reader->rest = text_slice(body, 1, body.length);
    return STATUS_OK;
}

/* before becomes the id. */
static enum status take_id(struct journal_reader *reader, uint64_t same,
                           uint8_t before[ID_BYTES])
{
    struct text bytes;
    if (same > reader->same_max)
        return STATUS_CORRUPT;
    TRY(take_bytes(&reader->rest, ID_BYTES - (size_t)same, &bytes));
    memcpy(before + same, bytes.at, bytes.length);
    return STATUS_OK;
}

static enum status take_request_id(struct journal_reader *reader, struct text *id)
{
    uint64_t length;
    TRY(varint_take(&reader->rest, &length));
    if (length <= JOURNAL_TEXT_MAX)
        return take_bytes(&reader->rest, (size_t)length, id);
    TRY(take_id(reader, length - REQUEST_ID_MARK, reader->before.request));
    secret_hex(reader->before.request, REQUEST_ID_BYTES, reader->request_id);
    *id = (struct text){reader->request_id, sizeof(reader->request_id)};
    return STATUS_OK;
}

static enum status take_charge(struct journal_reader *reader, struct journal_entry *entry)
{
    struct text *rest = &reader->rest;
    uint64_t same = 0;
    if (reader->same_max > 0)
        TRY(varint_take(rest, &same));
    TRY(take_id(reader, same, reader->before.charge));
    memcpy(entry->charge_id, reader->before.charge, CHARGE_ID_BYTES);
    TRY(take_request_id(reader, &entry->request_id));
    TRY(take_text(rest, IDEMPOTENCY_KEY_MAX, &entry->idempotency_key));
    if (entry->idempotency_key.length == 0)
        return STATUS_OK;
    TRY(varint_take(rest, &entry->arguments_hash));
    return varint_take_signed(rest, &entry->snapshot_id);
}

enum status journal_body_next(struct journal_reader *reader, struct journal_entry *entry,
                              bool *more)
{
    *more = reader->rest.length > 0;
    if (!*more)
        return STATUS_OK;
    uint64_t endpoint;
    uint64_t outcome;
    int64_t since_us;
    struct text *rest = &reader->rest;
    *entry = (struct journal_entry){0};
    TRY(varint_take_signed(rest, &entry->account_id));
    TRY(varint_take_signed(rest, &entry->key_id));
    TRY(varint_take_signed(rest, &entry->plan_version));
    TRY(varint_take(rest, &endpoint));
    TRY(varint_take(rest, &outcome));
    TRY(varint_take_signed(rest, &since_us));
    TRY(varint_take_signed(rest, &entry->credits));
    TRY(varint_take_signed(rest, &entry->overage));
    TRY(varint_take_signed(rest, &entry->overage_micros));
    if (endpoint > UINT8_MAX || outcome >= CALL_OUTCOMES || entry->credits < 0 ||
        entry->overage < 0 || entry->overage > entry->credits || entry->overage_micros < 0)
        return STATUS_CORRUPT;
    entry->endpoint = (uint8_t)endpoint;
    entry->outcome = (enum call_outcome)outcome;
    if (__builtin_add_overflow(reader->at.us, since_us, &entry->at.us))
        return STATUS_CORRUPT;
    return entry->outcome == CALL_CHARGED ? take_charge(reader, entry) : STATUS_OK;
}

/* ---- Adjustments ---- */

void journal_adjustment_write(struct buffer *body, instant at,
                              const struct adjustment *adjustment)
{
    buffer_clear(body);
    buffer_append_byte(body, ADJUSTMENT_VERSION);
    varint_put(body, adjustment->kind);
    varint_put_signed(body, adjustment->account_id);
    varint_put_signed(body, adjustment->at.us - at.us);
    varint_put_signed(body, adjustment->period);
    varint_put_signed(body, adjustment->credits);
    put_text(body, adjustment->reason);
    if (adjustment->kind == ADJUSTMENT_GRANT)
        return;
    buffer_append(body, (struct text){(const char *)adjustment->charge_id, CHARGE_ID_BYTES});
    varint_put_signed(body, adjustment->charge_period);
    varint_put_signed(body, adjustment->overage);
    varint_put_signed(body, adjustment->overage_micros);
}

static enum status take_period(struct text *rest, int32_t *period)
{
    int64_t value;
    TRY(varint_take_signed(rest, &value));
    *period = (int32_t)value;
    return value == *period ? STATUS_OK : STATUS_CORRUPT;
}

static enum status take_refund(struct text *rest, struct adjustment *adjustment)
{
    struct text charge_id;
    TRY(take_bytes(rest, CHARGE_ID_BYTES, &charge_id));
    memcpy(adjustment->charge_id, charge_id.at, CHARGE_ID_BYTES);
    TRY(take_period(rest, &adjustment->charge_period));
    TRY(varint_take_signed(rest, &adjustment->overage));
    return varint_take_signed(rest, &adjustment->overage_micros);
}

enum status journal_adjustment_read(struct text body, instant at, struct adjustment *adjustment,
                                    bool *is_one)
{
    *is_one = body.length > 0 && body.at[0] == ADJUSTMENT_VERSION;
    if (!*is_one)
        return STATUS_OK;
    struct text rest = text_slice(body, 1, body.length);
    struct adjustment read = {0};
    uint64_t kind;
    int64_t since_us;
    TRY(varint_take(&rest, &kind));
    if (kind > ADJUSTMENT_REFUND)
        return STATUS_CORRUPT;
    read.kind = (enum adjustment_kind)kind;
    TRY(varint_take_signed(&rest, &read.account_id));
    TRY(varint_take_signed(&rest, &since_us));
    TRY(take_period(&rest, &read.period));
    TRY(varint_take_signed(&rest, &read.credits));
    TRY(take_text(&rest, ADJUSTMENT_REASON_MAX, &read.reason));
    if (read.kind == ADJUSTMENT_REFUND)
        TRY(take_refund(&rest, &read));
    if (__builtin_add_overflow(at.us, since_us, &read.at.us) || rest.length > 0 ||
        read.credits < 0 || read.overage < 0 || read.overage_micros < 0)
        return STATUS_CORRUPT;
    *adjustment = read;
    return STATUS_OK;
}
