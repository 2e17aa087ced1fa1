#include "api/mcp_origin.h"

/* An origin leaves out the port that its scheme implies (RFC 6454 section 6.2). */
static struct text without_implied_port(struct text url)
{
    bool is_secure = text_starts_with(url, TEXT("https://"));
    struct text port = is_secure ? TEXT(":443") : TEXT(":80");
    size_t start = url.length > port.length ? url.length - port.length : 0;
    return text_equals(text_slice(url, start, url.length), port) ? text_slice(url, 0, start)
                                                                 : url;
}

/* With a port or without; nothing else may follow, and a name may lead anywhere. */
static bool is_loopback(struct text authority)
{
    static const struct text hosts[] = {TEXT_INITIAL("127.0.0.1"), TEXT_INITIAL("localhost"),
                                        TEXT_INITIAL("[::1]")};
    for (size_t i = 0; i < LENGTH_OF(hosts); i++) {
        struct text host = text_slice(authority, 0, hosts[i].length);
        struct text rest = text_slice(authority, hosts[i].length, authority.length);
        if (text_equals_ignoring_case(host, hosts[i]) &&
            (rest.length == 0 || rest.at[0] == ':'))
            return true;
    }
    return false;
}

bool mcp_origin_is_allowed(const struct http_request *request, struct text public_url)
{
    struct text name = TEXT("Origin");
    struct text origin = http_request_field(request, name);
    if (!origin.at)
        return true;
    if (http_request_field_count(request, name) > 1)
        return false;
    if (public_url.length > 0 &&
        text_equals_ignoring_case(origin, without_implied_port(public_url)))
        return true;
    struct text host = http_request_field(request, TEXT("Host"));
    struct text scheme = TEXT("http://");
    return is_loopback(host) && text_starts_with(origin, scheme) &&
           text_equals_ignoring_case(text_slice(origin, scheme.length, origin.length), host);
}
