#include "api/mcp_origin.h"

#include "call/origin.h"

bool mcp_origin_is_allowed(const struct http_request *request, struct text public_url)
{
    return !http_request_field(request, TEXT("Origin")).at ||
           origin_is_known(request, public_url);
}
