#include "api/mcp_revision.h"

/* Of these only the first needs no initialize. */
const struct text mcp_revisions[] = {TEXT_INITIAL("2026-07-28"), TEXT_INITIAL("2025-11-25"),
                                     TEXT_INITIAL("2025-06-18"), TEXT_INITIAL("2025-03-26")};
const size_t mcp_revision_count = LENGTH_OF(mcp_revisions);

#define MODERN 0
#define NEWEST_WITH_INITIALIZE 1

static size_t revision_index(struct text name)
{
    size_t i = 0;
    while (i < mcp_revision_count && !text_equals(mcp_revisions[i], name))
        i++;
    return i;
}

struct text mcp_revision_agreed(struct text asked)
{
    size_t index = revision_index(asked);
    bool has_initialize = index >= NEWEST_WITH_INITIALIZE && index < mcp_revision_count;
    return mcp_revisions[has_initialize ? index : NEWEST_WITH_INITIALIZE];
}

/* ---- Headers that repeat the body ---- */

static int base64_value(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : -1;
}

/* Whether encoded is the base64 of plain (RFC 4648 section 4, with or without padding). */
static bool is_base64_of(struct text encoded, struct text plain)
{
    while (encoded.length > 0 && encoded.at[encoded.length - 1] == '=')
        encoded.length--;
    uint32_t bits = 0;
    unsigned held = 0;
    size_t place = 0;
    for (size_t i = 0; i < encoded.length; i++) {
        int value = base64_value(encoded.at[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xFFF;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (place == plain.length || (unsigned char)plain.at[place++] != (bits >> held & 0xFF))
            return false;
    }
    return place == plain.length;
}

/* A value that no header may hold as it is comes as =?base64?...?= ("Value Encoding"). */
static bool header_says(struct text header, struct text value)
{
    struct text opening = TEXT("=?base64?");
    struct text closing = TEXT("?=");
    if (!text_starts_with(header, opening) || header.length < opening.length + closing.length ||
        !text_equals(text_slice(header, header.length - closing.length, header.length),
                     closing))
        return text_equals(header, value);
    return is_base64_of(text_slice(header, opening.length, header.length - closing.length),
                        value);
}

static enum status header_check(const struct http_request *request, const char *name,
                                struct text value, struct mcp_fault *fault)
{
    struct text written = http_request_field(request, text_of(name));
    if (http_request_field_count(request, text_of(name)) == 1 && header_says(written, value))
        return STATUS_OK;
    return mcp_fault_set(fault, MCP_HEADER_MISMATCH, 400,
                         written.at ? "The header %s says something else than the body."
                                    : "The header %s is missing; it repeats what the body "
                                      "says.",
                         name);
}

/* ---- What a request says of itself ---- */

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"

static enum status refuse_version(struct text asked, struct mcp_fault *fault)
{
    fault->version = asked;
    return mcp_fault_set(fault, MCP_UNSUPPORTED_VERSION, 400,
                         "This revision of the protocol is not spoken here.");
}

static enum status modern_check(const struct http_request *request,
                                const struct mcp_message *message, const json_t *meta,
                                struct mcp_fault *fault)
{
    struct text version;
    if (!json_read_text(meta, META_VERSION, &version))
        return mcp_fault_set(fault, MCP_INVALID_PARAMS, 400,
                             "params._meta lacks " META_VERSION ".");
    if (!json_is_object(json_object_get(meta, META_CAPABILITIES)))
        return mcp_fault_set(fault, MCP_INVALID_PARAMS, 400,
                             "params._meta lacks " META_CAPABILITIES ".");
    TRY(header_check(request, "MCP-Protocol-Version", version, fault));
    TRY(header_check(request, "Mcp-Method", message->method, fault));
    struct text name = mcp_message_text(message, "name");
    if (!text_equals(message->method, TEXT("tools/call")) || !name.at)
        return STATUS_OK;
    return header_check(request, "Mcp-Name", name, fault);
}

enum status mcp_revision_read(const struct http_request *request,
                              const struct mcp_message *message, bool *is_modern,
                              struct mcp_fault *fault)
{
    struct text header = http_request_field(request, TEXT("MCP-Protocol-Version"));
    const json_t *meta = json_object_get(message->params, "_meta");
    struct text said = {0};
    *is_modern = false;
    if (text_equals(message->method, TEXT("initialize")))
        return STATUS_OK;
    (void)json_read_text(meta, META_VERSION, &said);
    if (header.at && revision_index(header) == mcp_revision_count)
        return refuse_version(header, fault);
    if (said.at && revision_index(said) == mcp_revision_count)
        return refuse_version(said, fault);
    *is_modern = (header.at && revision_index(header) == MODERN) ||
                 (said.at && revision_index(said) == MODERN);
    return *is_modern && message->id_length > 0 ? modern_check(request, message, meta, fault)
                                                : STATUS_OK;
}
